package front

import (
	"tenfour/forward"
	"tenfour/sock"
)

// Lasting notes that the exchange has left its worker, and that the lot moves it on.
func (r *request) Lasting(*forward.Exchange) {
	r.c.phase = lasting
	r.Trace.Lasts(r.front.Lot.Now())
}

// Finished goes on with the client after an exchange. The caller may be a worker, so the next request is left to another
// goroutine.
func (r *request) Finished(x *forward.Exchange) {
	c := r.c
	c.conn.Look()
	r.bytes = x.Content
	if c.finish(&x.Result) == goOn {
		c.serveRest()
	}
}

// finish ends c's request after its exchange, whose result it is given, and begins with what is left of the response.
func (c *client) finish(x *forward.Result) outcome {
	if x.Failure != nil && x.Status == 0 {
		return c.failed(x)
	}
	r := c.req
	r.status = x.Status
	if x.Failure != nil {
		r.reason = x.Failure.Error()
	}
	if len(x.Pending()) > 0 {
		r.givenLast(x.Pending()) // a response that lost its race, and is the best there is
	}
	r.log()
	c.then = c.after(x)
	c.keepRest()
	switch {
	case c.conn.Broken(), x.Failure != nil && x.Failure.Side == forward.Client:
		c.endRequest()
		return c.reset()
	case len(x.Pending()) > 0, c.conn.Holding():
		c.takeRest(x)
		c.endRequest()
		return goOn
	}
	c.endRequest()
	return c.proceed()
}

// failed ends an exchange whose response never began: its client gets an answer, or a close if it left by itself.
func (c *client) failed(res *forward.Result) outcome {
	c.req.Persists = res.Keep
	e := res.Failure
	if e.Status == 0 {
		return c.dropped(e.Error())
	}
	return c.answerFailure(e)
}

// after says what follows a response.
func (c *client) after(x *forward.Result) then {
	switch {
	case x.Cut == forward.CutReset:
		return resetting
	case x.Cut == forward.CutClose:
		return closing
	case x.Surplus || !x.Keep && c.in.Len() > 0:
		// What the client sends beyond its last request would have the kernel reset the connection, and the
		// response lost, were it closed at once (RFC 9112 §9.6).
		return lingerOn
	case !x.Keep:
		return closing
	}
	return nextHead
}

// takeRest makes what the client has not taken of its response the next thing that c does.
func (c *client) takeRest(x *forward.Result) {
	c.phase = flushing
	c.waiter.SetDeadline(0)
	c.out, c.outAt, c.portion = x.TakePending()
	if c.out == nil { // TLS alone holds some
		c.out, c.outAt = sock.GetBuffer(0), 0
	}
}

// keepRest keeps what came after a request, if that is the next one.
func (c *client) keepRest() {
	if c.then != nextHead {
		c.in.Drop()
		return
	}
	c.in.Next()
}

// flush writes the rest of a response, then does what c.then says.
func (c *client) flush() outcome {
	var err error
	before := c.outAt
	c.conn.Last(c.then == closing || c.then == lingerOn)
	for err == nil && (c.outAt < len(c.out.B) || c.shares != nil && c.writesShare()) {
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
		if c.shares == nil {
			c.portion.Raise(cap(c.out.B))
		}
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
	if c.shares != nil {
		c.endShare()
	}
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
