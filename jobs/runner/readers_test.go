package runner

import (
	"io"
	"sync/atomic"
	"testing"
	"time"

	"tenfour/jobs"
	"tenfour/tests/await"
)

// meddled is a store with which something happens at the worst moment. Each is nil, or done once.
type meddled struct {
	jobs.Store
	afterGet, beforeOpen atomic.Pointer[func()]
}

func (m *meddled) Get(id jobs.ID) (jobs.Job, error) {
	j, err := m.Store.Get(id)
	once(&m.afterGet)
	return j, err
}

func (m *meddled) OpenBody(b jobs.Body) (io.ReadCloser, error) {
	once(&m.beforeOpen)
	return m.Store.OpenBody(b)
}

func once(at *atomic.Pointer[func()]) {
	if do := at.Swap(nil); do != nil {
		(*do)()
	}
}

// startMeddled starts a runner with such a store.
func startMeddled(t *testing.T) (*rig, *meddled) {
	m := &meddled{}
	return startWith(t, func(s jobs.Store) jobs.Store {
		m.Store = s
		return m
	}), m
}

// TestGet_neverShowsAnEarlierState: an attempt that ends between a look at its record and a look at itself was still running, or is over. It
// has not yet to begin.
func TestGet_neverShowsAnEarlierState(t *testing.T) {
	t.Parallel()
	g, store := startMeddled(t)
	j, _, gate := g.runningJob(getIt)
	ends := func() {
		gate <- okay
		await.Until(t, "its end is stored, and the runner has forgotten it", func() bool { return g.Snapshot().Ended[jobs.Done] == 1 })
	}
	store.afterGet.Store(&ends)
	if got, err := g.Runner.Get(j.ID); err != nil || got.State == jobs.Accepted || len(got.Attempts) != 1 {
		t.Errorf("it is shown as %s with %d attempts (%v)", got.State, len(got.Attempts), err)
	}
	if got, err := g.Runner.Get(j.ID); err != nil || got.State != jobs.Done {
		t.Errorf("after that it is shown as %s (%v)", got.State, err)
	}
}

// TestSofar_isNotShownOnceTheRecordHasItsEnd: neither of a job that waits for its next attempt, nor of one that is run again.
func TestSofar_isNotShownOnceTheRecordHasItsEnd(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := sofar{began: now, backend: "127.0.0.1:9001"}
	j := jobs.Job{ID: jobs.NewID(), Created: now, Deadline: now.Add(time.Hour)}
	running := s.on(j)
	if running.State != jobs.Running || len(running.Attempts) != 1 {
		t.Fatalf("it is shown as %s with %d attempts", running.State, len(running.Attempts))
	}
	waiting, err := running.End(now, jobs.Outcome{Failure: "it is broken"}, jobs.Verdict{State: jobs.Waiting, At: now})
	if got := s.on(waiting); err != nil || got.State != jobs.Waiting || len(got.Attempts) != 1 {
		t.Errorf("after its end it is shown as %s with %d attempts (%v)", got.State, len(got.Attempts), err)
	}
	cancelled, _ := running.Cancel(now)
	again, err := cancelled.Rerun(now.Add(time.Hour))
	if got := s.on(again); err != nil || got.State != jobs.Accepted || len(got.Attempts) != 1 {
		t.Errorf("run again it is shown as %s with %d attempts (%v)", got.State, len(got.Attempts), err)
	}
}

// TestLook_atAResultThatGoesMeanwhile, because its job is run again: it is a job that has not ended, and there is one.
func TestLook_atAResultThatGoesMeanwhile(t *testing.T) {
	t.Parallel()
	g, store := startMeddled(t)
	j, _, gate := g.runningJob(postIt)
	gate <- "HTTP/1.1 500 No\r\nContent-Length: 3\r\n\r\nbad"
	if got, content := g.end(j.ID); got.State != jobs.Failed || content != "bad" {
		t.Fatalf("it is %s with %q", got.State, content)
	}
	rerun := func() { g.done(g.Rerun(nil, j.ID)) }
	store.beforeOpen.Store(&rerun)
	if got, err := g.done(g.Look(nil, j.ID, true)); err != nil || got.State.Ended() {
		t.Errorf("while it is run again it is %s (%v)", got.State, err)
	}
	gate <- okay
	g.end(j.ID)
}
