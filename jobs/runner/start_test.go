package runner

import (
	"iter"
	"testing"

	"tenfour/jobs"
)

// slowToRead is a store whose jobs are not read before the test lets it.
type slowToRead struct {
	jobs.Store
	read chan struct{}
}

func (s slowToRead) Jobs(states jobs.States) iter.Seq2[jobs.Job, error] {
	return func(yield func(jobs.Job, error) bool) {
		<-s.read
		s.Store.Jobs(states)(yield)
	}
}

// TestStart_waitsForNoReading: while the store is read, what is accepted runs, and so does what is awaited. The rest runs once it was read.
func TestStart_waitsForNoReading(t *testing.T) {
	g := start(t)
	b := serve(t, always(okay))
	g.route("/", b.addr, 1)
	const raw = "GET /it HTTP/1.1\r\nHost: a\r\n\r\n"
	var old [2]jobs.Job
	for i := range old {
		var err error
		if old[i], err = g.store.Create(g.job("/", raw)); err != nil {
			t.Fatal(err)
		}
	}
	slow := slowToRead{g.store, make(chan struct{})}
	g.Runner.Store = slow
	g.Start()
	if j, _ := g.end(g.accepted(g.job("/", raw), "").ID); j.State != jobs.Done {
		t.Errorf("a job that was accepted meanwhile is %s, want done", j.State)
	}
	if j, err := g.done(g.Look(nil, old[0].ID, false)); err != nil || j.State.Ended() {
		t.Errorf("a job that was there is %s (%v), want one that has not ended", j.State, err)
	}
	if j, _ := g.end(old[0].ID); j.State != jobs.Done {
		t.Errorf("a job that was there, and that is awaited, is %s, want done", j.State)
	}
	close(slow.read)
	if j, _ := g.end(old[1].ID); j.State != jobs.Done {
		t.Errorf("the other one is %s, want done", j.State)
	}
}
