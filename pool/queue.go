package pool

import "slices"

// Queue is a queue in front of one or more backends: first in, first out in each of its two lanes, bounded, and timed. It notices by
// itself when the client of a task leaves, or a task has waited for too long. Safe for use by several goroutines.
type Queue struct {
	Name string

	pool     *Pool
	backends []*Backend
	hold     int64 // how long a task waits for a backend while all are down, in nanoseconds; 0 is not at all
	entry    bool  // it leads to one backend of another queue: while that is down, its tasks are unserved at once

	// guarded by the pool
	lanes   [kinds]lane
	removed bool
}

// AddQueue adds a queue in front of one or more backends, in which up to most clients' tasks may wait, and none of the background
// (see LetBackgroundWait). While all its backends are down, tasks are held there, each for hold.For at most.
func (p *Pool) AddQueue(name string, most int, hold Hold, backends ...*Backend) *Queue {
	return p.addQueue(&Queue{Name: name, hold: int64(hold.For), backends: backends}, most, hold)
}

// AddEntry adds a queue to one of several backends, for a task that may go to any of them. No task waits in it while its backend
// is down.
func (p *Pool) AddEntry(name string, most int, b *Backend) *Queue {
	return p.addQueue(&Queue{Name: name, backends: []*Backend{b}, entry: true}, most, Hold{})
}

func (p *Pool) addQueue(q *Queue, most int, hold Hold) *Queue {
	q.pool = p
	q.lanes[clients].init(q, clients, most)
	q.lanes[background].init(q, background, 0)
	p.mu.Lock()
	defer p.unlock()
	p.queues = append(p.queues, q)
	for _, b := range q.backends {
		b.queues = append(b.queues, q)
		b.outage.tryEvery(hold)
	}
	return q
}

// LetBackgroundWait lets up to most tasks of the background wait in q, from now on. Without it they run at once or not at all.
func (q *Queue) LetBackgroundWait(most int) {
	q.pool.mu.Lock()
	defer q.pool.unlock()
	q.lanes[background].most = most
}

// Remove takes q out of the pool. Tasks that wait there are unserved, and so are tasks that enter later.
func (q *Queue) Remove() {
	p := q.pool
	p.mu.Lock()
	defer p.unlock()
	q.close()
	q.removed = true
	p.queues = slices.DeleteFunc(p.queues, func(o *Queue) bool { return o == q })
	for _, b := range q.backends {
		b.queues = slices.DeleteFunc(b.queues, func(o *Queue) bool { return o == q })
	}
}

// waits reports whether a task waits in q.
func (q *Queue) waits() bool { return q.lanes[clients].waiting+q.lanes[background].waiting > 0 }

// close dismisses all tasks that wait in q.
func (q *Queue) close() {
	for i := range q.lanes {
		for l := &q.lanes[i]; l.waiting > 0; {
			q.dismiss(l.first(), Closed)
		}
	}
}

// Standing says how the backend of an entry stands. The smallest is the best one to ask.
type Standing uint8

const (
	Due   Standing = iota // it is down, and should be tried now
	Ready                 // it has a free slot
	Busy                  // all its slots are taken
	Down                  // it is down, and should not be tried now
)

// Standing returns how the only backend of an entry stands.
func (q *Queue) Standing() Standing {
	now := q.pool.lot.Now()
	q.pool.mu.Lock()
	defer q.pool.unlock()
	b := q.backends[0]
	switch {
	case q.dueForTrial(now) != nil:
		return Due
	case !b.up():
		return Down
	case b.room() > 0:
		return Ready
	}
	return Busy
}

// Backends returns the queue's backends, in the order in which AddQueue got them.
func (q *Queue) Backends() []*Backend { return q.backends }

// Enter gives task to a worker, if a slot is free, or else puts it at the end of its lane. at is its place, always the same. If the
// outcome is unserved it did neither, and the caller still owns the task. Else the pool owns it until Run or Unserved, or until
// Withdraw has reported true.
func (q *Queue) Enter(task Task, at *Place) Outcome {
	at.use(q.pool, task)
	now := q.pool.lot.Now()
	if o := q.enter(at, now, false); o.State != Waits {
		return o
	}
	at.listen() // it costs a system call: only for one that has to wait, and while no worker can take it
	o := q.enter(at, now, true)
	if o.Unserved() {
		at.ignore()
	}
	return o
}

// enter gives the task to a slot, if one is free. If none is free and the place listens, it puts the task into the queue.
func (q *Queue) enter(at *Place, now int64, listens bool) Outcome {
	p := q.pool
	p.mu.Lock()
	defer p.unlock()
	if p.closed || q.removed {
		return Outcome{State: Closed}
	}
	if !listens {
		p.entered++
		at.order, at.entered = p.entered, now
	}
	if b := q.dueForTrial(now); b != nil {
		l := q.ahead(at)
		if l == nil {
			b.try(at, q)
			return Outcome{State: Runs}
		}
		b.try(l.leave(), q)
	}
	if q.entry && !q.backends[0].up() {
		return q.outcome(Unreached)
	}
	b := q.choose()
	for ; b != nil && q.waits(); b = q.choose() { // a task is queued though a slot is free: the backend was down until now
		l := q.ahead(at)
		if l == nil {
			break
		}
		b.take(l.leave())
	}
	switch {
	case b != nil:
		b.take(at)
		b.passed = 0   // it has passed none
		if q.waits() { // what is not ahead of it gets the room that is left
			b.serveQueues()
		}
		return Outcome{State: Runs}
	case q.lane(at).full():
		return Outcome{State: Full}
	case !listens:
		return Outcome{State: Waits}
	}
	return q.join(at, now)
}

// Again is Enter for a task that has failed at a backend, unreached. If the task has to wait, it gets its old place in its lane.
// It is unserved if no other backend is up and the task is not held, if it was held long enough, or if its client has left or
// it is late.
func (q *Queue) Again(task Task, at *Place, unreached *Backend) Outcome {
	at.use(q.pool, task)
	now := q.pool.lot.Now()
	at.listen()
	o := q.again(at, unreached, now)
	if o.Unserved() {
		at.ignore()
	}
	return o
}

func (q *Queue) again(at *Place, unreached *Backend, now int64) Outcome {
	p := q.pool
	p.mu.Lock()
	defer p.unlock()
	switch b := q.choose(); {
	case p.closed || q.removed:
		return Outcome{State: Closed}
	case q.hold == 0 && !q.otherUp(unreached):
		return Outcome{State: Hopeless}
	case q.allDown() && q.heldOut(at, now):
		return q.outcome(HeldOut)
	case b != nil:
		b.take(at)
		return Outcome{State: Runs}
	}
	return q.join(at, now)
}

// Rejoin is Enter for a task that Withdraw has given to its caller. If it has to wait it gets its old place, in the lane that its Place says
// now, and is not refused by a full one.
func (q *Queue) Rejoin(task Task, at *Place) Outcome {
	at.use(q.pool, task)
	now := q.pool.lot.Now()
	at.listen()
	o := q.rejoin(at, now)
	if o.Unserved() {
		at.ignore()
	}
	return o
}

func (q *Queue) rejoin(at *Place, now int64) Outcome {
	p := q.pool
	p.mu.Lock()
	defer p.unlock()
	if p.closed || q.removed {
		return Outcome{State: Closed}
	}
	if b := q.choose(); b != nil {
		b.take(at)
		return Outcome{State: Runs}
	}
	return q.join(at, now)
}

// Withdraw removes the task of a place from the queue, and reports whether it was still there. If so, the caller owns it.
func (q *Queue) Withdraw(at *Place) bool {
	q.pool.mu.Lock()
	waits := at.queue == q
	if waits {
		q.lane(at).remove(at)
	}
	q.pool.unlock()
	if waits {
		at.ignore()
	}
	return waits
}

// IsWaiting reports whether the task of a place stands in a queue at this moment. The place was given to q before.
func (q *Queue) IsWaiting(at *Place) bool {
	q.pool.mu.Lock()
	defer q.pool.unlock()
	return at.queue != nil
}

// dueForTrial returns a backend of q that is down and should be tried now; nil if there is none.
func (q *Queue) dueForTrial(now int64) *Backend {
	for _, b := range q.backends {
		if !b.up() && !q.mayAsk(b) && b.mayBeTried(now) {
			return b
		}
	}
	return nil
}

// choose returns the backend with the most free slots, ties in turn; nil if none has room. A backend that is down is only chosen
// if the queue does not hold its tasks and has no other that is up.
func (q *Queue) choose() *Backend {
	var best *Backend
	n := len(q.backends)
	if n > 1 {
		q.pool.turn++
	}
	for i := range n {
		b := q.backends[(uint(i)+q.pool.turn)%uint(n)]
		if b.room() == 0 || !q.mayAsk(b) {
			continue
		}
		if best == nil || len(b.free) > len(best.free) {
			best = b
		}
	}
	return best
}

// mayAsk reports whether q's tasks go to b as they come. If not, b is down, and one of them at a time tries it.
func (q *Queue) mayAsk(b *Backend) bool {
	return b.up() || !q.entry && q.hold == 0 && !q.otherUp(b)
}

// otherUp reports whether a backend other than b is not down.
func (q *Queue) otherUp(b *Backend) bool {
	for _, o := range q.backends {
		if o != b && o.up() {
			return true
		}
	}
	return false
}

// take hands the task of a place to one of b's free slots.
func (b *Backend) take(at *Place) *Slot {
	last := len(b.free) - 1
	s := b.free[last]
	b.free[last] = nil
	b.free = b.free[:last]
	s.next, s.freeEarly = at, false
	b.pool.wake(s)
	return s
}

// join puts a place into its lane, after all that have entered before it, unless its client has left or it is late.
func (q *Queue) join(at *Place, now int64) Outcome {
	if state := at.over(now); state != Waits {
		return q.outcome(state)
	}
	q.lane(at).join(at)
	for _, b := range q.backends {
		b.schedule(now)
	}
	o := Outcome{State: Waits, Held: !at.held && q.hold > 0 && q.allDown()}
	at.held = at.held || o.Held
	return o
}

// dismiss removes a place from the queue whose task is not run. Its Unserved is called once the pool is unlocked.
func (q *Queue) dismiss(at *Place, state State) {
	q.lane(at).remove(at)
	q.pool.dismiss(unserved{at, q.outcome(state)})
}

// outcome returns a state with its words.
func (q *Queue) outcome(state State) Outcome {
	o := Outcome{State: state}
	switch {
	case state == HeldOut:
		o.Words, o.Plain = q.whyHeldOut()
	case state == Unreached, state == Late && q.allDown():
		o.Words, o.Plain = q.whyDown()
	}
	return o
}
