package tests

import "testing"

// TestJobs_runBesideARequestThatBecameOne: the first request of a route becomes a job while it runs, and its backend takes long. The next job of
// the route begins meanwhile.
func TestJobs_runBesideARequestThatBecameOne(t *testing.T) {
	t.Parallel()
	d := startDoomed(t, "")
	d.mustBegin()
	first := order{key: "first", plan: []deed{asks}}
	if got, err := d.ask("PUT", laterRoute, first.text()); err != nil || got.status != 202 {
		t.Fatalf("got %d %.300q (%v), want a 202", got.status, got.body, err)
	}
	second := order{key: "second", plan: []deed{answers}}
	got, err := d.ask("PUT", laterRoute, second.text(), "Prefer: respond-async")
	if err != nil || got.status != 202 {
		t.Fatalf("got %d %.300q (%v), want a 202", got.status, got.body, err)
	}
	if got, err = d.job("GET", got.id(), "", "Prefer: wait=4"); err != nil || got.status != 200 {
		t.Errorf("the second job: got %d %.300q (%v), want its result while the first one runs", got.status, got.body, err)
	}
}
