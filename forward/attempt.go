package forward

import (
	"fmt"
	"runtime"
	"sync/atomic"

	"tenfour/httpparse"
	"tenfour/lot"
	"tenfour/pool"
	"tenfour/sock"
)

// state is what an attempt waits for next.
type state uint8

const (
	connecting state = iota // a connection on which TLS can begin
	awaiting                // the response's head; the request goes out meanwhile
	relaying                // the response's body; the request's may still go out
	tunnelling              // either side's bytes, until both have ended
)

// Attempt is one sending of a request to one backend: a state machine whose step never blocks. It is what a worker runs.
// It belongs to the pool while it waits for a slot, to its worker in Run, and to the goroutine that calls Resume once it has
// left its worker.
//
// Its files are in the order of its life: connect, send, await, relay or tunnel, last (leaving the worker), end.
type Attempt struct {
	decider decider       // fixed
	lot     *lot.Lot      // fixed
	req     *Request      // read-only
	rest    *Upload       // what has still to come of the request's body
	resent  *atomic.Int32 // fixed; how often the request went out again after a backend had some of it, in a race all together
	body    *Body         // what is held of it, until it is not needed any more; nil for none
	sink    Sink          // where the response goes
	waiter  *lot.Waiter   // woken for it once it has left its worker
	at      *pool.Place   // in the queue
	stop    *atomic.Bool  // set when everything is to be cut
	portion Portion       // of Held, for what waits to be given

	slot    *pool.Slot    // nil before Run, and after it has left its worker
	backend *pool.Backend // whose slot that is, or was
	origin  *Origin
	link    *link // the connection to the backend; nil for none
	state   state
	res     httpparse.Response
	chunks  httpparse.Chunks // of the response
	up      flow             // the request
	down    flow             // the response

	// How it goes: see Result.
	name    string // of its backend
	status  int
	failure *Error
	cut     Cut
	surplus bool
	times   Times

	// When, in the lot's time.
	now          int64 // of this step
	began        int64 // its worker took it
	progress     int64 // a byte moved last
	connectEnd   int64 // there must be a connection
	headEnd      int64 // a response's head goes out without its body
	clientHeldUp int64 // not when but how long: a worker has waited for the client, in all
	openEnd      int64 // its response, which announced no length, leaves its worker; 0 for never
	leaverNext   int64 // it may be asked again whether others wait for the slot of a client that may have left
	stayEnd      int64 // it tries again to leave its worker: there was no place

	// The connection.
	address   int  // which of the origin's is tried
	single    bool // it carries no other request after this one
	unsure    bool // an interim response announced a body, or showed a login: the connection carries no other request
	upStopped bool // the backend takes no more of the request

	// The attempt.
	interims  int
	heard     bool  // a byte of a response came
	impatient bool  // the backend was told so
	asked     bool  // its time is over, and the kernel is asked once more
	endless   bool  // an event stream or a tunnel: no byte need come
	lent      bool  // its connection is one of those that the backend lends to what lasts
	paused    bool  // it waits, or has waited, with a held response that is larger than may be held
	askAgain  bool  // nothing came of it at this backend: it may be asked of one once more
	pace      Meter // of the client with its bodies: the request's first, then both

	// Its part in making room for others: see uploads.
	listed  bool         // it is one of its origin's uploads
	evicted atomic.Bool  // it is to make room; any goroutine sets it
	rate    atomic.Int64 // of its upload, in bytes a second; any goroutine reads it
}

// decider is what an attempt belongs to and asks: its exchange, or its part in a race.
type decider interface {
	// begins notes that a worker has the attempt, and reports whether it is still wanted.
	begins(*pool.Slot) bool
	// wanted is asked in each step, and reports whether the attempt may go on.
	wanted() bool
	// accepts is asked when the head of a final response has come, and reports whether the attempt may go on.
	accepts() bool
	// stands is asked about a held response that has no end, or is larger than may be held. It reports whether the attempt
	// may go on.
	stands(stream bool) bool
	// appendFields appends the field lines that the decider adds to the response.
	appendFields([]byte) []byte
	// hungUp reports whether the client has shut its sending side.
	hungUp() bool
	// left ends the attempt because its client may have left.
	left() outcome
	// beaten reports whether the attempt has failed because another one was first: then its backend is not waited for.
	beaten() bool
	// lasting notes that the attempt has left its worker.
	lasting()
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

var _ pool.Task = (*Attempt)(nil)

// reset makes the attempt ready for another request.
func (a *Attempt) reset() {
	a.releaseOut()
	a.leaveBody()
	a.portion.Give()
	decider, lot, req, rest, resent, held, res := a.decider, a.lot, a.req, a.rest, a.resent, a.portion.of, a.res
	res.Reset()
	*a = Attempt{decider: decider, lot: lot, req: req, rest: rest, resent: resent, portion: Portion{of: held}, res: res}
}

// Place is where the attempt stands in a queue; for the pool.
func (a *Attempt) Place() *pool.Place { return a.at }

// Unserved ends an attempt that no worker runs; for the pool.
func (a *Attempt) Unserved(o pool.Outcome) { a.decider.unserved(o) }

// turnsMost is how many steps a worker does before other goroutines run, whether it can go on or not.
const turnsMost = 16

// Run takes the attempt from its first byte to the backend to its end, or to where it leaves its worker.
func (a *Attempt) Run(s *pool.Slot) {
	a.slot, a.backend = s, s.Backend
	a.origin = a.req.Route.Origins[s.Backend]
	if a.name != a.origin.Name { // a racer has it from its beginning: other racers read it meanwhile
		a.name = a.origin.Name
	}
	a.now = a.lot.Now()
	a.began = a.now
	if a.times.Left == 0 {
		a.times.Left = a.now
	}
	if !a.decider.begins(s) {
		a.fail(Self, 503, errBeaten)
		a.finish()
		return
	}
	a.sink.handTo(&s.Waiter)
	out := a.connect()
	for turns := 1; out != over; turns++ {
		out = a.step()
		if turns%turnsMost == 0 {
			runtime.Gosched()
		}
		switch {
		case out != waits:
		case a.lasts() && a.leave():
			a.Resume()
			return
		default:
			a.sleep()
		}
	}
	if a.askAgain && a.decider.again() {
		return
	}
	a.end()
}

// Resume goes on with an attempt that has left its worker, as far as that goes without waiting.
func (a *Attempt) Resume() {
	for range turnsMost {
		out := a.step()
		if out == over {
			a.finish()
			return
		}
		a.arm()
		a.measure()
		a.waiter.SetDeadline(a.deadline())
		if out == goOn {
			break
		}
		a.ack()
		if a.waiter.Park(a.sink.watch(), &a.link.Watch) {
			return
		}
	}
	a.waiter.Again()
}

// Panicked cuts what the attempt was about; for the pool.
func (a *Attempt) Panicked() {
	a.fail(Self, 500, fmt.Errorf("tenfour has a bug: this exchange made it panic; its log has the stack"))
	a.finish()
}

// step moves the attempt as far as it goes without waiting.
func (a *Attempt) step() outcome {
	a.now = a.lot.Now()
	a.pace.End(a.now)
	wanted := a.decider.wanted()
	a.sink.look()
	a.link.Look()
	switch {
	case !wanted:
		return a.fail(Self, 503, errBeaten)
	case a.sink.broken():
		return a.fail(Client, 0, errReset)
	case a.stop.Load():
		return a.fail(Self, 503, errStopped)
	case a.evicted.Load() && a.bodyComes():
		return a.fail(Client, 408, errMadeRoom)
	}
	if a.state == connecting {
		if out := a.shakeHands(); a.state == connecting || out == over {
			return out
		}
	}
	out := a.move()
	if out == over {
		return over
	}
	if !a.bodyComes() {
		a.unlist()
	}
	return max(out, a.lookAtClock())
}

// move moves what can be moved of the request and of the response.
func (a *Attempt) move() outcome {
	sent := a.send()
	if sent == over {
		return over
	}
	switch a.state {
	case awaiting:
		return max(sent, a.await())
	case relaying:
		return max(sent, a.relay())
	case tunnelling:
		return max(sent, a.tunnel())
	}
	return sent
}

// sleep is a worker's wait: for either side, or until something is due.
func (a *Attempt) sleep() {
	a.arm()
	waitsForClient := a.awaitsClient()
	a.measure()
	a.slot.SetDeadline(a.deadline())
	if a.sink.pending() || a.link.Watch.Pending() {
		return
	}
	a.ack()
	a.slot.Wait()
	if waitsForClient {
		a.clientHeldUp += a.lot.Now() - a.now
	}
}

// arm has the lot tell what the attempt waits for.
func (a *Attempt) arm() {
	writeClient := a.down.out != nil && !a.down.empty()
	if a.sink.open() && (a.readsClient() || writeClient || a.impatient || a.stayEnd != 0 || !a.atWorker()) {
		a.sink.conn.Arm(true, writeClient) // its end too is something to read
	}
	a.link.Arm(true, a.link.Connecting() || !a.upStopped && !a.up.empty())
}

// ack has acknowledged what has come of a message whose rest the attempt waits for: its peer may hold that back until then.
func (a *Attempt) ack() {
	if a.sink.open() && a.readsClient() {
		a.sink.conn.Ack()
	}
	if a.state != relaying || !a.down.full() {
		a.link.Ack()
	}
}

// readsClient reports whether the attempt takes more bytes from the client: of the request's body, or of a tunnel.
func (a *Attempt) readsClient() bool {
	return a.state == tunnelling && !a.up.taken || !a.upStopped && !a.up.taken && !a.up.full()
}

// atWorker reports whether a worker runs the attempt: it has not left.
func (a *Attempt) atWorker() bool { return a.slot != nil }

// awaitsClient reports whether it is the client that the attempt waits for.
func (a *Attempt) awaitsClient() bool {
	if a.state == relaying {
		return a.down.full()
	}
	return !a.upStopped && !a.up.taken && a.up.empty()
}

// bodyComes reports whether the client has still to send a part of the request's body.
func (a *Attempt) bodyComes() bool { return a.state != tunnelling && !a.upStopped && !a.up.taken }

// pauses reports whether the attempt waits for what becomes of its large response.
func (a *Attempt) pauses() bool { return a.paused && a.sink.held() }

// touch notes that bytes have moved.
func (a *Attempt) touch() { a.progress = a.now }

// leaveBody gives up the attempt's use of the body that is held.
func (a *Attempt) leaveBody() {
	if a.body != nil {
		a.body.Leave()
		a.body, a.up.body = nil, nil
	}
}

func (a *Attempt) releaseOut() {
	if a.down.out != nil {
		sock.PutBuffer(a.down.out)
		a.down.out = nil
	}
}
