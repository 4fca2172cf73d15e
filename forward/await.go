package forward

import (
	"fmt"
	"io"

	"tenfour/httpparse"
	"tenfour/sock"
)

// receiving is the response on its way to the client.
type receiving struct {
	flow
	coding   httpparse.Chunks // of its body
	interims int              // bytes of interim responses so far
	heard    bool             // a byte of a response came
	unsure   bool             // an interim response announced a body, or showed a login: the connection carries no other request
	headEnd  int64            // when its head goes out without its body, in the lot's time
}

// reset makes it ready for another response.
func (r *receiving) reset() {
	r.releaseOut()
	r.flow = flow{}
	r.coding.Reset()
	r.interims, r.heard, r.unsure, r.headEnd = 0, false, false, 0
}

// await reads the response up to the end of its final head.
func (a *Attempt) await() outcome {
	l := a.link
	for {
		if l.in.Len() > 0 {
			n, err := a.res.Parse(l.in.Rest(), a.req.Head.Verb, a.req.Limits)
			if err == nil {
				a.traceCame(n)
			}
			switch {
			case err == nil && isInterim(&a.res):
				if a.interim(n) == over {
					return over
				}
				continue
			case err == nil:
				return a.answered(n)
			case err != httpparse.ErrPartial:
				a.traceBroken(err)
				return a.malformed(refuseResponse(err, l.in.Rest(), a.req.Limits))
			}
		}
		if err := a.readHead(); err != nil {
			if isWait(err) {
				return waits
			}
			return a.noAnswer(err)
		}
	}
}

// readHead reads once more of the response.
func (a *Attempt) readHead() error {
	l := a.link
	first := l.in.Len() == 0
	n, err := l.in.Fill(&l.Conn, 1, firstRead)
	if n > 0 {
		if first && a.timed() && a.counting.heard == 0 {
			at := max(a.clock.now, a.result.Times.Connected) // the clock was read when its worker woke, for these bytes
			a.result.Times.FirstByte, a.counting.heard = at, at
		}
		if first {
			a.clock.headFrom = a.clock.progress
		}
		a.down.heard = true
		a.clock.touch()
	}
	return err
}

// isInterim reports whether the head that was parsed is that of an interim response. A 101 is none.
func isInterim(res *httpparse.Response) bool { return res.Status < 200 && res.Status != 101 }

// interim takes an interim response of n bytes, and passes it on if the client knows such responses and has not had it. All of them
// together may be as large as one head: RFC 9110 §15.2 sets no bound.
func (a *Attempt) interim(n int) outcome {
	if most := a.req.Limits.Of(httpparse.ResponseHeadLimit); a.down.interims+n > most {
		return a.fail(Backend, 502, tell(fmt.Sprintf("the backend's interim responses are larger than response_head_max (%d bytes) together", most),
			fmt.Errorf("%s: %w than response_head_max (%d bytes) together", a.origin.Name, errInterims, most)))
	}
	a.down.interims += n
	switch {
	case a.res.Status == 102 || a.res.Status == 104: // the backend says that it works on the request (RFC 2518 §10.1)
		a.clock.silentFrom = 0
	case a.clock.silentFrom == 0:
		a.clock.silentFrom = a.clock.headFrom
	}
	in := &a.link.in
	// The client has had its 100 from tenfour, if it waited for one. HTTP/1.0 has no interim responses (RFC 9110 §15.2).
	if a.res.Status != 100 && a.req.Head.Minor >= 1 && !a.sink.held() {
		head := appendInterim(nil, &a.res, in.Rest(), a.req.Route.Settings.Response)
		a.traceGiven(head)
		if err := a.down.giveInterim(a.sink.conn, string(head)); err != nil {
			return a.fail(Client, 0, err)
		}
	}
	in.Take(n)
	in.Next()
	a.down.unsure = a.down.unsure || a.res.Announced || a.res.LoggedIn
	a.res.Reset()
	return goOn
}

// Continue is sent to a client that waits for it before its body (RFC 9110 §10.1.1).
const Continue = "HTTP/1.1 100 Continue\r\n\r\n"

// giveInterim gives an interim response to the client.
func (r *receiving) giveInterim(client *sock.Conn, head string) error {
	r.need()
	r.to = client
	r.out.B = append(r.out.B, head...)
	if err := r.give(); !isWait(err) {
		return err
	}
	return nil
}

// answered takes the head of the final response, which has n bytes.
func (a *Attempt) answered(n int) outcome {
	switch {
	case a.res.Status == 101 && a.req.Head.WebSocket && !a.sink.held():
		return a.startTunnel(n)
	case a.res.Status == 101:
		return a.fail(Backend, 502, a.origin.did(errSurplus))
	}
	if a.res.Framing == httpparse.Chunked {
		if err := a.down.brokenChunks(a.link.in.Rest()[n:], a.req.Limits); err != nil {
			return a.malformed(err)
		}
	}
	return a.startRelay(n)
}

// brokenChunks looks at what has come with the head of a chunked body. It returns the error in it, if there is one: another answer is
// still possible, and in a race another backend's.
func (r *receiving) brokenChunks(body []byte, limits *httpparse.Limits) *Refused {
	r.coding.Patient = true // it is a response's
	r.coding.Reset()
	for len(body) > 0 {
		taken, _, done, err := r.coding.Next(body, limits)
		switch {
		case err != nil:
			return Refuse(err, &r.coding, body, limits)
		case done:
			taken = len(body)
		}
		body = body[taken:]
	}
	r.coding.Reset()
	return nil
}

// malformed handles a head, or the beginning of a body, that cannot be trusted. On a kept connection, bytes that are no status-line
// are left from an exchange before: the connection counts as one that has ended (RFC 9112 §9.3.1).
func (a *Attempt) malformed(err *Refused) outcome {
	if a.link.reused && a.down.interims == 0 && a.res.Status == 0 {
		a.down.heard = false
		a.origin.reuses.Store(false)
		if a.resend() {
			return a.dial(err)
		}
	}
	return a.fail(Backend, 502, tell("the backend's response is malformed: "+err.Words(),
		fmt.Errorf("%s: its response is malformed: %w", a.origin.Name, a.origin.withScheme(err, a.link.in.Rest()))))
}

// noAnswer handles the backend's end of the connection before the end of its response's head.
func (a *Attempt) noAnswer(err error) outcome {
	if a.link.Connecting() {
		return a.dial(err)
	}
	if a.link.reused && !a.down.heard {
		a.origin.reuses.Store(false)
	}
	if !a.link.reused && !a.down.heard {
		a.origin.noteReset(err, a.clock.now)
	}
	if a.resend() {
		return a.dial(err)
	}
	if a.atWorker() && !a.down.heard {
		a.unanswered(err)
	}
	words := endWords(err, a.down.heard)
	if err == io.EOF {
		err = errIncomplete
		if !a.down.heard {
			err = fmt.Errorf("it closed the connection without an answer")
		}
	}
	if !a.req.Head.Verb.Idempotent() && a.up.given > 0 {
		err = fmt.Errorf("%w; the backend may have acted on the request", err)
		words += "; it may have acted on the request"
	} else if !a.down.heard && !a.up.intact(a.req) {
		err = fmt.Errorf("%w; the request cannot be sent again: its body is larger than --buffer", err)
		words += "; the request cannot be sent again, because its body is too large to be kept"
	}
	return a.fail(Backend, 502, tell(words, fmt.Errorf("%s: %w", a.origin.Name, err)))
}

// unanswered notes that the backend has ended the connection before a byte came back. A request that is safe to repeat, and
// still at hand, may be asked of a backend once more.
func (a *Attempt) unanswered(err error) {
	a.slot.Down(whyDown(err), false)
	a.askAgain = a.decider.asksAgain() && (a.up.given == 0 && a.up.intact(a.req) || a.up.repeats(a.req))
}
