package forward

import (
	"fmt"
	"sync/atomic"
	"time"
)

// pace is how fast a client moves its bodies: the request's first, then both. An upload that is slow may have to make room for
// others, see uploads.
type pace struct {
	Meter
	listed  bool         // it is one of its origin's uploads
	evicted atomic.Bool  // it is to make room; any goroutine sets it
	rate    atomic.Int64 // of the upload, in bytes a second; any goroutine reads it
}

// measure has the attempt's meter run while the attempt waits, if it is the client that holds its own body up.
func (a *Attempt) measure() {
	if a.holdsUp() {
		a.pace.Begin(a.clock.now)
	}
}

// holdsUp reports whether the client holds up a body of its own: it sends no more of the request, of which the backend
// has all that came, or it takes no more of the response. What has no end by nature, an event stream or a tunnel, cannot
// be held up; nor can a race that is not decided.
func (a *Attempt) holdsUp() bool {
	if a.stay.endless || a.sink.held() {
		return false
	}
	return a.bodyComes() && a.up.empty() || a.state == relaying && a.down.full()
}

// paceDue is when the client's pace must be looked at even if nothing happens.
func (a *Attempt) paceDue() int64 {
	if a.up.rest.BodyEnd != 0 && a.bodyComes() {
		return min(a.up.rest.BodyEnd, a.pace.Due())
	}
	return a.pace.Due()
}

// lookAtPace ends the attempt if its client is too slow with a body.
func (a *Attempt) lookAtPace() outcome {
	s := a.req.Route.Settings
	if end := a.up.rest.BodyEnd; end != 0 && a.bodyComes() && a.clock.now >= end {
		return a.fail(Client, 408, TooLong(s.BodyTimeout))
	}
	if !a.pace.Over() {
		return waits
	}
	moved := a.moved()
	if a.pace.listed {
		a.noteRate()
	}
	if a.pace.Since(moved) > 0 { // also of what the kernel had taken before: that happens without a step
		a.touch()
	}
	switch {
	case !a.pace.Slow(moved, s.MinRate):
		return waits
	case a.bodyComes():
		return a.fail(Client, 408, TooSlow(s.MinRate))
	}
	return a.fail(Client, 0, fmt.Errorf("the response was taken at less than %d bytes a second for %v", s.MinRate, MeterWindow))
}

// moved is how many bytes of bodies the client has sent and taken. What was written for it counts only once its kernel
// has it: tenfour's own takes megabytes at once, and then nothing for minutes.
func (a *Attempt) moved() int64 {
	return a.up.content + a.down.given - int64(a.sink.unsent())
}

// TooLong is why a request whose body was not complete within most is answered with 408.
func TooLong(most time.Duration) error {
	return fmt.Errorf("the request's body was not complete within %v: timeouts.body gives it more time", most)
}

// TooSlow is why a request whose body came at less than rate is answered with 408.
func TooSlow(rate int) error {
	return fmt.Errorf("the request's body came at less than %d bytes a second (min_rate) for %v", rate, MeterWindow)
}
