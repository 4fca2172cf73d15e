package forward

import (
	"fmt"
	"math"
	"time"
)

// clock is when things happened to an attempt, in the lot's time, and what it has done when something was due.
type clock struct {
	now        int64 // of this step
	began      int64 // its worker took it
	progress   int64 // a byte moved last
	headFrom   int64 // a byte moved last before the head that comes in
	silentFrom int64 // a byte moved last before interim responses that say nothing of how the final one goes on; 0 without those
	leaverNext int64 // it may be asked again whether others wait for the slot of a client that may have left
	gateEnd    int64 // it has waited long enough for its gate; 0 while it does not wait there
	due        int64 // before that nothing is due, as of the last wait; 0 is that it is not known
	asked      bool  // its time is over, and the kernel is asked once more
	impatient  bool  // the backend was told that it waits for its first byte
}

// touch notes that bytes have moved.
func (c *clock) touch() { c.progress = c.now }

// nextDue is deadline, before the attempt waits: until then lookAtClock need not look, unless the attempt goes on without a wait.
func (a *Attempt) nextDue() int64 {
	at := a.deadline()
	a.clock.due = at
	if at == 0 {
		a.clock.due = math.MaxInt64
	}
	return at
}

// deadline is when the attempt must be stepped even if nothing happens: for a timeout, or for what happens after a while.
// 0 is never.
func (a *Attempt) deadline() int64 {
	if a.needsNoByte() {
		return 0
	}
	at := min(a.timeout(), a.pace.due(a.up.bodyEnd()))
	if !a.atWorker() {
		return at
	}
	at = min(at, a.impatientFrom(), a.leaverFrom())
	switch {
	case a.sink.shared:
		return min(at, a.sharedUntil())
	case a.sink.held() && !a.sink.isJob():
		return at
	}
	at = min(at, a.lasting.lastsFrom(&a.clock, a.state, a.awaitsClient()))
	if a.state == relaying && a.down.headWaits {
		at = min(at, a.down.headEnd)
	}
	return at
}

// needsNoByte reports whether the attempt may go on for ever without a byte: an event stream, a tunnel of which no side has
// ended, a response that waits for what becomes of it.
func (a *Attempt) needsNoByte() bool {
	return a.lasting.endless && !a.up.ended && !a.down.ended || a.lasting.pauses(&a.sink)
}

// timeout is when the attempt has waited long enough for the next byte.
func (a *Attempt) timeout() int64 {
	s := a.req.Route.Settings
	switch {
	case a.clock.gateEnd != 0:
		return a.clock.gateEnd
	case a.state == connecting || a.link.Connecting():
		return a.tries.end
	case a.awaitsClient():
		return a.clock.progress + int64(s.ClientTimeout)
	case a.state == awaiting && a.clock.silentFrom != 0:
		return a.clock.silentFrom + int64(s.BackendTimeout)
	}
	return a.clock.progress + int64(s.BackendTimeout)
}

// lookAtClock does what is due.
func (a *Attempt) lookAtClock() outcome {
	if a.clock.now < a.clock.due || a.needsNoByte() {
		return waits
	}
	a.growImpatient()
	if a.lookAtPace() == over || a.lookAtLeaver() == over {
		return over
	}
	if a.sink.shared && a.lookAtShared() == goOn {
		return goOn
	}
	if a.clock.now < a.timeout() {
		a.clock.asked = false
		return waits
	}
	if !a.clock.asked { // the lot may not have told yet of what came in time
		a.clock.asked = true
		a.link.Retry()
		a.sink.retry()
		return goOn
	}
	a.clock.asked = false
	return a.timedOut()
}

// timedOut ends an attempt whose time is over; or goes on to the next address, if it is a connection that took too long.
func (a *Attempt) timedOut() outcome {
	s := a.req.Route.Settings
	switch {
	case a.clock.gateEnd != 0:
		return a.fail(Self, 503, errGate)
	case a.state == connecting || a.link.Connecting():
		return a.dial(noConnection{s.ConnectTimeout})
	case a.awaitsClient():
		return a.fail(Client, 408, fmt.Errorf("the client moved no byte for %v: --idle-timeout gives it more time", s.ClientTimeout))
	}
	return a.fail(Backend, 504, tell(fmt.Sprintf("the backend sent nothing for %v", s.BackendTimeout),
		fmt.Errorf("%s sent nothing for %v: %w", a.origin.Name, s.BackendTimeout, errTimeout)))
}

// impatientFrom is when the attempt has waited long enough for its first byte, or for a connection, to suspect that the backend
// serves an idle connection instead. Waiting for the client's body is not the backend's fault.
func (a *Attempt) impatientFrom() int64 {
	if a.state > awaiting || a.clock.impatient || a.awaitsClient() || a.clock.gateEnd != 0 {
		return math.MaxInt64
	}
	return a.clock.progress + int64(min(impatience, a.req.Route.Settings.BackendTimeout/2))
}

// growImpatient tells the backend that the attempt has waited long, once.
func (a *Attempt) growImpatient() {
	if a.atWorker() && a.clock.now >= a.impatientFrom() {
		a.clock.impatient = true
		a.origin.Backend.Impatient()
	}
}

// endImpatience takes back what was said to the backend of o in impatience.
func (c *clock) endImpatience(o *Origin) {
	if c.impatient {
		c.impatient = false
		o.Backend.Patient()
	}
}

// A client that has shut its sending side may have left, as a closed browser tab does, or may have said all that it had to say, as
// `nc -N` does: nothing tells the two apart. So its exchange is served, but keeps its slot only while no other exchange waits for it.

// leaverAgain is how often it is asked whether others wait.
const leaverAgain = int64(100 * time.Millisecond)

// leaverFrom is when to ask whether others wait for the slot, because the client has shut its side and no byte has moved for
// a while; the end of time if it has not.
func (a *Attempt) leaverFrom() int64 {
	if !a.atWorker() || a.state != awaiting && a.state != relaying || !a.decider.hungUp() {
		return math.MaxInt64
	}
	return max(a.clock.progress+int64(lull), a.clock.leaverNext)
}

// lookAtLeaver ends the attempt if its client may have left and others wait for its slot.
func (a *Attempt) lookAtLeaver() outcome {
	if a.clock.now < a.leaverFrom() {
		return waits
	}
	a.clock.leaverNext = a.clock.now + leaverAgain
	if !a.origin.Backend.Awaited() {
		return waits
	}
	return a.decider.giveUp()
}
