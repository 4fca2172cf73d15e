package forward

import (
	"sync/atomic"
	"time"

	"tenfour/httpparse"
	"tenfour/pool"
)

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

// fail ends the attempt. status is the answer that it earns, if its response has not begun.
func (a *Attempt) fail(side Side, status int, err error) outcome {
	a.result.Failure = &Error{Side: side, Step: a.reached(), Progress: a.came(), Status: status, Err: err}
	if a.result.Status == 0 {
		if !a.up.taken || side == Client {
			a.result.Surplus, a.sink.persists = true, false
		}
		return over
	}
	a.sink.persists = false
	a.result.Cut = CutClose
	if a.down.framing != httpparse.Length && !a.down.chunked && a.down.framing != httpparse.NoBody {
		a.result.Cut = CutReset
	}
	return over
}

// failBefore notes a failure before the attempt began.
func (a *Attempt) failBefore(side Side, status int, err error) {
	a.result.Failure = &Error{Side: side, Step: Connect, Status: status, Err: err}
}

// reached is how far the attempt came.
func (a *Attempt) reached() Step {
	switch {
	case a.state == connecting || a.link == nil || a.link.Connecting():
		return Connect
	case a.down.heard:
		return Read
	case !a.up.done():
		return Send
	}
	return Await
}

// end ends the attempt at its worker: its client goes on, then the slot waits for the end of the connection where it must.
func (a *Attempt) end() {
	a.tellFailure()
	origin, slot, stop := a.origin, a.slot, a.stop // the attempt is its exchange's again after finish
	wait := a.closeWait()
	l := a.takeLink(wait)
	if wait <= endWait {
		slot.Ending()
	}
	a.finish()
	if l != nil && !l.awaitClose(slot, wait, stop) && wait == endWait {
		origin.staysOpen.Store(true)
	}
}

// tellFailure tells the pool of an exchange that was lost to a backend which could be reached.
func (a *Attempt) tellFailure() {
	if f := a.result.Failure; f != nil && f.Side == Backend && f.Step > Connect && a.atWorker() {
		a.slot.Failed("failed")
	}
}

// finish gives everything back but the response's last bytes, and tells the decider.
func (a *Attempt) finish() {
	a.endImpatience()
	a.unlist()
	a.up.release()
	a.down.release()
	a.up.releaseOut()
	a.releaseLink()
	a.returnPlace()
	a.slot = nil
	a.sink.handTo(a.waiter)
	a.decider.ended()
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

// conclude returns how the attempt went. What the client has not taken yet of the response is the result's then.
func (a *Attempt) conclude() Result {
	r := a.result
	r.Keep, r.Content = a.sink.persists, a.down.content
	r.left, r.leftAt = a.down.out, a.down.outAt
	a.down.out = nil
	a.portion.moveTo(&r.portion)
	return r
}
