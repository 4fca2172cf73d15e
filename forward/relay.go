package forward

import (
	"fmt"

	"tenfour/httpparse"
)

// startRelay begins to give the final response, whose head has n bytes.
func (a *Attempt) startRelay(n int) outcome {
	a.state = relaying
	a.result.Status, a.counting.status = a.res.Status, a.res.Status
	a.tellUp()
	a.origin.learn(a.link, &a.res)
	a.clock.endImpatience(a.origin)
	if !a.decider.accepts() {
		a.result.Status = 0
		return a.fail(Self, 503, errBeaten)
	}
	stream := a.res.EventStream && a.res.Framing != httpparse.NoBody
	switch {
	case stream && a.sink.record > 0:
		return a.fail(Self, 502, tell("the response is an event stream, which has no end and cannot be kept",
			fmt.Errorf("%s: %w: it is an event stream", a.origin.Name, ErrNotKept)))
	case stream && a.sink.held() && !a.decider.acceptsLarge(stream): // it has no end to wait for
		return a.fail(Self, 502, fmt.Errorf("%s: %d, with an event stream", a.origin.Name, a.res.Status))
	case stream && !a.lasting.lent && !a.lasting.takePlace(a.origin, a.slot):
		a.result.Status = 0
		return a.fail(Self, 503, tell(errStreamsTaken.Error(), fmt.Errorf("%s: %w", a.origin.Name, errStreamsTaken)))
	case !stream && a.lasting.lent && a.atWorker(): // an upgrade that the backend does not take
		a.lasting.returnPlace(a.origin)
	}
	if a.sink.record > 0 && a.res.Framing == httpparse.Length && a.res.ContentLength > int64(a.sink.record) {
		return a.overRecord()
	}
	a.lasting.endless = stream
	if isOpen(&a.res) {
		a.lasting.openEnd = a.clock.now + int64(openEnded)
	}
	a.prepareResponse(n)
	return a.relay()
}

// tellUp tells the pool that the backend answers. An attempt that has left its worker says nothing.
func (a *Attempt) tellUp() {
	if a.atWorker() {
		a.slot.Up(a.clock.began)
	}
}

// prepareResponse sets up the flow of the response, whose head has n bytes: the head as the client gets it is taken, the body follows.
func (a *Attempt) prepareResponse(n int) {
	d := &a.down
	d.from, d.to = &a.link.Conn, a.sink.conn
	d.framing, d.left, d.limits = a.res.Framing, a.res.ContentLength, a.req.Limits
	d.chunks, d.chunked = &a.down.coding, a.sink.frame(&a.res, a.up.done())
	d.chunks.Reset()
	d.in = &a.link.in
	d.in.Keep(n)
	d.lines = a.trace.ChunksDown()
	a.portion.owed = a.sink.record > 0
	d.hold, d.portion = a.req.hold(), &a.portion
	a.result.Surplus = !a.up.taken
	d.headWaits = !a.sink.held() && a.down.interims == 0 && d.outLen() == 0 && d.framing == httpparse.Length && d.left > int64(d.in.Len()) && a.atWorker()
	if !d.headWaits {
		a.takeBuffer()
	}
	d.need()
	a.down.headEnd = a.clock.now + int64(silence)
	at := len(d.out.B)
	d.out.B = a.appendResponseHead(d.out.B)
	whole := d.framing == httpparse.NoBody || d.framing == httpparse.Length && d.left <= int64(d.in.Len())
	a.traceResponse(d.out.B[at:], d.in.Head(), whole)
	d.in.Forget()
	if a.sink.record > 0 {
		d.hold = len(d.out.B) + a.sink.record + 1 // one byte more than may come, so that all that may has room
	}
	d.gather()
}

// takeBuffer gives a small response that has come whole the buffer of the request, which has gone out and is not sent again.
func (a *Attempt) takeBuffer() {
	d, u := &a.down, &a.up
	whole := d.framing == httpparse.NoBody || d.framing == httpparse.Length && d.left <= int64(d.in.Len())
	if d.out == nil && whole && u.done() && len(d.in.Head())+d.in.Len()+addedMost <= cap(u.out.B) {
		d.out, u.out = u.out, nil
		d.out.B = d.out.B[:0]
		u.outAt = 0
	}
}

// addedMost is how many bytes a head grows by when tenfour writes it anew, but for what a route adds.
const addedMost = 1 << 10

// relay moves what can be moved of the response's body.
func (a *Attempt) relay() outcome {
	given, content := a.down.given, a.down.content
	if a.clock.now >= a.down.headEnd || !a.atWorker() {
		a.down.headWaits = false
	}
	out, err := a.moveDown()
	if a.up.held != nil && a.down.given > 0 && a.up.done() { // it goes out no more
		a.up.leaveBody()
	}
	if a.down.given > given || a.down.content > content {
		a.clock.touch()
	}
	switch {
	case a.sink.record > 0 && a.down.content > int64(a.sink.record):
		if a.sink.shared && a.decider.acceptsLarge(false) {
			return goOn
		}
		return a.overRecord()
	case err == nil && a.sink.held() && !a.down.taken && a.down.full() && !a.lasting.paused:
		if !a.decider.acceptsLarge(false) {
			return a.fail(Self, 502, fmt.Errorf("%s: %d, with more than may be held", a.origin.Name, a.res.Status))
		}
		return goOn
	case err != nil && err.taking && a.down.headWaits:
		return a.endedAfterHead(err.err)
	case err != nil && err.taking:
		return a.fail(Backend, 502, fmt.Errorf("%s: its response was cut: %w", a.origin.Name, err.err))
	case err != nil:
		return a.fail(Client, 0, err.err)
	case a.down.taken && a.down.pipeHeld() == 0: // the exchange's owner gives what is left
		a.result.Surplus = !a.up.taken
		return over
	case a.lasting.endless && a.sink.hungUp():
		return a.fail(Client, 0, errReset)
	}
	return out
}

// moveDown moves the response on. When the last of it is about to be given, the slot is offered to others first, and the
// kernel is told if the client's connection ends with it.
func (a *Attempt) moveDown() (out outcome, err *flowError) {
	a.down.pauses = true
	if !a.down.taken {
		out, err = a.down.step()
	}
	if err != nil || !a.down.taken {
		return out, err
	}
	if a.atWorker() && a.down.pipeHeld() == 0 && a.up.done() {
		a.slot.Ending() // before the client has its last byte, and comes again
	}
	a.sink.last(!a.sink.persists && a.down.pipeHeld() == 0)
	return a.down.step()
}

// endedAfterHead handles a backend that ends its connection after the head of its response, before the client was sent a byte.
func (a *Attempt) endedAfterHead(err error) outcome {
	a.result.Status, a.down.heard, a.state, a.lasting.endless, a.lasting.openEnd = 0, false, awaiting, false, 0
	a.down.out.B = a.down.out.B[:0]
	return a.noAnswer(err)
}

// overRecord ends an attempt whose response is larger than a record may be.
func (a *Attempt) overRecord() outcome {
	return a.fail(Self, 502, tell(fmt.Sprintf("the response is larger than may be kept (%d bytes)", a.sink.record),
		fmt.Errorf("%s: %w: it is larger than %d bytes (job_body_max)", a.origin.Name, ErrNotKept, a.sink.record)))
}
