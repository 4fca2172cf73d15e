package forward

import (
	"tenfour/httpparse"
	"tenfour/trace"
)

// What passes in an exchange that is recorded is noted where it happens, in a line. These are the notes that need more than that.

// traceBroken notes bytes from the backend that are no head of a response.
func (a *Attempt) traceBroken(err error) {
	if refusal, is := err.(*httpparse.Refusal); is {
		a.trace.Broken(a.link.in.Rest(), refusal.Offset, a.clock.now)
	}
}

// traceGiven notes a head that goes to the client, if the response does.
func (a *Attempt) traceGiven(head []byte) {
	if !a.sink.held() {
		a.trace.Given(head, a.clock.now)
	}
}

// traceHeld notes the head of a response that was held until now, and goes to the client.
func (a *Attempt) traceHeld() {
	if a.down.out != nil {
		a.req.Trace.GivenLast(a.down.out.B, a.clock.now)
	}
}

// traceEnd notes how the attempt went.
func (a *Attempt) traceEnd() {
	progress, why := a.up.progress(a.down.heard), ""
	if f := a.result.Failure; f != nil {
		progress, why = f.Progress, f.Error()
	}
	a.trace.Ended(a.result.Status, progress.String(), why, a.clock.now)
	a.trace = trace.Sending{}
}
