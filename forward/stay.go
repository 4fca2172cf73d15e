package forward

import (
	"math"
	"tenfour/pool"
)

// stay is how long an attempt stays at its worker, and what it has beyond that.
type stay struct {
	endless bool  // an event stream or a tunnel: no byte need come
	paused  bool  // it waits, or has waited, with a held response that is larger than may be held
	lent    bool  // its connection is one of those that the backend lends to what lasts
	heldUp  int64 // for how long a worker has waited for the client, in all, in nanoseconds
	openEnd int64 // when its response, which announced no length, leaves its worker, in the lot's time; 0 is never
	end     int64 // when it tries again to leave its worker: there was no place; 0 is at once
}

// pauses reports whether the attempt waits for what becomes of its large response, which is held.
func (s *stay) pauses(to *Sink) bool { return s.paused && to.held() }

// lasts reports whether the attempt should leave its worker: it lasts by nature, or it keeps its worker waiting.
func (s *stay) lasts(to *Sink, c *clock, in state) bool {
	switch {
	case s.pauses(to):
		return true
	case to.held():
		return false
	case s.endless:
		return true
	case c.now < s.end:
		return false
	case in == relaying && c.now-c.progress >= int64(lull):
		return true
	case s.openEnd != 0 && c.now >= s.openEnd:
		return true
	}
	return s.heldUp >= int64(lull)
}

// lastsFrom is when the attempt should leave its worker, if nothing happens until then.
func (s *stay) lastsFrom(c *clock, in state, awaitsClient bool) int64 {
	at := int64(math.MaxInt64)
	if in == relaying {
		at = c.progress + int64(lull)
	}
	if s.openEnd != 0 {
		at = min(at, s.openEnd)
	}
	if awaitsClient {
		at = min(at, c.now+int64(lull)-s.heldUp)
	}
	return max(at, s.end)
}

// leave gives the worker and the slot back, while the connection becomes one of those that the backend lends to what
// lasts. It reports false, and the attempt stays, when all of them are taken.
func (a *Attempt) leave() bool {
	a.origin.uploads.list(a, &a.slot.Waiter)
	if !a.stay.takePlaceToLeave(a.origin, a.clock.now) {
		return false
	}
	a.origin.uploads.list(a, a.waiter)
	a.clock.endImpatience(a.origin)
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

// takePlace takes one of o's places for what lasts, before the attempt begins with it. It waits at the worker of slot for a moment
// if an upload makes room.
func (s *stay) takePlace(o *Origin, slot *pool.Slot) bool {
	if s.lent = o.Backend.Lend(); s.lent || !o.uploads.cutSlowest() {
		return s.lent
	}
	until := slot.Now() + placeWait
	for s.lent = o.Backend.Lend(); !s.lent && slot.Now() < until; s.lent = o.Backend.Lend() {
		slot.SetDeadline(slot.Now() + placeAgain)
		slot.Wait()
	}
	return s.lent
}

// takePlaceToLeave takes a place for an attempt that runs at a worker and lasts. If others wait for the slot, an upload makes
// room: it may be this one. Without a place the attempt stays, and tries again later.
func (s *stay) takePlaceToLeave(o *Origin, now int64) bool {
	if s.lent = s.lent || o.Backend.Lend(); s.lent {
		return true
	}
	if !o.Backend.Awaited() || !o.uploads.cutSlowest() {
		s.heldUp, s.end = 0, now+int64(lull)
		return false
	}
	s.end = now + placeWait
	s.lent = o.Backend.Lend()
	return s.lent
}

// returnPlace gives the place at o for what lasts back, if there is one.
func (s *stay) returnPlace(o *Origin) {
	if s.lent {
		s.lent = false
		o.Backend.Return()
	}
}
