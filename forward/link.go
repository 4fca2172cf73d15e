package forward

import (
	"fmt"
	"sync"
	"time"

	"github.com/valyala/bytebufferpool"

	"tenfour/httpparse"
	"tenfour/sock"
)

// link is a connection to a backend. Between exchanges a slot keeps it.
type link struct {
	sock.Conn
	in     *bytebufferpool.ByteBuffer // of the response; nil between exchanges
	reused bool
	idle   int64 // since when it is kept, in the lot's time
	until  int64 // when it is to be closed if it is still idle
}

var links = sync.Pool{New: func() any { return &link{} }}

// Pending reports whether something happened on an idle link: its end, or a byte that nobody asked for.
func (l *link) Pending() bool { return l.Watch.Pending() && l.Stale() }

// Until is when an idle link is to be closed, in the lot's time.
func (l *link) Until() int64 { return l.until }

// Discard closes an idle link.
func (l *link) Discard() {
	l.Close()
	links.Put(l)
}

// tryLeast is what an exchange that has been held for long has for a connection all the same.
const tryLeast = 10 * time.Millisecond

// begin makes the request ready to go out on a connection, kept or new.
func (x *Exchange) begin() bool {
	x.progress = x.now
	x.connectEnd = x.now + int64(x.Route.Settings.ConnectTimeout)
	if until := x.slot.Trying(); until != 0 { // it was held, and has waited already
		x.connectEnd = min(x.connectEnd, max(until, x.now+int64(tryLeast)))
	}
	x.address = 0
	if x.Req.WebSocket { // a tunnel that found no room could not be told so after the 101
		if !x.takePlace() {
			return x.fail(Self, 503, fmt.Errorf("%s: %w", x.backend, errStreamsTaken))
		}
	}
	if x.chunked() && x.origin.http10.Load() {
		return x.fail(Self, 411, errNeedsLength)
	}
	x.prepare()
	if l, ok := x.slot.Kept.(*link); ok {
		x.slot.Kept = nil
		if x.good(l) {
			x.back, x.phase = l, awaiting
			l.reused = true
			l.Await()
			x.up.to = &l.Conn
			return false
		}
		l.Discard()
	}
	x.awaitListener()
	return x.dial(nil)
}

// prepare sets up the flow of the request: its head and the content at hand are all taken, the rest follows.
func (x *Exchange) prepare() {
	content := x.Body.Len()
	framing, length := x.Req.Framing, x.Req.ContentLength
	if x.BodyWhole && framing != httpparse.NoBody {
		framing, length = httpparse.Length, int64(content)
	}
	if x.up.out == nil {
		x.up.out = GetBuffer(1024 + x.HeadLen + min(content, pieceLeast))
	}
	x.up = flow{
		from: x.Client, limits: x.Limits, hold: x.hold(), portion: &x.portion, out: x.up.out,
		framing: framing, left: length - int64(content), chunks: &x.Chunks, chunked: framing == httpparse.Chunked,
		in: x.In, inBase: x.HeadLen, inAt: x.InAt,
		taken: x.BodyWhole || framing == httpparse.NoBody,
	}
	x.upStopped = false
	x.Pace = Meter{}
	if most := x.Route.Settings.BodyTimeout; x.BodyEnd == 0 && most > 0 && !x.up.taken {
		x.BodyEnd = x.now + int64(most)
	}
	x.single = x.alone(framing, length)
	x.up.out.B = x.appendRequestHead(x.up.out.B[:0], x.origin, framing, length)
	if content > 0 {
		x.up.carry(x.Body)
	}
}

// dial begins a connection to the next of the origin's addresses. last is why the one before could not be had.
func (x *Exchange) dial(last error) bool {
	x.closeLink()
	left := time.Duration(x.connectEnd - x.now)
	for given := 0; ; {
		to, ok, err := x.origin.at(x.address, left)
		switch {
		case sock.OutOfDescriptors(err): // the backend has no part in this
			if given++; given <= giveMost && x.giveDescriptor() {
				continue
			}
			return x.fail(Self, 503, err)
		case err != nil:
			return x.giveUp(err)
		case !ok:
			return x.giveUp(last)
		}
		l := links.Get().(*link)
		l.reused = false
		if last = l.Dial(x.lot, to); last != nil {
			links.Put(l)
			if !sock.OutOfDescriptors(last) {
				x.address++
				continue
			}
			if given++; given <= giveMost && x.giveDescriptor() {
				continue
			}
			return x.fail(Self, 503, last)
		}
		x.address++
		x.back = l
		l.Watch.Tell(&x.slot.Waiter)
		x.phase = awaiting
		if x.origin.TLS != nil {
			x.phase = connecting
		}
		x.up.to = &l.Conn
		x.again = true
		return false
	}
}

// giveMost is how many descriptors are given up for one that is needed: others may take them first.
const giveMost = 3

// giveDescriptor closes something that is not needed at this moment, so that there is a descriptor for x, and reports whether
// there was such a thing: the pipes that are kept, else the backend connection, of any backend, that has been idle longest.
func (x *Exchange) giveDescriptor() bool { return sock.GivePipes() || x.lender.GiveUpKept() }

// unreachable goes on to the origin's next address.
func (x *Exchange) unreachable(err error) bool { return x.dial(err) }

// shakeHands waits for the connection and begins TLS on it. It reports whether x is over, and whether it can go on.
func (x *Exchange) shakeHands() (over, on bool) {
	switch err := x.back.Connected(); {
	case err == sock.ErrWait:
		return x.lookAtClock(), false
	case err != nil:
		return x.unreachable(err), false
	}
	if x.Client.Open() {
		x.Client.Arm(true, false) // it may leave meanwhile
	}
	err := x.back.StartTLS(x.origin.TLS, false, &x.slot.Waiter, x.connectEnd, x.shaking)
	switch {
	case err != nil && x.off(): // and the next step says why
		x.again = true
		return false, false
	case err != nil:
		return x.unreachable(err), false
	}
	x.phase = awaiting
	return false, true
}

// off reports whether x is not to go on, whatever its backend does.
func (x *Exchange) off() bool {
	x.Client.Look()
	return x.Client.Broken() || x.Stop.Load() || x.entry != nil && x.entry.halt.Load()
}

// shaking is off while the worker sleeps in a TLS handshake, and when it is to be asked again: a backend with one thread may be
// sitting on an idle connection, and shakes no hands meanwhile.
func (x *Exchange) shaking() (off bool, at int64) {
	x.now = x.lot.Now()
	x.growImpatient()
	return x.off(), x.impatientFrom()
}

// resend prepares the request to go out again on a fresh connection, after the kept one died before anything came back
// (RFC 9112 §9.3.1). It reports whether the request may.
func (x *Exchange) resend() bool {
	if !x.back.reused || x.heard || x.slot == nil || x.up.given > 0 && !x.repeats() {
		return false
	}
	x.up.rewind()
	x.upStopped = false
	x.Res.Reset()
	x.connectEnd = x.lot.Now() + int64(x.Route.Settings.ConnectTimeout)
	x.address = 0
	return true
}

// closeLink closes the connection to the backend, if there is one.
func (x *Exchange) closeLink() {
	if x.back == nil {
		return
	}
	if x.back.in != nil {
		PutBuffer(x.back.in)
		x.back.in = nil
	}
	x.back.Discard()
	x.back = nil
}

// releaseLink keeps the connection for the slot's next exchange, or closes it.
func (x *Exchange) releaseLink() {
	l := x.back
	if l == nil {
		return
	}
	if !x.mayKeep() {
		x.closeLink()
		return
	}
	if l.in != nil {
		PutBuffer(l.in)
		l.in = nil
	}
	l.idle = x.now
	l.until = x.now + int64(x.Route.Settings.KeepIdle)
	if l.Arm(true, false) != nil {
		x.closeLink()
		return
	}
	x.back = nil
	x.slot.Kept = l
}
