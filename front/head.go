package front

import (
	"io"

	"tenfour/httpparse"
	"tenfour/sock"
)

// firstBuffer is enough for nearly every head.
const firstBuffer = 4 << 10

// readHead reads up to the end of a request's head.
func (c *client) readHead() outcome {
	if c.in.Len() > 0 {
		if c.req == nil {
			c.startHead()
		}
		n, err := c.req.Head.Parse(c.in.Rest(), c.req.Limits)
		switch {
		case err == nil:
			c.waiter.SetDeadline(0)
			return c.begin(n)
		case err != httpparse.ErrPartial:
			return c.refuse(err.(*httpparse.Refusal))
		}
	}
	switch _, err := c.in.Fill(&c.conn, firstBuffer/4, firstBuffer); {
	case err == nil:
		return goOn
	case err == sock.ErrWait:
		return c.parkReading()
	case err == io.EOF && c.req == nil:
		return c.close()
	}
	return c.dropped("left inside its request's head")
}

// startHead begins a request, whose first byte has come.
func (c *client) startHead() {
	c.req = c.front.requests.Get().(*request)
	c.req.start(c)
	// The timeout is for the whole head. With a new connection it began when that was accepted.
	if c.served || c.waiter.Deadline() == 0 {
		c.req.headEnd = c.front.Lot.Now() + int64(c.front.site.Load().HeadTimeout)
	} else {
		c.req.headEnd = c.waiter.Deadline()
	}
}

// parkReading parks c until bytes of a head come, with no more memory than it needs.
func (c *client) parkReading() outcome {
	switch {
	case c.req != nil:
		c.waiter.SetDeadline(c.req.headEnd)
		c.in.Shrink(halfMost)
	case c.front.draining.Load():
		return c.close()
	case c.waiter.Deadline() == 0 && !c.served:
		c.in.Drop()
		c.waiter.SetDeadline(c.front.Lot.Now() + int64(c.via.firstTimeout()))
	case c.waiter.Deadline() == 0:
		c.in.Drop()
		now := c.front.Lot.Now()
		c.since.Store(moment(now))
		c.waiter.SetDeadline(now + int64(c.front.site.Load().IdleTimeout))
	default:
		c.in.Drop()
	}
	return c.park(false)
}

// halfMost is the most of a head that is kept in a small buffer: a client that sends half a head and waits keeps no large
// one.
const halfMost = 512
