package forward

import (
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"tenfour/sock"
)

// tries is where an attempt is with its tries to get a connection to its backend.
type tries struct {
	next int   // which of the origin's addresses is tried next
	end  int64 // when there must be a connection, in the lot's time
}

// connectLeast is how long an exchange that was held for long may still take for a connection.
const connectLeast = 10 * time.Millisecond

// connect makes the request ready, and begins to send it on the connection that the slot has kept, or on a new one.
func (a *Attempt) connect() outcome {
	a.clock.progress = a.clock.now
	a.tries = tries{end: a.clock.now + int64(a.req.Route.Settings.ConnectTimeout)}
	if until := a.slot.Trying(); until != 0 { // it was held, and has waited already
		a.tries.end = min(a.tries.end, max(until, a.clock.now+int64(connectLeast)))
	}
	if a.req.Head.WebSocket && !a.lasting.takePlace(a.origin, a.slot) { // after a 101 it would be too late to say so
		return a.fail(Self, 503, tell(errStreamsTaken.Error(), fmt.Errorf("%s: %w", a.origin.Name, errStreamsTaken)))
	}
	if a.req.chunked() && a.origin.http10.Load() {
		return a.fail(Self, 411, tell("the body needs a Content-Length here", errNeedsLength))
	}
	a.prepareRequest()
	if l := takeKept(a.slot, a.origin, a.clock.now, a.up.mayRepeat(a.req)); l != nil {
		a.link, a.state = l, awaiting
		l.reused = true
		a.traceReused()
		l.Await()
		a.up.to = &l.Conn
		return waits
	}
	a.awaitListener()
	return a.dial(nil)
}

// resetPause is how long a new connection is put off after which a server like `nc -l` does not listen any more: the next one does.
const resetPause = int64(10 * time.Millisecond)

// awaitListener puts the connection off for a request that may not go out twice, if the backend has reset a new one that had a
// request. A server that serves one connection and ends, in a loop, listens until it has ended: what connects a moment too
// early is reset with it. It waits on the attempt's worker.
func (a *Attempt) awaitListener() {
	if !a.origin.hasReset(a.clock.now) || a.up.mayRepeat(a.req) {
		return
	}
	for until := a.clock.now + resetPause; a.clock.now < until && !a.mustEnd(); a.clock.now = a.lot.Now() {
		a.slot.SetDeadline(until)
		a.slot.Wait()
	}
}

// dial begins a connection to the next of the origin's addresses. last is why there was none to the one before.
func (a *Attempt) dial(last error) outcome {
	a.closeLink()
	for given := 0; ; {
		to, ok, err := a.origin.at(a.tries.next)
		switch {
		case sock.OutOfDescriptors(err): // the backend has no part in this
			a.origin.Addrs.Again()
			return a.fail(Self, 503, tell(wordsFull, err))
		case err != nil:
			return a.notConnected(&unresolved{err})
		case !ok:
			return a.notConnected(last)
		}
		l := links.Get().(*link)
		l.reused = false
		if last = l.Dial(a.lot, to); last != nil {
			links.Put(l)
			if !sock.OutOfDescriptors(last) {
				a.tries.next++
				continue
			}
			if given++; given <= giveMost && a.origin.giveDescriptor() {
				continue
			}
			return a.fail(Self, 503, tell(wordsFull, last))
		}
		a.tries.next++
		a.use(l)
		return goOn
	}
}

// use makes a new connection the attempt's.
func (a *Attempt) use(l *link) {
	a.link = l
	if a.trace.Records() {
		a.trace.Opened(a.clock.now)
	}
	l.HandTo(&a.slot.Waiter)
	a.state = awaiting
	if a.origin.TLS != nil {
		a.state = connecting
	}
	a.up.to = &l.Conn
}

// giveMost is how many descriptors are given up for one that is needed: others may take them first.
const giveMost = 3

// giveDescriptor closes something that is not needed at this moment, so that there is a descriptor for a connection to o, and
// reports whether there was such a thing: the pipes that are kept, else the connection, to any backend, that has been idle
// longest.
func (o *Origin) giveDescriptor() bool { return sock.GivePipes() || o.Backend.GiveUpKept() }

// shakeHands waits for the connection and begins TLS on it. Then the state is awaiting.
func (a *Attempt) shakeHands() outcome {
	switch err := a.link.Connected(); {
	case err == sock.ErrWait:
		return a.lookAtClock()
	case err != nil:
		return a.dial(err)
	}
	if a.sink.open() {
		a.sink.conn.Arm(true, false) // it may leave meanwhile
	}
	err := a.link.StartTLS(a.origin.TLS, false, &a.slot.Waiter, a.tries.end, a.whileShaking)
	switch {
	case err != nil && a.mustEnd():
		return goOn // the next step says why
	case err != nil:
		return a.dial(err)
	}
	a.state = awaiting
	return goOn
}

// mustEnd reports whether the attempt is not to go on, whatever its backend does.
func (a *Attempt) mustEnd() bool {
	a.sink.look()
	return a.sink.broken() || a.stop.Load() || a.decider.unwanted() != nil
}

// whileShaking is mustEnd while the worker sleeps in a TLS handshake, and when it is to be asked again: a backend with one thread may be
// serving an idle connection, and shakes no hands meanwhile.
func (a *Attempt) whileShaking() (stop bool, at int64) {
	a.clock.now = a.lot.Now()
	a.growImpatient()
	return a.mustEnd(), a.impatientFrom()
}

// notConnected ends an attempt without a connection. Nothing was sent, so it may be asked of a backend once more.
func (a *Attempt) notConnected(err error) outcome {
	if isTemporary(err) {
		a.origin.Addrs.Again() // the backend may be at another address by now
		a.slot.Down(whyDown(err), true)
		a.askAgain = a.decider.asksAgain()
	} else {
		a.slot.Failed("failed its TLS handshakes")
	}
	words := "the backend " + downWords(err)
	if !isTemporary(err) {
		words = tlsWords(err)
	}
	return a.fail(Backend, 502, tell(words, fmt.Errorf("%s: no connection: %w", a.origin.Name, a.origin.withScheme(err, nil))))
}

// isTemporary reports whether a connection may succeed later. With a wrong certificate, or a server that does not speak TLS,
// it will not.
func isTemporary(err error) bool {
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	return !errors.As(err, &cert) && !errors.As(err, &record) && !errors.As(err, &alert)
}
