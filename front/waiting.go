package front

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
	case c.phase == limited: // it reads nothing
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
	case c.phase == flushing:
		return c.roomLate()
	}
	return c.close()
}
