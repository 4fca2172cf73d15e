package forward

import (
	"fmt"
	"io"

	"tenfour/httpparse"
	"tenfour/sock"
)

// await reads the response up to the end of its final head.
func (x *Exchange) await() bool {
	l := x.back
	for {
		if l.in != nil && len(l.in.B) > 0 {
			n, err := x.Res.Parse(l.in.B, x.Req.Verb, x.Limits)
			switch {
			case err == nil:
				over, on := x.answered(n)
				if !on {
					return over
				}
				continue
			case err != httpparse.ErrPartial:
				return x.malformed(err)
			}
		}
		if err := x.readHead(); err != nil {
			if waits(err) {
				return false
			}
			return x.noAnswer(err)
		}
	}
}

// malformed is a head that cannot be trusted. On a kept connection, bytes that are no status-line are left from an exchange
// before: the connection counts as one that died (RFC 9112 §9.3.1).
func (x *Exchange) malformed(err error) bool {
	if x.back.reused && x.interims == 0 && x.Res.Status == 0 {
		x.heard = false
		x.origin.reuses.Store(false)
		if x.resend() {
			return x.dial(err)
		}
	}
	return x.fail(Backend, 502, fmt.Errorf("%s: its response is malformed: %w", x.backend, err))
}

// readHead reads once more of the response.
func (x *Exchange) readHead() error {
	l := x.back
	if !l.MayRead() {
		return sock.ErrWait
	}
	if l.in == nil {
		l.in = GetBuffer(firstRead)
	}
	if len(l.in.B) == cap(l.in.B) {
		l.in.B = Grown(l.in.B, firstRead)
	}
	n, err := l.Read(l.in.B[len(l.in.B):cap(l.in.B)])
	if n > 0 {
		if len(l.in.B) == 0 && x.Timed && x.times.FirstByte == 0 {
			x.times.FirstByte = x.lot.Now()
		}
		l.in.B = l.in.B[:len(l.in.B)+n]
		x.heard = true
		x.touch()
	}
	return err
}

// noAnswer is the backend's end before the head of its response.
func (x *Exchange) noAnswer(err error) bool {
	if x.back.Connecting() {
		return x.unreachable(err)
	}
	if x.back.reused && !x.heard {
		x.origin.reuses.Store(false)
	}
	x.noteReset(err)
	if x.resend() {
		return x.dial(err)
	}
	if x.slot != nil && !x.heard {
		x.unanswered(err)
	}
	if err == io.EOF {
		err = errIncomplete
		if x.reached() < Read {
			err = fmt.Errorf("it closed the connection without an answer")
		}
	}
	if !x.Req.Verb.Idempotent() && x.up.given > 0 {
		err = fmt.Errorf("%w; the backend may have acted on the request", err)
	} else if !x.heard && !x.intact() {
		err = fmt.Errorf("%w; the request cannot be sent again: its body is larger than --buffer", err)
	}
	return x.fail(Backend, 502, fmt.Errorf("%s: %w", x.backend, err))
}

// answered takes a head of n bytes that was parsed. It reports whether x is over, and whether another head follows.
func (x *Exchange) answered(n int) (over, on bool) {
	status := x.Res.Status
	switch {
	case status == 101 && x.Req.WebSocket:
		return x.startTunnel(n), false
	case status == 101:
		return x.fail(Backend, 502, fmt.Errorf("%s: %w", x.backend, errSurplus)), false
	case status >= 200:
		return x.startRelay(n), false
	}
	if x.interims++; x.interims > interimMost {
		return x.fail(Backend, 502, fmt.Errorf("%s: %w", x.backend, errInterims)), false
	}
	in := x.back.in
	// The client has had its 100 from us, if it waited for one; a 1.0 client knows no interim responses (RFC 9110 §15.2).
	if status != 100 && x.Req.Minor >= 1 && !x.undecided() {
		head := appendInterim(nil, &x.Res, in.B)
		if err := x.giveInterim(string(head)); err != nil {
			return x.fail(Client, 0, err), false
		}
	}
	in.B = in.B[:copy(in.B, in.B[n:])]
	x.unsure = x.unsure || x.Res.Announced || x.Res.LoggedIn
	x.Res.Reset()
	return false, true
}

// Continue is sent to a client that waits for it before its body (RFC 9110 §10.1.1).
const Continue = "HTTP/1.1 100 Continue\r\n\r\n"

// giveInterim gives an interim response to the client.
func (x *Exchange) giveInterim(head string) error {
	if x.down.out == nil {
		x.down.out = GetBuffer(firstRead)
	}
	x.down.to = x.Client
	x.down.out.B = append(x.down.out.B, head...)
	if err := x.down.give(); !waits(err) {
		return err
	}
	return nil
}

// startRelay chooses the framing of the response for this client, and begins to give it.
func (x *Exchange) startRelay(n int) bool {
	x.phase = relaying
	x.status = x.Res.Status
	x.answers()
	if x.back.reused && !x.origin.reuses.Load() {
		x.origin.reuses.Store(true)
	}
	if http10 := x.Res.Minor == 0; x.origin.http10.Load() != http10 {
		x.origin.http10.Store(http10)
	}
	x.calm()
	if x.entry != nil && !x.entry.verdict() {
		x.status = 0
		return x.fail(Self, 503, errBeaten)
	}
	stream := x.Res.EventStream && x.Res.Framing != httpparse.NoBody
	switch {
	case stream && x.down.held && !x.entry.stands(stream): // it has no end to wait for
		return x.fail(Self, 502, fmt.Errorf("%s: %d, with an event stream", x.backend, x.Res.Status))
	case stream && !x.lent:
		if !x.takePlace() {
			x.status = 0
			return x.fail(Self, 503, fmt.Errorf("%s: %w", x.backend, errStreamsTaken))
		}
	case !stream && x.lent && x.slot != nil: // an upgrade that the backend does not take
		x.lent = false
		x.lender.Return()
	}
	x.endless = stream
	open := x.Res.Framing == httpparse.Chunked || x.Res.Framing == httpparse.UntilClose
	if open {
		x.openUntil = x.now + int64(openEnded)
	}
	d := &x.down
	d.from, d.to = &x.back.Conn, x.Client
	d.framing, d.left, d.limits = x.Res.Framing, x.Res.ContentLength, x.Limits
	d.chunks, d.chunked = &x.chunksDown, open && x.Req.Minor >= 1
	d.chunks.Reset()
	d.in, d.inBase, d.inAt = x.back.in, 0, n
	d.hold, d.portion = x.hold(), &x.portion
	if d.out == nil {
		d.out = GetBuffer(firstRead)
	}
	if open && x.Req.Minor == 0 || !x.up.done() {
		x.persists = false
	}
	x.surplus = !x.up.taken
	d.mum = !d.held && x.interims == 0 && len(d.out.B) == 0 && d.framing == httpparse.Length && d.left > 0 && x.slot != nil
	x.speakAt = x.now + int64(silence)
	d.out.B = x.appendResponseHead(d.out.B)
	d.gather()
	return x.relay()
}

// answers tells the pool that the backend answers. One that has left its worker says nothing.
func (x *Exchange) answers() {
	if x.slot != nil {
		x.slot.Up(x.begun)
	}
}

// holdLeast is what a flow needs to move at all.
const holdLeast = 4 << 10

// hold is how many bytes of a body may be held.
func (x *Exchange) hold() int { return max(x.Route.Settings.Buffer, holdLeast) }

// relay moves what can be moved of the response's body.
func (x *Exchange) relay() bool {
	given, content := x.down.given, x.down.content
	if x.now >= x.speakAt || x.slot == nil {
		x.down.mum = false
	}
	var more bool
	var err *flowError
	if x.down.pauses = true; !x.down.taken {
		more, err = x.down.step()
	}
	if err == nil && x.down.taken {
		if x.slot != nil && x.down.pipeHeld() == 0 && x.up.done() {
			x.slot.Ending() // before the client has its last byte, and comes again
		}
		x.Client.Last(!x.persists && x.down.pipeHeld() == 0)
		more, err = x.down.step()
	}
	x.again = x.again || more
	if x.Body != nil && x.down.given > 0 && x.up.done() { // it goes out no more
		x.leaveBody()
	}
	if x.down.given > given || x.down.content > content {
		x.touch()
	}
	switch {
	case err == nil && x.down.held && !x.down.taken && x.down.full() && !x.entry.paused:
		if !x.entry.stands(false) {
			return x.fail(Self, 502, fmt.Errorf("%s: %d, with more than may be held", x.backend, x.Res.Status))
		}
		x.again = true
	case err != nil && err.taking && x.down.mum:
		return x.unsaid(err.err)
	case err != nil && err.taking:
		return x.fail(Backend, 502, fmt.Errorf("%s: its response was cut: %w", x.backend, err.err))
	case err != nil:
		return x.fail(Client, 0, err.err)
	case x.down.taken && x.down.pipeHeld() == 0: // what else is left the front gives
		x.surplus = !x.up.taken
		return true
	case x.endless && x.Client.HungUp():
		return x.fail(Client, 0, errReset)
	}
	return false
}

// unsaid is a backend's end behind the head of its response, of which the client has not had a byte yet.
func (x *Exchange) unsaid(err error) bool {
	x.status, x.heard, x.phase, x.endless, x.openUntil = 0, false, awaiting, false, 0
	x.down.out.B = x.down.out.B[:0]
	return x.noAnswer(err)
}

// startTunnel passes the 101 on, and from then on bytes both ways (RFC 9110 §7.8).
func (x *Exchange) startTunnel(n int) bool {
	x.phase, x.endless = tunnelling, true
	x.status, x.persists = 101, false
	x.answers()
	x.calm()
	buffer := x.hold()
	if x.down.out == nil {
		x.down.out = GetBuffer(firstRead)
	}
	out := x.down.out
	x.down = flow{from: &x.back.Conn, to: x.Client, framing: httpparse.UntilClose, hold: buffer, portion: &x.portion, out: out, in: x.back.in, inAt: n}
	out.B = x.appendResponseHead(out.B)
	up := x.up.out
	up.B = up.B[:0]
	x.up = flow{from: x.Client, to: &x.back.Conn, framing: httpparse.UntilClose, hold: buffer, portion: &x.portion, out: up, in: x.In, inBase: x.HeadLen, inAt: x.InAt}
	return x.tunnel()
}

// tunnel moves bytes both ways. One side's end is passed on; x is over when both have ended.
func (x *Exchange) tunnel() bool {
	for _, f := range []*flow{&x.up, &x.down} {
		content := f.content
		more, err := f.step()
		x.again = x.again || more
		if f.content > content {
			x.touch()
		}
		if err != nil {
			side := Backend
			if err.taking == (f == &x.up) {
				side = Client
			}
			return x.fail(side, 502, err.err)
		}
		if f.done() && !f.ended {
			f.ended = true
			x.touch()
			f.to.CloseWrite()
		}
	}
	return x.up.ended && x.down.ended
}
