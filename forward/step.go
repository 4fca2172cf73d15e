package forward

import (
	"fmt"

	"tenfour/httpparse"
)

// step moves x as far as it goes without waiting, and reports whether it is over.
func (x *Exchange) step() bool {
	x.again = false
	x.now = x.lot.Now()
	x.Pace.End(x.now)
	if x.pauses() && x.entry.chosen.Load() {
		x.entry.takeOver()
	}
	x.Client.Look()
	x.back.Look()
	switch {
	case x.entry != nil && x.entry.halt.Load():
		return x.fail(Self, 503, errBeaten)
	case x.Client.Broken():
		return x.fail(Client, 0, errReset)
	case x.Stop.Load():
		return x.fail(Self, 503, errStopped)
	case x.evicted.Load() && x.bodyComes():
		return x.fail(Client, 408, errMadeRoom)
	}
	if x.phase == connecting {
		if over, on := x.shakeHands(); !on {
			return over
		}
	}
	over := x.stepUp()
	if !over {
		switch x.phase {
		case awaiting:
			over = x.await()
		case relaying:
			over = x.relay()
		case tunnelling:
			over = x.tunnel()
		}
	}
	if over {
		return true
	}
	if !x.bodyComes() {
		x.unlist()
	}
	return x.lookAtClock()
}

// touch notes that bytes have moved.
func (x *Exchange) touch() { x.progress = x.now }

// lookAtClock does what is due, and reports whether x is over with it.
func (x *Exchange) lookAtClock() bool {
	if x.endless && !x.up.ended && !x.down.ended || x.pauses() {
		return false
	}
	x.growImpatient()
	if x.lookAtPace() || x.lookAtLeaver() {
		return true
	}
	if x.now < x.timeout() {
		x.asked = false
		return false
	}
	if !x.asked { // the lot may not have told yet of what came in time
		x.asked, x.again = true, true
		x.back.Retry()
		if x.Client.Open() {
			x.Client.Retry()
		}
		return false
	}
	x.asked = false
	switch {
	case x.phase == connecting || x.back.Connecting():
		return x.unreachable(fmt.Errorf("no connection within %v", x.Route.Settings.ConnectTimeout))
	case x.awaitsClient():
		return x.fail(Client, 408, fmt.Errorf("the client moved no byte for %v", x.Route.Settings.ClientTimeout))
	}
	return x.fail(Backend, 504, fmt.Errorf("%s sent nothing for %v: %w", x.backend, x.Route.Settings.BackendTimeout, errTimeout))
}

// stepUp sends what can be sent of the request.
func (x *Exchange) stepUp() bool {
	if x.upStopped || x.up.done() || x.phase == tunnelling {
		return false
	}
	given := x.up.given
	more, err := x.send()
	x.again = x.again || more
	if x.up.given > given {
		if given == 0 && x.Timed {
			x.times.Connected = x.lot.Now()
		}
		if given == 0 && x.slot != nil {
			x.slot.Reached()
		}
		x.touch()
		if x.Continue {
			x.Continue = false
			if failed := x.giveInterim(Continue); failed != nil {
				return x.fail(Client, 0, failed)
			}
		}
	}
	switch {
	case err == nil:
		return false
	case err.taking:
		return x.clientFailed(err.err)
	case x.back.Connecting():
		return x.unreachable(err.err)
	}
	// The backend may have answered before it shut the door.
	x.upStopped = true
	x.back.Retry()
	return false
}

// send moves the request on. While the connection may not stand yet nothing is taken of a body: if it cannot be had,
// another backend is to be sent all of it.
func (x *Exchange) send() (more bool, _ *flowError) {
	if x.back.Connecting() {
		switch err := x.up.give(); {
		case waits(err):
			return false, nil
		case err != nil:
			return false, &flowError{false, err}
		}
	}
	return x.up.step()
}

// clientFailed is a request's body that does not come to its end.
func (x *Exchange) clientFailed(err error) bool {
	if refusal, ok := err.(*httpparse.Refusal); ok {
		return x.fail(Client, refusal.Status, refusal)
	}
	return x.fail(Client, 0, fmt.Errorf("the client's body: %w", err))
}
