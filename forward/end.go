package forward

import "tenfour/httpparse"

// fail ends the attempt. status is the answer that it earns, if its response has not begun.
func (a *Attempt) fail(side Side, status int, err error) outcome {
	a.result.Failure = &Error{Side: side, Step: a.reached(), Progress: a.up.progress(a.down.heard), Status: status, Err: err}
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
	if f := a.result.Failure; f != nil && f.Side == Backend && f.Step > Connect {
		a.slot.Failed("failed") // the exchange was lost to a backend that could be reached
	}
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

// finish gives everything back but the response's last bytes, and tells the decider.
func (a *Attempt) finish() {
	if a.observed {
		a.tellEnd()
	}
	a.clock.endImpatience(a.origin)
	if a.pace.listed {
		a.origin.uploads.remove(a)
	}
	a.up.release()
	a.down.release()
	a.up.releaseOut()
	a.releaseLink()
	a.lasting.returnPlace(a.origin)
	a.slot = nil
	a.sink.handTo(a.waiter)
	a.decider.ended()
}

// conclude returns how the attempt went. What the client has not taken yet of the response is the result's then.
func (a *Attempt) conclude() Result {
	r := a.result
	r.Keep, r.Content = a.sink.persists, a.down.content
	r.pending, r.pendingAt = a.down.out, a.down.outAt
	a.down.out = nil
	a.portion.moveTo(&r.portion)
	return r
}
