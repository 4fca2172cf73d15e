package front

import "tenfour/sock"

// flush writes the rest of a response, then does what c.then says.
func (c *client) flush() outcome {
	var err error
	before := c.outAt
	c.conn.Last(c.then == closing || c.then == lingerOn)
	for c.outAt < len(c.out.B) && err == nil {
		var n int
		n, err = c.conn.Write(c.out.B[c.outAt:])
		c.outAt += n
	}
	if err == nil {
		err = c.conn.Flush()
	}
	switch {
	case err == sock.ErrWait:
		if c.outAt > before || c.waiter.Deadline() == 0 { // bytes from the client do not move the deadline
			c.waitForRoom(c.outAt > before)
		}
		c.portion.Raise(cap(c.out.B))
		return c.park(true)
	case err != nil:
		return c.dropped("left before it had its response")
	}
	c.dropOut()
	c.endTaking()
	return c.proceed()
}

// dropOut gives back the rest of a response, and its portion of hold_max.
func (c *client) dropOut() {
	if c.out != nil {
		sock.PutBuffer(c.out)
		c.out = nil
	}
	c.portion.Give()
}

// proceed does what comes after a response that was written in full.
func (c *client) proceed() outcome {
	switch c.then {
	case nextHead:
		c.phase = reading
		c.waiter.SetDeadline(0)
		if c.front.draining.Load() {
			c.conn.Retry() // its next request may be on the way
		}
		return goOn
	case lingerOn:
		return c.beginLinger()
	case resetting:
		return c.reset()
	}
	if c.conn.Unread() {
		return c.beginLinger()
	}
	return c.close()
}

// lingerTimeout is how long the client's bytes are read after the last response. If the connection was closed while some of
// them are unread, the kernel would reset it, and the client might never see the response (RFC 9112 §9.6).
const lingerTimeout = 5e9 // nanoseconds

func (c *client) beginLinger() outcome {
	if err := c.conn.CloseWrite(); err != nil {
		return c.close()
	}
	c.phase = lingering
	c.conn.Retry()
	c.since.Store(moment(c.front.Lot.Now()))
	c.waiter.SetDeadline(c.until(lingerTimeout))
	return goOn
}

// linger reads once and forgets what it read. More bytes do not move the deadline.
func (c *client) linger() outcome {
	switch _, err := c.conn.ReadOff(4 * firstBuffer); {
	case err == sock.ErrWait:
		return c.park(false)
	case err != nil, c.late():
		return c.close()
	}
	return goOn
}
