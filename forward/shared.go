package forward

import (
	"bytes"
	"math"

	"tenfour/httpparse"
	"tenfour/lot"
	"tenfour/sock"
)

// Sharers are the clients that wait for the response of an exchange that has no client of its own, but a record: all of them get what
// is recorded. A response that cannot be theirs together, or that only one of them waits for, goes to that one as it comes.
type Sharers interface {
	// Alone returns the client that gets the response from now on; its zero value is that it goes on into the record. The response
	// has a head, and no client has a byte of it. must says that it cannot be for several: it is one client's then, if there is
	// one. Else it is only if no other waits. It is called on the goroutine of the attempt, with nothing locked.
	Alone(must bool) Receiver
}

// Receiver is a client that gets a response which was on its way into a record.
type Receiver struct {
	Client   *sock.Conn  // nil for none
	Waiter   *lot.Waiter // its connection's
	Minor    uint8       // of its version, HTTP/1.minor
	Persists bool        // its connection is to persist
}

// mayShare reports whether the response that begins, whose head is in buf, may be that of all clients that share it.
func (a *Attempt) mayShare(buf []byte) bool {
	if a.res.Framing == httpparse.Length && a.res.ContentLength > int64(a.sink.record) {
		return false
	}
	return a.req.Route.Settings.Same.allows(&a.res, buf)
}

// share gives the response to a shared record, whose head has come, to one of the sharers if not all of them get it.
func (x *Exchange) share(a *Attempt) {
	a.result.Shareable = a.mayShare(a.link.in.Rest())
	x.giveAlone(a, !a.result.Shareable)
}

// giveAlone gives the response to one of the sharers, if there is such a one, and reports whether there is. It is at its worker.
func (x *Exchange) giveAlone(a *Attempt, must bool) bool {
	to := x.Sharers.Alone(must)
	if to.Client == nil {
		return false
	}
	x.Client, x.Waiter, x.Persists = to.Client, to.Waiter, to.Persists
	x.At.Client = &to.Client.Watch
	a.sink = Sink{conn: to.Client, minor: to.Minor, persists: to.Persists}
	a.waiter = to.Waiter
	a.giveTo(to.Client)
	a.sink.handTo(&a.slot.Waiter)
	return true
}

// unrecord gives the response, which is recorded in part, to one of the sharers, because it is too large for the record, or lasts. It
// reports whether there is such a one.
func (x *Exchange) unrecord(a *Attempt) bool {
	if !a.sink.shared || !x.giveAlone(a, true) {
		return false
	}
	if a.state == relaying && a.down.out != nil && len(a.down.out.B) > 0 {
		a.frameAgain()
	}
	return true
}

// frameAgain writes what is recorded of the response in the framing for its client.
func (a *Attempt) frameAgain() {
	d := &a.down
	head, content, _ := bytes.Cut(d.out.B, []byte("\r\n\r\n"))
	d.chunked = a.sink.frame(&a.res, a.up.done())
	b := append(make([]byte, 0, len(d.out.B)+firstRead), head...)
	b = append(b, "\r\n"...)
	switch {
	case d.chunked:
		b = append(b, "Transfer-Encoding: chunked\r\n"...)
	case a.res.Framing == httpparse.Length:
		b = appendNumber(b, contentLength, a.res.ContentLength)
	}
	b = append(a.sink.appendConnection(b), "\r\n"...)
	if d.chunked && len(content) > 0 {
		b = httpparse.AppendChunkSize(b, len(content))
		b = append(append(b, content...), "\r\n"...)
	} else {
		b = append(b, content...)
	}
	if d.chunked && d.taken {
		b = append(b, httpparse.LastChunk...)
	}
	d.portion.count(cap(b) - cap(d.out.B))
	d.out.B, d.hold = b, a.req.hold()
	a.traceHeld()
}

// sharedUntil is when a shared response without an announced length has lasted for too long to be shared (docs/lasting.md).
func (a *Attempt) sharedUntil() int64 {
	if a.state != relaying || a.lasting.openEnd == 0 {
		return math.MaxInt64
	}
	return min(a.clock.progress+int64(lull), a.lasting.openEnd)
}

// lookAtShared gives a shared response that lasts to one client. If there is none, it is recorded to its end.
func (a *Attempt) lookAtShared() outcome {
	switch {
	case a.clock.now < a.sharedUntil():
		return waits
	case a.decider.acceptsLarge(false):
		return goOn
	}
	a.lasting.openEnd = 0
	return waits
}

// Waits reports whether the exchange waits: no backend has it, nor is about to. Any goroutine may call it, with nothing locked.
func (g *Grip) Waits() bool {
	if g.x.Load() == nil {
		return false
	}
	if r := g.race.Load(); r != nil && r.waits() {
		return true
	}
	return g.queue.IsWaiting(g.at)
}

// SetLeft says whether all clients that wait for the response may have left: they have shut their sending sides. Then the exchange keeps
// its slot only while no other waits for it. Any goroutine may call it, with nothing locked.
func (g *Grip) SetLeft(left bool) {
	if g.left.Swap(left) == left || !left {
		return
	}
	if r := g.race.Load(); r != nil {
		r.Unpark()
	}
	if s := g.slot.Load(); s != nil {
		s.Notify() // harmless if its worker has another exchange by now
	}
}

// AppendRecorded appends the head of a recorded response in the framing for a client of HTTP/1.minor, whose connection persists or not: what
// was recorded of it, with the length of its content, and the line that ends it.
func AppendRecorded(dst []byte, status int, head, content []byte, minor uint8, persists bool) []byte {
	dst = append(dst, head...)
	if status != 204 && status != 304 {
		dst = appendNumber(dst, contentLength, int64(len(content)))
	}
	s := Sink{minor: minor, persists: persists}
	return append(s.appendConnection(dst), "\r\n"...)
}
