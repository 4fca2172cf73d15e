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
	return a.decider.left()
}
