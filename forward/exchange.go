package forward

import (
	"sync/atomic"

	"tenfour/httpparse"
	"tenfour/lot"
	"tenfour/pool"
	"tenfour/sock"
)

// Owner is the client's side of an exchange: it began the exchange, and hears how it goes.
type Owner interface {
	// Lasting says that the exchange goes on without a worker: the client's waiter, when it is unparked next, calls Resume.
	Lasting(x *Exchange)
	// Finished says that the exchange is over, served or not. x is the owner's again. A slot that it had is given back as soon as Finished
	// returns.
	Finished(x *Exchange)
}

// phase is what an exchange waits for next.
type phase uint8

const (
	connecting phase = iota // a connection on which TLS can begin
	awaiting                // the response's head; the request goes out meanwhile
	relaying                // the response's body; the request's may still go out
	tunnelling              // either side's bytes, until both have ended
)

// Exchange is a request with its final response (RFC 9110 §3.7): one client, one backend, two flows.
// It belongs to the goroutine that may step it: the front's until Enter, the pool's or its race's while it waits, a worker's in Run,
// the lot's in Resume, the front's again in Finished. Init makes one ready.
type Exchange struct {
	Request // by the owner before Enter
	Upload  // likewise
	Result  // for the owner in Finished

	// By the owner before Enter.
	Client *sock.Conn
	Waiter *lot.Waiter // the client's, for when no worker stands for the exchange
	At     *pool.Place // in the queue
	Owner  Owner
	Stop   *atomic.Bool // set when everything is to be cut

	// How it goes; the result in the end.
	status   int
	failure  *Error
	cut      Cut
	persists bool // the client's connection, after this response
	surplus  bool
	backend  string
	times    Times
	lost     string

	lot     *lot.Lot
	portion Portion    // of Held, for what waits to be given
	slot    *pool.Slot // nil before Run, and after it has left its worker
	lender  *pool.Backend
	origin  *Origin
	back    *link
	phase   phase
	Res     httpparse.Response
	up      flow
	down    flow

	winner *Exchange // who goes on for x, once its race has a winner
	entry  *entrant  // whose exchange x is; nil for a client's

	chunksDown httpparse.Chunks

	now        int64 // the lot's time at this step
	begun      int64 // when its worker took it
	progress   int64 // when a byte moved last
	connectEnd int64
	speakAt    int64 // when a response's head goes out without its body
	address    int   // which of the origin's is being tried
	interims   int
	heard      bool  // a byte of a response came
	heldUp     int64 // how long a worker has waited for the client, in all
	openUntil  int64 // until when its response, which announced no length, may stay at its worker; 0 is without end
	leaverAt   int64 // when it may be asked again whether others wait for the slot of a client that may have left
	stays      int64 // until when it stays at its worker: it wanted to leave, and there was no place
	single     bool  // its connection carries no other request after it
	unsure     bool  // an interim response announced a body, or showed a login: the connection carries no other request
	upStopped  bool  // the backend takes no more of the request
	impatient  bool  // the backend was told so
	again      bool  // it stopped though it could go on
	asked      bool  // its time is up, and the kernel is asked once more
	endless    bool  // an event stream or a tunnel: no byte need come
	lent       bool  // its connection is one of those that the backend lends
	askAgain   bool  // nothing came of it at this backend: it may be asked of one once more
	resent     int   // how often its request went out again after a byte of it had

	listed  bool         // it is one of its origin's uploads
	evicted atomic.Bool  // it is to make room for others; any goroutine sets it
	rate    atomic.Int64 // of its upload, in bytes a second; any goroutine reads it
}

// Init prepares x, once; Reset makes it ready for the next request, and gives back all that it holds, but for In.
func (x *Exchange) Init(lot *lot.Lot, held *Held) {
	x.lot, x.portion.of = lot, held
	x.Req.Fields = make([]httpparse.Field, 0, 32)
	x.Res.Fields = make([]httpparse.Field, 0, 32)
}

// Reset makes x ready for the next request.
func (x *Exchange) Reset() {
	x.Result.release()
	x.releaseOut()
	x.leaveBody()
	x.portion.Give()
	lot, held, req, res := x.lot, x.portion.of, x.Req, x.Res
	req.Reset()
	res.Reset()
	*x = Exchange{Request: Request{Req: req}, lot: lot, portion: Portion{of: held}, Res: res}
}
