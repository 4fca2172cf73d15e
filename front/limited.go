package front

import (
	"sync"
	"time"

	"tenfour/admit"
	"tenfour/limit"
)

// ticket stands for a request at a limiter, which may not be able to decide at once. It outlives the request if need be.
type ticket struct {
	place limit.Place
	limit *admit.Limit
	key   []byte

	mu       sync.Mutex // guards the rest
	client   *client    // connection to wake; nil once its request waits no more
	told     bool
	decision limit.Decision
	err      error
}

// Answered brings the decision.
func (t *ticket) Answered(d limit.Decision, err error) {
	t.mu.Lock()
	c := t.client
	t.told, t.decision, t.err = true, d, err
	t.mu.Unlock()
	if c == nil {
		t.limit.Limiter.Refund(t.key, d)
		return
	}
	// Harmless if the client already read the decision, or if its struct was reused: it only looks again.
	c.waiter.Notify()
}

// answer is what was brought.
func (t *ticket) answer() (d limit.Decision, err error, told bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.decision, t.err, t.told
}

// abandon cancels the notification, and refunds an admission that was already granted. It reports whether t may be used
// again. The limiter is called with t unlocked, because a refund may admit others, who are told at once.
func (t *ticket) abandon() bool {
	if t.limit.Limiter.Withdraw(&t.place) {
		return true
	}
	t.mu.Lock()
	t.client = nil
	told, decision := t.told, t.decision
	t.mu.Unlock()
	if told {
		t.limit.Limiter.Refund(t.key, decision)
	}
	return told
}

// admission is how far a request has come with the limits of its route.
type admission struct {
	who    admit.Caller
	limits []*admit.Limit
	grants []limit.Decision // one for each: those that have admitted it
	ticket *ticket          // at the limit that is asked; nil before the first

	asked  int            // the limit whose decision is waited for
	waits  bool           // there is one
	over   limit.Decision // what it said at first
	since  int64          // when the request began to wait, in the lot's time; 0 if it did not
	waited int64          // how long it did
	until  int64          // when it has waited too long
}

// next is the first limit that has not admitted the request yet; -1 if all have.
func (a *admission) next() int {
	for i := range a.grants {
		if !a.grants[i].Admitted {
			return i
		}
	}
	return -1
}

// ticketFor returns a ticket at l for the key that it is to be asked for.
func (r *request) ticketFor(l *admit.Limit) *ticket {
	if r.ticket == nil {
		r.ticket = &ticket{}
	}
	t := r.ticket
	t.limit, t.client, t.told = l, r.c, false
	t.key = l.AppendKey(t.key[:0], &r.who, &r.Req, r.In.B)
	return t
}

// refund gives back what has been admitted.
func (r *request) refund() {
	for i, d := range r.grants {
		if d.Admitted {
			r.grants[i] = limit.Decision{}
			r.limits[i].Limiter.Refund(r.limits[i].AppendKey(nil, &r.who, &r.Req, r.In.B), d)
		}
	}
}

// stopWaiting gives back all that r has of its limits.
func (r *request) stopWaiting() {
	if !r.waits {
		return
	}
	r.waits = false
	r.refund()
	if !r.ticket.abandon() {
		r.ticket = nil
	}
}

// endAdmission makes r ready for the next request.
func (r *request) endAdmission() {
	r.stopWaiting()
	clear(r.grants)
	r.admission = admission{ticket: r.ticket, grants: r.grants[:0]}
}

// admit decides whether c's request may pass. It reports whether c is still its caller's, as all that serve calls.
func (c *client) admit(rule *admit.Rule) bool {
	r := c.req
	var refused *admit.Refusal
	if r.who, refused = rule.Check(c.conn.Remote.Addr(), &r.Req, r.In.B); refused != nil {
		return c.answer(refused.Status, refused.Words, refused.Fields)
	}
	r.limits = rule.Limits
	for range r.limits {
		r.grants = append(r.grants, limit.Decision{})
	}
	return c.askLimits()
}

// askLimits asks those limits that have not admitted the request yet, one after the other. All must; while it waits for
// one it has nothing of the others.
func (c *client) askLimits() bool {
	r := c.req
	for {
		i := r.next()
		if i < 0 {
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
		if !c.decide(i, d, err) {
			return true
		}
	}
}

// decide takes note of a limit's decision, and reports whether the request may go on. Else it has been answered.
func (c *client) decide(i int, d limit.Decision, err error) bool {
	r := c.req
	l := r.limits[i]
	switch {
	case err == nil && d.Admitted:
		r.grants[i] = d
		return true
	case err == limit.ErrClosed, err != nil && err != limit.ErrFull && l.AdmitOnError: // it is no more, or lets pass
		r.grants[i] = limit.Decision{Admitted: true}
		return true
	}
	r.refund()
	if err != nil && err != limit.ErrFull {
		c.answer(503, "the limit "+l.Name+" cannot be asked: "+err.Error(), retryAfter)
		return false
	}
	refused := l.Refusal(d)
	c.answer(refused.Status, refused.Words, refused.Fields)
	return false
}

// awaitLimit has the request wait for a limit's decision.
func (c *client) awaitLimit(i int, d limit.Decision) bool {
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
	return true
}

// lookAtLimit goes on with a request whose limit has decided, unless its client has left meanwhile.
func (c *client) lookAtLimit() bool {
	r := c.req
	d, err, told := r.ticket.answer()
	switch {
	case !told && c.conn.HungUp():
		c.dropped("left while it waited for the limit " + r.limits[r.asked].Name)
		return false
	case !told:
		return c.park(false)
	}
	r.waits = false
	r.waited += c.front.Lot.Now() - r.since
	c.phase = reading
	c.waiter.SetDeadline(0)
	if c.decide(r.asked, d, err) {
		return c.askLimits()
	}
	return true
}

// limitTooLate answers a request that has waited for its limits for too long.
func (c *client) limitTooLate() bool {
	r := c.req
	l, d := r.limits[r.asked], r.over
	d.RetryAfter -= time.Duration(c.front.Lot.Now() - r.since)
	d.Reset = max(0, d.Reset-time.Duration(c.front.Lot.Now()-r.since))
	r.stopWaiting()
	c.phase = reading
	refused := l.Refusal(d)
	return c.answer(refused.Status, refused.Words+"; it has waited for "+l.WaitMax.String(), refused.Fields)
}
