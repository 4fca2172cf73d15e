package forward

import "math"

// stay is how long an attempt stays at its worker, and what it has beyond that.
type stay struct {
	endless bool  // an event stream or a tunnel: no byte need come
	paused  bool  // it waits, or has waited, with a held response that is larger than may be held
	lent    bool  // its connection is one of those that the backend lends to what lasts
	heldUp  int64 // for how long a worker has waited for the client, in all, in nanoseconds
	openEnd int64 // when its response, which announced no length, leaves its worker, in the lot's time; 0 is never
	end     int64 // when it tries again to leave its worker: there was no place; 0 is at once
}

// lasts reports whether the attempt should leave its worker: it lasts by nature, or it keeps its worker waiting.
func (a *Attempt) lasts() bool {
	switch {
	case a.pauses():
		return true
	case a.sink.held():
		return false
	case a.stay.endless:
		return true
	case a.clock.now < a.stay.end:
		return false
	case a.state == relaying && a.clock.now-a.clock.progress >= int64(lull):
		return true
	case a.stay.openEnd != 0 && a.clock.now >= a.stay.openEnd:
		return true
	}
	return a.stay.heldUp >= int64(lull)
}

// lastsFrom is when the attempt should leave its worker, if nothing happens until then.
func (a *Attempt) lastsFrom() int64 {
	at := int64(math.MaxInt64)
	if a.state == relaying {
		at = a.clock.progress + int64(lull)
	}
	if a.stay.openEnd != 0 {
		at = min(at, a.stay.openEnd)
	}
	if a.awaitsClient() {
		at = min(at, a.clock.now+int64(lull)-a.stay.heldUp)
	}
	return max(at, a.stay.end)
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
	if a.stay.lent = a.origin.Backend.Lend(); a.stay.lent || !a.origin.uploads.cutSlowest() {
		return a.stay.lent
	}
	until := a.lot.Now() + placeWait
	for a.stay.lent = a.origin.Backend.Lend(); !a.stay.lent && a.lot.Now() < until; a.stay.lent = a.origin.Backend.Lend() {
		a.slot.SetDeadline(a.lot.Now() + placeAgain)
		a.slot.Wait()
	}
	return a.stay.lent
}

// takePlaceToLeave takes a place for an attempt that runs at a worker and lasts. If others wait for the slot, an upload makes
// room: it may be this one. Without a place the attempt stays, and tries again later.
func (a *Attempt) takePlaceToLeave() bool {
	if a.stay.lent = a.stay.lent || a.origin.Backend.Lend(); a.stay.lent {
		return true
	}
	if !a.origin.Backend.Awaited() || !a.origin.uploads.cutSlowest() {
		a.stay.heldUp, a.stay.end = 0, a.clock.now+int64(lull)
		return false
	}
	a.stay.end = a.clock.now + placeWait
	a.stay.lent = a.origin.Backend.Lend()
	return a.stay.lent
}

// returnPlace gives the attempt's place for what lasts back, if it has one.
func (a *Attempt) returnPlace() {
	if a.stay.lent {
		a.stay.lent = false
		a.origin.Backend.Return()
	}
}
