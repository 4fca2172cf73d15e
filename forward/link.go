package forward

import (
	"sync"
	"sync/atomic"
	"time"

	"tenfour/httpparse"
	"tenfour/pool"
	"tenfour/sock"
)

// link is a connection to a backend. It belongs to an attempt, and between exchanges to the slot that keeps it. This file says
// when a link is used again, when it is kept, and how it ends.
type link struct {
	sock.Conn
	in     sock.Input // of the response; empty between exchanges
	reused bool       // it has carried an exchange before
	idle   int64      // since when it is kept, in the lot's time
	until  int64      // when it is to be closed if it is still idle
}

var links = sync.Pool{New: func() any { return &link{} }}

// Pending reports whether something happened on an idle link: its end, or a byte without a request.
func (l *link) Pending() bool { return l.Watch.Pending() && l.Stale() }

// Until is when an idle link is to be closed, in the lot's time.
func (l *link) Until() int64 { return l.until }

// Discard closes a link, and forgets what was read on it.
func (l *link) Discard() {
	l.in.Drop()
	l.Close()
	links.Put(l)
}

// takeKept takes the connection that a slot at o has kept, if a request may go out on it; else it closes it and returns nil.
func takeKept(s *pool.Slot, o *Origin, now int64, mayRepeat bool) *link {
	l, ok := s.Kept.(*link)
	if !ok {
		return nil
	}
	s.Kept = nil
	if !l.mayCarry(o, now, mayRepeat) {
		l.Discard()
		return nil
	}
	return l
}

// coldAfter is how long a connection may have been idle for a request that may not go out twice: its backend may be about
// to close it.
const coldAfter = int64(time.Second)

// mayCarry reports whether a request may go out on l, which was kept. One that may not go out twice needs a backend that has
// served a second request on a connection before: many simple servers close theirs after each response and do not say so.
// The kernel is asked each time: the lot may not have told yet of bytes that came without a request, and they would be taken for
// the response to this request.
func (l *link) mayCarry(o *Origin, now int64, mayRepeat bool) bool {
	switch {
	case now >= l.until || !o.leads(l):
		return false
	case !mayRepeat && !(o.reuses.Load() && now-l.idle < coldAfter):
		return false
	}
	return !l.Stale()
}

// mayKeep reports whether the connection may carry another exchange (RFC 9112 §9.3): nothing on it was for the attempt's request
// alone, the backend lets it persist, the response had an end of its own and was read to it, the request was sent, and no
// byte is left over, which the next client would get (RFC 9112 §9.2).
func (a *Attempt) mayKeep() bool {
	res := &a.res
	switch {
	case a.result.Failure != nil || !a.atWorker() || a.state != relaying || a.up.single || a.down.unsure:
		return false
	case !res.KeepAlive || res.Announced || res.LoggedIn || res.Framing == httpparse.UntilClose:
		return false
	}
	return a.up.done() && !a.up.stopped && a.down.taken && a.link.in.Len() == 0 && !a.link.HungUp() && a.origin.Backend.MayKeep() && a.origin.leads(a.link)
}

// releaseLink keeps the connection for the slot's next attempt, or closes it.
func (a *Attempt) releaseLink() {
	l := a.link
	if l == nil {
		return
	}
	if !a.mayKeep() {
		a.closeLink()
		return
	}
	l.in.Drop()
	l.idle = a.clock.now
	l.until = a.clock.now + int64(a.req.Route.Settings.KeepIdle)
	if l.Arm(true, false) != nil {
		a.closeLink()
		return
	}
	a.link = nil
	a.slot.Kept = l
}

// closeLink closes the connection to the backend, if there is one.
func (a *Attempt) closeLink() {
	if a.link == nil {
		return
	}
	a.link.Discard()
	a.link = nil
}

const (
	// endWait is how long a backend may take for the end of the connection that it has announced, or was asked for.
	endWait = int64(100 * time.Millisecond)
	// cutWait is how long a backend may take to notice that an exchange was given up. Many do only when they write.
	cutWait = int64(time.Second)
	// surplusMost is how many bytes of a response that no client wants are read meanwhile. A backend that sends more is
	// told by a reset, which its next write meets.
	surplusMost = 256 << 10
	// surplusRead is how many of them are read at once.
	surplusRead = 4 << 10
)

// closeWait is for how long the slot waits for the backend to end the connection, while the client has its answer already.
// Until then the backend may be working on this exchange, and the next would be one more than it has slots. 0 is not at all.
func (a *Attempt) closeWait() int64 {
	l := a.link
	switch {
	case l == nil || l.Connecting() || a.up.given == 0 || l.HungUp() || l.Broken():
		return 0 // the backend has not seen the exchange, or has ended it
	case a.state == relaying && a.down.taken && a.up.done() && !a.up.stopped:
		if a.res.KeepAlive && (!a.up.single || a.req.Head.WebSocket || a.origin.staysOpen.Load()) {
			return 0
		}
		return endWait
	case a.stop.Load() || a.decider.beaten():
		return 0
	}
	return cutWait
}

// takeLink takes the connection to the backend away from the attempt, if the slot waits for its end; else it returns nil.
func (a *Attempt) takeLink(wait int64) *link {
	if wait == 0 {
		return nil
	}
	l := a.link
	l.in.Drop()
	a.link = nil
	if wait == cutWait && l.CloseWrite() != nil {
		l.Discard()
		return nil
	}
	return l
}

// awaitClose waits on s's worker for the backend's end of l, for most nanoseconds, but not once everything is to be cut or
// s is to go. Then it closes l. It reports whether the end came.
func (l *link) awaitClose(s *pool.Slot, most int64, stop *atomic.Bool) (ended bool) {
	until := s.Now() + most
	for read, slept := 0, false; s.Now() < until && read < surplusMost; {
		l.Look()
		n, err := l.ReadOff(surplusRead)
		read += n
		if err == nil {
			continue
		}
		if ended = !isWait(err); ended || l.Arm(true, false) != nil || stop.Load() || slept && s.Retired() {
			break
		}
		s.SetDeadline(until)
		s.Wait()
		slept = true
	}
	l.Discard()
	return ended
}
