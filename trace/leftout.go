package trace

// An exchange that is held tries its backend again and again. Of so many attempts, the first ones and the last ones are recorded.
const (
	attemptsMost  = 16 // that are recorded
	attemptsFirst = 8  // of those, the first
)

// makeRoom leaves an attempt out if there are as many as are recorded, and reports whether another one may be recorded. Attempts that go on at
// the same time, as in a race, stay. x is locked.
func (x *Exchange) makeRoom() bool {
	if x.going == 0 && x.number >= attemptsMost {
		x.leaveOut(attemptsFirst)
	}
	return x.number < attemptsMost || x.going > 0 && x.number < racersMost
}

// racersMost is how many attempts are recorded that go on at the same time.
const racersMost = 64

// leaveOut forgets an attempt, with the bytes of its heads: those after it have one number less from then on. All have ended. x is locked.
func (x *Exchange) leaveOut(number uint8) {
	kept, removed := x.events[:0], int32(0) // bytes
	for _, e := range x.events {
		e.from, e.to = e.from-removed, e.to-removed
		switch {
		case e.attempt == number && e.step != clientOut && e.step != clientIn:
			x.bytes = append(x.bytes[:e.from], x.bytes[e.to:]...)
			removed += e.to - e.from
			continue
		case e.attempt > number:
			e.attempt--
		}
		kept = append(kept, e)
	}
	x.events = kept
	x.number--
	x.leftOut++
}

// numberOf is the number of an attempt that has that one here, among all that there were, from 1. x is locked.
func (x *Exchange) numberOf(number uint8) int {
	if number < attemptsFirst {
		return int(number) + 1
	}
	return int(number) + 1 + x.leftOut
}
