package front

import (
	"tenfour/forward"
	"tenfour/sock"
)

// Finished goes on with the client after an exchange. The caller may be a worker, so the next request is left to another
// goroutine.
func (r *request) Finished(x *forward.Exchange) {
	c := r.c
	c.conn.Look()
	r.bytes = x.Content
	if x.Failure != nil && x.Status == 0 {
		if c.failed(&x.Result) == goOn {
			c.serveRest()
		}
		return
	}
	r.status = x.Status
	if x.Failure != nil {
		r.reason = x.Failure.Error()
	}
	r.log()
	c.then = nextHead
	switch {
	case x.Cut == forward.CutReset:
		c.then = resetting
	case x.Cut == forward.CutClose:
		c.then = closing
	case x.Surplus || !x.Keep && c.in.Len() > 0:
		// What the client sends beyond its last request would have the kernel reset the connection, and the
		// response lost, were it closed at once (RFC 9112 §9.6).
		c.then = lingerOn
	case !x.Keep:
		c.then = closing
	}
	c.keepRest()
	if c.conn.Broken() || x.Failure != nil && x.Failure.Side == forward.Client {
		c.endRequest()
		c.reset()
		return
	}
	if len(x.Pending()) > 0 || c.conn.Holding() {
		c.phase = flushing
		c.waiter.SetDeadline(0)
		c.out, c.outAt, c.portion = x.TakePending()
		c.endRequest()
		if c.out == nil {
			c.out, c.outAt = sock.GetBuffer(0), 0
		}
		c.serveRest()
		return
	}
	c.endRequest()
	if c.proceed() == goOn {
		c.serveRest()
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
