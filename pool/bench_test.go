package pool

import (
	"testing"

	"tenfour/tests/await"
)

// BenchmarkEnter is what the pool costs a task: one that finds a free slot, and one that is queued and has a client and a timeout.
func BenchmarkEnter(b *testing.B) {
	b.Run("free slot", func(b *testing.B) {
		h := startHouse(b)
		q := h.AddQueue("/", 10, Hold{}, h.backend(b, "a", 1))
		t := &short{ran: make(chan struct{})}
		for b.Loop() {
			give(q, t)
			t.ran <- struct{}{}
		}
	})
	b.Run("queued", func(b *testing.B) {
		h := startHouse(b)
		q := h.AddQueue("/", 10, Hold{}, h.backend(b, "a", 1))
		c := newClient(b, h.lot)
		running, waits := &short{ran: make(chan struct{})}, &short{ran: make(chan struct{})}
		for _, t := range []*short{running, waits} {
			t.place.Client, t.place.Timeout = &c.watch, await.Patience
		}
		give(q, running)
		for b.Loop() {
			give(q, waits)
			running.ran <- struct{}{}
			running, waits = waits, running
		}
		running.ran <- struct{}{}
	})
}
