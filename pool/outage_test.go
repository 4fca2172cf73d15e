package pool

import (
	"fmt"
	"testing"
	"time"

	"tenfour/tests/await"
)

// TestHold_otherRoutesLoseNothing: with 500 held for a backend that is down, another route's tasks run at once.
func TestHold_otherRoutesLoseNothing(t *testing.T) {
	h := startHouse(t)
	down, fine := h.backend(t, "down", 4), h.backend(t, "fine", 1)
	held := h.AddQueue("/down/", 1000, Hold{For: time.Minute, Every: time.Minute}, down)
	other := h.AddQueue("/", 0, Hold{For: time.Minute, Every: time.Minute}, fine)
	goesDown(down)
	var jobs []*job
	for i := range 500 {
		jobs = append(jobs, enter(t, held, fmt.Sprint(i)))
	}
	for i := range 100 {
		j := enter(t, other, fmt.Sprint(i))
		j.finish()
		j.runs(t)
		await.Until(t, "its slot to be free", func() bool { return fine.Free() == 1 })
	}
	if s := h.Snapshot(); s.Queues[0].Waiting != 500 || !s.Queues[0].Held || s.Queues[1].Held || s.Backends[0].Up || s.Backends[0].Why != "refused connections" {
		t.Errorf("the snapshot is %+v, want 500 that are held", s)
	}
	comesUp(down)
	for i, j := range jobs {
		j.finish()
		if s := j.runs(t); s.Backend != down {
			t.Fatalf("task %d went to %s", i, s.Backend.Name)
		}
	}
}

// TestHold_endsForEachTaskInTurn: the pool dismisses the tasks that were held long enough, and says why.
func TestHold_endsForEachTaskInTurn(t *testing.T) {
	h := startHouse(t)
	b := h.backend(t, "b", 2)
	r := h.AddQueue("/", 10, Hold{For: 50 * time.Millisecond, Every: time.Minute}, b)
	b.slots[0].Down(Why{Words: "refused connections"}, true)
	for i := range 3 {
		j := enter(t, r, fmt.Sprint(i))
		o := await.Value(t, j.unserved, "the task to be dismissed")
		if o.State != HeldOut || o.Words != "b refused connections for 50ms" {
			t.Errorf("task %d was dismissed with %+v", i, o)
		}
	}
	if h.Waiting() != 0 {
		t.Errorf("%d still wait", h.Waiting())
	}
}

// TestTrial_isOneAtATimeAndTheOldest: one task at a time tries the backend, the oldest first, and a task that comes back from it
// gets its old place.
func TestTrial_isOneAtATimeAndTheOldest(t *testing.T) {
	h := startHouse(t)
	b := h.backend(t, "b", 4)
	r := h.AddQueue("/", 10, Hold{For: time.Minute, Every: time.Millisecond}, b)
	goesDown(b)
	first, second, third := enter(t, r, "first"), enter(t, r, "second"), enter(t, r, "third")
	for try := range 5 {
		s := first.runs(t)
		second.waits(t)
		third.waits(t)
		if s.Trying() == 0 {
			t.Errorf("try %d is not known to be one", try)
		}
		went := make(chan State, 1)
		first.end <- func() {
			s.Down(Why{Words: "refused connections"}, true)
			went <- giveAgain(r, first, b).State
		}
		if state := await.Value(t, went, "Again"); state != Waits {
			t.Fatalf("Again: got %v for a task that may be held", Outcome{State: state})
		}
	}
	s := first.runs(t)
	s.Up(h.lot.Now())
	first.finish()
	second.runs(t)
	third.waits(t) // one at a time at first
	second.end <- func() { s.Up(h.lot.Now()) }
	third.runs(t)
	third.finish()
}

// TestOutage_stragglersDoNotStarveTheQueue: tasks that began before the outage, and go on, take no room from those that
// come after it.
func TestOutage_stragglersDoNotStarveTheQueue(t *testing.T) {
	h := startHouse(t)
	b := h.backend(t, "b", 4)
	r := h.AddQueue("/", 10, Hold{For: time.Minute, Every: time.Millisecond}, b)
	var stragglers []*job
	for i := range 3 {
		j := enter(t, r, fmt.Sprint(i))
		j.runs(t)
		stragglers = append(stragglers, j)
	}
	b.slots[3].Down(Why{Words: "refused connections"}, true)
	trial, next := enter(t, r, "trial"), enter(t, r, "next")
	s := trial.runs(t)
	s.Up(h.lot.Now())
	trial.finish()
	next.runs(t)
	next.finish()
	for _, j := range stragglers {
		j.finish()
	}
	last := enter(t, r, "last")
	last.runs(t)
	last.finish()
}

// TestFailed_threeInARowTakeABackendOutUnlessItIsTheLast.
func TestFailed_threeInARowTakeABackendOutUnlessItIsTheLast(t *testing.T) {
	h := startHouse(t)
	a, b := h.backend(t, "a", 2), h.backend(t, "b", 2)
	r := h.AddQueue("/", 10, Hold{For: time.Minute, Every: time.Millisecond}, a, b)
	fails := func(b *Backend, n int) {
		for range n {
			b.slots[0].Failed("failed")
		}
	}
	up := func() (n int) {
		for _, s := range h.Snapshot().Backends {
			if s.Up {
				n++
			}
		}
		return n
	}
	fails(a, 2)
	comesUp(a) // one that went well lies between
	fails(a, 2)
	if up() != 2 {
		t.Error("two failures in a row took it out")
	}
	fails(a, 1)
	if up() != 1 {
		t.Error("three failures in a row did not take it out")
	}
	fails(b, 10)
	if up() != 1 {
		t.Error("the last one was taken out")
	}
	j := enter(t, r, "x")
	if s := j.runs(t); s.Backend != b {
		t.Error("the task went to the one that is out")
	}
	j.finish()
}
