package forward

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tenfour/lot"
	"tenfour/metrics"
	"tenfour/pool"
	"tenfour/value/choice"
	"tenfour/value/statuses"
)

// Racing is how a route asks several of its backends for one response. Nothing changes it afterwards.
type Racing struct {
	Mode    choice.Race   // whether it does, and when the next one is asked
	Usable  statuses.Set  // those of a response that may be the answer
	After   time.Duration // with Hedge: how long one is waited for before the next is asked; 0 is the route's own p95
	Methods []string      // that are raced beside GET, HEAD and OPTIONS
}

// race asks several backends for one response. It owns its racers, one attempt for each backend that is asked. The first
// usable response becomes the answer of the exchange, and the other racers are cut off. Until then the race watches the client,
// and ends when it leaves.
//
// The goroutine that sets decided owns the exchange from then on, or gives it to the racer that has won. While the race is
// locked nothing of the pool, of the lot (but its clock) or of the exchange's owner is called: what follows from a decision is
// noted, and done by unlock.
type race struct {
	x       *Exchange // the client's; only for the goroutine that decides
	route   *Route
	lot     *lot.Lot
	grip    *Grip      // of the exchange; nil for none; fixed
	waiter  lot.Waiter // wakes the race when something happens at the client
	client  *lot.Watch // its connection's; nil for none
	hadLeft bool       // its end had been seen before; fixed

	request *Request // as all racers read it; nothing changes it
	entries []Entry  // the backends, in the order in which they are asked

	abandoned atomic.Bool  // its client has left
	resent    atomic.Int32 // how often its request went out again after a backend had some of it

	mu      sync.Mutex // guards the rest, and the racers' outcome
	decided bool
	racers  []*racer    // those that were asked, in that order; none is added once it is decided
	best    Result      // the first unusable response that was whole
	bestOf  *racer      // whose that was; nil for none
	large   *racer      // it waits with an unusable response that is larger than may be held; nil for none
	again   *racer      // it had such a response, and no place to wait: its backend may be asked once more; nil for none
	timer   *time.Timer // of a hedge

	cut  []*racer // unlock cuts these off
	wake *racer   // unlock wakes this one: it waits, and its response is the answer; nil for none
}

// unlock unlocks the race, and does what was noted meanwhile. A racer that waits goes on in this goroutine.
func (r *race) unlock() {
	cut, wake := r.cut, r.wake
	r.cut, r.wake = nil, nil
	r.mu.Unlock()
	for _, c := range cut {
		c.cancel()
	}
	if wake != nil {
		wake.own.Notify()
	}
}

var errBeaten = errors.New("another backend was first")

// newRace makes x, whose body is whole, ready to be raced.
func newRace(x *Exchange) *race {
	lot := x.attempt.lot
	r := &race{x: x, route: x.Route, lot: lot, grip: x.Grip, client: x.attempt.sink.watch(), hadLeft: x.clientLeft()}
	now := lot.Now()
	x.Route.budget.count(now)
	if x.At.Timeout > 0 {
		x.At.Late = now + int64(x.At.Timeout)
	}
	x.Trace.Share()
	r.request = x.Request.Clone()
	r.entries = x.Route.inTurn()
	return r
}

// inTurn is the route's entries in the order in which they are to be asked: one that is down and should be tried, those
// with a free slot, those without, those that are down; among equals in turn.
func (r *Route) inTurn() []Entry {
	n := len(r.Entries)
	first := int(r.turn.Add(1) % uint32(n))
	all := append(append(make([]Entry, 0, n), r.Entries[first:]...), r.Entries[:first]...)
	if r.Settings.Racing.Mode != choice.Parallel {
		standing := make(map[*pool.Queue]pool.Standing, n)
		for _, e := range all {
			standing[e.Queue] = e.Queue.Standing()
		}
		slices.SortStableFunc(all, func(a, b Entry) int { return int(standing[a.Queue]) - int(standing[b.Queue]) })
	}
	return all
}

// start asks the route's backends as it wants them asked. The exchange is the race's until it is decided.
func (r *race) start() {
	r.waiter.InitShared(r.lot, r)
	if r.client != nil {
		r.client.Tell(&r.waiter)   // no HandTo: the race takes no events, so that the winner finds them
		r.client.Arm(lot.Readable) // where it fails, a client that leaves is noticed at the end
	}
	if r.route.Settings.Racing.Mode == choice.Parallel {
		for range r.entries {
			r.askNext()
		}
	} else {
		r.askNext()
	}
	r.Unpark() // a client that has left already is not waited for, if all that the race does is wait in queues
}

// askNext asks the next backend, if there is one and the race is still on.
func (r *race) askNext() {
	r.mu.Lock()
	c := r.next()
	r.mu.Unlock()
	r.ask(c)
}

// next is the racer to be asked next, nil if there is none. The race is locked.
func (r *race) next() *racer {
	if !r.mayAsk() {
		return nil
	}
	c := newRacer(r, r.entries[len(r.racers)])
	r.racers = append(r.racers, c)
	racing := &r.route.Settings.Racing
	if racing.Mode == choice.Hedge && len(r.racers) < len(r.entries) {
		after := racing.After
		if after == 0 {
			after = r.route.recent.p95()
		}
		if r.timer == nil {
			r.timer = time.AfterFunc(after, r.hedge)
		} else {
			r.timer.Reset(after)
		}
	}
	return c
}

// ask gives a racer to the queue of its backend; nil is none. The race is not locked.
func (r *race) ask(c *racer) {
	if c == nil {
		return
	}
	c.own.Init(r.lot, c)
	o := c.queue.Enter(&c.Attempt, &c.place)
	r.route.countEntered(o)
	switch {
	case o.Unserved():
		c.unserved(o)
		return
	case o.State == pool.Waits:
		c.queued.Store(true)
	}
	if c.halt.Load() { // the race ended after c was chosen: whatever cut it off did not find it in its queue yet
		c.leaveQueue()
	}
}

// Unpark ends a race whose client has left. The lot calls it, at any time and on any goroutine. An end of the client's
// bytes is a half-close as soon as one of the backends has the request.
func (r *race) Unpark() {
	broken, hungUp := r.happened(lot.Broken), r.hungUp()
	r.mu.Lock()
	if r.decided || !broken && (!hungUp || r.begun()) {
		var served []*pool.Slot
		if hungUp && !r.decided {
			served = r.slots()
		}
		r.mu.Unlock()
		for _, s := range served {
			s.Notify() // it may be asked for its slot from now on
		}
		return
	}
	r.mu.Unlock()
	r.abandon()
}

// hungUp reports whether the client has shut its sending side.
func (r *race) hungUp() bool {
	return r.hadLeft || r.happened(lot.HungUp) || r.grip != nil && r.grip.left.Load()
}

// happened reports whether something has happened on the client's connection.
func (r *race) happened(ev lot.Events) bool { return r.client != nil && r.client.Happened(ev) }

// slots are those at which a racer runs. The race is locked.
func (r *race) slots() (all []*pool.Slot) {
	for _, c := range r.racers {
		if c.runsOn != nil {
			all = append(all, c.runsOn)
		}
	}
	return all
}

// abandon ends the race of a client that has left, if it is not decided.
func (r *race) abandon() {
	r.mu.Lock()
	if r.decided {
		served := r.slots()
		r.mu.Unlock()
		for _, s := range served {
			s.Notify() // the one that has won may be cut
		}
		return
	}
	r.abandoned.Store(true)
	waited := !r.begun()
	r.decide(nil)
	r.dropBest()
	r.unlock()
	r.x.abandoned(waited)
}

// begun reports whether one of the backends has the request, or is about to: else all that the race does is wait in
// queues. The race is locked.
func (r *race) begun() bool {
	for _, c := range r.racers {
		if c.ran.Load() || !c.queued.Load() {
			return true
		}
	}
	return len(r.racers) == 0
}

// waits reports whether all that the race does is wait in queues.
func (r *race) waits() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.decided && !r.begun()
}

// hedge asks the next backend, since the last one takes long. Only what is sent before a backend has failed counts: more than
// was wanted is asked for then.
func (r *race) hedge() {
	r.mu.Lock()
	var next *racer
	failed := r.oneFailed()
	if r.mayAsk() && (failed || r.route.budget.take(r.lot.Now())) {
		next = r.next()
	}
	r.mu.Unlock()
	if next != nil && !failed {
		r.route.Metrics.Count(metrics.Hedged)
	}
	r.ask(next)
}

// mayAsk reports whether there is a backend left to be asked. The race is locked.
func (r *race) mayAsk() bool { return !r.decided && len(r.racers) < len(r.entries) }

// appendCount appends the field line that says how many were asked. The race is locked, or over.
func (r *race) appendCount(dst []byte) []byte {
	return fmt.Appendf(dst, "X-Race: %d/%d\r\n", len(r.racers), len(r.entries))
}
