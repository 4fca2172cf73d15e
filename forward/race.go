package forward

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/valyala/bytebufferpool"

	"tenfour/httpparse"
	"tenfour/lot"
	"tenfour/pool"
)

// Racing is how a route asks several of its backends for one response. Nothing changes it afterwards.
type Racing struct {
	Mode    RaceMode
	Usable  Statuses      // those of a response that may be the answer
	After   time.Duration // with Hedge: how long one is waited for before the next is asked; 0 is the route's own p95
	Methods []string      // that are raced beside GET, HEAD and OPTIONS
}

// RaceMode is when the next backend is asked.
type RaceMode uint8

const (
	NoRace   RaceMode = iota
	Parallel          // all at once
	Serial            // when the one before had no usable answer
	Hedge             // that too, and when the one before takes long
)

// Race is one request that several backends are asked. The first usable response becomes its exchange's answer, and
// the others are cut off. The exchange itself waits meanwhile as if it were queued.
type Race struct {
	x     *Exchange // the client's; the decider's to touch, and nobody else's
	route *Route
	lot   *lot.Lot

	// The request as all entrants read it. Nothing changes it.
	req     httpparse.Request
	head    bytebufferpool.ByteBuffer
	target  []byte  // nil for the request's own
	entries []Entry // the backends, in the order in which they are asked

	mu       sync.Mutex // guards the rest, and the entrants' outcome
	decided  bool
	entrants []*entrant                 // those that were asked, in that order
	late     bool                       // nobody waits in a queue for it any more
	best     *bytebufferpool.ByteBuffer // the first unusable response that was whole
	bestOf   *entrant
	large    *entrant    // it waits with an unusable response that is larger than may be held; nil for none
	again    *entrant    // it had such a response, and no place to wait: its backend may be asked once more; nil for none
	rouse    *entrant    // it waits, and its race has decided about it: unlock wakes it
	timer    *time.Timer // of a hedge
}

// A fate is what becomes of an unusable response that is larger than may be held, or that has no end.
type fate uint8

const (
	beaten  fate = iota // it is not needed, or not any more
	answers             // it is the answer
	pauses              // it waits, without a worker, for what the other backends answer
)

// unlock unlocks r and wakes the entrant that waited for what was decided. It goes on in this goroutine.
func (r *Race) unlock() {
	e := r.rouse
	r.rouse = nil
	r.mu.Unlock()
	if e != nil {
		e.own.Notify()
	}
}

var errBeaten = errors.New("another backend was first")

// Raced reports whether x's request is one that its route races.
func (x *Exchange) Raced() bool {
	r := &x.Route.Settings.Racing
	if r.Mode == NoRace || len(x.Route.Entries) < 2 || x.Req.WebSocket {
		return false
	}
	switch x.Req.Verb {
	case httpparse.Get, httpparse.Head, httpparse.Options:
		return true
	}
	method := x.Req.Method.In(x.In.B)
	for _, m := range r.Methods {
		if string(method) == m {
			return true
		}
	}
	return false
}

// NewRace makes x, whose body is whole, ready to be raced.
func (x *Exchange) NewRace() *Race {
	r := &Race{x: x, route: x.Route, lot: x.lot}
	x.Route.budget.count(x.lot.Now())
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
	if r.Settings.Racing.Mode != Parallel {
		standing := make(map[*pool.Route]pool.Standing, n)
		for _, e := range all {
			standing[e.Queue] = e.Queue.Standing()
		}
		slices.SortStableFunc(all, func(a, b Entry) int { return int(standing[a.Queue]) - int(standing[b.Queue]) })
	}
	return all
}

// Start asks the route's backends as it wants them asked. The exchange is the race's until Finished, or until Withdraw
// has reported true.
func (r *Race) Start() {
	r.x.Owner.Queued(r.x) // from here on it is somebody else's
	if r.route.Settings.Racing.Mode == Parallel {
		for range r.entries {
			r.askNext()
		}
		return
	}
	r.askNext()
}

// askNext asks the next backend, if there is one and the race is still on.
func (r *Race) askNext() {
	r.mu.Lock()
	e := r.next()
	r.mu.Unlock()
	r.ask(e)
}

// next is who is to be asked next, nil for nobody. The race is locked.
func (r *Race) next() *entrant {
	if !r.mayAsk() {
		return nil
	}
	e := newEntrant(r, r.entries[len(r.entrants)])
	r.entrants = append(r.entrants, e)
	racing := &r.route.Settings.Racing
	if racing.Mode == Hedge && len(r.entrants) < len(r.entries) {
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

// ask has an entrant begin; nil is nobody. The race is not locked.
func (r *Race) ask(e *entrant) {
	if e == nil {
		return
	}
	switch err := e.queue.Enter(&e.Exchange); {
	case errors.Is(err, pool.ErrDown):
		e.unreached(err)
		return
	case err != nil:
		e.lost(fmt.Errorf("%s: %w", e.Backend, err))
		return
	}
	r.mu.Lock()
	late := r.late
	r.mu.Unlock()
	if late {
		e.leaveQueue()
	}
}

// Late ends the waiting for slots: the race goes on with those that have one, and with those that find one at once.
func (r *Race) Late() {
	r.mu.Lock()
	r.late = true
	asked := r.entrants
	r.mu.Unlock()
	for _, e := range asked {
		e.leaveQueue()
	}
}

// hedge asks the next backend, since the last one takes long.
func (r *Race) hedge() {
	r.mu.Lock()
	var next *entrant
	if r.mayAsk() && r.route.budget.take(r.lot.Now()) {
		next = r.next()
	}
	r.mu.Unlock()
	r.ask(next)
}

// mayAsk reports whether there is somebody left to be asked. The race is locked.
func (r *Race) mayAsk() bool { return !r.decided && len(r.entrants) < len(r.entries) }

// failed takes note that e has no usable response, and returns who is to be asked instead, nil for nobody. The race is
// locked.
func (r *Race) failed(e *entrant) *entrant {
	if e.failed || !r.mayAsk() {
		e.failed = true
		return nil
	}
	e.failed = true
	switch r.route.Settings.Racing.Mode {
	case Hedge:
		if !r.route.budget.take(r.lot.Now()) {
			return nil
		}
	case Serial:
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
func (r *Race) judge(e *entrant) (won, on bool) {
	var instead *entrant
	defer func() { r.ask(instead) }() // unlocked, and without waiting for the rest of an unusable response
	r.mu.Lock()
	defer r.unlock()
	switch {
	case e.won: // its connection ended behind the head, and it was asked once more
		return true, true
	case r.decided:
		return false, false
	case !r.route.Settings.Racing.Usable.Has(e.Res.Status):
		instead = r.failed(e)
		return false, true
	}
	r.route.recent.add(e.now - e.begun)
	r.decide(e)
	e.attach()
	return true, true
}

// decide ends the race for all but e; nil is nobody. The race is locked.
func (r *Race) decide(e *entrant) {
	r.decided = true
	if r.timer != nil {
		r.timer.Stop()
	}
	for _, other := range r.entrants {
		if other != e && !other.over {
			other.cancel()
		}
	}
}

// ended takes note of an entrant that is over.
func (r *Race) ended(e *entrant) {
	r.mu.Lock()
	e.over = true
	if e.won {
		r.mu.Unlock()
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
		r.best, _ = e.TakePending()
		r.bestOf = e
		r.dropLarge()
	}
	instead := r.failed(e)
	switch {
	case r.decided || r.running() > 0:
	case r.large != nil:
		r.largeWins()
	default:
		r.decide(nil)
		r.nobodyWon()
		return
	}
	r.unlock()
	r.ask(instead)
}

// dropLarge cuts off the entrant that waits with a large response, since there is one that is whole. The race is locked.
func (r *Race) dropLarge() {
	if r.large != nil {
		r.large.cancel()
		r.large = nil
	}
}

// largeWins makes the large response the answer, since no backend has a better one. The race is locked.
func (r *Race) largeWins() {
	e := r.large
	e.outcome = e.told()
	r.x.Lost = r.outcomes()
	r.decide(e)
	e.win()
	e.chosen.Store(true)
	r.rouse = e
}

// stands decides about an entrant whose unusable response is larger than may be held, or an event stream. While others
// may have a better one it waits, if its backend has a place for it beyond the slots: with a slot in its hands it would
// wait for others that wait for that slot. Without a place, what may be sent twice is asked of its backend once more if
// there is nothing better in the end; else the response is the answer at once, since it cannot be had again.
func (r *Race) stands(e *entrant, place, stream bool) fate {
	r.mu.Lock()
	defer r.unlock()
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
	r.x.Lost = r.outcomes()
	r.decide(e)
	e.attach()
	return answers
}

// running is how many entrants are neither over nor waiting with a large response.
func (r *Race) running() int {
	n := 0
	for _, e := range r.entrants {
		if !e.over && e != r.large {
			n++
		}
	}
	return n
}

// nobodyWon unlocks the race, and answers with the first whole response though it is unusable, or else with what went
// wrong.
func (r *Race) nobodyWon() {
	x := r.x
	lost := r.outcomes()
	var worst *Error
	unreached := true
	for _, e := range r.entrants {
		unreached = unreached && e.Failure != nil && e.Failure.Side == Backend && e.Failure.Step == Connect
		if e.Failure != nil && (worst == nil || e.Failure.Step > worst.Step) {
			worst = e.Failure
		}
	}
	x.Waiting.Rouse()
	r.unlock()
	x.Client.Watch.Tell(x.Waiter)
	if r.best != nil {
		e := r.bestOf
		x.Lost, r.best.B = lost, e.recount(r.best.B)
		x.Status, x.KeepClient, x.Backend, x.Times = e.Status, e.KeepClient, e.Backend, e.Times
		x.down.out, x.down.content = r.best, e.down.content
		x.Owner.Finished(x)
		return
	}
	queue := x.Route.Queue // if they are down: it is held as any other
	if r.again != nil {
		queue, x.Lost = r.again.queue, lost // it is asked once more, and its response streamed
	}
	if (unreached || r.again != nil) && queue.Enter(x) == nil {
		return
	}
	x.failure = Error{Side: Backend, Step: worst.Step, Sent: worst.Sent, Status: worst.Status, Err: errors.New(lost)}
	x.Failure, x.Lost = &x.failure, lost
	x.Owner.Finished(x)
}

// outcomes is what each backend did, for the log. The race is locked.
func (r *Race) outcomes() string {
	var list []string
	for _, e := range r.entrants {
		outcome := e.outcome
		if outcome == "" {
			outcome = e.Backend + ": cut off"
		}
		list = append(list, outcome)
	}
	return strings.Join(list, "; ")
}

// appendCount appends the field line that says how many were asked. The race is locked, or over.
func (r *Race) appendCount(dst []byte) []byte {
	return fmt.Appendf(dst, "X-Race: %d/%d\r\n", len(r.entrants), len(r.entries))
}

// Withdraw asks whether the exchange leaves the race, and reports whether it has left: then it is the caller's, and the
// entrants are cut off. Nobody is asked when the race is over.
func (r *Race) Withdraw(leaves func() bool) (left, over bool) {
	r.mu.Lock()
	defer r.unlock()
	if r.decided {
		return false, true
	}
	if !leaves() {
		return false, false
	}
	r.decide(nil)
	return true, false
}

// Begun reports whether one of the backends has it, or is about to: else all that the race does is wait in queues.
// Withdraw's leaves alone calls it.
func (r *Race) Begun() bool {
	for _, e := range r.entrants {
		if e.ran.Load() || !e.queued.Load() {
			return true
		}
	}
	return len(r.entrants) == 0
}

// adopt ends x as the entrant that won for it has ended.
func (x *Exchange) adopt(e *Exchange) {
	x.Status, x.Failure, x.Cut, x.KeepClient, x.Surplus = e.Status, nil, e.Cut, e.KeepClient, e.Surplus
	if e.Failure != nil {
		x.failure = *e.Failure
		x.Failure = &x.failure
	}
	x.Backend, x.Times = e.Backend, e.Times
	x.down.out, x.down.outAt, x.down.content = e.down.out, e.down.outAt, e.down.content
	e.down.out = nil
	x.Owner.Finished(x)
}
