package forward

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/bytebufferpool"

	"tenfour/httpparse"
	"tenfour/lot"
	"tenfour/pool"
	"tenfour/value/choice"
	"tenfour/value/statuses"
)

// Racing is how a route asks several of its backends for one response. Nothing changes it afterwards.
type Racing struct {
	Mode    choice.Race
	Usable  statuses.Set  // those of a response that may be the answer
	After   time.Duration // with Hedge: how long one is waited for before the next is asked; 0 is the route's own p95
	Methods []string      // that are raced beside GET, HEAD and OPTIONS
}

// race is one request that several backends are asked. The first usable response becomes its exchange's answer, and
// the others are cut off. Meanwhile the race waits in the exchange's place, and notices when the client leaves.
//
// The goroutine that sets decided owns the exchange from then on, or gives it to the entrant that has won. While the race is
// locked nothing of the pool, of the lot (but its clock) or of the exchange's owner is called: what follows from a decision is
// noted, and done by unlock.
type race struct {
	x      *Exchange // the client's; only for the goroutine that decides
	route  *Route
	lot    *lot.Lot
	waiter lot.Waiter // wakes the race when something happens at the client
	client *lot.Watch // its connection's
	left   bool       // its end had been seen before; fixed

	// The request as all entrants read it. Nothing changes it.
	req     httpparse.Request
	head    bytebufferpool.ByteBuffer
	target  []byte  // nil for the request's own
	entries []Entry // the backends, in the order in which they are asked

	abandoned atomic.Bool  // its client has left
	resent    atomic.Int32 // how often its request went out again after a backend had some of it

	mu       sync.Mutex // guards the rest, and the entrants' outcome
	decided  bool
	entrants []*entrant                 // those that were asked, in that order; none is added once it is decided
	best     *bytebufferpool.ByteBuffer // the first unusable response that was whole
	bestOf   *entrant
	portion  Portion     // of Held, for best
	large    *entrant    // it waits with an unusable response that is larger than may be held; nil for none
	again    *entrant    // it had such a response, and no place to wait: its backend may be asked once more; nil for none
	timer    *time.Timer // of a hedge

	cut   []*entrant // unlock cuts these off
	rouse *entrant   // unlock wakes this one: it waits, and its response is the answer; nil for none
}

// A fate is what becomes of an unusable response that is larger than may be held, or that has no end.
type fate uint8

const (
	beaten  fate = iota // it is not needed, or not any more
	answers             // it is the answer
	pauses              // it waits, without a worker, for what the other backends answer
)

// unlock unlocks the race, and does what was noted meanwhile. An entrant that waits goes on in this goroutine.
func (r *race) unlock() {
	cut, rouse := r.cut, r.rouse
	r.cut, r.rouse = nil, nil
	r.mu.Unlock()
	for _, e := range cut {
		e.cancel()
	}
	if rouse != nil {
		rouse.own.Notify()
	}
}

var errBeaten = errors.New("another backend was first")

// newRace makes x, whose body is whole, ready to be raced.
func (x *Exchange) newRace() *race {
	r := &race{x: x, route: x.Route, lot: x.lot, client: &x.Client.Watch, left: x.clientLeft()}
	now := x.lot.Now()
	x.Route.budget.count(now)
	x.At.Late = now + int64(x.Route.Settings.QueueTimeout)
	r.req = x.Req
	r.req.Fields = slices.Clone(x.Req.Fields)
	r.head.B = slices.Clone(x.In.B[:x.HeadLen])
	r.target = slices.Clone(x.Target)
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
	r.client.Tell(&r.waiter)
	r.client.Arm(lot.Readable) // where it fails, a client that leaves is noticed at the end
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
	e := r.next()
	r.mu.Unlock()
	r.ask(e)
}

// next is the entrant to be asked next, nil if there is none. The race is locked.
func (r *race) next() *entrant {
	if !r.mayAsk() {
		return nil
	}
	e := newEntrant(r, r.entries[len(r.entrants)])
	r.entrants = append(r.entrants, e)
	racing := &r.route.Settings.Racing
	if racing.Mode == choice.Hedge && len(r.entrants) < len(r.entries) {
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
	return e
}

// ask has an entrant begin; nil is none. The race is not locked.
func (r *race) ask(e *entrant) {
	if e == nil {
		return
	}
	e.own.Init(r.lot, e)
	o := e.queue.Enter(&e.Exchange)
	switch {
	case o.Unserved():
		e.unserved(o)
		return
	case o.State == pool.Waits:
		e.queued.Store(true)
	}
	if e.halt.Load() { // the race ended after e was chosen: whatever cut it off did not find it in its queue yet
		e.leaveQueue()
	}
}

// Unpark ends a race whose client has left. The lot calls it, at any time and on any goroutine. An end of the client's
// bytes is a half-close as soon as one of the backends has the request.
func (r *race) Unpark() {
	broken, hungUp := r.client.Happened(lot.Broken), r.hungUp()
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
func (r *race) hungUp() bool { return r.left || r.client.Happened(lot.HungUp) }

// slots are those at which an entrant runs. The race is locked.
func (r *race) slots() (all []*pool.Slot) {
	for _, e := range r.entrants {
		if e.runsOn != nil {
			all = append(all, e.runsOn)
		}
	}
	return all
}

// abandon ends the race of a client that has left, if it is not decided.
func (r *race) abandon() {
	r.mu.Lock()
	if r.decided {
		r.mu.Unlock()
		return
	}
	r.abandoned.Store(true)
	r.decide(nil)
	r.dropBest()
	r.unlock()
	r.x.Unserved(pool.Outcome{State: pool.Gone})
}

// begun reports whether one of the backends has the request, or is about to: else all that the race does is wait in
// queues. The race is locked.
func (r *race) begun() bool {
	for _, e := range r.entrants {
		if e.ran.Load() || !e.queued.Load() {
			return true
		}
	}
	return len(r.entrants) == 0
}

// hedge asks the next backend, since the last one takes long.
func (r *race) hedge() {
	r.mu.Lock()
	var next *entrant
	if r.mayAsk() && r.route.budget.take(r.lot.Now()) {
		next = r.next()
	}
	r.mu.Unlock()
	r.ask(next)
}

// mayAsk reports whether there is a backend left to be asked. The race is locked.
func (r *race) mayAsk() bool { return !r.decided && len(r.entrants) < len(r.entries) }

// failed takes note that e has no usable response, and returns who is to be asked instead, nil for nobody. The race is
// locked.
func (r *race) failed(e *entrant) *entrant {
	if e.failed || !r.mayAsk() {
		e.failed = true
		return nil
	}
	e.failed = true
	switch r.route.Settings.Racing.Mode {
	case choice.Hedge:
		if !r.route.budget.take(r.lot.Now()) {
			return nil
		}
	case choice.Serial:
		for _, other := range r.entrants {
			if !other.failed {
				return nil
			}
		}
	}
	return r.next()
}

// judge is asked about a response that begins: whether its entrant has won, and whether it may go on at all. One that
// is unusable goes on, since it may be the best there is.
func (r *race) judge(e *entrant) (won, on bool) {
	r.mu.Lock()
	switch {
	case e.won: // its connection ended after the head, and it was asked once more
		r.unlock()
		return true, true
	case r.decided:
		r.unlock()
		return false, false
	case !r.route.Settings.Racing.Usable.Has(e.Res.Status):
		instead := r.failed(e)
		r.unlock()
		r.ask(instead) // without waiting for the rest of the unusable response
		return false, true
	}
	r.decide(e)
	e.win()
	r.unlock()
	r.route.recent.add(e.now - e.begun)
	e.attach()
	return true, true
}

// decide ends the race for all but e; nil is none. The race is locked.
func (r *race) decide(e *entrant) {
	r.decided = true
	if e != nil {
		r.dropBest()
	}
	if r.timer != nil {
		r.timer.Stop()
	}
	for _, other := range r.entrants {
		if other != e && !other.over {
			r.cut = append(r.cut, other)
		}
	}
}

// ended takes note of an entrant that is over.
func (r *race) ended(e *entrant) {
	r.mu.Lock()
	e.over = true
	if e.won {
		r.unlock()
		if e.Client == &e.nobody { // it has ended in the moment in which its response became the answer
			e.takeOver()
		}
		r.x.adopt(&e.Exchange)
		return
	}
	if r.large == e {
		r.large = nil
	}
	if e.whole && r.best == nil && !r.decided {
		r.best, e.down.out = e.down.out, nil
		r.bestOf = e
		e.portion.moveTo(&r.portion)
		r.dropLarge()
	}
	instead := r.failed(e)
	lost := false
	switch {
	case r.decided || r.running() > 0:
	case r.large != nil:
		r.largeWins()
	default:
		r.decide(nil)
		lost = true
	}
	r.unlock()
	if lost {
		r.allLost()
		return
	}
	r.ask(instead)
}

// dropBest gives back a response that was kept and is not needed. The race is locked.
func (r *race) dropBest() {
	if r.best != nil {
		PutBuffer(r.best)
		r.best = nil
		r.portion.Give()
	}
}

// dropLarge cuts off the entrant that waits with a large response, since there is one that is whole. The race is locked.
func (r *race) dropLarge() {
	if r.large != nil {
		r.cut = append(r.cut, r.large)
		r.large = nil
	}
}

// largeWins makes the large response the answer, since no backend has a better one. The race is locked.
func (r *race) largeWins() {
	e := r.large
	e.outcome = e.told()
	r.x.lost = r.outcomes()
	r.decide(e)
	e.win()
	e.chosen.Store(true)
	r.rouse = e
}

// stands decides about an entrant whose unusable response is larger than may be held, or an event stream. While others
// may have a better one it waits, if its backend has a place for it beyond the slots: with a slot in its hands it would
// wait for others that wait for that slot. Without a place, what may be sent twice is asked of its backend once more if
// there is nothing better in the end; else the response is the answer at once, since it cannot be had again.
func (r *race) stands(e *entrant, place, stream bool) fate {
	r.mu.Lock()
	f := r.fateOf(e, place, stream)
	r.unlock()
	if f == answers {
		e.attach()
	}
	return f
}

// fateOf decides for stands. The race is locked.
func (r *race) fateOf(e *entrant, place, stream bool) fate {
	alone := r.running() == 1 && r.large == nil
	switch {
	case r.decided, r.best != nil, r.large != nil:
		return beaten
	case !alone && place:
		r.large = e
		return pauses
	case !alone && e.Req.Verb.Idempotent():
		if r.again == nil {
			r.again = e
		}
		return beaten
	case stream && !place:
		return beaten
	}
	e.outcome = e.told()
	r.x.lost = r.outcomes()
	r.decide(e)
	e.win()
	return answers
}

// running is how many entrants are neither over nor waiting with a large response.
func (r *race) running() int {
	n := 0
	for _, e := range r.entrants {
		if !e.over && e != r.large {
			n++
		}
	}
	return n
}

// allLost ends a decided race that no entrant has won: with the first whole response though it is unusable, or else with
// what went wrong.
func (r *race) allLost() {
	x := r.x
	lost := r.outcomes()
	var worst *Error
	unreached := true
	for _, e := range r.entrants {
		unreached = unreached && e.failure != nil && e.failure.Side == Backend && e.failure.Step == Connect
		if e.failure != nil && (worst == nil || e.failure.Step > worst.Step) {
			worst = e.failure
		}
	}
	x.Client.Watch.Tell(x.Waiter)
	if r.again != nil {
		x.lost = lost
	}
	switch {
	case r.best != nil:
		e := r.bestOf
		x.lost, r.best.B = lost, e.recount(r.best.B)
		x.status, x.persists, x.backend, x.times = e.status, e.persists, e.backend, e.times
		x.down.out, x.down.content = r.best, e.down.content
		r.portion.moveTo(&x.portion)
	case x.Stop.Load():
		x.failBefore(Self, 503, errStopping)
	case r.again != nil && x.enter(r.again.queue): // it is asked once more, and its response streamed
		return
	case r.again == nil && unreached && x.enter(x.Route.Queue): // if they are down: it is held as any other
		return
	case x.failure != nil && x.failure.Side == Client: // it left before it could enter
	default:
		x.failBefore(Backend, worst.Status, errors.New(lost))
		x.failure.Step, x.failure.Sent, x.lost = worst.Step, worst.Sent, lost
	}
	x.conclude()
	x.Owner.Finished(x)
}

// outcomes is what each backend did, for the log. The race is locked, or over.
func (r *race) outcomes() string {
	var list []string
	for _, e := range r.entrants {
		outcome := e.outcome
		if outcome == "" {
			outcome = e.backend + ": cut off"
		}
		list = append(list, outcome)
	}
	return strings.Join(list, "; ")
}

// appendCount appends the field line that says how many were asked. The race is locked, or over.
func (r *race) appendCount(dst []byte) []byte {
	return fmt.Appendf(dst, "X-Race: %d/%d\r\n", len(r.entrants), len(r.entries))
}

// adopt ends x as the entrant that won for it has ended.
func (x *Exchange) adopt(e *Exchange) {
	e.lost = x.lost
	e.conclude()
	x.Result, e.Result = e.Result, Result{}
	x.Owner.Finished(x)
}
