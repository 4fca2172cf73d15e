package pool

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/panjf2000/ants/v2"
)

// setLimit has b use n of its slots from now on.
func (b *Backend) setLimit(n int) {
	if b.width == b.limit || b.width > n {
		b.width = n
	}
	b.limit = n
	b.trim()
	for b.staffed() < n && len(b.spare) > 0 && !b.pool.closed {
		b.recruit()
	}
	b.serveQueues()
}

// staffed is how many slots are in use, idle or busy.
func (b *Backend) staffed() int { return len(b.slots) - b.away }

// trim sends idle workers home while there are more than the limit: those with the coldest connections first.
func (b *Backend) trim() {
	for i := 0; i < len(b.free) && b.staffed() > b.limit; {
		s := b.free[i]
		if s.offered { // its task still runs
			i++
			continue
		}
		b.free = slices.Delete(b.free, i, i+1)
		b.away++
		s.retired = true
		b.pool.wake(s)
	}
}

// recruit makes a spare slot one of the idle. Its worker starts as soon as the pool is unlocked.
func (b *Backend) recruit() {
	last := len(b.spare) - 1
	s := b.spare[last]
	b.spare = b.spare[:last]
	b.away--
	b.free = append(b.free, s)
	b.pool.hire(s)
}

// hire starts s's worker. The pool is not locked: ants has a lock of its own, and may wait until the worker runs.
func (b *Backend) hire(s *Slot) {
	b.hiring.Lock()
	b.workers.Tune(b.workers.Running() + 1) // one that has just left may count at ants still, and must not be in the way
	err := b.workers.Submit(s.work)
	b.hiring.Unlock()
	if err != nil {
		b.unhired(s, err)
	}
	b.tune()
}

// tune tells ants how many workers there may be: as many as are in use.
func (b *Backend) tune() {
	b.hiring.Lock()
	defer b.hiring.Unlock()
	b.pool.mu.Lock()
	n := b.staffed()
	b.pool.mu.Unlock()
	b.workers.Tune(n)
}

// unhired makes s spare again, whose worker did not start. That happens when b is closed meanwhile.
func (b *Backend) unhired(s *Slot, err error) {
	b.pool.mu.Lock()
	task := s.task
	s.task = nil
	b.tried(s)
	if !s.retired {
		b.free = slices.DeleteFunc(b.free, func(o *Slot) bool { return o == s })
		b.away++
	}
	s.retired = false
	b.spare = append(b.spare, s)
	b.pool.unlock()
	if !errors.Is(err, ants.ErrPoolClosed) {
		b.pool.panics(fmt.Errorf("backend %s: a worker did not start: %w", b.Name, err), nil)
	}
	if task != nil {
		task.Place().sleep()
		task.Unserved(Outcome{State: Closed})
	}
}

// left says that s's worker has nothing more to do, because it was sent home or because all are. It calls this last, so
// that ants knows when the worker returns that it is one too many.
func (b *Backend) left(s *Slot) {
	b.pool.mu.Lock()
	closed := b.pool.closed
	if !closed {
		s.retired = false
		b.spare = append(b.spare, s)
		if b.staffed() < b.limit { // the limit has grown meanwhile
			b.recruit()
			b.serveQueues()
		}
	}
	b.pool.unlock()
	if !closed {
		b.tune()
	}
}

// panicked is ants' panic handler, called on the worker that is lost, once for each: it puts a new one to a fallen slot.
func (b *Backend) panicked(v any) {
	b.pool.panics(v, debug.Stack())
	b.pool.mu.Lock()
	defer b.pool.unlock()
	for _, s := range b.slots {
		if !s.fallen {
			continue
		}
		s.fallen = false
		b.auto.forgive(s)
		b.tried(s)
		s.recall()
		if s.task == nil {
			s.task = b.following(s)
		}
		if s.task == nil {
			b.free = append(b.free, s)
			b.trim()
		}
		b.pool.hire(s)
		return
	}
}
