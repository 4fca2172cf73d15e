package forward

import (
	"tenfour/httpparse"
	"tenfour/trace"
)

// What passes in an exchange that is recorded is noted where it happens, in a line. These are the notes that need more than that. Those of
// an exchange that is not recorded, and may have to be later, are in memo.go.

// traceHead notes the head that is about to go to the backend.
func (a *Attempt) traceHead() {
	head := a.up.out.B
	a.memo.headLen = len(head)
	switch {
	case a.trace.Records():
		a.trace.Head(head)
	case a.mayTraceLate() && !a.up.taken:
		a.memo.sent = append(a.memo.sent[:0], head...) // its buffer is used again, for the body
	}
}

// traceCame notes a head that has come from the backend, of n bytes.
func (a *Attempt) traceCame(n int) {
	if a.mayTraceLate() {
		switch {
		case a.res.Status >= 500:
			a.traceLate(trace.Failed)
		case a.isSlow():
			a.traceLate(trace.Slow)
		case isInterim(&a.res):
			a.traceLate(trace.Lately)
		}
	}
	if a.trace.Records() {
		a.trace.Came(a.link.in.Rest()[:n], a.clock.now)
	}
}

// traceBroken notes bytes from the backend that are no head of a response.
func (a *Attempt) traceBroken(err error) {
	if refusal, is := err.(*httpparse.Refusal); is {
		a.traceLate(trace.Failed)
		a.trace.Broken(a.link.in.Rest(), refusal.Offset, a.clock.now)
	}
}

// traceGiven notes a head that goes to the client, if the response does.
func (a *Attempt) traceGiven(head []byte) {
	if a.trace.Records() && !a.sink.held() {
		a.trace.Given(head, a.clock.now)
	}
}

// traceResponse notes the head of the final response as it goes to the client. The head that came is still in `in`.
func (a *Attempt) traceResponse(head []byte, in []byte, whole bool) {
	if a.mayTraceLate() && !whole {
		a.memo.came, a.memo.given, a.memo.cameAt = append(a.memo.came[:0], in...), a.memo.given[:0], a.clock.now
		if !a.sink.held() {
			a.memo.given = append(a.memo.given, head...)
		}
		return
	}
	a.traceGiven(head)
}

// traceHeld notes the head of a response that was held until now, and goes to the client.
func (a *Attempt) traceHeld() {
	if a.down.out != nil {
		a.req.Trace.GivenLast(a.down.out.B, a.clock.now)
	}
}

// traceEnd notes how the attempt went.
func (a *Attempt) traceEnd() {
	if a.mayTraceLate() {
		switch {
		case a.result.Failure != nil:
			a.traceLate(trace.Failed)
		case a.isSlow():
			a.traceLate(trace.Slow)
		}
	}
	if a.trace.Records() {
		a.traceResult(&a.result)
	}
}

// traceResult notes the result of the attempt.
func (a *Attempt) traceResult(r *Result) {
	progress, why := a.up.progress(a.down.heard), ""
	if r.Failure != nil {
		progress, why = r.Failure.Progress, r.Failure.Error()
	}
	a.trace.Ended(r.Status, progress.String(), why, a.clock.now)
	a.trace = trace.Sending{}
}
