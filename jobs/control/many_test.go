package control

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"tenfour/jobs"
)

func TestChange_ofTheJobsThatAreNamed(t *testing.T) {
	r := newRig(t)
	all := r.add(4, func(i int, j jobs.Job) jobs.Job {
		if i < 2 {
			return failed(j, noon)
		}
		return j
	})
	id := func(i int) string { return all[i].ID.String() }
	got, err := r.Change(t.Context(), "retry", Selection{IDs: []string{id(0), id(1)[:10], id(2)[:9], "0000000000", id(0)[:8]}}, false, nil)
	if err != nil || got.Done != 2 || got.Failed != 2 || got.Of != 4 || len(got.Failures) != 2 {
		t.Fatalf("got %+v, %v", got, err)
	}
	for i, want := range []string{"there is no such job", "it is accepted"} {
		if !strings.Contains(got.Failures[i].Error, want) {
			t.Errorf("got %+v, want %q", got.Failures[i], want)
		}
	}
	if states := []string{r.state(all[0].ID), r.state(all[1].ID), r.state(all[2].ID)}; !slices.Equal(states, []string{"accepted", "accepted", "accepted"}) {
		t.Errorf("the jobs are %q", states)
	}
}

// TestChange_ofManyTellsHowFarItIs and changes each that is meant once, no other.
func TestChange_ofManyTellsHowFarItIs(t *testing.T) {
	r := newRig(t)
	r.add(300, func(i int, j jobs.Job) jobs.Job {
		if i%3 == 0 {
			j.Request.Route = "/other"
		}
		return failed(j, noon)
	})
	most := -1
	got, err := r.Change(t.Context(), "retry", Selection{States: jobs.Only(jobs.Failed), Route: "/"}, false, func(p Progress) {
		if p.Of != 200 || p.Done < most {
			t.Errorf("it told %+v after %d", p, most)
		}
		most = p.Done
	})
	if err != nil || got.Done != 200 || !got.Ended || got.Failed+got.Skipped != 0 {
		t.Fatalf("got %+v, %v", got, err)
	}
	if u := r.store.Usage(); u.States[jobs.Accepted] != 200 || u.States[jobs.Failed] != 100 {
		t.Errorf("the store has %v", u.States)
	}
}

func TestChange_meansWhatCanBeChanged(t *testing.T) {
	r := newRig(t)
	all := r.add(3, func(i int, j jobs.Job) jobs.Job {
		if i == 0 {
			return failed(j, noon)
		}
		return j
	})
	for _, step := range []struct {
		verb string
		done int
		want [3]string
	}{
		{"pause", 2, [3]string{"failed", "accepted, paused", "accepted, paused"}},
		{"resume", 2, [3]string{"failed", "accepted", "accepted"}},
		{"resume", 0, [3]string{"failed", "accepted", "accepted"}},
		{"cancel", 2, [3]string{"failed", "cancelled", "cancelled"}},
		{"retry", 1, [3]string{"accepted", "cancelled", "cancelled"}},
	} {
		got, err := r.Change(t.Context(), step.verb, Selection{}, false, nil)
		states := [3]string{r.state(all[0].ID), r.state(all[1].ID), r.state(all[2].ID)}
		if err != nil || got.Done != step.done || states != step.want {
			t.Errorf("%s: got %+v, %v; the jobs are %q, want %q", step.verb, got, err, states, step.want)
		}
	}
}

// TestPurge_removesWhatEndedLongAgo, with its bodies and dedupe key, and leaves what has a callback that is due.
func TestPurge_removesWhatEndedLongAgo(t *testing.T) {
	r := newRig(t)
	key := jobs.HashOf([]byte("key"))
	all := r.add(4, func(i int, j jobs.Job) jobs.Job {
		switch i {
		case 0: // ended long ago
			j.Dedupe = jobs.Dedupe{Key: key, Until: time.Now().Add(time.Hour)}
			j.Request.Body = jobs.Body{Size: 5, Content: []byte("hello")}
			return failed(j, noon)
		case 1:
			return failed(j, time.Now())
		case 2: // its receiver has not heard of it yet
			j.Callback = jobs.Callback{URL: "https://hooks.example/", On: jobs.Ended}
			return failed(j, noon)
		}
		return j // it has not ended
	})
	purge := func(s Selection, force bool) Progress {
		t.Helper()
		got, err := r.Change(t.Context(), "purge", s, force, nil)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := purge(Selection{Older: time.Hour}, false); got.Done != 1 || got.Due != 1 || got.Of != 1 {
		t.Errorf("got %+v", got)
	}
	if _, err := r.store.OpenBody(all[0].Request.Body); !errors.Is(err, jobs.ErrUnknown) {
		t.Errorf("its body: %v", err)
	}
	r.add(1, func(_ int, j jobs.Job) jobs.Job {
		j.Dedupe = jobs.Dedupe{Key: key, Until: time.Now().Add(time.Hour)}
		return j
	})
	for name, step := range map[string]struct {
		id    int
		force bool
		want  string
	}{"callback": {2, false, "--force"}, "unfinished": {3, true, "cancel it first"}} {
		got := purge(Selection{IDs: []string{all[step.id].ID.String()}}, step.force)
		if got.Failed != 1 || !strings.Contains(got.Failures[0].Error, step.want) {
			t.Errorf("%s: got %+v, want %q", name, got, step.want)
		}
	}
	if got := purge(Selection{}, true); got.Done != 2 || r.store.Usage().Jobs() != 2 {
		t.Errorf("got %+v; %d jobs are left", got, r.store.Usage().Jobs())
	}
}

// unsure is a store that takes nothing more.
type unsure struct{ jobs.Store }

func (unsure) Update(j jobs.Job) (jobs.Job, error) { return j, jobs.ErrUnsure }

func TestChange_stopsWhenTheStoreTakesNothing(t *testing.T) {
	r := newRig(t)
	r.add(100, nil)
	r.server.Close()
	r.listen(unsure{r.store}, patient)
	got, err := r.Change(t.Context(), "cancel", Selection{}, false, nil)
	if err != nil || got.Done != 0 || got.Error != jobs.ErrUnsure.Error() || !got.Ended {
		t.Errorf("got %+v, %v", got, err)
	}
}
