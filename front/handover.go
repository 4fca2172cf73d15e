package front

import (
	"tenfour/forward"
	"tenfour/jobs/runner"
	"tenfour/pool"
)

// handover is the exchange of a client that waits for its response, but not for ever: then the same exchange goes on as a job, and the
// client gets a handle. It has an exchange of its own, because the request's is used again for the next request, and this one outlives
// its client. Until it is handed over it belongs to its request, and is its owner towards the pool.
type handover struct {
	forward.Exchange
	place pool.Place
	of    *client // whose request it is
	run   *runner.Handover
}

// findSame looks for a job that has the request already, if it may be joined to one: that job's handle is the answer. So a client that asks
// again with its Idempotency-Key has no second request sent.
func (c *client) findSame() outcome {
	r := c.req
	d := r.deferral
	d.job = r.job()
	if d.job.Dedupe.Key.IsZero() {
		return c.placeToHandOver()
	}
	c.phase = accepting
	c.waiter.SetDeadline(c.until(storePatience))
	d.errand = c.front.jobs.Load().Same(&c.waiter, d.job, r.Body)
	return goOn
}

// placeToHandOver gives the exchange to its route, to be handed over to the jobs when its client has waited for as long as it would.
func (c *client) placeToHandOver() outcome {
	r, f := c.req, c.front
	c.waiter.SetDeadline(0)
	h := &handover{of: c}
	r.deferral.handover = h
	h.Init(f.Lot, f.Held)
	r.recordAll()
	h.Request, r.Body = r.Request, nil
	h.Trace.Hold()
	h.Secure, h.Stop = c.secure, &f.stop
	h.Client, h.Waiter, h.At, h.Owner = &c.conn, &c.waiter, &h.place, h
	c.phase = placed
	h.run = f.jobs.Load().Handover(r.deferral.job, &h.Exchange, r.deferral.after, h.handedOver, r.site.leave)
	if h.Enter() { // it is handed over: c and r to a worker, to the queue, or to a race
		return waits
	}
	h.endExchange()
	return c.failed(&r.Result)
}

// Lasting notes that the exchange has left its worker, and that the lot moves it on.
func (h *handover) Lasting(*forward.Exchange) {
	h.of.phase = lasting
	h.Trace.Lasts(h.of.front.Lot.Now())
}

// Finished goes on with the client, which has had the response of the exchange.
func (h *handover) Finished(*forward.Exchange) {
	r := h.of.req
	h.endExchange()
	r.Finished(&r.Exchange)
}

// endExchange makes the result of the exchange the request's. It is handed over no more.
func (h *handover) endExchange() {
	r := h.of.req
	h.run.End()
	r.deferral.handover = nil
	r.Result, h.Result = h.Result, forward.Result{}
	r.place.Late = h.place.Late // for the log
	h.Trace.Release()
	h.Reset()
}

// handedOver goes on with the client, whose exchange is a job's from now on. The exchange's goroutine calls it, so the client has its
// answer from another one.
func (h *handover) handedOver() {
	c := h.of
	d := c.req.deferral
	d.handover, d.job = nil, h.run.Job()
	c.req.site = nil // the exchange keeps it, and leaves it at its end
	c.phase = handedOver
	c.waiter.Again()
}

// answerHandedOver answers a request whose exchange is a job's now.
func (c *client) answerHandedOver() outcome {
	return c.answerAccepted(c.req.deferral.job, nil)
}

// Resume goes on with the exchange of r, which has left its worker.
func (r *request) Resume() {
	if r.deferral != nil && r.deferral.handover != nil {
		r.deferral.handover.Exchange.Resume()
		return
	}
	r.Exchange.Resume()
}

var _ forward.Owner = (*handover)(nil)
