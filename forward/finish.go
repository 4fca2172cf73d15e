package forward

import (
	"github.com/valyala/bytebufferpool"

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

// Pending returns what the client has not taken yet of the response.
func (x *Exchange) Pending() []byte {
	if x.down.out == nil {
		return nil
	}
	return x.down.out.B[x.down.outAt:]
}

// TakePending gives the buffer with Pending's bytes, which begin at the offset, to the caller.
func (x *Exchange) TakePending() (*bytebufferpool.ByteBuffer, int) {
	b, at := x.down.out, x.down.outAt
	x.down.out = nil
	return b, at
}

// TakePortion gives what the buffer of TakePending counts for to the caller.
func (x *Exchange) TakePortion() (p Portion) {
	x.portion.moveTo(&p)
	return p
}

// Content is the number of bytes of content that were taken from the backend for the client.
func (x *Exchange) Content() int64 { return x.down.content }

// leaveBody gives up x's part in the body that is held.
func (x *Exchange) leaveBody() {
	if x.Body != nil {
		x.Body.Leave()
		x.Body, x.up.body = nil, nil
	}
}

func (x *Exchange) releaseOut() {
	if x.down.out != nil {
		PutBuffer(x.down.out)
		x.down.out = nil
	}
}

// fail ends x. status is the answer that it earns, if its response has not begun.
func (x *Exchange) fail(side Side, status int, err error) bool {
	x.failure = Error{Side: side, Step: x.reached(), Sent: x.up.given > 0, Status: status, Err: err}
	x.Failure = &x.failure
	if x.Status == 0 {
		if !x.up.taken || side == Client {
			x.Surplus, x.KeepClient = true, false
		}
		return true
	}
	x.KeepClient = false
	x.Cut = CutClose
	if x.down.framing == httpparse.UntilClose && !x.down.chunked || x.down.framing == httpparse.Chunked && !x.down.chunked {
		x.Cut = CutReset
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
