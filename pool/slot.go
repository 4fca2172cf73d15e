package pool

import (
	"slices"
	"sync/atomic"

	"tenfour/lot"
)

// Kept is a slot's one reusable connection to its backend.
type Kept interface {
	// Pending reports whether something happened on the connection, though nothing was asked of it.
	Pending() bool
	// Until is when the connection has been idle for long enough and is to be closed, in the lot's time.
	Until() int64
	// Discard closes it.
	Discard()
}

// Slot is the right to one exchange at a backend, with the worker that works it. Its worker alone touches Kept.
type Slot struct {
	lot.Waiter // the worker's: it sleeps in it, idle or in the middle of an exchange
	Backend    *Backend
	Kept       Kept // nil for none
	offered    bool // Ending was called for its task; its worker alone touches it

	reader atomic.Bool // its task waits only because its client reads slowly

	next       *Place    // of the task to run next; nil for none; guarded by the pool
	closesKept bool      // its idle worker is to close Kept; guarded by the pool
	retired    bool      // its worker is to end when it is idle; guarded by the pool
	panicked   bool      // its worker panicked; guarded by the pool
	trialTo    int64     // until when its task may try a backend that is down, in the lot's time; 0 if it does not; guarded by the pool
	freeEarly  bool      // it is among the free slots though its task still runs; guarded by the pool
	keptOrder  uint64    // when it became idle with Kept: its number in the order of all slots that did; 0 without Kept; guarded by the pool
	keptClosed chan bool // gets whether Kept was closed, if its descriptor is needed; else nil; guarded by the pool

	// only with auto
	since     int64        // when its worker began with its task; 0 for none; guarded by the pool
	hung      bool         // its task has run since before the limit was cut; guarded by the pool
	reachedAt atomic.Int64 // when that task's request had been sent; 0 before
}

// work is a worker: it runs one task after the other until its slot is retired.
func (s *Slot) work() {
	at := s.await()
	defer func() {
		if at != nil { // its task panics; ants recovers, and panicked starts another worker for s
			defer s.markPanicked()
			s.drop()
			at.task.Panicked()
		}
	}()
	for at != nil {
		s.Backend.served.Add(1)
		at.ignore()
		s.offered = false
		at.task.Run(s)
		next := s.Backend.next(s)
		at = next
		if next == nil {
			at = s.await()
		}
	}
}

// Ending frees s before its task returns, so that the client's next request, which may follow at once, finds a slot. A task
// that is given s in the meantime runs when the first one has returned. Ending does nothing if another slot is free, nor a second time
// for the same task.
func (s *Slot) Ending() {
	if s.offered {
		return
	}
	s.offered = true
	b := s.Backend
	b.pool.mu.Lock()
	defer b.pool.unlock()
	if s.freeEarly || s.next != nil || len(b.free) > 0 || b.width < b.limit || b.pool.closed || b.awaited() {
		return
	}
	s.freeEarly = true
	b.free = append(b.free, s)
}

// AwaitsReader notes that s's worker begins, or ends, to wait only because the client of its task reads slowly.
func (s *Slot) AwaitsReader(begins bool) { s.reader.Store(begins) }

// Retired reports whether s is to go when its task has ended, so that no other task waits for it.
func (s *Slot) Retired() bool {
	s.Backend.pool.mu.Lock()
	defer s.Backend.pool.unlock()
	return s.retired
}

// takeBack undoes Ending: it takes s out of the free slots.
func (s *Slot) takeBack() {
	if s.freeEarly {
		s.freeEarly = false
		b := s.Backend
		b.free = slices.DeleteFunc(b.free, func(o *Slot) bool { return o == s })
	}
}

// markPanicked notes that s's worker has panicked. The worker does not touch s afterwards.
func (s *Slot) markPanicked() {
	s.Backend.pool.mu.Lock()
	defer s.Backend.pool.unlock()
	s.panicked = true
}

// await sleeps until there is a task. Meanwhile it closes the kept connection when the backend does, when it has been idle
// for long enough, or when another exchange may be waiting until the backend has finished with it. It returns nil when s is
// retired, and its worker ends.
func (s *Slot) await() *Place {
	if s.Kept != nil {
		s.SetDeadline(s.Kept.Until())
	} else {
		s.SetDeadline(0)
	}
	for woken := false; ; woken = true {
		p := s.Backend.pool
		p.mu.Lock()
		at, closesKept, retired, keptClosed := s.next, s.closesKept, s.retired, s.keptClosed
		s.next, s.closesKept, s.keptClosed = nil, false, nil
		if at != nil && s.Backend.auto != nil {
			s.Backend.auto.given(s)
		}
		p.unlock()
		closes := at == nil && !retired && s.Kept != nil && (closesKept || s.Kept.Pending() || woken && s.Now() >= s.Kept.Until())
		if closes {
			s.drop()
			s.forget()
			s.SetDeadline(0)
		}
		if keptClosed != nil {
			keptClosed <- closes
		}
		switch {
		case at != nil:
			return at
		case !retired:
			s.Wait()
			continue
		}
		s.drop()
		if s.Backend.workerEnds(s) {
			return nil
		}
		s.SetDeadline(0)
	}
}

func (s *Slot) drop() {
	if s.Kept != nil {
		s.Kept.Discard()
		s.Kept = nil
	}
}
