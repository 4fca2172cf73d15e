package forward

import (
	"errors"
	"fmt"

	"tenfour/pool"
)

// Enter gives x to its route: to a free slot, to the queue, or to a race. It reports false when
// none of them takes it: then the Result says why, and x is still the caller's. Else x is the owner's again in Finished.
func (x *Exchange) Enter() (entered bool) {
	x.persists = x.Persists
	x.At.Client, x.At.Timeout = &x.Client.Watch, x.Route.Settings.QueueTimeout
	if x.raced() {
		if !x.whole() {
			x.failBefore(Self, 413, errRacedBody)
			x.conclude()
			return false
		}
		x.newRace().start()
		return true
	}
	if !x.enter(x.Route.Queue) {
		x.conclude()
		return false
	}
	return true
}

// enter gives x to a queue.
func (x *Exchange) enter(q *pool.Queue) bool {
	x.At.Left = x.clientLeft()
	o := q.Enter(x)
	if o.Unserved() {
		x.refuse(o)
	}
	return !o.Unserved()
}

// clientLeft reports whether the client's end has been seen. For an exchange that is served at once, or being served, it is a
// half-close; one that has to wait is given up.
func (x *Exchange) clientLeft() bool { return x.Client.Broken() || x.Client.HungUp() }

// Place is where x stands in a queue; for the pool.
func (x *Exchange) Place() *pool.Place { return x.At }

// Unserved ends x, which no worker runs; for the pool.
func (x *Exchange) Unserved(o pool.Outcome) {
	if x.entry != nil {
		x.entry.unserved(o)
		return
	}
	x.refuse(o)
	x.conclude()
	x.Owner.Finished(x)
}

// refuse has Failure say why x is not served.
func (x *Exchange) refuse(o pool.Outcome) {
	x.Client.Watch.Tell(x.Waiter)
	if o.State == pool.Gone {
		x.failBefore(Client, 0, o)
		return
	}
	x.Client.Look()
	s := x.Route.Settings
	switch {
	case o.State == pool.HeldOut && x.clientLeft():
		x.failBefore(Client, 0, errLeftHeld)
	case o.State == pool.HeldOut:
		x.failBefore(Backend, 502, o)
	case o.State == pool.Full:
		x.failBefore(Self, 503, errors.New("all workers of "+x.Route.Name+" are busy, and its queue is full"))
	case o.State == pool.Late && o.Words != "":
		x.failBefore(Self, 503, fmt.Errorf("%s for %v", o.Words, s.QueueTimeout))
	case o.State == pool.Late:
		x.failBefore(Self, 503, fmt.Errorf("all workers of %s stayed busy for %v", x.Route.Name, s.QueueTimeout))
	default:
		x.failBefore(Self, 503, errStopping)
	}
}

// failBefore notes a failure before any attempt.
func (x *Exchange) failBefore(side Side, status int, err error) {
	x.failure = &Error{Side: side, Step: Connect, Status: status, Err: err}
}
