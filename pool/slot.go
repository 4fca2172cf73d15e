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

	task    Task      // what to run next; guarded by the pool
	lone    bool      // close Kept while idle; guarded by the pool
	retired bool      // end when idle; guarded by the pool
	fallen  bool      // its worker panicked; guarded by the pool
	trialTo int64     // while its task tries a backend that is down: until when, in the lot's time; guarded by the pool
	offered bool      // it is among the free though its task still runs; guarded by the pool
	keeps   uint64    // which slot in order it was to become idle with Kept; 0 when it keeps none; guarded by the pool
	gives   chan bool // gets whether Kept was closed for its descriptor; nil when that is not needed; guarded by the pool

	// only with auto
	since     int64        // when its worker began with its task; 0 for none; guarded by the pool
	over      bool         // it has hung since the limit was cut; guarded by the pool
	reachedAt atomic.Int64 // when that task's request was on its way; 0 before
}

// work is a worker: it runs one task after the other until its slot is retired.
func (s *Slot) work() {
	task := s.await()
	defer func() {
		if task != nil { // panicking; the pool recovers, and puts a new worker here
			defer s.fall()
			s.drop()
			task.Panicked()
		}
	}()
	for task != nil {
		s.Backend.served.Add(1)
		task.Place().sleep()
		task.Run(s)
		next := s.Backend.next(s)
		task = next
		if next == nil {
			task = s.await()
		}
	}
	s.drop()
	s.Backend.left(s)
}

// Ending says that s's task is about to return, and that its client may know: the next request is not to find the slot
// taken still. Who is given s meanwhile runs when the task has returned. It does nothing where another slot is free.
func (s *Slot) Ending() {
	b := s.Backend
	b.pool.mu.Lock()
	defer b.pool.unlock()
	if s.offered || s.task != nil || len(b.free) > 0 || b.width < b.limit || b.pool.closed || b.oldest() != nil {
		return
	}
	s.offered = true
	b.free = append(b.free, s)
}

// Retired reports whether s is to go when its task has ended: then no other task waits for that.
func (s *Slot) Retired() bool {
	s.Backend.pool.mu.Lock()
	defer s.Backend.pool.unlock()
	return s.retired
}

// recall takes back what Ending offered.
func (s *Slot) recall() {
	if s.offered {
		s.offered = false
		b := s.Backend
		b.free = slices.DeleteFunc(b.free, func(o *Slot) bool { return o == s })
	}
}

// fall says that s's worker has panicked, and touches s no more.
func (s *Slot) fall() {
	s.Backend.pool.mu.Lock()
	defer s.Backend.pool.unlock()
	s.fallen = true
}

// await sleeps until there is a task, and meanwhile closes the kept connection when the backend does, when it has been
// idle for long enough, or when another exchange may be waiting for the backend to be done with it. It returns nil at the
// end.
func (s *Slot) await() Task {
	if s.Kept != nil {
		s.SetDeadline(s.Kept.Until())
	} else {
		s.SetDeadline(0)
	}
	for woken := false; ; woken = true {
		p := s.Backend.pool
		p.mu.Lock()
		task, lone, retired, gives := s.task, s.lone, s.retired, s.gives
		s.task, s.lone, s.gives = nil, false, nil
		if task != nil {
			s.Backend.auto.given(s)
		}
		p.unlock()
		closes := task == nil && !retired && s.Kept != nil && (lone || s.Kept.Pending() || woken && s.Now() >= s.Kept.Until())
		if closes {
			s.drop()
			s.forget()
			s.SetDeadline(0)
		}
		if gives != nil {
			gives <- closes
		}
		if task != nil || retired {
			return task
		}
		s.Wait()
	}
}

func (s *Slot) drop() {
	if s.Kept != nil {
		s.Kept.Discard()
		s.Kept = nil
	}
}
