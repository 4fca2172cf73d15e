package forward

import (
	"tenfour/httpparse"
)

// finish gives everything back and tells the owner.
func (x *Exchange) finish() {
	x.calm()
	x.unlist()
	x.up.release()
	x.down.release()
	x.releaseUp()
	x.releaseLink()
	if x.lent {
		x.lent = false
		x.lender.Return()
	}
	x.slot = nil
	x.Client.Watch.Tell(x.Waiter)
	if x.entry == nil {
		x.conclude()
	}
	x.Owner.Finished(x)
}

func (x *Exchange) releaseUp() {
	if x.up.out != nil {
		PutBuffer(x.up.out)
		x.up.out = nil
	}
	if x.up.in != nil {
		x.InAt = x.up.inAt // what follows is the next request
		x.up.in = nil
	}
}

// leaveBody ends x's use of the body that is held.
func (x *Exchange) leaveBody() {
	x.Request.leaveBody()
	x.up.body = nil
}

func (x *Exchange) releaseOut() {
	if x.down.out != nil {
		PutBuffer(x.down.out)
		x.down.out = nil
	}
}

// fail ends x. status is the answer that it earns, if its response has not begun.
func (x *Exchange) fail(side Side, status int, err error) bool {
	x.failure = &Error{Side: side, Step: x.reached(), Sent: x.up.given > 0, Status: status, Err: err}
	if x.status == 0 {
		if !x.up.taken || side == Client {
			x.surplus, x.persists = true, false
		}
		return true
	}
	x.persists = false
	x.cut = CutClose
	if x.down.framing == httpparse.UntilClose && !x.down.chunked || x.down.framing == httpparse.Chunked && !x.down.chunked {
		x.cut = CutReset
	}
	return true
}

// reached is how far x came.
func (x *Exchange) reached() Step {
	switch {
	case x.phase == connecting || x.back == nil || x.back.Connecting():
		return Connect
	case x.heard:
		return Read
	case !x.up.done():
		return Send
	}
	return Await
}
