package front

import (
	"io"
	"sync/atomic"
	"time"

	"github.com/valyala/bytebufferpool"

	"tenfour/forward"
	"tenfour/httpparse"
	"tenfour/lot"
	"tenfour/sock"
)

// phase is what a client's connection waits for.
type phase uint8

const (
	greeting  phase = iota // the first byte of a TLS handshake
	reading                // the next head, or its first byte
	limited                // a limit's decision about its request
	reserving              // memory for a body that must be held whole
	buffering              // the rest of a small body
	placed                 // its exchange: the pool has it
	lasting                // its exchange, which has left its worker
	flushing               // room for the rest of a response
	lingering              // its end, after it was told that nothing more is read
)

// then is what follows when a response is flushed.
type then uint8

const (
	goOn      then = iota // the next request
	closing               // a clean end
	lingerOn              // a clean end, and what the client still sends is read for a while
	resetting             // an end that nobody takes for a clean one
)

// client is one connection of a client. It is owned by whoever unparks its waiter, or by the pool while its exchange is
// placed. One that is idle has no buffer and no request: it costs this struct.
type client struct {
	front  *Front
	conn   sock.Conn
	waiter lot.Waiter
	phase  phase
	then   then

	stopping bool          // it has its last answer, because tenfour is about to end
	asked    bool          // the kernel is asked before this wait goes on: it may be too long
	served   bool          // it has had a request
	unwanted atomic.Bool   // it shakes hands, and is to make room for others
	since    atomic.Uint32 // the moment since which it waits for its client; 0 while it does not
	listed   uint32        // that moment, when it got its place in its address's list; this and the next are guarded by the front

	from       *address // that it is counted under
	next, prev *client  // in that one's list

	in  *bytebufferpool.ByteBuffer // bytes read; nil while there are none
	req *request                   // from a head's first byte to the end of its response

	out   *bytebufferpool.ByteBuffer // with flushing, what is left to write from outAt
	outAt int

	portion forward.Portion // of all that is held, for out
	taking  *taking         // with flushing, once the client does not take it all at once; else nil

	shaking atomic.Pointer[lot.Waiter] // in which its TLS handshake sleeps; nil while there is none
}

// moment is a time of the lot's in 4 bytes, in units of some 16 ms: enough to tell which of two has waited longer. It is never
// 0.
func moment(now int64) uint32 { return uint32(now>>23) | 1 }

func newClient(f *Front) *client {
	c := &client{front: f}
	c.waiter.Init(f.Lot, c)
	return c
}

// firstBuffer is enough for nearly every head.
const firstBuffer = 4 << 10

// Unpark goes on with a connection on which something happened, or whose time is up.
func (c *client) Unpark() {
	c.conn.Look()
	switch {
	case c.phase == lasting:
		c.req.Resume()
		return
	case c.front.stop.Load():
		c.stopped()
		return
	case c.conn.Broken():
		c.dropped("reset by the client")
		return
	}
	if c.late() || c.front.draining.Load() {
		c.askKernel()
	}
	c.serve()
}

// turnMost is how many steps c has in one turn: enough for some ten requests that tenfour answers by itself.
const turnMost = 32

// serve goes on with c as far as that goes without waiting, but no longer than one turn: a client that sends one request
// after the other lets others go first. Its caller owned c, and does not any more.
func (c *client) serve() {
	for range turnMost {
		if !c.step() {
			return
		}
	}
	c.waiter.Again()
}

// serveRest is serve after an exchange. It leaves the next request to another goroutine: this one may be a worker, and
// holds its slot until it returns.
func (c *client) serveRest() {
	for range turnMost {
		if c.phase == reading && c.in != nil {
			break
		}
		if !c.step() {
			return
		}
	}
	c.waiter.Again()
}

// step does one thing that does not wait. It reports whether c is still its caller's, and can go on.
func (c *client) step() bool {
	switch c.phase {
	case greeting:
		return c.greet()
	case reading:
		return c.readHead()
	case limited:
		return c.lookAtLimit()
	case reserving:
		return c.lookAtMemory()
	case buffering:
		return c.readBody()
	case flushing:
		return c.flush()
	case lingering:
		return c.linger()
	}
	return false
}

// late reports whether c has waited for too long.
func (c *client) late() bool {
	d := c.waiter.Deadline()
	return d != 0 && c.front.Lot.Now() >= d
}

// askKernel has the next read and write ask the kernel, before c's wait is ended: the lot may not have told yet of bytes
// that came in time.
func (c *client) askKernel() {
	c.asked = true
	switch {
	case c.phase == limited: // it reads nothing
	case c.phase == flushing:
		c.conn.RetryWrite()
	case c.phase != greeting || c.conn.Unread():
		c.conn.Retry()
	}
}

// park leaves c to the lot until there is something to read or room to write, or ends its wait if that was too long and
// the kernel has nothing. It reports whether c is still its caller's, and can go on.
func (c *client) park(write bool) bool {
	if c.asked {
		c.asked = false
		if c.late() {
			return c.timeUp()
		}
	}
	if err := c.conn.Arm(!write, write); err != nil {
		c.front.Log.Error().Err(err).Stringer("client", c.conn.Remote).Msg("a connection cannot be parked")
		c.close()
		return false
	}
	if c.waiter.Park(&c.conn.Watch) {
		return false
	}
	c.conn.Look()
	return true
}

// readHead reads up to the end of a request's head.
func (c *client) readHead() bool {
	if c.in != nil && len(c.in.B) > 0 {
		if c.req == nil {
			c.startHead()
		}
		n, err := c.req.Req.Parse(c.in.B, &c.front.Limits)
		switch {
		case err == nil:
			c.waiter.SetDeadline(0)
			return c.begin(n)
		case err != httpparse.ErrPartial:
			return c.refuse(err.(*httpparse.Refusal))
		}
	}
	if !c.conn.MayRead() {
		return c.parkReading()
	}
	if c.in == nil {
		c.in = forward.GetBuffer(firstBuffer)
	}
	if cap(c.in.B)-len(c.in.B) < firstBuffer/4 {
		c.in.B = forward.Grown(c.in.B, firstBuffer)
	}
	n, err := c.conn.Read(c.in.B[len(c.in.B):cap(c.in.B)])
	c.in.B = c.in.B[:len(c.in.B)+n]
	switch {
	case err == nil:
		return true
	case err == sock.ErrWait:
		return c.parkReading()
	case err == io.EOF && c.req == nil:
		c.close()
	default:
		c.dropped("left inside its request's head")
	}
	return false
}

// startHead begins a request with its first byte.
func (c *client) startHead() {
	c.req = c.front.requests.Get().(*request)
	c.req.start(c)
	// The timeout is for the whole head. A new connection has it from the beginning.
	if c.served || c.waiter.Deadline() == 0 {
		c.req.headEnd = c.front.Lot.Now() + int64(c.front.site.Load().HeadTimeout)
	} else {
		c.req.headEnd = c.waiter.Deadline()
	}
}

// parkReading leaves c to the lot with no more memory than it needs.
func (c *client) parkReading() bool {
	switch {
	case c.req != nil:
		c.waiter.SetDeadline(c.req.headEnd)
		c.shrink()
	case c.front.draining.Load():
		c.close()
		return false
	case c.waiter.Deadline() == 0 && !c.served:
		c.dropBuffer()
		c.waiter.SetDeadline(c.front.Lot.Now() + int64(c.front.firstTimeout()))
	case c.waiter.Deadline() == 0:
		c.dropBuffer()
		now := c.front.Lot.Now()
		c.since.Store(moment(now))
		c.waiter.SetDeadline(now + int64(c.front.site.Load().IdleTimeout))
	default:
		c.dropBuffer()
	}
	return c.park(false)
}

func (c *client) dropBuffer() {
	if c.in != nil {
		forward.PutBuffer(c.in)
		c.in = nil
	}
}

// halfMost is the most of a head that is kept in a small buffer: whoever sends half a head and waits gets no large one.
const halfMost = 512

// shrink moves a short beginning of a head to a buffer of its size.
func (c *client) shrink() {
	if len(c.in.B) > halfMost || cap(c.in.B) <= 2*halfMost {
		return
	}
	half := forward.GetBuffer(halfMost)
	half.B = append(half.B[:0], c.in.B...)
	forward.PutBuffer(c.in)
	c.in = half
}

// timeUp ends a wait that was too long. It reports whether c is still its caller's.
func (c *client) timeUp() bool {
	c.waiter.SetDeadline(0)
	switch {
	case c.phase == reading && c.req != nil:
		return c.answer(408, "the request's head did not arrive within "+c.front.site.Load().HeadTimeout.String(), "")
	case c.phase == limited:
		return c.limitTooLate()
	case c.phase == reserving:
		return c.memoryLate()
	case c.phase == buffering:
		return c.bodyLate()
	case c.phase == flushing:
		return c.roomLate()
	}
	c.close()
	return false
}

// dropped ends the connection of a client that left, or was given up, before the end. A response that it had in part
// does not end as if that was all.
func (c *client) dropped(why string) {
	if c.req != nil {
		c.req.failure(499, why)
		c.req.log()
	}
	if c.phase == flushing {
		c.reset()
		return
	}
	c.close()
}

// close ends the connection, and gives everything back.
func (c *client) close() {
	c.conn.Close()
	c.release()
}

// reset ends the connection so that the client can tell.
func (c *client) reset() {
	c.conn.Reset()
	c.release()
}

func (c *client) release() {
	c.waiter.Leave()
	c.endRequest()
	c.dropBuffer()
	c.dropOut()
	c.endTaking()
	f := c.front
	f.leave(c)
	f.spare.Put(c)
}

// endRequest gives the request back.
func (c *client) endRequest() {
	if c.req != nil {
		c.req.end()
		c.front.requests.Put(c.req)
		c.req = nil
	}
}

// greet waits for a new connection to begin TLS. One that says nothing needs no goroutine.
func (c *client) greet() bool {
	if c.waiter.Deadline() != 0 && c.conn.MayRead() {
		go c.shakeHands() // ends with the handshake, within the head timeout
		return false
	}
	if c.front.draining.Load() {
		c.close()
		return false
	}
	c.conn.Await()
	if c.waiter.Deadline() == 0 {
		c.waiter.SetDeadline(c.front.Lot.Now() + int64(c.front.site.Load().HeadTimeout))
	}
	return c.park(false)
}

// shakeLeast is what a handshake has whose first byte came when the time for it was nearly over.
const shakeLeast = int64(time.Second)

// shakeHands begins TLS on a new connection.
func (c *client) shakeHands() {
	c.phase, c.asked = reading, false
	var asleep lot.Waiter
	asleep.InitSleeper(c.front.Lot)
	c.shaking.Store(&asleep)
	until := max(c.waiter.Deadline(), c.front.Lot.Now()+shakeLeast)
	unwelcome := func() bool { return c.front.stop.Load() || c.unwanted.Load() }
	err := c.conn.StartTLS(c.front.site.Load().TLS, true, &asleep, until, unwelcome)
	c.shaking.Store(nil)
	asleep.Leave()
	c.conn.Watch.Tell(&c.waiter)
	if err != nil {
		c.front.Log.Debug().Err(err).Stringer("client", c.conn.Remote).Msg("no TLS with a client")
		c.close()
		return
	}
	c.serve()
}

var _ lot.Parked = (*client)(nil)
var _ forward.Owner = (*request)(nil)
