package pool

// Place is where a task stands in its route's queue. It belongs to the task; the pool guards its fields.
type Place struct {
	task       Task
	route      *Route // nil while it stands in no queue
	next, prev *Place
	since      int64 // in the lot's time
}

// Route is a queue in front of some backends: first in, first out, and bounded. Safe for use by several goroutines.
type Route struct {
	Name string

	pool     *Pool
	backends []*Backend
	most     int // tasks that may wait

	// guarded by the pool
	head    Place // of the ring of those who wait; its next is the oldest
	waiting int
}

// AddRoute adds a route to one or more backends in whose queue up to most tasks may wait.
func (p *Pool) AddRoute(name string, most int, backends ...*Backend) *Route {
	r := &Route{Name: name, pool: p, backends: backends, most: most}
	r.head.next, r.head.prev = &r.head, &r.head
	p.mu.Lock()
	defer p.mu.Unlock()
	p.routes = append(p.routes, r)
	for _, b := range backends {
		b.routes = append(b.routes, r)
	}
	return r
}

// Backends is the route's, in the order they were given.
func (r *Route) Backends() []*Backend { return r.backends }

// Enter has a worker run task now, if a slot is free, or puts it at the queue's end. With an error it did neither.
// When it has returned nil the task is the pool's until Run, or until Leave has reported true.
func (r *Route) Enter(task Task) error {
	p := r.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
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
		r.join(task, r.head.prev)
	}
	return nil
}

// Again is Enter for a task whose backend could not be reached: it goes to the front, since it has waited already.
// It reports false, and leaves the task to the caller, when no other backend is any better.
func (r *Route) Again(task Task, unreached *Backend) bool {
	p := r.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || !r.otherUp(unreached) {
		return false
	}
	if b := r.choose(); b != nil {
		b.take(task)
	} else {
		r.join(task, &r.head)
	}
	return true
}

// Leave asks whoever stands at a place whether he leaves the queue, while no worker can take him, and reports whether
// he has left. It reports false too when nobody stands there.
func (p *Pool) Leave(at *Place, leaves func() bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at.route == nil || !leaves() {
		return false
	}
	at.route.remove(at)
	return true
}

// choose returns the backend with the most free slots, ties in turn, those that are down last; nil if none is free.
func (r *Route) choose() *Backend {
	var best *Backend
	n := len(r.backends)
	if n > 1 {
		r.pool.turn++
	}
	for i := range n {
		b := r.backends[(uint(i)+r.pool.turn)%uint(n)]
		if len(b.free) == 0 || (b.down() && r.otherUp(b)) {
			continue
		}
		if best == nil || len(b.free) > len(best.free) {
			best = b
		}
	}
	return best
}

// otherUp reports whether a backend other than b is not down.
func (r *Route) otherUp(b *Backend) bool {
	for _, o := range r.backends {
		if o != b && !o.down() {
			return true
		}
	}
	return false
}

// take hands task to one of b's free slots.
func (b *Backend) take(task Task) {
	last := len(b.free) - 1
	s := b.free[last]
	b.free[last] = nil
	b.free = b.free[:last]
	s.task, s.offered = task, false
	s.Notify()
}

func (r *Route) join(task Task, behind *Place) {
	at := task.Place()
	at.task, at.route, at.since = task, r, r.pool.lot.Now()
	at.prev, at.next = behind, behind.next
	at.prev.next, at.next.prev = at, at
	r.waiting++
	task.Queued()
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
}
