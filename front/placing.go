package front

import "tenfour/forward"

// place gives the exchange to its route. It reports whether c is still its caller's.
func (c *client) place() bool {
	r, f := c.req, c.front
	c.waiter.SetDeadline(0)
	r.Limits, r.Secure, r.Stop = &f.Limits, f.secure, &f.stop
	r.Client, r.Waiter, r.At, r.Owner = &c.conn, &c.waiter, &r.place, r
	c.phase = placed
	return !r.Enter() && c.failed(r.Failure)
}

// failed ends an exchange that never began its response. It reports whether c is to be served on.
func (c *client) failed(e *forward.Error) bool {
	if e.Status == 0 {
		c.dropped(e.Error())
		return false
	}
	return c.answerFailure(e)
}

// Lasting notes that the exchange goes on without a worker.
func (r *request) Lasting(*forward.Exchange) { r.c.phase = lasting }
