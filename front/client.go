package front

import (
	"io"
	"sync/atomic"

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

	in  *bytebufferpool.ByteBuffer // bytes read; nil while there are none
	req *request                   // from a head's first byte to the end of its response

	out   *bytebufferpool.ByteBuffer // with flushing, what is left to write from outAt
	outAt int

	served  int                        // requests
	waiting atomic.Pointer[lot.Waiter] // of its request while that is placed

	next, prev *client // in the front's ring
}

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
	case c.front.stop.Load() && c.phase == limited:
		c.req.stopWaiting()
		c.phase = reading
		c.answer(503, "tenfour is stopping", retryAfter)
		c.serve()
		return
	case c.front.stop.Load():
		c.close()
		return
	case c.conn.Broken():
		c.dropped("reset by the client")
		return
	}
	if d := c.waiter.Deadline(); d != 0 && c.front.Lot.Now() >= d {
		c.timeUp()
		return
	}
	c.serve()
}

// serve goes on with c as far as that goes without waiting. Its caller owned c, and does not any more.
func (c *client) serve() {
	for {
		var on bool
		switch c.phase {
		case greeting:
			on = c.greet()
		case reading:
			on = c.readHead()
		case limited:
			on = c.lookAtLimit()
		case buffering:
			on = c.readBody()
		case flushing:
			on = c.flush()
		case lingering:
			on = c.linger()
		}
		if !on {
			return
		}
	}
}

// park leaves c to the lot until there is something to read or room to write. It reports whether c is still its
// caller's, because that is so already.
func (c *client) park(write bool) bool {
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
	if c.served > 0 || c.waiter.Deadline() == 0 {
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
	case c.served == 0:
		c.dropBuffer()
		if c.waiter.Deadline() == 0 {
			c.waiter.SetDeadline(c.front.Lot.Now() + int64(c.front.firstTimeout()))
		}
	default:
		c.dropBuffer()
		c.waiter.SetDeadline(c.front.Lot.Now() + int64(c.front.site.Load().IdleTimeout))
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

// timeUp ends a wait that was too long.
func (c *client) timeUp() {
	c.waiter.SetDeadline(0)
	switch {
	case c.phase == reading && c.req != nil:
		c.answer(408, "the request's head did not arrive within "+c.front.site.Load().HeadTimeout.String(), "")
	case c.phase == limited:
		c.limitTooLate()
	case c.phase == buffering:
		c.answer(408, "the request's body did not go on for "+c.front.site.Load().IdleTimeout.String(), "")
	case c.phase == flushing:
		c.dropped("took no byte of its response for " + c.front.site.Load().IdleTimeout.String())
		return
	default:
		c.close()
		return
	}
	c.serve()
}

// dropped is a client that left before the end.
func (c *client) dropped(why string) {
	if c.req != nil {
		c.req.failure(499, why)
		c.req.log()
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
	if c.out != nil {
		forward.PutBuffer(c.out)
		c.out = nil
	}
	c.waiting.Store(nil)
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

// greet waits for a new connection to begin TLS. Who says nothing needs no goroutine.
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
	c.waiter.SetDeadline(c.front.Lot.Now() + int64(c.front.site.Load().HeadTimeout))
	return c.park(false)
}

// shakeHands begins TLS on a new connection.
func (c *client) shakeHands() {
	c.phase = reading
	var asleep lot.Waiter
	asleep.InitSleeper(c.front.Lot)
	err := c.conn.StartTLS(c.front.site.Load().TLS, true, &asleep, c.waiter.Deadline(), nil)
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
