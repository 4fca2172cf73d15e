package forward

import (
	"fmt"
	"sync/atomic"

	"github.com/valyala/bytebufferpool"

	"tenfour/httpparse"
	"tenfour/pool"
	"tenfour/sock"
)

// Owner is the client's side of an exchange: who began it, and is told how it goes.
type Owner interface {
	// Queued is told that the exchange waits in a queue now. It runs with the pool locked: it parks, and no more.
	Queued(x *Exchange)
	// Lasting is told that the exchange goes on without a worker: whoever is unparked next calls Resume.
	Lasting(x *Exchange)
	// Finished is told that the exchange is over. The slot is given back as soon as it returns; x is the owner's again.
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
// It belongs to whoever may step it: the front until Enter, a worker in Run, the lot's goroutine in Resume, the front
// again in Finished. Init makes one ready.
type Exchange struct {
	// The request, by the front before Enter.
	Req       httpparse.Request
	In        *bytebufferpool.ByteBuffer // the head in its first HeadLen bytes, and what came behind it
	HeadLen   int
	InAt      int                        // the first byte in In that is neither head nor taken into Body
	Chunks    httpparse.Chunks           // of a chunked body, up to InAt
	Body      *bytebufferpool.ByteBuffer // content taken so far; nil for none
	BodyWhole bool                       // Body is all of it
	Secure    bool                       // the client's connection is TLS
	Limits    *httpparse.Limits
	Client    *sock.Conn
	Party     *pool.Party // the client's, for when no worker stands for the exchange
	Waiting   *pool.Party // parked while the exchange is queued
	At        *pool.Place // in the queue
	Route     *Route
	Owner     Owner
	Continue  bool         // the client waits for 100 Continue before its body
	Timed     bool         // fill in Times
	Stop      *atomic.Bool // set when everything is to be cut

	// How it went, for the front in Finished.
	KeepClient bool   // before Enter: the client wants its connection to persist; after: it does
	Failure    *Error // why there is no response, or no whole one; nil when all went well
	Cut        Cut    // how the client is to be told, when its response had begun
	Status     int    // of the response that began; 0 for none
	Backend    string // who was asked last; "" for nobody
	Times      Times
	Surplus    bool // the client is still sending a body that nobody reads

	lot     *pool.Lot
	slot    *pool.Slot // nil before Run, and after it has left its worker
	lender  *pool.Backend
	origin  *Origin
	back    *link
	phase   phase
	Res     httpparse.Response
	up      flow
	down    flow
	failure Error // what Failure points to

	chunksDown httpparse.Chunks

	now        int64 // the lot's time at this step
	began      int64 // this attempt
	progress   int64 // when a byte moved last
	connectEnd int64
	address    int // which of the origin's is being tried
	attempts   int // backends asked
	interims   int
	heard      bool  // a byte of a response came
	heldUp     int64 // how long a worker has waited for the client, in all
	upStopped  bool  // the backend takes no more of the request
	impatient  bool  // the backend was told so
	again      bool  // it stopped though it could go on
	endless    bool  // an event stream or a tunnel: no byte need come
	lent       bool  // its connection is one of those that the backend lends
	elsewhere  bool  // the backend could not be reached, and nothing was sent
}

// Times is when things happened, in the lot's time; 0 for what did not.
type Times struct {
	Began     int64 // the head was complete
	Left      int64 // a worker took it: behind Began lies the queue
	Connected int64 // the backend could be written to
	FirstByte int64 // of the response
}

// Init prepares x, once; Reset makes it ready for the next request, and gives back all that it holds, but for In.
func (x *Exchange) Init(lot *pool.Lot) {
	x.lot = lot
	x.Req.Fields = make([]httpparse.Field, 0, 32)
	x.Res.Fields = make([]httpparse.Field, 0, 32)
}

// Reset makes x ready for the next request.
func (x *Exchange) Reset() {
	x.releaseOut()
	if x.Body != nil {
		PutBuffer(x.Body)
	}
	lot, req, res := x.lot, x.Req, x.Res
	req.Reset()
	res.Reset()
	*x = Exchange{lot: lot, Req: req, Res: res}
}

// Place is where x stands in its route's queue.
func (x *Exchange) Place() *pool.Place { return x.At }

// Queued passes on to the owner that x waits in a queue.
func (x *Exchange) Queued() { x.Owner.Queued(x) }

// Run takes x from its first byte to the backend to its end, or to where it leaves its worker.
func (x *Exchange) Run(s *pool.Slot) {
	x.slot, x.lender, x.origin = s, s.Backend, s.Backend.Origin.(*Origin)
	x.Backend = x.origin.Name
	x.attempts++
	x.now = x.lot.Now()
	if x.Times.Left == 0 {
		x.Times.Left = x.now
	}
	x.Waiting.Rouse()
	x.Client.Watch.Tell(&s.Party)
	over := x.begin()
	for !over {
		over = x.step()
		switch {
		case over || x.again:
		case x.lasts() && x.leave():
			x.Resume()
			return
		default:
			x.sleep()
		}
	}
	if x.elsewhere && x.goElsewhere() {
		return // another worker may have it by now
	}
	ending := x.takeEnding()
	x.finish()
	if ending != nil {
		ending.seeOff(s)
	}
}

// Resume goes on with an exchange that has left its worker, as far as it goes without waiting.
func (x *Exchange) Resume() {
	for {
		if x.step() {
			x.finish()
			return
		}
		x.arm()
		x.Party.SetDeadline(x.deadline())
		if x.again {
			x.Party.Again()
			return
		}
		if x.Party.Park(&x.Client.Watch, &x.back.Watch) {
			return
		}
	}
}

// Panicked cuts what x was about.
func (x *Exchange) Panicked() {
	x.fail(Self, 500, fmt.Errorf("tenfour has a bug: this exchange made it panic; its log has the stack"))
	x.finish()
}

// sleep is a worker's wait: for either side, or until something is due.
func (x *Exchange) sleep() {
	x.arm()
	waitsForClient := x.awaitsClient()
	x.slot.SetDeadline(x.deadline())
	if x.Client.Watch.Pending() || x.back.Watch.Pending() {
		return
	}
	x.slot.Wait()
	if waitsForClient {
		x.heldUp += x.lot.Now() - x.now
	}
}

// awaitsClient reports whether it is the client that the exchange waits for.
func (x *Exchange) awaitsClient() bool {
	if x.phase == relaying {
		return x.down.full()
	}
	return !x.upStopped && !x.up.taken && x.up.empty()
}

// arm has the lot tell what x waits for.
func (x *Exchange) arm() {
	readClient := x.phase == tunnelling && !x.up.taken || !x.upStopped && !x.up.taken && !x.up.full()
	writeClient := x.down.out != nil && !x.down.empty()
	if readClient || writeClient || x.impatient || x.slot == nil {
		x.Client.Arm(readClient, writeClient)
	}
	x.back.Arm(true, x.back.Connecting() || !x.upStopped && !x.up.empty())
}

// deadline is when x must be stepped even if nothing happens: for a timeout, or for what happens after a while.
func (x *Exchange) deadline() int64 {
	if x.endless && !x.up.ended && !x.down.ended {
		return 0
	}
	at := x.timeout()
	if x.slot != nil {
		switch {
		case x.phase == awaiting && !x.impatient:
			at = min(at, x.began+int64(impatience))
		case x.phase == relaying:
			at = min(at, max(x.progress, x.now-int64(lull)/2)+int64(lull))
		}
	}
	return at
}

// timeout is when patience ends.
func (x *Exchange) timeout() int64 {
	s := x.Route.Settings
	switch {
	case x.phase == connecting || x.back.Connecting():
		return x.connectEnd
	case x.awaitsClient():
		return x.progress + int64(s.ClientTimeout)
	}
	return x.progress + int64(s.BackendTimeout)
}

// step moves x as far as it goes without waiting, and reports whether it is over.
func (x *Exchange) step() bool {
	x.again = false
	x.now = x.lot.Now()
	x.Client.Look()
	x.back.Look()
	switch {
	case x.Client.Broken():
		return x.fail(Client, 0, errReset)
	case x.Stop.Load():
		return x.fail(Self, 503, errStopped)
	}
	if x.phase == connecting {
		if over, on := x.shakeHands(); !on {
			return over
		}
	}
	over := x.stepUp()
	if !over {
		switch x.phase {
		case awaiting:
			over = x.await()
		case relaying:
			over = x.relay()
		case tunnelling:
			over = x.tunnel()
		}
	}
	if over {
		return true
	}
	return x.lookAtClock()
}

// touch notes that bytes have moved.
func (x *Exchange) touch() { x.progress = x.now }

// lookAtClock does what is due, and reports whether x is over with it.
func (x *Exchange) lookAtClock() bool {
	if x.endless && !x.up.ended && !x.down.ended {
		return false
	}
	if x.phase == awaiting && !x.impatient && x.slot != nil && x.now >= x.began+int64(impatience) {
		x.impatient = true
		x.lender.Impatient()
	}
	if x.now < x.timeout() {
		return false
	}
	switch {
	case x.phase == connecting || x.back.Connecting():
		return x.unreachable(fmt.Errorf("no connection within %v", x.Route.Settings.ConnectTimeout))
	case x.awaitsClient():
		return x.fail(Client, 408, fmt.Errorf("the client moved no byte for %v", x.Route.Settings.ClientTimeout))
	}
	return x.fail(Backend, 504, fmt.Errorf("%s sent nothing for %v: %w", x.Backend, x.Route.Settings.BackendTimeout, errTimeout))
}

// stepUp sends what can be sent of the request.
func (x *Exchange) stepUp() bool {
	if x.upStopped || x.up.done() || x.phase == tunnelling {
		return false
	}
	given := x.up.given
	more, err := x.send()
	x.again = x.again || more
	if x.up.given > given {
		if given == 0 && x.Timed {
			x.Times.Connected = x.lot.Now()
		}
		x.touch()
		if x.Continue {
			x.Continue = false
			if failed := x.giveInterim(Continue); failed != nil {
				return x.fail(Client, 0, failed)
			}
		}
	}
	switch {
	case err == nil:
		return false
	case err.taking:
		return x.clientFailed(err.err)
	case x.back.Connecting():
		return x.unreachable(err.err)
	}
	// The backend may have answered before it shut the door.
	x.upStopped = true
	x.back.Retry()
	return false
}

// send moves the request on. While the connection may not stand yet nothing is taken of a body: if it cannot be had,
// another backend is to be sent all of it.
func (x *Exchange) send() (more bool, _ *flowError) {
	if x.back.Connecting() {
		switch err := x.up.give(); {
		case waits(err):
			return false, nil
		case err != nil:
			return false, &flowError{false, err}
		}
	}
	return x.up.step()
}

// clientFailed is a request's body that does not come to its end.
func (x *Exchange) clientFailed(err error) bool {
	if refusal, ok := err.(*httpparse.Refusal); ok {
		return x.fail(Client, refusal.Status, refusal)
	}
	return x.fail(Client, 0, fmt.Errorf("the client's body: %w", err))
}

// lasts reports whether x should leave its worker: what lasts by nature, and what keeps it waiting.
func (x *Exchange) lasts() bool {
	switch {
	case x.endless:
		return true
	case x.phase == relaying && x.now-x.progress >= int64(lull):
		return true
	}
	return x.heldUp >= int64(lull)
}

// leave gives x's worker and slot back, while its connection becomes one of those that the backend lends to what
// lasts. It reports false, and x stays, when all of them are taken.
func (x *Exchange) leave() bool {
	if !x.lent && !x.lender.Lend() {
		x.heldUp, x.progress = 0, x.now
		return false
	}
	x.lent = true
	x.calm()
	x.slot = nil
	x.Owner.Lasting(x)
	x.Client.KeepAlive()
	x.back.KeepAlive()
	x.Client.Watch.Tell(x.Party)
	x.back.Watch.Tell(x.Party)
	return true
}

// calm takes back what was said to the backend in impatience.
func (x *Exchange) calm() {
	if x.impatient {
		x.impatient = false
		x.lender.Patient()
	}
}

// finish gives everything back and tells the owner.
func (x *Exchange) finish() {
	x.calm()
	x.up.release()
	x.down.release()
	x.releaseUp()
	x.releaseLink()
	if x.lent {
		x.lent = false
		x.lender.Return()
	}
	x.slot = nil
	x.Client.Watch.Tell(x.Party)
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

// Content is the number of bytes of content that were taken from the backend for the client.
func (x *Exchange) Content() int64 { return x.down.content }

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
	case x.phase == connecting || x.back != nil && x.back.Connecting():
		return Connect
	case x.heard:
		return Read
	case !x.up.done():
		return Send
	}
	return Await
}
