package forward

import (
	"errors"
	"fmt"
	"sync/atomic"

	"tenfour/httpparse"
	"tenfour/lot"
	"tenfour/metrics"
	"tenfour/pool"
	"tenfour/sock"
)

// Owner began an exchange, and hears how it goes: the client's side.
type Owner interface {
	// Lasting says that the exchange goes on without a worker: the client's waiter, when it is unparked next, calls Resume.
	Lasting(x *Exchange)
	// Finished says that the exchange is over, served or not, and has its Result. x is the owner's again. A slot that it had
	// is given back as soon as Finished returns.
	Finished(x *Exchange)
}

// Exchange is a request with its final response (RFC 9110 §3.7). It decides which attempt comes next, and which response is
// the answer; the attempts do the work. It belongs to its owner until Enter, then to the goroutine that owns its attempt, or
// to its race, and to its owner again in Finished. Init makes one ready.
type Exchange struct {
	Request // by the owner before Enter
	Upload  // likewise
	Result  // for the owner in Finished

	// By the owner before Enter.
	Client *sock.Conn   // nil for none: the response is held, and is the Result's
	Record int          // with no client: the response is a record, and may have so many bytes of content; 0 is that it is none
	Waiter *lot.Waiter  // the client's, or the record's owner's, for when no worker stands for the exchange
	At     *pool.Place  // in the queue
	Owner  Owner        // hears how it goes
	Stop   *atomic.Bool // set when everything is to be cut

	Sharers  Sharers  // with a record: the clients that wait for it; nil for none
	Observer Observer // of its attempts; nil for none
	Grip     *Grip    // by which others reach it; nil for none

	attempt Attempt      // at any backend of the route; those of a race are the race's
	goesOn  *Attempt     // the one that Resume goes on with: attempt, or the racer that has won
	lost    string       // Result.Lost
	resent  atomic.Int32 // how often attempt sent the request again
}

// Init prepares x, once; Reset makes it ready for the next request, and gives back all that it holds, but for In.
func (x *Exchange) Init(lot *lot.Lot, held *Held) {
	x.Head.Fields = make([]httpparse.Field, 0, 32)
	a := &x.attempt
	a.decider, a.req, a.up.rest, a.up.resent = x, &x.Request, &x.Upload, &x.resent
	a.lot, a.portion.of = lot, held
	a.res.Fields = make([]httpparse.Field, 0, 32)
}

// Reset makes x ready for the next request.
func (x *Exchange) Reset() {
	x.Result.release()
	x.leaveBody()
	x.attempt.reset()
	x.Request.reset()
	x.Upload, x.Result = Upload{}, Result{}
	x.Client, x.Record, x.Waiter, x.At, x.Owner, x.Stop, x.Sharers, x.Observer, x.Grip = nil, 0, nil, nil, nil, nil, nil, nil, nil
	x.goesOn, x.lost = nil, ""
	if x.resent.Load() > 0 {
		x.resent.Store(0)
	}
}

// Enter gives x to its route: to a free slot, to the queue, or to a race. It reports false when none of them takes it: then
// the Result says why, and x is still the caller's. Else x is the owner's again in Finished.
func (x *Exchange) Enter() (entered bool) {
	a := &x.attempt
	a.at, a.waiter, a.stop, a.observer = x.At, x.Waiter, x.Stop, x.Observer
	a.sink = Sink{conn: x.Client, record: x.Record, shared: x.Sharers != nil, minor: x.Head.Minor, persists: x.Persists}
	if x.At.Client = a.sink.watch(); !x.At.Background { // what is of the background waits as long as its owner has said
		x.At.Timeout = x.Route.Settings.QueueTimeout
	}
	a.up.held, x.Body = x.Body, nil
	x.Upload.from = x.Client
	x.goesOn = a
	g := x.Grip // after its start, x is the race's
	if g != nil {
		g.takes(x)
		a.gate = &g.gate
	}
	switch {
	case x.Raced() && !x.whole():
		a.result.failBefore(Self, 413, tell("the body is too large for this route, which needs it whole", errRacedBody))
	case x.Raced():
		x.Route.Metrics.Count(metrics.Raced)
		r := newRace(x)
		if g != nil {
			g.race.Store(r)
			defer g.look()
		}
		r.start()
		return true
	case x.enter(x.Route.Queue):
		return true
	}
	x.conclude()
	return false
}

// enter gives the attempt to a queue.
func (x *Exchange) enter(q *pool.Queue) bool {
	x.At.Left = x.clientLeft()
	g, route := x.Grip, x.Route // x may be its worker's once it has entered
	o := q.Enter(&x.attempt, x.At)
	route.countEntered(o)
	switch {
	case o.Unserved():
		x.refuse(o)
	case g != nil:
		g.look()
	}
	return !o.Unserved()
}

// lasts notes that x has left its worker, and that its client's waiter is woken for it.
func (x *Exchange) lasts() {
	if x.Grip != nil {
		x.Grip.waiter.Store(x.Waiter)
	}
	x.Owner.Lasting(x)
}

// MayLetGo reports whether the client of x could be let go before its response begins: the request is whole, is not raced, and asks for
// no tunnel.
func (x *Exchange) MayLetGo() bool { return x.whole() && !x.Raced() && !x.Head.WebSocket }

// Resume goes on with an exchange that has left its worker, as far as it goes without waiting.
func (x *Exchange) Resume() { x.goesOn.Resume() }

// clientLeft reports whether the client's end has been seen. For an exchange that is served at once, or being served, it is a
// half-close; one that has to wait is given up.
func (x *Exchange) clientLeft() bool {
	return x.attempt.sink.broken() || x.attempt.sink.hungUp()
}

// conclude writes the result of x, which no racer has won.
func (x *Exchange) conclude() {
	x.Result = x.attempt.conclude()
	x.Result.Lost = x.lost
}

// ended ends x: its owner has it again. Its attempt calls it, last.
func (x *Exchange) ended() {
	x.conclude()
	x.Owner.Finished(x)
}

// abandoned ends x, whose client has left its race. waited says that all that the race did was to wait in queues.
func (x *Exchange) abandoned(waited bool) {
	switch gone := (pool.Outcome{State: pool.Gone}); {
	case waited:
		x.refuse(gone)
	case !x.wasCut():
		x.attempt.sink.handTo(x.Waiter)
		x.attempt.result.failBefore(Client, 0, gone)
	}
	x.ended()
}

// wasCut reports whether x was cut off, and notes it.
func (x *Exchange) wasCut() bool {
	if x.Grip == nil || !x.Grip.cut.Load() {
		return false
	}
	x.attempt.sink.handTo(x.Waiter)
	x.attempt.result.failBefore(Self, 503, errCut)
	return true
}

// refuse notes why x is not served.
func (x *Exchange) refuse(o pool.Outcome) {
	if x.wasCut() {
		return
	}
	a := &x.attempt
	a.sink.handTo(x.Waiter)
	x.Route.countUnserved(o, o.State == pool.HeldOut && x.clientLeft())
	if o.State == pool.Gone {
		a.result.failBefore(Client, 0, o)
		return
	}
	a.result.Expired = o.State == pool.HeldOut || o.State == pool.Late
	waited := x.At.Timeout
	switch {
	case o.State == pool.HeldOut && x.clientLeft():
		a.result.failBefore(Client, 0, errLeftHeld)
	case o.State == pool.HeldOut:
		a.result.failBefore(Backend, 502, o)
	case o.State == pool.Full:
		a.result.failBefore(Self, 503, tell("all workers of this route are busy, and its queue is full",
			errors.New("all workers of "+x.Route.Name+" are busy, and its queue is full")))
	case o.State == pool.Late && o.Words != "":
		a.result.failBefore(Self, 503, tell(fmt.Sprintf("%s for %v", o.Plain, waited), fmt.Errorf("%s for %v", o.Words, waited)))
	case o.State == pool.Late:
		a.result.failBefore(Self, 503, tell(fmt.Sprintf("all workers of this route stayed busy for %v", waited),
			fmt.Errorf("all workers of %s stayed busy for %v", x.Route.Name, waited)))
	default:
		a.result.failBefore(Self, 503, ErrStopping)
	}
}
