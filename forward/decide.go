package forward

import "tenfour/pool"

// This is what the attempt of an exchange that is not raced asks of it.

var _ decider = (*Exchange)(nil)

func (x *Exchange) begins(*pool.Slot) bool         { return true }
func (x *Exchange) wanted() bool                   { return true }
func (x *Exchange) accepts() bool                  { return true }
func (x *Exchange) stands(bool) bool               { return !x.attempt.sink.held() }
func (x *Exchange) appendFields(dst []byte) []byte { return dst }
func (x *Exchange) hungUp() bool                   { return x.attempt.sink.hungUp() }
func (x *Exchange) beaten() bool                   { return false }
func (x *Exchange) asksAgain() bool                { return true }
func (x *Exchange) lasting()                       { x.Owner.Lasting(x) }
func (x *Exchange) ended()                         { x.finish() }

// left ends the attempt of a client that may have left.
func (x *Exchange) left() outcome { return x.attempt.fail(Client, 0, errLeft) }

// unserved ends x, which no worker runs.
func (x *Exchange) unserved(o pool.Outcome) {
	x.refuse(o)
	x.finish()
}

// again gives the attempt back to its route's queue, since nothing came of it. Once it has reported true x may be another
// worker's.
func (x *Exchange) again() bool {
	a := &x.attempt
	unreached, failure, persists, surplus := a.origin.Backend, a.result.Failure, a.sink.persists, a.result.Surplus
	a.renew()
	a.sink.persists = x.Persists
	a.at.Left = x.clientLeft()
	o := x.Route.Queue.Again(a, a.at, unreached)
	if !o.Unserved() {
		return true
	}
	a.result.Failure, a.sink.persists, a.result.Surplus = failure, persists, surplus
	switch o.State {
	case pool.HeldOut:
		failure.Err = o
	case pool.Gone, pool.Late:
		x.refuse(o)
	}
	return false
}

// renew makes an attempt of which nothing came ready for another backend.
func (a *Attempt) renew() {
	a.returnPlace()
	a.endImpatience()
	a.unlist()
	a.closeLink()
	a.askAgain, a.result.Failure, a.down.heard, a.result.Surplus = false, nil, false, false
	a.res.Reset()
	a.down.flow = flow{outgoing: a.down.outgoing}
}
