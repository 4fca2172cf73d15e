package pool

import (
	"sync"
	"testing"

	"tenfour/tests/await"
)

// TestEvents_areReportedWithNothingLocked: the function that is called may use the pool.
func TestEvents_areReportedWithNothingLocked(t *testing.T) {
	h := startHouse(t)
	reported := make(chan Event, 4)
	h.OnEvent(func(e Event) {
		h.Snapshot()
		reported <- e
	})
	b := h.backend(t, "b", 1)
	go goesDown(b) // ends at once, unless the pool is locked
	if e := await.Value(t, reported, "the backend's end to be reported"); e.Up || e.Backend != "b" {
		t.Errorf("reported %+v, want that b is down", e)
	}
	go comesUp(b) // likewise
	if e := await.Value(t, reported, "its return to be reported"); !e.Up {
		t.Errorf("reported %+v, want that b is up", e)
	}
}

// TestEvents_thatAreNotTakenStopNothing: the function does not return, as one that writes to a pipe which is not read.
// Other backends are used, go down and come up meanwhile.
func TestEvents_thatAreNotTakenStopNothing(t *testing.T) {
	h := startHouse(t)
	stuck, reported := make(chan struct{}), make(chan Event, 2*eventsMost)
	h.OnEvent(func(e Event) {
		<-stuck
		reported <- e
	})
	b, other := h.backend(t, "b", 1), h.backend(t, "other", 1)
	q := h.AddQueue("/", 1, Hold{}, other)
	first := make(chan struct{})
	go func() { goesDown(b); close(first) }() // ends with the function
	await.Until(t, "the first event", func() bool { return !h.Snapshot().Backends[0].Up })
	done := make(chan struct{})
	go func() { // ends soon, unless something waits for the function
		defer close(done)
		for range eventsMost {
			goesDown(other)
			comesUp(other)
		}
	}()
	await.Value(t, done, "the other backend to go down and come up")
	j := enter(t, q, "x")
	j.runs(t)
	j.finish()
	close(stuck)
	await.Value(t, first, "the function to return")
	if n := len(reported); n == 0 || n > eventsMost+1 {
		t.Errorf("%d events were reported, want up to %d", n, eventsMost+1)
	}
}

// TestEvents_areReportedInOrder: whatever goroutine reports them, down and up take turns.
func TestEvents_areReportedInOrder(t *testing.T) {
	h := startHouse(t)
	var ups []bool // written by one goroutine at a time, or the race detector reports it
	h.OnEvent(func(e Event) { ups = append(ups, e.Up) })
	b := h.backend(t, "b", 1)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 200 {
				if i%2 == 0 {
					b.Sick(Why{Words: "is not well"})
				} else {
					b.Well()
				}
			}
		})
	}
	all.Wait()
	await.Until(t, "the last to be reported", func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return !h.reporting && len(h.events) == 0
	})
	h.mu.Lock() // what was reported before is seen here
	defer h.mu.Unlock()
	for i, up := range ups {
		if up != (i%2 == 1) {
			t.Fatalf("event %d of %d: up is %t twice in a row", i, len(ups), up)
		}
	}
	if len(ups) < 2 {
		t.Errorf("%d events were reported", len(ups))
	}
}
