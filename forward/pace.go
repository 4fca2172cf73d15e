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

// due is when the client's pace must be looked at even if nothing happens. bodyEnd is when a body that still comes must be complete; 0 is
// never.
func (p *pace) due(bodyEnd int64) int64 {
	if bodyEnd != 0 {
		return min(bodyEnd, p.Due())
	}
	return p.Due()
}

// noteRate says for others how fast content bytes of an upload have come, in bytes a second of the time in which its client held it up.
func (p *pace) noteRate(content int64) {
	p.rate.Store(content * int64(time.Second) / max(1, p.Held()))
}

// measure starts the attempt's meter before the attempt waits, if the client holds up a body of its own: it sends no more of the
// request, of which the backend has all that came, or it takes no more of the response. What has no end by nature, an event stream or a
// tunnel, cannot be held up; nor can a race that is not decided.
func (a *Attempt) measure() {
	if a.lasting.endless || a.sink.held() {
		return
	}
	if a.up.bodyComes() && a.up.empty() || a.state == relaying && a.down.full() {
		a.pace.Begin(a.clock.now)
	}
}

// lookAtPace ends the attempt if its client is too slow with a body.
func (a *Attempt) lookAtPace() outcome {
	s := a.req.Route.Settings
	if end := a.up.bodyEnd(); end != 0 && a.clock.now >= end {
		return a.fail(Client, 408, TooLong(s.BodyTimeout))
	}
	if !a.pace.Over() {
		return waits
	}
	// What was written for the client counts only once its kernel has it: tenfour's own takes megabytes at once, and then nothing for minutes.
	moved := a.up.content + a.down.given - int64(a.sink.unsent())
	if a.pace.listed {
		a.pace.noteRate(a.up.content)
	}
	if a.pace.Since(moved) > 0 { // also of what the kernel had taken before: that happens without a step
		a.clock.touch()
	}
	switch {
	case !a.pace.Slow(moved, s.MinRate):
		return waits
	case a.up.bodyComes():
		return a.fail(Client, 408, TooSlow(s.MinRate))
	}
	return a.fail(Client, 0, fmt.Errorf("the response was taken at less than %d bytes a second for %v", s.MinRate, MeterWindow))
}

// TooLong is why a request whose body was not complete within most is answered with 408.
func TooLong(most time.Duration) error {
	return fmt.Errorf("the request's body was not complete within %v: timeouts.body gives it more time", most)
}

// TooSlow is why a request whose body came at less than rate is answered with 408.
func TooSlow(rate int) error {
	return fmt.Errorf("the request's body came at less than %d bytes a second (min_rate) for %v", rate, MeterWindow)
}
