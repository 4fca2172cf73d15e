package forward

import "tenfour/trace"

// memo is what an attempt remembers while it is not recorded, so that it can be recorded later, when it turns out to be slow or fails: the
// heads whose buffers are used again by then, and the story of its connection. Nothing is copied of an exchange without streaming bodies.
type memo struct {
	headLen int    // of the request's head, at the beginning of its buffer
	sent    []byte // that head, if its buffer is used again for the body
	came    []byte // the head of the response, of whose body a part has still to come
	given   []byte // as the client gets it; empty for not at all
	cameAt  int64  // when it came, in the lot's time
	reused  bool   // the request went out on a connection that was kept,
	idle    int64  // since a moment, in the lot's time
	again   bool   // that one had ended, and the request went out again on a new one
}

// memoMost is how much memory for heads stays with an attempt that is used again.
const memoMost = 1 << 10

// reset makes m ready for another request. Its memory is used again.
func (m *memo) reset() {
	*m = memo{sent: emptied(m.sent), came: emptied(m.came), given: emptied(m.given)}
}

// emptied is b without its bytes, or nil if it is large.
func emptied(b []byte) []byte {
	if cap(b) > memoMost {
		return nil
	}
	return b[:0]
}

// mayTraceLate reports whether the exchange is not recorded, and may have to be.
func (a *Attempt) mayTraceLate() bool { return a.req.Recorder != nil }

// isSlow reports whether the exchange takes longer than is typical of its route.
func (a *Attempt) isSlow() bool { return a.req.Route.Lane.IsSlow(a.clock.now - a.req.Began) }

// traceReused notes that the request goes out on the connection that the slot has kept.
func (a *Attempt) traceReused() {
	a.memo.reused, a.memo.idle = true, a.link.idle
	if a.trace.Records() {
		a.trace.Reused(a.link.idle, a.clock.now)
	}
}

// traceAgain notes that the request goes out again on a new connection, because the kept one had ended.
func (a *Attempt) traceAgain() {
	a.memo.again, a.memo.came = true, a.memo.came[:0]
	a.trace.Again(a.clock.now)
}

// traceLate begins to record the exchange, with what has passed of the attempt, if it is its turn to be kept on that shelf.
func (a *Attempt) traceLate(on trace.Shelf) {
	if !a.mayTraceLate() {
		return
	}
	if a.req.Recorder.Record(on); a.req.Trace != nil {
		a.traceSoFar()
	}
}

// traceLasting begins to record an exchange that leaves its worker, if it is its turn among the slow ones. Else its heads are forgotten, because
// many exchanges may last, and for long.
func (a *Attempt) traceLasting() {
	a.traceLate(trace.Slow)
	a.memo.reset()
}

// TraceEnded notes the last attempt of an exchange that has ended, and is recorded from now on: without the heads that are not at hand any more.
func (x *Exchange) TraceEnded() {
	a := &x.attempt
	if x.Trace == nil || a.origin == nil {
		return
	}
	a.traceSoFar()
	a.traceResult(&x.Result)
}

// traceSoFar notes what has passed of the attempt, as far as it is at hand.
func (a *Attempt) traceSoFar() {
	m, began := &a.memo, a.clock.began
	a.trace = a.req.Trace.Attempt(a.origin.Name, began)
	switch {
	case m.reused:
		a.trace.Reused(m.idle, began)
	case a.link != nil || a.counting.sent != 0:
		a.trace.Opened(began)
	}
	if m.again {
		a.trace.Again(began)
	}
	if head := a.headSent(); head != nil {
		a.trace.Head(head)
	}
	if a.counting.sent != 0 {
		a.trace.Sent(a.counting.sent)
	}
	if len(m.came) > 0 {
		a.trace.Came(m.came, m.cameAt)
	}
	if len(m.given) > 0 {
		a.trace.Given(m.given, m.cameAt)
	}
	a.up.lines.Late(a.trace)
	a.down.lines.Late(a.trace)
}

// headSent is the head that went to the backend, or is about to; nil if its buffer is used for something else by now.
func (a *Attempt) headSent() []byte {
	switch {
	case len(a.memo.sent) > 0:
		return a.memo.sent
	case a.up.out == nil || a.memo.headLen > len(a.up.out.B):
		return nil
	}
	return a.up.out.B[:a.memo.headLen]
}
