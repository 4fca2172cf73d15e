package forward

import (
	"math"

	"tenfour/pool"
)

// lasting is whether an attempt lasts, so that it leaves its worker, and what it has then (docs/lasting.md).
type lasting struct {
	endless bool  // an event stream or a tunnel: no byte need come
	paused  bool  // it waits, or has waited, with a held response that is larger than may be held
	lent    bool  // its connection is one of those that the backend lends to what lasts
	heldUp  int64 // for how long a worker has waited for the client, in all, in nanoseconds
	openEnd int64 // when its response, which announced no length, leaves its worker, in the lot's time; 0 is never
	end     int64 // when it tries again to leave its worker: there was no place; 0 is at once
}

// pauses reports whether the attempt waits for what becomes of its large response, which is held.
func (l *lasting) pauses(to *Sink) bool { return l.paused && to.held() }

// lasts reports whether the attempt should leave its worker: it lasts by nature, or it keeps its worker waiting.
func (l *lasting) lasts(to *Sink, c *clock, in state) bool {
	switch {
	case l.pauses(to):
		return true
	case to.held() && !to.isJob():
		return false
	case l.endless:
		return true
	case c.now < l.end:
		return false
	case in == relaying && c.now-c.progress >= int64(lull):
		return true
	case l.openEnd != 0 && c.now >= l.openEnd:
		return true
	}
	return l.heldUp >= int64(lull)
}

// lastsFrom is when the attempt should leave its worker, if nothing happens until then.
func (l *lasting) lastsFrom(c *clock, in state, awaitsClient bool) int64 {
	at := int64(math.MaxInt64)
	if in == relaying {
		at = c.progress + int64(lull)
	}
	if l.openEnd != 0 {
		at = min(at, l.openEnd)
	}
	if awaitsClient {
		at = min(at, c.now+int64(lull)-l.heldUp)
	}
	return max(at, l.end)
}

// leave gives the worker and the slot back, while the connection becomes one of those that the backend lends to what
// lasts. It reports false, and the attempt stays, when all of them are taken.
func (a *Attempt) leave() bool {
	a.origin.uploads.list(a, &a.slot.Waiter)
	if !a.lasting.takePlaceToLeave(a.origin, a.clock.now) {
		return false
	}
	a.origin.uploads.list(a, a.waiter)
	a.clock.endImpatience(a.origin)
	a.traceLasting()
	a.slot = nil
	a.decider.leftWorker()
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
func (l *lasting) takePlace(o *Origin, slot *pool.Slot) bool {
	if l.lent = o.Backend.Lend(); l.lent || !o.uploads.cutSlowest() {
		return l.lent
	}
	until := slot.Now() + placeWait
	for l.lent = o.Backend.Lend(); !l.lent && slot.Now() < until; l.lent = o.Backend.Lend() {
		slot.SetDeadline(slot.Now() + placeAgain)
		slot.Wait()
	}
	return l.lent
}

// takePlaceToLeave takes a place for an attempt that runs at a worker and lasts. If others wait for the slot, an upload makes
// room: it may be this one. Without a place the attempt stays, and tries again later.
func (l *lasting) takePlaceToLeave(o *Origin, now int64) bool {
	if l.lent = l.lent || o.Backend.Lend(); l.lent {
		return true
	}
	if !o.Backend.Awaited() || !o.uploads.cutSlowest() {
		l.heldUp, l.end = 0, now+int64(lull)
		return false
	}
	l.end = now + placeWait
	l.lent = o.Backend.Lend()
	return l.lent
}

// returnPlace gives the place at o for what lasts back, if there is one.
func (l *lasting) returnPlace(o *Origin) {
	if l.lent {
		l.lent = false
		o.Backend.Return()
	}
}
