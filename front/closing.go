package front

// dropped ends the connection of a client that left, or was given up, before the end. A response that it had in part
// does not end as if that was all.
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

// close ends the connection, and gives everything back.
func (c *client) close() outcome {
	c.conn.Close()
	c.release()
	return over
}

// reset ends the connection so that the client can tell.
func (c *client) reset() outcome {
	c.conn.Reset()
	c.release()
	return over
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
