package pool

import "fmt"

// Place is where a task stands in its route's queue. It belongs to the task; the pool guards its fields.
type Place struct {
	task       Task
	route      *Route // nil while it stands in no queue
	next, prev *Place
	order      uint64 // among all that have entered: who comes back stands where he stood
	entered    int64  // in the lot's time
}

// Route is a queue in front of some backends: first in, first out, and bounded. Safe for use by several goroutines.
type Route struct {
	Name string

	pool     *Pool
	backends []*Backend
	most     int   // tasks that may wait
	hold     int64 // how long a task waits for a backend while all are down, in nanoseconds; 0 is not at all
	entry    bool  // it leads to one of another route's backends: who cannot be served there is told so at once

	// guarded by the pool
	head    Place // of the ring of those who wait; its next is the oldest
	waiting int
}

// AddRoute adds a route to one or more backends in whose queue up to most tasks may wait. While all its backends are
// down they are held there, each for hold at the most.
func (p *Pool) AddRoute(name string, most int, hold Hold, backends ...*Backend) *Route {
	r := &Route{Name: name, pool: p, backends: backends, most: most, hold: int64(hold.For)}
	r.head.next, r.head.prev = &r.head, &r.head
	p.mu.Lock()
	defer p.unlock()
	p.routes = append(p.routes, r)
	for _, b := range backends {
		b.routes = append(b.routes, r)
		b.outage.heed(hold)
	}
	return r
}

// AddEntry adds a route to one backend of several, for tasks that have the choice: nobody waits in it for a backend that is
// down.
func (p *Pool) AddEntry(name string, most int, b *Backend) *Route {
	r := p.AddRoute(name, most, Hold{}, b)
	p.mu.Lock()
	defer p.unlock()
	r.entry = true
	return r
}

// Standing is how the backend of an entry stands, the best to ask first.
type Standing uint8

const (
	Untried Standing = iota // it is down, and should be tried
	Ready                   // it has a free slot
	Busy
	Down
)

// Standing returns how the only backend of r stands.
func (r *Route) Standing() Standing {
	r.pool.mu.Lock()
	defer r.pool.unlock()
	b := r.backends[0]
	switch {
	case r.untried(r.pool.lot.Now()) != nil:
		return Untried
	case !b.up():
		return Down
	case b.room() > 0:
		return Ready
	}
	return Busy
}

// Backends is the route's, in the order they were given.
func (r *Route) Backends() []*Backend { return r.backends }

// Enter has a worker run task now, if a slot is free, or puts it at the queue's end. With an error it did neither.
// When it has returned nil the task is the pool's until Run or Unheld, or until Leave has reported true.
func (r *Route) Enter(task Task) error {
	p := r.pool
	p.mu.Lock()
	defer p.unlock()
	if p.closed {
		return ErrClosed
	}
	at := task.Place()
	p.entered++
	at.order, at.entered = p.entered, p.lot.Now()
	if b := r.untried(at.entered); b != nil {
		if r.waiting == 0 {
			b.try(task, r)
			return nil
		}
		b.try(r.leave(), r)
	}
	if r.entry && !r.backends[0].up() {
		return fmt.Errorf("%w: %s", ErrDown, r.whyDown())
	}
	b := r.choose()
	for ; b != nil && r.waiting > 0; b = r.choose() { // it was down until now, and left the queue to others
		b.take(r.leave())
	}
	switch {
	case b != nil:
		b.take(task)
	case r.waiting >= r.most:
		return ErrFull
	default:
		r.join(task)
	}
	return nil
}

// Again is Enter for a task that has to be asked of a backend once more, since nothing came of it at unreached: it
// stands in the queue where it stood. It reports false, and leaves the task to the caller, when no other backend is any
// better and the task is not held, or was for long enough: then why says for how long nobody could be reached.
func (r *Route) Again(task Task, unreached *Backend) (waits bool, why string) {
	p := r.pool
	p.mu.Lock()
	defer p.unlock()
	at := task.Place()
	switch b := r.choose(); {
	case p.closed || r.hold == 0 && !r.otherUp(unreached):
		return false, ""
	case r.allDown() && r.heldOut(at, p.lot.Now()):
		return false, r.whyHeldOut()
	case b != nil:
		b.take(task)
	default:
		r.join(task)
	}
	return true, ""
}

// Withdraw takes whoever stands at a place out of the queue, and reports whether he stood there still.
func (r *Route) Withdraw(at *Place) bool { return r.pool.Leave(at, func() bool { return true }) }

// Leave asks whoever stands at a place whether he leaves the queue, while no worker can take him, and reports whether
// he has left. It reports false too when nobody stands there.
func (p *Pool) Leave(at *Place, leaves func() bool) bool {
	p.mu.Lock()
	defer p.unlock()
	if at.route == nil || !leaves() {
		return false
	}
	at.route.remove(at)
	return true
}

// choose returns the backend with the most free slots, ties in turn; nil if none is free. One that is down is left to
// those that try it, but by a route that does not hold and has no other.
func (r *Route) choose() *Backend {
	var best *Backend
	n := len(r.backends)
	if n > 1 {
		r.pool.turn++
	}
	for i := range n {
		b := r.backends[(uint(i)+r.pool.turn)%uint(n)]
		if b.room() == 0 || !r.mayAsk(b) {
			continue
		}
		if best == nil || len(b.free) > len(best.free) {
			best = b
		}
	}
	return best
}

// mayAsk reports whether the route's tasks may go to b as they come.
func (r *Route) mayAsk(b *Backend) bool {
	return b.up() || !r.entry && r.hold == 0 && !r.otherUp(b)
}

// otherUp reports whether a backend other than b is not down.
func (r *Route) otherUp(b *Backend) bool {
	for _, o := range r.backends {
		if o != b && o.up() {
			return true
		}
	}
	return false
}

// take hands task to one of b's free slots.
func (b *Backend) take(task Task) *Slot {
	last := len(b.free) - 1
	s := b.free[last]
	b.free[last] = nil
	b.free = b.free[:last]
	s.task, s.offered = task, false
	b.pool.wake(s)
	return s
}

// join puts task into the queue, behind all that have entered before it.
func (r *Route) join(task Task) {
	at := task.Place()
	behind := r.head.prev
	for behind != &r.head && behind.order > at.order {
		behind = behind.prev
	}
	at.task, at.route = task, r
	at.prev, at.next = behind, behind.next
	at.prev.next, at.next.prev = at, at
	r.waiting++
	r.pool.waiting++
	task.Queued()
	for _, b := range r.backends {
		b.attend(r.pool.lot.Now())
	}
}

// leave takes the oldest out of the queue.
func (r *Route) leave() Task {
	at := r.head.next
	task := at.task
	r.remove(at)
	return task
}

func (r *Route) remove(at *Place) {
	at.prev.next, at.next.prev = at.next, at.prev
	at.task, at.route, at.next, at.prev = nil, nil, nil, nil
	r.waiting--
	r.pool.waiting--
}
