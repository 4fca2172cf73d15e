package front

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
