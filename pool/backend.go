package pool

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/panjf2000/ants/v2"
)

// Backend is one origin server: its slots, and their workers. Safe for use by several goroutines.
type Backend struct {
	Name string // HOST:PORT

	pool       *Pool
	workers    *ants.Pool // one long task for every slot: work
	tuning     sync.Mutex // held while the size of workers changes; locked before the pool, never after it
	slots      []*Slot    // all of them
	maxStreams int
	auto       *auto // moves limit; nil for a fixed number

	served    atomic.Int64
	impatient atomic.Int32 // exchanges that have waited long for their first byte, and health checks under way
	down      atomic.Bool  // the opposite of up, for callers that do not lock the pool
	unwell    atomic.Bool  // it is down, or not all its slots are used again since it was, or it has failed: Up has something to do

	// guarded by the pool
	free       []*Slot // idle slots, the one with the warmest connection last
	reserve    []*Slot // slots without a worker: with auto, and after Resize to fewer
	queues     []*Queue
	streams    int
	limit      int // slots that are used: as many as the configuration says, or as auto finds
	workerless int // slots without a worker: those in reserve, and those whose workers are about to end
	width      int // slots that may have a task now: limit, but fewer at first after an outage
	failures   int // exchanges in a row that the backend failed
	passed     int // clients' tasks in a row that it was given while one of the background waited for it
	outage     outage
}

// AddBackend adds a backend of 1 or more slots. Exchanges that last may have up to streams connections beyond the slots.
func (p *Pool) AddBackend(name string, slots, streams int) (*Backend, error) {
	return p.add(name, slots, streams, nil)
}

func (p *Pool) add(name string, slots, streams int, a *auto) (*Backend, error) {
	if slots < 1 {
		return nil, fmt.Errorf("backend %s: %d workers: at least 1 is needed", name, slots)
	}
	b := &Backend{Name: name, pool: p, maxStreams: streams, limit: slots, width: slots, auto: a}
	if a != nil {
		a.used, a.noted = a.limiter.limit, a.limiter.limit
		b.limit, b.width, b.workerless = a.used, a.used, slots-a.used
	}
	var err error
	// Without these options ants ends idle workers after a second (purge), lets submitters wait, and prints panics itself.
	b.workers, err = ants.NewPool(b.limit, ants.WithDisablePurge(true), ants.WithNonblocking(true), ants.WithPanicHandler(b.panicked))
	if err != nil {
		return nil, fmt.Errorf("backend %s: %w", name, err)
	}
	for range slots {
		s := &Slot{Backend: b}
		s.InitSleeper(p.lot)
		b.slots = append(b.slots, s)
	}
	for i := len(b.slots) - 1; i >= 0; i-- { // the first slot is the last of free, which is taken first
		s := b.slots[i]
		if i >= b.limit {
			b.reserve = append(b.reserve, s)
			continue
		}
		b.free = append(b.free, s)
		if err := b.workers.Submit(s.work); err != nil {
			return nil, fmt.Errorf("backend %s: starting its worker: %w", name, err)
		}
	}
	p.mu.Lock()
	defer p.unlock()
	p.backends = append(p.backends, b)
	return b, nil
}

// next returns the place of the task that is next at b, for s; if there is none it frees s and returns nil.
func (b *Backend) next(s *Slot) *Place {
	b.pool.mu.Lock()
	defer b.pool.unlock()
	s.takeBack()
	if s.trialTo != 0 || b.outage.trial == s {
		b.tried(s)
	}
	at := s.next // of the one that was given s while the last one ended
	s.next = nil
	if at == nil {
		at = b.following(s)
	}
	if at == nil {
		// An exchange that has become impatient since s asked MayKeep did not find s among the idle.
		s.closesKept, s.keptOrder = !b.MayKeep(), 0
		if s.Kept != nil {
			b.pool.freed++
			s.keptOrder = b.pool.freed
		}
		b.free = append(b.free, s)
		if b.inUse() > b.limit {
			b.trim()
		}
		if b.unwell.Load() {
			b.serveQueues() // after an outage more than this one slot may be used now
		}
	}
	if b.auto != nil {
		b.auto.ended(s, at != nil)
	}
	return at
}

// following takes the task that is next at b out of its queue, for s to run, and returns its place; nil if there is none, or s may
// not have it.
func (b *Backend) following(s *Slot) *Place {
	if s.retired || b.busy() > b.width {
		return nil
	}
	at, _ := b.turn(true)
	return at
}

// inUse returns how many slots are in use, idle or busy.
func (b *Backend) inUse() int { return len(b.slots) - b.workerless }

// busy returns the number of slots that have a task.
func (b *Backend) busy() int { return len(b.slots) - b.workerless - len(b.free) }

// room returns how many more tasks b may be given now.
func (b *Backend) room() int { return max(0, min(len(b.free), b.width-b.busy())) }

// serveQueues gives b's free slots to the tasks that wait for them, as far as b may have more.
func (b *Backend) serveQueues() {
	for b.room() > 0 && !b.pool.closed {
		at, _ := b.turn(true)
		if at == nil {
			return
		}
		b.take(at)
	}
}

// up reports whether b is not down, so that tasks go to it as they come.
func (b *Backend) up() bool { return b.outage.since == 0 }

// awaited reports whether a task waits that b would be given if a slot of it were free.
func (b *Backend) awaited() bool {
	return b.oldest(clients, true) != nil || b.oldest(background, true) != nil
}

// turn takes the task that is next at b out of its lane, and returns its place; nil if none waits. With mayAsk it is one of
// those that go to b as they come, else one of those that try b while it is down.
func (b *Backend) turn(mayAsk bool) (*Place, *Queue) {
	next, other := b.oldest(clients, mayAsk), b.oldest(background, mayAsk)
	switch {
	case next == nil && other == nil:
		return nil, nil
	case other == nil:
		b.passed = 0
	case next == nil || b.passed == passMost:
		next, b.passed = other, 0
	default:
		b.passed++
	}
	return next.leave(), next.queue
}

// oldest is the lane of a kind whose first has waited longest, among b's queues whose tasks go to b as they come, or, without
// mayAsk, among those whose tasks try b while it is down; nil if none waits.
func (b *Backend) oldest(k kind, mayAsk bool) *lane {
	if b.pool.waiting[k] == 0 { // with thousands of queues to b, looking at each takes longer than all else
		return nil
	}
	var oldest *lane
	for _, q := range b.queues {
		if l := &q.lanes[k]; l.waiting > 0 && q.mayAsk(b) == mayAsk && l.isOlder(oldest) {
			oldest = l
		}
	}
	return oldest
}

// Awaited reports whether a client's task waits in a queue that b would be given if a slot of it were free. For one of the
// background no other exchange ends early.
func (b *Backend) Awaited() bool {
	b.pool.mu.Lock()
	defer b.pool.unlock()
	return b.oldest(clients, true) != nil
}

// Impatient notes that an exchange, or a health check, has waited long for its first byte. The backend may be able to serve only
// one connection, and hold on to an idle one. So the idle ones are closed, and none is kept until Patient.
func (b *Backend) Impatient() {
	b.impatient.Add(1)
	b.pool.mu.Lock()
	defer b.pool.unlock()
	b.dropIdle()
}

// DropIdle closes the connections to b that are idle: they may lead to a server that is not b any more.
func (b *Backend) DropIdle() {
	b.pool.mu.Lock()
	defer b.pool.unlock()
	b.dropIdle()
}

// dropIdle makes the idle slots close the connections that they keep. The pool is locked.
func (b *Backend) dropIdle() {
	for _, s := range b.free {
		s.closesKept = true
		b.pool.wake(s)
	}
}

// Patient ends what one call of Impatient began.
func (b *Backend) Patient() { b.impatient.Add(-1) }

// MayKeep reports whether a connection to b may be kept for the next exchange: b is up, and no exchange has waited long for it.
func (b *Backend) MayKeep() bool { return b.impatient.Load() == 0 && !b.down.Load() }

// Lend takes one of the connections that b may have beyond its slots, for an exchange that lasts. It reports false if all are
// taken.
func (b *Backend) Lend() bool {
	b.pool.mu.Lock()
	defer b.pool.unlock()
	if b.streams >= b.maxStreams {
		return false
	}
	b.streams++
	return true
}

// Return gives back what Lend took; the connection is closed by then.
func (b *Backend) Return() {
	b.pool.mu.Lock()
	defer b.pool.unlock()
	b.streams--
}

// Workers returns the number of b's slots: with auto, the most there may be.
func (b *Backend) Workers() int {
	b.pool.mu.Lock()
	defer b.pool.unlock()
	return b.most()
}

// most returns the number of slots that there may be.
func (b *Backend) most() int {
	if b.auto != nil {
		return len(b.slots)
	}
	return b.limit
}

// Free returns the number of slots that have no task.
func (b *Backend) Free() int {
	b.pool.mu.Lock()
	defer b.pool.unlock()
	return len(b.free)
}

// Streams returns the number of connections that Lend gave and Return has not taken back.
func (b *Backend) Streams() int {
	b.pool.mu.Lock()
	defer b.pool.unlock()
	return b.streams
}

// close retires the slots and waits for their workers.
func (b *Backend) close() {
	b.pool.mu.Lock()
	for _, s := range b.slots {
		s.retired = true
		b.pool.wake(s)
	}
	b.pool.unlock()
	// Release does not wait; its timeout is a bound on an exchange that does not end.
	b.workers.ReleaseTimeout(closeWait)
}

const closeWait = 10 * time.Second
