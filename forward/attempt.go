package forward

import (
	"fmt"
	"math"
	"runtime"
	"sync/atomic"

	"tenfour/httpparse"
	"tenfour/lot"
	"tenfour/pool"
	"tenfour/trace"
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
// How it begins, waits and ends is here. Its steps have files in the order of its life: connect, send, await, relay or tunnel, lasting
// (leaving the worker).
type Attempt struct {
	decider  decider       // what it belongs to and asks; fixed
	observer Observer      // nil for none
	counting counting      // of it at its backend
	observed bool          // the observer knows of its begin, and not of its end
	trace    trace.Sending // of its exchange's Trace; as long as it is at a worker, or lasts
	memo     memo          // for that, while it is not recorded
	lot      *lot.Lot      // fixed
	req      *Request      // read-only
	sink     Sink          // where the response goes
	waiter   *lot.Waiter   // woken for it once it has left its worker
	at       *pool.Place   // in the queue
	gate     *gate         // nil for one that is always open
	stop     *atomic.Bool  // set when everything is to be cut
	portion  Portion       // of Held, for what waits to be given

	slot   *pool.Slot // nil before Run, and after it has left its worker
	origin *Origin    // the backend; nil before Run
	tries  tries      // for a connection to it
	link   *link      // that connection; nil for none
	state  state
	up     sending            // the request
	down   receiving          // the response
	res    httpparse.Response // its head

	clock    clock   // when things happened, and what is due
	pace     pace    // of the client with its bodies
	lasting  lasting // when it leaves its worker, and its place among what lasts
	askAgain bool    // nothing came of it at this backend: it may be given to a queue once more
	result   Result  // how it goes
}

var _ pool.Task = (*Attempt)(nil)

// reset makes the attempt ready for another request, and gives back all that it holds.
func (a *Attempt) reset() {
	a.portion.Give()
	a.portion.owed = false
	a.up.reset()
	a.down.reset()
	a.res.Reset()
	a.sink, a.waiter, a.at, a.stop, a.observer = Sink{}, nil, nil, nil, nil
	a.gate, a.trace = nil, trace.Sending{}
	a.memo.reset()
	a.slot, a.origin, a.tries, a.link, a.state = nil, nil, tries{}, nil, connecting
	a.clock, a.lasting, a.askAgain, a.result, a.counting = clock{}, lasting{}, false, Result{}, counting{}
}

// Unserved ends an attempt that no worker runs; for the pool.
func (a *Attempt) Unserved(o pool.Outcome) { a.decider.unserved(o) }

// turnsMost is how many steps a worker does before other goroutines run, whether it can go on or not.
const turnsMost = 16

// Run takes the attempt from its first byte to the backend to its end, or to where it leaves its worker.
func (a *Attempt) Run(s *pool.Slot) {
	a.slot, a.origin = s, a.req.Route.origin(s.Backend)
	now := a.lot.Now()
	a.clock.now, a.clock.began = now, now
	a.result.begin(a.origin.Name, now)
	if !a.decider.begins(s) {
		a.fail(Self, 503, errBeaten)
		a.finish()
		return
	}
	a.tellBegin()
	a.sink.handTo(&s.Waiter)
	out := a.connect()
	a.clock.due = math.MaxInt64 // there was no wait yet
	for turns := 1; out != over; turns++ {
		out = a.step()
		if turns%turnsMost == 0 {
			runtime.Gosched()
		}
		switch {
		case out == over:
		case out == goOn:
			a.clock.due = 0
			a.clock.now = a.lot.Now()
		case a.lasting.lasts(&a.sink, &a.clock, a.state) && a.leave():
			a.Resume() // it parks the attempt, which belongs to the lot then
			return
		default:
			a.sleep()
		}
	}
	if a.askAgain {
		a.tellEnd() // before it may be another worker's
		if a.decider.again() {
			return
		}
	}
	a.end()
}

// Resume goes on with an attempt that has left its worker, as far as that goes without waiting.
func (a *Attempt) Resume() {
	for range turnsMost {
		a.clock.now = a.lot.Now()
		out := a.step()
		if out == over {
			a.finish()
			return
		}
		a.arm()
		a.measure()
		a.waiter.SetDeadline(a.nextDue())
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

// end ends the attempt at its worker: its client goes on, then the slot waits for the end of the connection where it must.
func (a *Attempt) end() {
	if f := a.result.Failure; f != nil && f.Side == Backend && f.Step > Connect {
		a.slot.Failed("failed") // the exchange was lost to a backend that could be reached
	}
	origin, slot, stop := a.origin, a.slot, a.stop // the attempt is its exchange's again after finish
	wait := a.closeWait()
	l := a.takeLink(wait)
	if wait <= endWait {
		slot.Ending()
	}
	a.finish()
	if l != nil && !l.awaitClose(slot, wait, stop) && wait == endWait {
		origin.staysOpen.Store(true)
	}
}

// finish gives everything back but the response's last bytes, and tells the decider.
func (a *Attempt) finish() {
	a.tellEnd()
	a.clock.endImpatience(a.origin)
	if a.pace.listed {
		a.origin.uploads.remove(a)
	}
	a.up.release()
	a.down.release()
	a.up.releaseOut()
	a.releaseLink()
	a.lasting.returnPlace(a.origin)
	a.slot = nil
	a.sink.handTo(a.waiter)
	a.decider.ended()
}

// Panicked cuts what the attempt was about; for the pool.
func (a *Attempt) Panicked() {
	a.fail(Self, 500, fmt.Errorf("tenfour has a bug: this exchange made it panic; its log has the stack"))
	a.finish()
}

// step moves the attempt as far as it goes without waiting. The clock was read after the last wait.
func (a *Attempt) step() outcome {
	a.pace.End(a.clock.now)
	unwanted := a.decider.unwanted()
	a.sink.look()
	a.link.Look()
	switch {
	case unwanted != nil:
		return a.fail(Self, 503, unwanted)
	case a.sink.broken():
		return a.fail(Client, 0, errReset)
	case a.stop.Load():
		return a.fail(Self, 503, errStopped)
	case a.pace.evicted.Load() && a.up.bodyComes():
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
	if a.pace.listed && !a.up.bodyComes() {
		a.origin.uploads.remove(a)
	}
	return max(out, a.lookAtClock())
}

// move moves what can be moved of the request and of the response.
func (a *Attempt) move() outcome {
	out := a.send()
	if out == over {
		return over
	}
	switch a.state {
	case awaiting:
		return max(out, a.await())
	case relaying:
		return max(out, a.relay())
	case tunnelling:
		return max(out, a.tunnel())
	}
	return out
}

// sleep is a worker's wait: for either side, or until something is due.
func (a *Attempt) sleep() {
	a.arm()
	waitsForClient := a.awaitsClient()
	a.measure()
	a.slot.SetDeadline(a.nextDue())
	if !a.sink.pending() && !a.link.Watch.Pending() {
		a.ack()
		if reader := waitsForClient && a.state == relaying; reader {
			a.slot.AwaitsReader(true)
			a.slot.Wait()
			a.slot.AwaitsReader(false)
		} else {
			a.slot.Wait()
		}
	}
	began := a.clock.now
	a.clock.now = a.lot.Now()
	if waitsForClient {
		a.lasting.heldUp += a.clock.now - began
	}
}

// arm tells the lot what the attempt waits for.
func (a *Attempt) arm() {
	writeClient := a.down.out != nil && !a.down.empty()
	if a.sink.open() && (a.up.readsClient() || writeClient || a.clock.impatient || a.lasting.end != 0 || !a.atWorker()) {
		a.sink.conn.Arm(true, writeClient) // its end too is something to read
	}
	a.link.Arm(true, a.link.Connecting() || !a.up.stopped && !a.up.empty() && a.clock.gateEnd == 0)
}

// ack makes the kernel acknowledge at once what has come of a message whose rest the attempt waits for: its peer may hold the rest back
// until then.
func (a *Attempt) ack() {
	if a.sink.open() && a.up.readsClient() {
		a.sink.conn.Ack()
	}
	if a.state != relaying || !a.down.full() {
		a.link.Ack()
	}
}

// atWorker reports whether a worker runs the attempt: it has not left.
func (a *Attempt) atWorker() bool { return a.slot != nil }

// awaitsClient reports whether it is the client that the attempt waits for.
func (a *Attempt) awaitsClient() bool {
	if a.state == relaying {
		return a.down.full()
	}
	return !a.up.stopped && !a.up.taken && a.up.empty()
}
