package runner

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"

	"tenfour/forward"
	"tenfour/jobs"
	"tenfour/tests/await"
)

// TestLook_waitsForMemory: results in memory are bounded, and a client that leaves the line gives its place back.
func TestLook_waitsForMemory(t *testing.T) {
	g := start(t)
	g.held = forward.NewHeld(6)
	g.Runner.Held = g.held
	b := serve(t, always(okay))
	g.route("/", b.addr, 1)
	g.Start()
	j := g.accepted(g.job("/", getIt), "")
	g.done(g.Await(nil, j.ID))
	first := g.Look(nil, j.ID, true)
	g.done(first)
	left, second := g.Look(nil, j.ID, true), g.Look(nil, j.ID, true)
	await.Until(t, "two wait for memory", func() bool {
		for _, e := range []*Errand{left, second} {
			e.mu.Lock()
			lined := e.lined
			e.mu.Unlock()
			if !lined {
				return false
			}
		}
		return true
	})
	if left.Settled() || second.Settled() || g.held.Bytes() != 4 {
		t.Errorf("%d bytes are held", g.held.Bytes())
	}
	left.Abandon()
	first.Release()
	if got, err := g.done(second); err != nil || string(second.Content) != "okay" || got.State != jobs.Done {
		t.Errorf("got %q (%v)", second.Content, err)
	}
	second.Abandon() // its client has left with it
}

// TestWaiting_costsNothing: thousands of jobs that wait, are paused, or wait to be asked for have no goroutine, and none is in the lot's wheel.
func TestWaiting_costsNothing(t *testing.T) {
	const n = 10_000
	g := start(t)
	b := serve(t, always(okay))
	g.route("/", b.addr, 1)
	g.Start()
	j := g.accepted(g.job("/", getIt), "")
	g.end(j.ID) // what is made once is there
	goroutines := runtime.NumGoroutine()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range n {
		j := g.job("/", getIt)
		j.State, j.Next, j.Revision = jobs.Waiting, j.Deadline.Add(-time.Duration(i)*time.Second/10), 1
		j.Paused = i%2 == 0
		g.Runner.mu.Lock()
		g.settleKnown(g.know(j.ID), j, asFound)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	perJob := (int(after.HeapAlloc) - int(before.HeapAlloc)) / n
	t.Logf("%d bytes a job", perJob)
	if perJob > 500 {
		t.Errorf("a job that waits has %d bytes", perJob)
	}
	await.Until(t, "no goroutine and no deadline in the wheel is left", func() bool {
		return runtime.NumGoroutine() <= goroutines+2 && g.lot.Timed() == 0
	})
}

// TestSettle_ofAnOldRecord: a record that is settled late, after its job has ended and was forgotten, makes no entry again.
func TestSettle_ofAnOldRecord(t *testing.T) {
	g := start(t)
	first, err := g.store.Create(g.job("/", getIt))
	if err != nil {
		t.Fatal(err)
	}
	paused, err := jobs.Change(g.store, first.ID, jobs.Job.Pause)
	if err != nil {
		t.Fatal(err)
	}
	e := g.Cancel(nil, first.ID)
	if e.Wait(); e.Err != nil {
		t.Fatal(e.Err)
	}
	for _, old := range []jobs.Job{first, paused} {
		g.settle(old, asFound)
	}
	g.Runner.mu.Lock()
	defer g.Runner.mu.Unlock()
	if n := len(g.book) + len(g.lanes) + len(g.alarm.bells); n != 0 {
		t.Errorf("the job has ended, and %d things of it are left", n)
	}
	if g.counts.ended[jobs.Cancelled] != 1 {
		t.Errorf("it ended %d times", g.counts.ended[jobs.Cancelled])
	}
}

// TestRunner_underManyHands: jobs of two routes, whose backend fails often, are cancelled, paused, resumed and run again at random, and each is
// awaited. All of them end, and nothing is left.
func TestRunner_underManyHands(t *testing.T) {
	g := start(t)
	b := serve(t, func(int, *http.Request) string {
		switch rand.IntN(4) {
		case 0:
			return ""
		case 1:
			return "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"
		}
		return okay
	})
	g.route("/a", b.addr, 2)
	g.route("/b", b.addr, 2)
	g.Start()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for k := range 12 {
				raw := getIt
				if (i+k)%2 == 0 {
					raw = postIt
				}
				e := g.Accept(nil, g.job([]string{"/a", "/b"}[k%2], raw), nil, true)
				e.Wait()
				if e.Err != nil {
					t.Error(e.Err)
					return
				}
				g.handle(e.Job.ID)
			}
		})
	}
	all.Wait()
	await.Until(t, "nothing is left", func() bool {
		g.Runner.mu.Lock()
		defer g.Runner.mu.Unlock()
		return len(g.book)+len(g.lanes)+len(g.running)+len(g.alarm.bells)+len(g.turns) == 0
	})
}

// handle does something with a job at random, and returns when it has ended.
func (g *rig) handle(id jobs.ID) {
	verbs := []func(jobs.ID) *Errand{
		func(id jobs.ID) *Errand { return g.Cancel(nil, id) },
		func(id jobs.ID) *Errand { return g.Pause(nil, id) },
		func(id jobs.ID) *Errand { return g.Look(nil, id, true) },
		func(id jobs.ID) *Errand { return g.Rerun(nil, id) },
	}
	for range 3 {
		e := verbs[rand.IntN(len(verbs))](id)
		e.Wait()
		if e.Err != nil && !errors.As(e.Err, new(*jobs.Refusal)) {
			g.t.Error(e.Err)
		}
		e.Release()
	}
	e := g.Resume(nil, id)
	e.Wait()
	e = g.Await(nil, id)
	if !await.Holds(2*await.Patience, e.Settled) {
		e = g.Look(nil, id, false)
		e.Wait()
		g.t.Errorf("it does not end: %s, next %v, %+v", e.Job.In(), e.Job.Next, e.Job.Attempts)
	}
}
