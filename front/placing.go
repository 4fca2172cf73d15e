package front

import "tenfour/forward"

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
