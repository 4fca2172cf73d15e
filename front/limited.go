package front

import (
	"time"

	"tenfour/admit"
	"tenfour/limit"
	"tenfour/metrics"
)

// admit decides whether c's request may pass.
func (c *client) admit(rule *admit.Rule) outcome {
	r := c.req
	var refused *admit.Refusal
	if r.caller, refused = rule.Check(c.conn.Remote.Addr(), &r.Head, r.In.Head()); refused != nil {
		if refused.Status == 400 {
			return c.refuseAt(400, refused.Words, refused.Offset, refused.Fields)
		}
		return c.answerPlainly(refused.Status, refused.Words, refused.Reason(), refused.Fields)
	}
	r.limits = rule.Limits
	if r.deferral != nil {
		r.deferAdmission(rule)
	}
	for range r.limits {
		r.grants = append(r.grants, limit.Decision{})
	}
	return c.askLimits()
}

// askLimits asks the limits that have not admitted the request yet, one after the other. All of them must admit it. While it
// waits for one, it holds no admission of another.
func (c *client) askLimits() outcome {
	r := c.req
	for {
		i := r.next()
		if i < 0 {
			r.countAdmitted()
			return c.admitted()
		}
		l := r.limits[i]
		t := r.ticketFor(l)
		var d limit.Decision
		var known bool
		var err error
		if l.Wait {
			d, known, err = l.Limiter.Wait(t.key, &t.place, t)
		} else {
			d, known = l.Limiter.Ask(t.key, t)
		}
		if !known {
			return c.awaitLimit(i, d)
		}
		if !c.decided(i, d, err) {
			return goOn
		}
	}
}

// uncounted is the decision about a request that a limit lets pass and does not count.
var uncounted = limit.Decision{Admitted: true}

// countAdmitted counts the limits that have admitted the request, now that all have: what one admits before is given back while the request waits
// for another, or when another refuses it.
func (r *request) countAdmitted() {
	for _, d := range r.grants {
		if d != uncounted {
			r.Route.Metrics.Count(metrics.Admitted)
		}
	}
}

// decided notes a limit's decision, and reports whether it admits the request. If not, the request has been answered.
func (c *client) decided(i int, d limit.Decision, err error) bool {
	r := c.req
	l := r.limits[i]
	switch {
	case err == nil && d.Admitted:
		r.grants[i] = d
		return true
	case err == limit.ErrClosed, err != nil && err != limit.ErrFull && l.AdmitOnError: // the limit was removed, or lets requests pass that it cannot count
		r.grants[i] = uncounted
		return true
	}
	r.refund()
	if err != nil && err != limit.ErrFull {
		c.answerPlainly(503, "the limit cannot be asked", "the limit "+l.Name+" cannot be asked: "+err.Error(), retryAfter)
		return false
	}
	r.Route.Metrics.Count(metrics.OverLimit)
	refused := l.Refusal(d)
	c.answer(refused.Status, refused.Words, refused.Fields)
	return false
}

// awaitLimit makes the request wait for the decision of limit i.
func (c *client) awaitLimit(i int, d limit.Decision) outcome {
	r := c.req
	l := r.limits[i]
	if l.Wait {
		r.refund()
	}
	r.waits, r.asked, r.over = true, i, d
	r.since = c.front.Lot.Now()
	if r.until == 0 {
		r.until = r.since + int64(l.WaitMax)
	}
	c.phase = limited
	c.waiter.SetDeadline(r.until)
	return goOn
}

// lookAtLimit goes on with a request once its limit has decided. It ends the connection if its client left before.
func (c *client) lookAtLimit() outcome {
	r := c.req
	d, err, answered := r.ticket.answer()
	switch {
	case !answered && c.conn.HungUp():
		return c.dropped("left while it waited for the limit " + r.limits[r.asked].Name)
	case !answered:
		return c.park(false)
	}
	r.waits = false
	r.waited += c.front.Lot.Now() - r.since
	c.phase = reading
	c.waiter.SetDeadline(0)
	if c.decided(r.asked, d, err) {
		return c.askLimits()
	}
	return goOn
}

// limitTooLate answers a request that has waited too long for its limits.
func (c *client) limitTooLate() outcome {
	r := c.req
	l, d := r.limits[r.asked], r.over
	d.RetryAfter -= time.Duration(c.front.Lot.Now() - r.since)
	d.Reset = max(0, d.Reset-time.Duration(c.front.Lot.Now()-r.since))
	r.stopWaiting()
	c.phase = reading
	r.Route.Metrics.Count(metrics.OverLimit)
	refused := l.Refusal(d)
	return c.answer(refused.Status, refused.Words+"; it has waited for "+l.WaitMax.String(), refused.Fields)
}
