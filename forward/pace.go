package forward

import (
	"fmt"
	"time"
)

// measure has x's meter run while x waits, if it is the client that holds its own body up.
func (x *Exchange) measure() {
	if x.holdsUp() {
		x.Pace.Begin(x.now)
	}
}

// holdsUp reports whether the client holds up a body of its own: it sends no more of the request, of which the backend
// has all that came, or it takes no more of the response. What has no end by nature, an event stream or a tunnel, cannot
// be held up; nor can a race that is not decided.
func (x *Exchange) holdsUp() bool {
	if x.endless || x.undecided() {
		return false
	}
	return x.bodyComes() && x.up.empty() || x.phase == relaying && x.down.full()
}

// bodyComes reports whether the client has still to send a part of the request's body.
func (x *Exchange) bodyComes() bool { return x.phase != tunnelling && !x.upStopped && !x.up.taken }

// paceDue is when the client's pace must be looked at even if nothing happens.
func (x *Exchange) paceDue() int64 {
	if x.BodyEnd != 0 && x.bodyComes() {
		return min(x.BodyEnd, x.Pace.Due())
	}
	return x.Pace.Due()
}

// lookAtPace ends x if its client is too slow with a body, and reports whether it did.
func (x *Exchange) lookAtPace() bool {
	s := x.Route.Settings
	if x.BodyEnd != 0 && x.bodyComes() && x.now >= x.BodyEnd {
		return x.fail(Client, 408, TooLong(s.BodyTimeout))
	}
	if !x.Pace.Over() {
		return false
	}
	moved := x.moved()
	if x.listed {
		x.noteRate()
	}
	if x.Pace.Since(moved) > 0 { // also of what the kernel had taken before: that happens without a step
		x.touch()
	}
	if !x.Pace.Slow(moved, s.MinRate) {
		return false
	}
	if x.bodyComes() {
		return x.fail(Client, 408, TooSlow(s.MinRate))
	}
	return x.fail(Client, 0, fmt.Errorf("the response was taken at less than %d bytes a second for %v", s.MinRate, MeterWindow))
}

// moved is how many bytes of bodies the client has sent and taken. What was written for it counts only once its kernel
// has it: tenfour's own takes megabytes at once, and then nothing for minutes.
func (x *Exchange) moved() int64 {
	return x.up.content + x.down.given - int64(x.Client.Unsent())
}

// TooLong is why a request whose body was not complete within most is answered with 408.
func TooLong(most time.Duration) error {
	return fmt.Errorf("the request's body was not complete within %v", most)
}

// TooSlow is why a request whose body came at less than rate is answered with 408.
func TooSlow(rate int) error {
	return fmt.Errorf("the request's body came at less than %d bytes a second for %v", rate, MeterWindow)
}
