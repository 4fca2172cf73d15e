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
