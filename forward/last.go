package forward

import "math"

// lasts reports whether the attempt should leave its worker: it lasts by nature, or it keeps its worker waiting.
func (a *Attempt) lasts() bool {
	switch {
	case a.pauses():
		return true
	case a.sink.held():
		return false
	case a.endless:
		return true
	case a.now < a.stayEnd:
		return false
	case a.state == relaying && a.now-a.progress >= int64(lull):
		return true
	case a.openEnd != 0 && a.now >= a.openEnd:
		return true
	}
	return a.clientHeldUp >= int64(lull)
}

// lastsFrom is when the attempt should leave its worker, if nothing happens until then.
func (a *Attempt) lastsFrom() int64 {
	at := int64(math.MaxInt64)
	if a.state == relaying {
		at = a.progress + int64(lull)
	}
	if a.openEnd != 0 {
		at = min(at, a.openEnd)
	}
	if a.awaitsClient() {
		at = min(at, a.now+int64(lull)-a.clientHeldUp)
	}
	return max(at, a.stayEnd)
}

// leave gives the worker and the slot back, while the connection becomes one of those that the backend lends to what
// lasts. It reports false, and the attempt stays, when all of them are taken.
func (a *Attempt) leave() bool {
	a.list(&a.slot.Waiter)
	if !a.takePlaceToLeave() {
		return false
	}
	a.list(a.waiter)
	a.endImpatience()
	a.slot = nil
	a.decider.lasting()
	if a.sink.open() {
		a.sink.keepAlive()
	}
	a.link.KeepAlive()
	a.sink.handTo(a.waiter)
	a.link.HandTo(a.waiter)
	return true
}

// takePlace takes one of the backend's places for what lasts, before the attempt begins with it. It waits at the worker for
// a moment if an upload makes room.
func (a *Attempt) takePlace() bool {
	if a.lent = a.backend.Lend(); a.lent || !a.origin.uploads.cutSlowest() {
		return a.lent
	}
	until := a.lot.Now() + placeWait
	for a.lent = a.backend.Lend(); !a.lent && a.lot.Now() < until; a.lent = a.backend.Lend() {
		a.slot.SetDeadline(a.lot.Now() + placeAgain)
		a.slot.Wait()
	}
	return a.lent
}

// takePlaceToLeave takes a place for an attempt that runs at a worker and lasts. If others wait for the slot, an upload makes
// room: it may be this one. Without a place the attempt stays, and tries again later.
func (a *Attempt) takePlaceToLeave() bool {
	if a.lent = a.lent || a.backend.Lend(); a.lent {
		return true
	}
	if !a.backend.Awaited() || !a.origin.uploads.cutSlowest() {
		a.clientHeldUp, a.stayEnd = 0, a.now+int64(lull)
		return false
	}
	a.stayEnd = a.now + placeWait
	a.lent = a.backend.Lend()
	return a.lent
}

// returnPlace gives the attempt's place for what lasts back, if it has one.
func (a *Attempt) returnPlace() {
	if a.lent {
		a.lent = false
		a.backend.Return()
	}
}
