package forward

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tenfour/lot"
)

// held is a waiter that tells when it is woken.
type heldWaiter struct {
	lot.Waiter
	woken chan struct{}
}

func (w *heldWaiter) Unpark() { w.woken <- struct{}{} }

func newHeldWaiter(l *lot.Lot) *heldWaiter {
	w := &heldWaiter{woken: make(chan struct{}, 1)}
	w.Init(l, w)
	w.Park()
	return w
}

func newLot(t *testing.T) *lot.Lot {
	t.Helper()
	l, err := lot.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

func TestHeld_isTakenUpToItsBound(t *testing.T) {
	h := NewHeld(100)
	if !h.Take(99) || h.Take(2) || !h.Take(1) || h.Take(1) || h.Bytes() != 100 {
		t.Errorf("%d bytes are held", h.Bytes())
	}
	h.Count(10)
	if h.Give(10); h.Take(1) {
		t.Error("more was taken than the bound allows")
	}
	if h.Give(100); h.Bytes() != 0 {
		t.Errorf("%d bytes are held though all were given back", h.Bytes())
	}
}

// TestHeld_servesInTurn: a small one does not pass a large one that waits longer, in line or without standing there.
func TestHeld_servesInTurn(t *testing.T) {
	l, h := newLot(t), NewHeld(100)
	h.Take(100)
	var large, small HeldPlace
	first, second := newHeldWaiter(l), newHeldWaiter(l)
	h.Wait(&large, 80, &first.Waiter)
	h.Wait(&small, 10, &second.Waiter)
	h.Give(50)
	if h.Take(1) || h.Fits(1) || h.Granted(&large) || h.Granted(&small) {
		t.Fatal("one has passed another that waits for more")
	}
	h.Give(40)
	<-first.woken
	<-second.woken
	if !h.Granted(&large) || !h.Granted(&small) || h.Granted(&large) || h.Bytes() != 100 {
		t.Errorf("%d bytes are held", h.Bytes())
	}
}

// TestHeld_aRequestThatLeavesLetsOthersPass, and gives back what it had been given a moment before.
func TestHeld_aRequestThatLeavesLetsOthersPass(t *testing.T) {
	l, h := newLot(t), NewHeld(100)
	h.Take(50)
	var large, small HeldPlace
	h.Wait(&large, 80, &newHeldWaiter(l).Waiter)
	w := newHeldWaiter(l)
	h.Wait(&small, 10, &w.Waiter)
	h.Leave(&large)
	<-w.woken
	h.Leave(&small)
	if h.Bytes() != 50 || h.Granted(&small) {
		t.Errorf("%d bytes are held, want 50", h.Bytes())
	}
}

// TestHeld_byManyAtOnce: it is never more than the bound, and nothing is left.
func TestHeld_byManyAtOnce(t *testing.T) {
	const most = 1000
	l, h := newLot(t), NewHeld(most)
	var mine atomic.Int64 // what is surely held
	use := func(n int) {
		if mine.Add(int64(n)) > most {
			t.Errorf("%d bytes are held", mine.Load())
		}
		mine.Add(-int64(n))
		h.Give(n)
	}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			rng := rand.New(rand.NewPCG(1, uint64(i)))
			for range 500 {
				n := 1 + rng.IntN(most/2)
				if h.Take(n) {
					use(n)
					continue
				}
				var p HeldPlace
				w := newHeldWaiter(l)
				h.Wait(&p, n, &w.Waiter)
				if rng.IntN(3) == 0 {
					h.Leave(&p)
					continue
				}
				select {
				case <-w.woken:
				case <-time.After(5 * time.Second):
					t.Errorf("one that waits for %d is not woken; %d are held", n, h.Bytes())
					return
				}
				if !h.Granted(&p) {
					t.Error("one was woken and given nothing")
				}
				use(n)
			}
		})
	}
	all.Wait()
	if h.Bytes() != 0 {
		t.Errorf("%d bytes are left", h.Bytes())
	}
}
