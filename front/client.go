package front

import (
	"sync/atomic"

	"tenfour/forward"
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
	buffering              // the rest of a body that is taken in
	spooling               // the disk, which a large body goes to
	placed                 // its exchange: the pool has it
	lasting                // its exchange, which has left its worker
	flushing               // room for the rest of a response
	lingering              // the client's end, after tenfour has shut its sending side
)

// then is what follows when a response is flushed.
type then uint8

const (
	nextHead  then = iota // the next request
	closing               // a clean end
	lingerOn              // a clean end; what the client still sends is read for a while
	resetting             // a reset, which the client cannot take for a clean end
)

// client is one connection of a client. The goroutine that the lot has unpark its waiter owns it, or the pool while its
// exchange is placed. While it is idle it has no buffer and no request: it costs this struct.
type client struct {
	front  *Front
	via    *Listener // that it came by
	conn   sock.Conn
	waiter lot.Waiter
	phase  phase
	then   then
	secure bool // it speaks TLS

	stopping bool          // it was sent its last answer, because tenfour is about to end
	recheck  bool          // its deadline may be over: the kernel is asked once more before the wait ends
	served   bool          // it has had a request
	surplus  bool          // its address has more connections than it may: it is open only to be told so
	unwanted atomic.Bool   // it is in its TLS handshake, and is to make room for others
	since    atomic.Uint32 // the moment since which it waits for its client; 0 while it does not
	listed   uint32        // that moment, when it got its place in its address's list; this and the next are guarded by the front

	from       *address // that it is counted under
	next, prev *client  // in that address's list

	in  sock.Input // what was read from it: a head, a body, and what follows them
	req *request   // from a head's first byte to the end of its response

	out   *sock.Buffer // with flushing, what is left to write from outAt
	outAt int

	portion forward.Portion // what out takes of hold_max
	taking  *taking         // with flushing, once the client has not taken it all at once; else nil

	lingerEnd int64 // with lingering, when it ends at the latest

	shaking atomic.Pointer[lot.Waiter] // in which the goroutine of its TLS handshake sleeps; nil while there is none
}

// moment is a time of the lot's in 4 bytes, in units of some 16 ms: enough to tell which of two has waited longer. It is never
// 0.
func moment(now int64) uint32 { return uint32(now>>23) | 1 }

func newClient(f *Front) *client {
	c := &client{front: f}
	c.waiter.Init(f.Lot, c)
	return c
}

// Unpark goes on with a connection on which something happened, or whose deadline has passed.
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

// serve takes steps with c until one waits, but no more than one turn has: a client that sends one request after the other
// must let others go first. Its caller owned c, and does not own it afterwards.
func (c *client) serve() {
	for range turnMost {
		if c.step() != goOn {
			return
		}
	}
	c.waiter.Again()
}

// serveRest is serve after an exchange. It leaves the next request to another goroutine, because its caller may be a
// worker, which holds its slot until it returns.
func (c *client) serveRest() {
	for range turnMost {
		if c.phase == reading && c.in.Len() > 0 {
			break
		}
		if c.step() != goOn {
			return
		}
	}
	c.waiter.Again()
}

// step does what c's phase asks for, and never blocks.
func (c *client) step() outcome {
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
	case spooling:
		return c.lookAtSpool()
	case flushing:
		return c.flush()
	case lingering:
		return c.linger()
	}
	return waits // its exchange has it
}

var _ lot.Parked = (*client)(nil)
