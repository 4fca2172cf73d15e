package forward

import (
	"fmt"
	"math"
	"runtime"

	"tenfour/pool"
)

// Run takes x from its first byte to the backend to its end, or to where it leaves its worker.
func (x *Exchange) Run(s *pool.Slot) {
	x.slot, x.lender, x.origin = s, s.Backend, s.Backend.Origin.(*Origin)
	if x.backend != x.origin.Name { // a part of a race has it from its beginning: other parts read it meanwhile
		x.backend = x.origin.Name
	}
	x.now = x.lot.Now()
	x.begun = x.now
	if x.times.Left == 0 {
		x.times.Left = x.now
	}
	if x.entry != nil && !x.entry.begins(s) {
		x.fail(Self, 503, errBeaten)
		x.finish()
		return
	}
	x.Client.Watch.Tell(&s.Waiter)
	over := x.begin()
	for turns := 1; !over; turns++ {
		over = x.step()
		if turns%turnsMost == 0 {
			runtime.Gosched()
		}
		switch {
		case over || x.again:
		case x.lasts() && x.leave():
			x.Resume()
			return
		default:
			x.sleep()
		}
	}
	if x.askAgain && x.goAgain() {
		return // another worker may have it by now
	}
	x.tellLoss()
	origin, stop := x.origin, x.Stop // x is its owner's again after finish
	wait := x.closeWait()
	l := x.takeLink(wait)
	if wait <= endWait {
		s.Ending()
	}
	x.finish()
	if l != nil && !l.awaitClose(s, wait, stop) && wait == endWait {
		origin.staysOpen.Store(true)
	}
}

// turnsMost is how many steps a worker does before other goroutines run, whether it can go on or not.
const turnsMost = 16

// Resume goes on with an exchange that has left its worker, as far as it goes without waiting.
func (x *Exchange) Resume() {
	if x.winner != nil {
		x.winner.Resume()
		return
	}
	for range turnsMost {
		if x.step() {
			x.finish()
			return
		}
		x.arm()
		x.measure()
		x.Waiter.SetDeadline(x.deadline())
		if x.again {
			break
		}
		if x.Waiter.Park(&x.Client.Watch, &x.back.Watch) {
			return
		}
	}
	x.Waiter.Again()
}

// Panicked cuts what x was about.
func (x *Exchange) Panicked() {
	x.fail(Self, 500, fmt.Errorf("tenfour has a bug: this exchange made it panic; its log has the stack"))
	x.finish()
}

// sleep is a worker's wait: for either side, or until something is due.
func (x *Exchange) sleep() {
	x.arm()
	waitsForClient := x.awaitsClient()
	x.measure()
	x.slot.SetDeadline(x.deadline())
	if x.Client.Watch.Pending() || x.back.Watch.Pending() {
		return
	}
	if x.back.reused && x.heard && !waitsForClient && x.down.content < firstRead { // a new one is acknowledged at once
		x.back.Ack()
	}
	x.slot.Wait()
	if waitsForClient {
		x.heldUp += x.lot.Now() - x.now
	}
}

// awaitsClient reports whether it is the client that the exchange waits for.
func (x *Exchange) awaitsClient() bool {
	if x.phase == relaying {
		return x.down.full()
	}
	return !x.upStopped && !x.up.taken && x.up.empty()
}

// arm has the lot tell what x waits for.
func (x *Exchange) arm() {
	readClient := x.phase == tunnelling && !x.up.taken || !x.upStopped && !x.up.taken && !x.up.full()
	writeClient := x.down.out != nil && !x.down.empty()
	if x.Client.Open() && (readClient || writeClient || x.impatient || x.stays != 0 || x.slot == nil) {
		x.Client.Arm(true, writeClient) // its end too is something to read
	}
	x.back.Arm(true, x.back.Connecting() || !x.upStopped && !x.up.empty())
}

// deadline is when x must be stepped even if nothing happens: for a timeout, or for what happens after a while.
func (x *Exchange) deadline() int64 {
	if x.endless && !x.up.ended && !x.down.ended || x.pauses() {
		return 0
	}
	at := min(x.timeout(), x.paceDue())
	if x.slot != nil && x.undecided() {
		at = min(at, x.impatientFrom(), x.leaverFrom())
	} else if x.slot != nil {
		at = min(at, x.impatientFrom(), x.lastsFrom(), x.leaverFrom())
		if x.phase == relaying && x.down.mum {
			at = min(at, x.speakAt)
		}
	}
	return at
}

// impatientFrom is when x has waited long enough for its first byte, or for a connection, to suspect the backend of sitting on an idle
// connection. Waiting for the client's body is not the backend's fault.
func (x *Exchange) impatientFrom() int64 {
	if x.phase > awaiting || x.impatient || x.awaitsClient() {
		return math.MaxInt64
	}
	return x.progress + int64(min(impatience, x.Route.Settings.BackendTimeout/2))
}

// lastsFrom is when x should leave its worker, if nothing happens until then.
func (x *Exchange) lastsFrom() int64 {
	at := int64(math.MaxInt64)
	if x.phase == relaying {
		at = x.progress + int64(lull)
	}
	if x.openUntil != 0 {
		at = min(at, x.openUntil)
	}
	if x.awaitsClient() {
		at = min(at, x.now+int64(lull)-x.heldUp)
	}
	return max(at, x.stays)
}

// timeout is when patience ends.
func (x *Exchange) timeout() int64 {
	s := x.Route.Settings
	switch {
	case x.phase == connecting || x.back.Connecting():
		return x.connectEnd
	case x.awaitsClient():
		return x.progress + int64(s.ClientTimeout)
	}
	return x.progress + int64(s.BackendTimeout)
}

// lasts reports whether x should leave its worker: what lasts by nature, and what keeps it waiting.
func (x *Exchange) lasts() bool {
	switch {
	case x.pauses():
		return true
	case x.undecided():
		return false
	case x.endless:
		return true
	case x.now < x.stays:
		return false
	case x.phase == relaying && x.now-x.progress >= int64(lull):
		return true
	case x.openUntil != 0 && x.now >= x.openUntil:
		return true
	}
	return x.heldUp >= int64(lull)
}

// leave gives x's worker and slot back, while its connection becomes one of those that the backend lends to what
// lasts. It reports false, and x stays, when all of them are taken.
func (x *Exchange) leave() bool {
	x.list(&x.slot.Waiter)
	if !x.takePlaceToLeave() {
		return false
	}
	x.list(x.Waiter)
	x.calm()
	x.slot = nil
	x.Owner.Lasting(x)
	if x.Client.Open() {
		x.Client.KeepAlive()
	}
	x.back.KeepAlive()
	x.Client.Watch.Tell(x.Waiter)
	x.back.Watch.Tell(x.Waiter)
	return true
}

// undecided reports whether x runs in a race that it has not won yet.
func (x *Exchange) undecided() bool { return x.entry != nil && x.Client == &x.entry.nobody }

// pauses reports whether x waits, in a race, for what becomes of its large response.
func (x *Exchange) pauses() bool { return x.entry != nil && x.entry.waitsToStand() }

// growImpatient tells the backend that x has waited long, once.
func (x *Exchange) growImpatient() {
	if x.slot != nil && x.now >= x.impatientFrom() {
		x.impatient = true
		x.lender.Impatient()
	}
}

// calm takes back what was said to the backend in impatience.
func (x *Exchange) calm() {
	if x.impatient {
		x.impatient = false
		x.lender.Patient()
	}
}
