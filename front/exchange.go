package front

import (
	"tenfour/forward"
	"tenfour/sock"
)

// place gives the exchange to its route: to a worker, or into the queue.
func (c *client) place() outcome {
	r, f := c.req, c.front
	c.waiter.SetDeadline(0)
	r.Secure, r.Stop = c.secure, &f.stop
	r.Client, r.Waiter, r.At, r.Owner = &c.conn, &c.waiter, &r.place, r
	c.phase = placed
	if r.Enter() {
		return waits
	}
	return c.failed(&r.Result)
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

// Lasting notes that the exchange has left its worker, and that the lot moves it on.
func (r *request) Lasting(*forward.Exchange) { r.c.phase = lasting }

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
