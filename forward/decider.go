package forward

import (
	"tenfour/metrics"
	"tenfour/pool"
)

// decider is what an attempt belongs to and asks: its exchange, or its part in a race.
type decider interface {
	// begins notes that a worker has the attempt, and reports whether it is still wanted.
	begins(*pool.Slot) bool
	// unwanted is asked in each step, and returns why the attempt may not go on; nil if it may.
	unwanted() error
	// accepts is asked when the head of a final response has come, and reports whether the attempt may go on.
	accepts() bool
	// acceptsLarge is asked about a held response that has no end, or is larger than may be held. It reports whether the attempt
	// may go on.
	acceptsLarge(stream bool) bool
	// appendFields appends the field lines that the decider adds to the response.
	appendFields([]byte) []byte
	// hungUp reports whether the client has shut its sending side.
	hungUp() bool
	// giveUp ends the attempt because its client may have left, and others wait for its slot.
	giveUp() outcome
	// beaten reports whether the attempt has failed because another one was first: then its backend is not waited for.
	beaten() bool
	// leftWorker notes that the attempt has left its worker.
	leftWorker()
	// asksAgain reports whether an attempt of which nothing came may be given to a queue once more. A race asks another
	// backend instead.
	asksAgain() bool
	// again gives the attempt to a queue once more. Once it has reported true, another worker may run it.
	again() bool
	// ended is called at the attempt's end, which is over then. It may be used for another one before ended returns.
	ended()
	// unserved is called when no worker runs the attempt.
	unserved(pool.Outcome)
}

// An exchange that is not raced answers its attempt so; ended is in exchange.go.

var _ decider = (*Exchange)(nil)

func (x *Exchange) acceptsLarge(bool) bool         { return !x.attempt.sink.held() || x.unrecord(&x.attempt) }
func (x *Exchange) appendFields(dst []byte) []byte { return dst }
func (x *Exchange) hungUp() bool {
	return x.attempt.sink.hungUp() || x.Grip != nil && x.Grip.left.Load()
}
func (x *Exchange) beaten() bool    { return false }
func (x *Exchange) asksAgain() bool { return true }
func (x *Exchange) leftWorker()     { x.lasts() }

func (x *Exchange) accepts() bool {
	if x.attempt.sink.shared {
		x.share(&x.attempt)
	}
	return true
}

func (x *Exchange) begins(s *pool.Slot) bool {
	if x.Grip != nil {
		x.Grip.slot.Store(s)
	}
	return true
}

func (x *Exchange) unwanted() error {
	if x.Grip != nil {
		return x.obey()
	}
	return nil
}

// giveUp ends the attempt of a client that may have left.
func (x *Exchange) giveUp() outcome { return x.attempt.fail(Client, 0, errLeft) }

// unserved ends x, which no worker runs.
func (x *Exchange) unserved(o pool.Outcome) {
	x.refuse(o)
	x.ended()
}

// again gives the attempt back to its route's queue, since nothing came of it. Once it has reported true x may be another
// worker's.
func (x *Exchange) again() bool {
	a, g := &x.attempt, x.Grip
	unreached, failure, persists, surplus := a.origin.Backend, a.result.Failure, a.sink.persists, a.result.Surplus
	a.renew()
	a.sink.persists = x.Persists
	a.at.Left = x.clientLeft()
	route := x.Route
	o := route.Queue.Again(a, a.at, unreached)
	if !o.Unserved() {
		route.Metrics.Count(metrics.Retried)
		route.countEntered(o)
		if g != nil {
			g.look()
		}
		return true
	}
	a.result.Failure, a.sink.persists, a.result.Surplus = failure, persists, surplus
	switch o.State {
	case pool.HeldOut:
		x.Route.countUnserved(o, false)
		failure.Err, a.result.Expired = o, true
	case pool.Gone, pool.Late:
		x.refuse(o)
	}
	return false
}

// renew makes an attempt of which nothing came ready for another backend.
func (a *Attempt) renew() {
	a.lasting.returnPlace(a.origin)
	a.clock.endImpatience(a.origin)
	if a.pace.listed {
		a.origin.uploads.remove(a)
	}
	a.closeLink()
	a.askAgain, a.result.Failure, a.down.heard, a.result.Surplus = false, nil, false, false
	a.res.Reset()
	a.down.flow = flow{outgoing: a.down.outgoing}
}
