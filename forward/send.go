package forward

import (
	"fmt"
	"sync/atomic"

	"tenfour/httpparse"
	"tenfour/metrics"
	"tenfour/sock"
)

// sending is the request on its way to the backend.
type sending struct {
	flow
	rest    *Upload       // what has still to come of its body; fixed
	held    *Body         // what is held of its body, until that is not needed any more; nil for none
	resent  *atomic.Int32 // how often it went out again after a backend had some of it, in a race all together; fixed
	single  bool          // it is the last one on its connection, which it says
	stopped bool          // the backend takes no more of it
}

// reset makes it ready for another request.
func (s *sending) reset() {
	s.leaveBody()
	s.flow = flow{}
	s.single, s.stopped = false, false
}

// leaveBody gives up the use of the body that is held.
func (s *sending) leaveBody() {
	if s.held != nil {
		s.held.Leave()
		s.held, s.body = nil, nil
	}
}

// tunnels reports whether it is a direction of a tunnel. A request's body never ends with its connection.
func (s *sending) tunnels() bool { return s.framing == httpparse.UntilClose }

// bodyComes reports whether the client has still to send a part of the request's body.
func (s *sending) bodyComes() bool { return !s.stopped && !s.taken && !s.tunnels() }

// bodyEnd is when the body must be complete, of which a part has still to come, in the lot's time; 0 for none, and for never.
func (s *sending) bodyEnd() int64 {
	if !s.bodyComes() {
		return 0
	}
	return s.rest.BodyEnd
}

// readsClient reports whether more bytes of the client are taken: of the request's body, or of a tunnel.
func (s *sending) readsClient() bool {
	return !s.taken && (s.tunnels() || !s.stopped && !s.full())
}

// prepareRequest sets up the flow of the request: its head and the content at hand are all taken, the rest follows.
func (a *Attempt) prepareRequest() {
	req, rest := a.req, a.up.rest
	content := a.up.held.Len()
	framing, length := req.framing(content)
	out := a.up.out
	if out == nil {
		out = sock.GetBuffer(1024 + len(req.In.Head()) + min(content, pieceLeast))
	}
	f := &a.up.flow
	*f = flow{}
	f.from, f.in, f.limits = rest.from, req.In, req.Limits
	f.framing, f.left = framing, length-int64(content)
	f.chunks, f.chunked = &rest.Chunks, framing == httpparse.Chunked
	f.taken = req.BodyWhole || framing == httpparse.NoBody
	f.out, f.hold, f.portion = out, req.hold(), &a.portion
	f.lines = a.trace.ChunksUp()
	a.up.stopped = false
	a.pace.Meter = Meter{}
	if most := req.Route.Settings.BodyTimeout; rest.BodyEnd == 0 && most > 0 && !a.up.taken {
		rest.BodyEnd = a.clock.now + int64(most)
	}
	a.up.single = req.alone(framing, length)
	a.up.out.B = req.appendRequestHead(a.up.out.B[:0], a.origin, framing, length, a.up.single)
	a.traceHead()
	if content > 0 {
		a.up.carry(a.up.held)
	}
}

// holdLeast is what a flow needs to move at all.
const holdLeast = 4 << 10

// hold is how many bytes of one of its bodies may be held.
func (r *Request) hold() int { return max(r.Route.Settings.Buffer, holdLeast) }

// send moves what can be moved of the request.
func (a *Attempt) send() outcome {
	if a.up.stopped || a.up.done() || a.state == tunnelling {
		return waits
	}
	given := a.up.given
	if a.gate != nil && given == 0 {
		if out := a.atGate(); a.gate.state.Load() != gatePassed || out != goOn {
			return out
		}
	}
	out, err := a.up.move(a.link)
	if a.up.given > given {
		if a.sent(given == 0) == over {
			return over
		}
	}
	switch {
	case err == nil:
		return out
	case err.taking:
		status, why := bodyFailure(err.err)
		return a.fail(Client, status, why)
	case isSpool(err.err):
		return a.fail(Self, 500, tell("the request's body could not be read from its temporary file; the log says why", err.err))
	case a.link.Connecting():
		return a.dial(err.err)
	}
	// The backend may have answered before it ended the connection.
	a.up.stopped = true
	a.link.Retry()
	return waits
}

// move moves the request on over l. While there may be no connection yet nothing is taken of a body: if there is none, another
// backend is to get all of it.
func (s *sending) move(l *link) (outcome, *flowError) {
	if l.Connecting() {
		switch err := s.give(); {
		case isWait(err):
			return waits, nil
		case err != nil:
			return waits, &flowError{false, err}
		}
	}
	return s.step()
}

// sent notes that bytes of the request went out; first says that they are the first ones.
func (a *Attempt) sent(first bool) outcome {
	if first && a.timed() {
		now := a.clock.now // a kept connection takes the bytes at once
		if !a.link.reused {
			now = a.lot.Now()
		}
		a.result.Times.Connected, a.counting.sent = now, now
		if a.trace.Records() {
			a.trace.Sent(now)
		}
	}
	if first && a.atWorker() {
		a.slot.Reached()
	}
	a.clock.silentFrom = 0
	a.clock.touch()
	if a.up.rest.Continue {
		a.up.rest.Continue = false
		a.traceGiven([]byte(Continue))
		if err := a.down.giveInterim(a.sink.conn, Continue); err != nil {
			return a.fail(Client, 0, err)
		}
	}
	return waits
}

// bodyFailure is why a request's body does not come to its end, and the status of the answer; 0 for none.
func bodyFailure(err error) (status int, why error) {
	if refused, ok := err.(*Refused); ok {
		return refused.Why.Status, refused
	}
	return 0, fmt.Errorf("the client's body: %w", err)
}

// intact reports whether all of r is still there from its first byte.
func (s *sending) intact(r *Request) bool { return s.given == 0 && s.content == 0 || r.whole() }

// progress is how far the request came at the backend; heard says that a byte of a response came.
func (s *sending) progress(heard bool) Progress {
	switch {
	case heard:
		return Answering
	case s.given == 0:
		return NothingSent
	case !s.done():
		return PartlySent
	}
	return WhollySent
}

// mayRepeat reports whether r may go out a second time after a backend had some of it.
func (s *sending) mayRepeat(r *Request) bool {
	return int(s.resent.Load()) < r.Route.Settings.Resend && r.whole() && r.Head.Verb.Idempotent()
}

// repeats counts a request that goes out a second time after a backend had some of it, if it may.
func (s *sending) repeats(r *Request) bool {
	return s.mayRepeat(r) && int(s.resent.Add(1)) <= r.Route.Settings.Resend
}

// resend makes the request ready to go out again on a new connection, after the kept one ended before a byte came back
// (RFC 9112 §9.3.1). It reports whether the request may.
func (a *Attempt) resend() bool {
	if !a.link.reused || a.down.heard || !a.atWorker() || a.up.given > 0 && !a.up.repeats(a.req) {
		return false
	}
	a.traceAgain()
	a.up.rewind()
	a.up.stopped = false
	a.res.Reset()
	a.tries.end = a.lot.Now() + int64(a.req.Route.Settings.ConnectTimeout)
	a.tries.next = 0
	a.req.Route.Metrics.Count(metrics.Resent)
	return true
}
