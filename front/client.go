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
	greeting   phase = iota // the first byte of a TLS handshake
	reading                 // the next head, or its first byte
	limited                 // a limit's decision about its request
	reserving               // memory for a body that must be held whole
	buffering               // the rest of a body that is taken in
	spooling                // the disk, which a large body goes to
	accepting               // the jobs, which take its request
	handedOver              // its turn: its exchange has become a job, and it is told so
	visiting                // the jobs, about one of which it asks
	joined                  // the response to a request like its own; then its answer is there, or it goes alone
	placed                  // its exchange: the pool has it
	lasting                 // its exchange, which has left its worker
	flushing                // room for the rest of a response
	lingering               // the client's end, after tenfour has shut its sending side
)

// then is what follows when a response is flushed.
type then uint8

const (
	nextHead  then = iota // the next request, of which bytes may be here already (RFC 9112 §9.3.2)
	closing               // a clean end
	lingerOn              // a clean end; what the client still sends is read for a while
	resetting             // a reset, which the client cannot take for a clean end
)

// outcome is how a step of a client's connection ended.
type outcome uint8

const (
	waits outcome = iota // the connection is parked, or was handed over: its caller does not own it any more
	goOn                 // its caller still owns it, and can take the next step
	over                 // it has ended
)

// client is one connection of a client. While it is parked no goroutine owns it; the one that the lot calls Unpark on owns it until a
// step waits. While its exchange is placed or lasts, the exchange owns it, and gives it back with Finished. While it is idle it has no
// buffer and no request: it costs this struct.
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
	served   uint32        // how many requests it has had
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
	shares  *group          // with flushing, whose content is, or follows, out; nil if out is c's own
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
		c.req.resume()
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
	case accepting:
		return c.lookAtAccept()
	case handedOver:
		return c.answerHandedOver()
	case visiting:
		return c.lookAtVisit()
	case joined:
		return c.afterJoin()
	case flushing:
		return c.flush()
	case lingering:
		return c.linger()
	}
	return waits // its exchange has it
}

// late reports whether c has waited for too long.
func (c *client) late() bool {
	d := c.waiter.Deadline()
	return d != 0 && c.front.Lot.Now() >= d
}

// askKernel makes the next read and write ask the kernel, before c's wait is ended: bytes may have come in time whose event the lot
// has not seen yet.
func (c *client) askKernel() {
	c.recheck = true
	switch {
	case c.phase == limited, c.phase == accepting, c.phase == visiting: // it reads nothing
	case c.phase == flushing:
		c.conn.RetryWrite()
	case c.phase != greeting || c.conn.Unread():
		c.conn.Retry()
	}
}

// park leaves c to the lot until there is something to read, or with write until there is room to write. It ends the wait
// instead if that was too long and the kernel has nothing.
func (c *client) park(write bool) outcome {
	if c.recheck {
		c.recheck = false
		if c.late() {
			return c.timeUp()
		}
	}
	if !write {
		c.conn.Ack() // it is inside a request, or at the end of a TLS handshake; else there is nothing to acknowledge
	}
	if err := c.conn.Arm(!write, write); err != nil {
		c.front.Log.Error().Err(err).Stringer("client", c.conn.Remote).Msg("a connection cannot be parked")
		return c.close()
	}
	if c.waiter.Park(&c.conn.Watch) {
		return waits
	}
	c.conn.Look()
	return goOn
}

// timeUp ends a wait that was too long.
func (c *client) timeUp() outcome {
	c.waiter.SetDeadline(0)
	switch {
	case c.phase == reading && c.req != nil:
		return c.answer(408, "the request's head did not arrive within "+c.front.site.Load().HeadTimeout.String()+": --head-timeout gives it more time", "")
	case c.phase == limited:
		return c.limitTooLate()
	case c.phase == reserving:
		return c.memoryLate()
	case c.phase == buffering:
		return c.bodyLate()
	case c.phase == spooling:
		return c.diskLate()
	case c.phase == accepting:
		return c.acceptLate()
	case c.phase == visiting:
		return c.visitLate()
	case c.phase == flushing:
		return c.roomLate()
	}
	return c.close()
}

// dropped ends a connection that its client left, or that is given up, before its request was answered in full. If the client
// has a part of the response, the connection is reset, so that the part cannot be taken for the whole.
func (c *client) dropped(why string) outcome {
	if c.req != nil {
		c.req.failure(499, why)
		c.req.log()
	}
	if c.phase == flushing {
		return c.reset()
	}
	return c.close()
}

// close ends the connection, and gives back all that c has.
func (c *client) close() outcome {
	c.conn.Close()
	c.release()
	return over
}

// reset ends the connection so that the client sees an error.
func (c *client) reset() outcome {
	c.conn.Reset()
	c.release()
	return over
}

func (c *client) release() {
	c.waiter.Leave()
	c.endRequest()
	c.in.Drop()
	c.dropOut()
	c.endTaking()
	f := c.front
	f.leave(c)
	f.clients.Put(c)
}

// endRequest ends c's request, if there is one.
func (c *client) endRequest() {
	if c.req != nil {
		c.req.end()
		c.front.requests.Put(c.req)
		c.req = nil
	}
}

var _ lot.Parked = (*client)(nil)
