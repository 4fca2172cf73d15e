package forward

import (
	"errors"
	"sync/atomic"
	"time"

	"tenfour/lot"
	"tenfour/pool"
)

// Grip is how other goroutines reach an exchange that is under way: they let its client go, or cut it off. It is made for one
// exchange, which has it from before Enter on. That exchange and its place are used for no other request afterwards: so a call that
// comes late finds nothing, and is harmless.
type Grip struct {
	// What the exchange has once its client was let go. Fixed before Enter.
	Owner   Owner         // hears of its end
	Record  int           // Exchange.Record
	Stop    *atomic.Bool  // Exchange.Stop; nil is the same as before
	Waiter  *lot.Waiter   // Exchange.Waiter
	Timeout time.Duration // how long it may still wait in queues; 0 is for ever
	Freed   func()        // called once the client's connection and waiter are its owner's again; must not block
	Stays   func()        // called instead of Freed when it is too late to let the client go; nil for none; must not block
	Gated   bool          // nothing of the request goes out before Open

	// AtGate is called when an attempt has a connection to a backend, HOST:PORT, and waits for Open; in a race several at once. nil for
	// none; must not block.
	AtGate func(backend string)

	queue *pool.Queue               // fixed by Enter, with at
	at    *pool.Place               // likewise
	x     atomic.Pointer[Exchange]  // nil before Enter
	asked atomic.Uint32             // what became of LetGo
	cut   atomic.Bool               // Cut was called
	left  atomic.Bool               // see SetLeft
	slot  atomic.Pointer[pool.Slot] // whose worker ran the exchange last
	race  atomic.Pointer[race]      // nil if it is not raced
	gate  gate

	waiter atomic.Pointer[lot.Waiter] // that is woken for it since it has left its worker; nil before
}

// What became of LetGo.
const (
	notAsked uint32 = iota
	isAsked
	isGone    // the client was let go
	isRefused // it is too late, or not possible
)

var errCut = errors.New("it was cancelled")

// LetGo makes the exchange go on without its client, as one of the background, with a record for its sink. Any goroutine may call
// it, with nothing locked. It is done by the goroutine that has the exchange at that moment: the caller, if it waits in a queue,
// else its worker, in its next step, so that the same attempt goes on. That goroutine calls Freed, after which all that comes is
// for the new owner. If it is too late, because the response has begun, nothing changes: Freed is not called, and the first owner
// hears of the end. It is not possible while a part of the request's body has still to come, and in a race. LetGo
// reports false if that is known at once.
func (g *Grip) LetGo() (asked bool) {
	if !g.asked.CompareAndSwap(notAsked, isAsked) {
		return g.asked.Load() != isRefused
	}
	g.reach()
	return true
}

// Open lets the request go out, if it was Gated, or if Shut has shut its gate. Any goroutine may call it.
func (g *Grip) Open() { g.gate.open() }

// Shut lets nothing of the request go out before Open, and reports whether nothing has gone out. An attempt that could send waits for
// Open with its worker, for a second at most, and then fails. Any goroutine may call it.
func (g *Grip) Shut() bool { return g.gate.shut() }

// Cut ends the exchange. Its owner hears of it in Finished. Any goroutine may call it, with nothing locked.
func (g *Grip) Cut() {
	g.cut.Store(true)
	g.reach()
}

// reach does what was asked of the exchange, if it waits in its queue, or wakes the worker that does.
func (g *Grip) reach() {
	x := g.x.Load()
	if r := g.race.Load(); r != nil && g.cut.Load() {
		r.abandon()
	}
	switch {
	case x == nil: // Enter looks
	case g.queue.Withdraw(g.at):
		x.withdrawn()
	default:
		if s := g.slot.Load(); s != nil {
			s.Notify() // harmless if its worker has another exchange by now: it only looks again
		}
		if w := g.waiter.Load(); w != nil {
			w.Notify() // harmless too if the client has another request by now
		}
	}
}

// takes makes x, which is about to enter, the exchange of g.
func (g *Grip) takes(x *Exchange) {
	if x.Raced() {
		g.asked.Store(isRefused)
	}
	if g.gate.told = g.AtGate; g.Gated {
		g.gate.shut()
	}
	g.queue, g.at = x.Route.Queue, x.At
	g.x.Store(x)
}

// look is for an exchange that was put into a queue: what was asked just before has not found it there.
func (g *Grip) look() {
	if g.cut.Load() || g.asked.Load() == isAsked {
		g.reach()
	}
}

// withdrawn goes on with x, which was taken out of its queue for what was asked.
func (x *Exchange) withdrawn() {
	g := x.Grip
	if err := x.obey(); err != nil {
		x.attempt.result.failBefore(Self, 503, err)
		x.ended()
		return
	}
	if o := x.Route.Queue.Rejoin(&x.attempt, x.At); o.Unserved() {
		x.unserved(o)
		return
	}
	g.look()
}

// obey does what was asked of x: it lets the client go, if it may by now. The error says that x is cut off. The caller owns x.
func (x *Exchange) obey() error {
	g, a := x.Grip, &x.attempt
	switch {
	case g.cut.Load():
		return errCut
	case g.asked.Load() != isAsked:
	case a.state > awaiting || !x.whole():
		g.asked.Store(isRefused)
		if g.Stays != nil {
			g.Stays()
		}
	case a.down.empty(): // else the client has not taken all of an interim response
		g.asked.Store(isGone)
		x.letGo()
	}
	return nil
}

// letGo makes x one of the background, whose sink is a record. The caller owns x, no byte of whose response went out.
func (x *Exchange) letGo() {
	g, a, client, waiter := x.Grip, &x.attempt, x.Client, x.Waiter
	x.Request = *x.Request.Clone() // the client's input is for its next request
	x.Upload = Upload{}
	x.Client, x.Waiter, x.Owner, x.Record = nil, g.Waiter, g.Owner, g.Record
	if g.Stop != nil {
		x.Stop = g.Stop
	}
	x.At.Client, x.At.Left, x.At.Background, x.At.Timeout, x.At.Late = nil, false, true, g.Timeout, 0
	a.sink, a.waiter, a.stop = Sink{record: g.Record}, g.Waiter, x.Stop
	a.up.from, a.up.in, a.down.to = nil, x.In, nil
	if client != nil {
		client.HandTo(waiter)
	}
	g.Freed()
}
