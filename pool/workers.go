package pool

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"

	"github.com/panjf2000/ants/v2"
)

// setLimit makes b use n of its slots from now on.
func (b *Backend) setLimit(n int) {
	if b.width == b.limit || b.width > n {
		b.width = n
	}
	b.limit = n
	b.trim()
	for b.inUse() < n && len(b.reserve) > 0 && !b.pool.closed {
		b.activate()
	}
	b.serveQueues()
}

// trim retires idle slots while more are in use than the limit: those that were used longest ago first.
func (b *Backend) trim() {
	for i := 0; i < len(b.free) && b.inUse() > b.limit; {
		s := b.free[i]
		if s.freeEarly { // its task still runs
			i++
			continue
		}
		b.free = slices.Delete(b.free, i, i+1)
		b.workerless++
		s.retired = true
		b.pool.wake(s)
	}
}

// activate makes a slot of the reserve an idle one. Its worker starts as soon as the pool is unlocked.
func (b *Backend) activate() {
	last := len(b.reserve) - 1
	s := b.reserve[last]
	b.reserve = b.reserve[:last]
	b.workerless--
	b.free = append(b.free, s)
	b.pool.start(s)
}

// start starts s's worker. The pool is not locked, because ants has a lock of its own, and may wait until the worker runs. While
// as many workers run as there may be, some of them were sent home and have not returned yet: then start lets them run first.
// They wait for nothing, so that takes a moment only.
func (b *Backend) start(s *Slot) {
	err := b.submit(s)
	for ; errors.Is(err, ants.ErrPoolOverload); err = b.submit(s) {
		runtime.Gosched()
	}
	if err != nil {
		b.notStarted(s, err)
	}
}

// submit gives s's work to ants, whose size is the number of slots that have a worker, with s. It returns ErrPoolOverload if as
// many workers run already.
func (b *Backend) submit(s *Slot) error {
	b.tuning.Lock()
	defer b.tuning.Unlock()
	b.pool.mu.Lock()
	n := b.inUse()
	if s.retired { // meanwhile: its worker ends at once
		n++
	}
	b.pool.mu.Unlock()
	b.workers.Tune(n)
	return b.workers.Submit(s.work)
}

// tune sets the size of the ants pool to the number of slots in use.
func (b *Backend) tune() {
	b.tuning.Lock()
	defer b.tuning.Unlock()
	b.pool.mu.Lock()
	n := b.inUse()
	b.pool.mu.Unlock()
	b.workers.Tune(n)
}

// notStarted puts s back into the reserve, because its worker did not start. That happens if b is closed meanwhile.
func (b *Backend) notStarted(s *Slot, err error) {
	b.pool.mu.Lock()
	at := s.next
	s.next = nil
	b.tried(s)
	if !s.retired {
		b.free = slices.DeleteFunc(b.free, func(o *Slot) bool { return o == s })
		b.workerless++
	}
	s.retired = false
	b.reserve = append(b.reserve, s)
	b.pool.unlock()
	if !errors.Is(err, ants.ErrPoolClosed) {
		b.pool.panics(fmt.Errorf("backend %s: a worker did not start: %w", b.Name, err), nil)
	}
	if at != nil {
		at.ignore()
		at.task.Unserved(Outcome{State: Closed})
	}
}

// workerEnds reports whether the worker of s, which is retired, ends. It does not if the limit has grown meanwhile: then s is idle
// again, and another worker need not start. A worker that ends returns next: the size of the ants pool is right then.
func (b *Backend) workerEnds(s *Slot) bool {
	b.pool.mu.Lock()
	if b.pool.closed {
		b.pool.unlock()
		return true
	}
	s.retired = false
	if b.inUse() < b.limit {
		b.workerless--
		b.free = append(b.free, s)
		b.serveQueues()
		b.pool.unlock()
		return false
	}
	b.reserve = append(b.reserve, s)
	b.pool.unlock()
	b.tune()
	return true
}

// panicked is ants' panic handler. A worker that panics calls it once, last. It starts another worker for the slot of one that
// has panicked.
func (b *Backend) panicked(v any) {
	b.pool.panics(v, debug.Stack())
	b.pool.mu.Lock()
	defer b.pool.unlock()
	for _, s := range b.slots {
		if !s.panicked {
			continue
		}
		s.panicked = false
		if b.auto != nil {
			b.auto.countAgain(s)
		}
		b.tried(s)
		s.takeBack()
		if s.next == nil {
			s.next = b.following(s)
		}
		if s.next == nil {
			b.free = append(b.free, s)
			b.trim()
		}
		b.pool.start(s)
		return
	}
}
