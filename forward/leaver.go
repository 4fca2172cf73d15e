package forward

import (
	"math"
	"time"
)

// A client that has shut its sending side may have left, as a closed browser tab does, or may have said all that it had to
// say, as `nc -N` does: nothing tells the two apart. So its exchange is served, but keeps its slot only while no other
// exchange waits for it.

// leaverAgain is how often it is asked whether others wait.
const leaverAgain = int64(100 * time.Millisecond)

// leaverFrom is when to ask whether others wait for x's slot, because its client has shut its side and no byte has moved for
// a while; the end of time if it has not.
func (x *Exchange) leaverFrom() int64 {
	hungUp := x.Client.HungUp() || x.undecided() && x.entry.race.hungUp()
	if x.slot == nil || !hungUp || x.phase != awaiting && x.phase != relaying {
		return math.MaxInt64
	}
	return max(x.progress+int64(lull), x.leaverAt)
}

// lookAtLeaver ends x if its client may have left and others wait for its slot. It reports whether it did.
func (x *Exchange) lookAtLeaver() bool {
	if x.now < x.leaverFrom() {
		return false
	}
	x.leaverAt = x.now + leaverAgain
	if !x.lender.Awaited() {
		return false
	}
	if x.undecided() {
		x.entry.race.abandon()
		return x.fail(Self, 503, errBeaten)
	}
	return x.fail(Client, 0, errLeft)
}
