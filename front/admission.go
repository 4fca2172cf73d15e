package front

import (
	"tenfour/admit"
	"tenfour/limit"
)

// admission is how far a request has come with the rule and the limits of its route.
type admission struct {
	caller admit.Caller // its address and name, as the rule found them
	limits []*admit.Limit
	grants []limit.Decision // one for each limit; Admitted once it has admitted the request
	ticket *ticket          // at the limit that is asked; nil before the first

	waits  bool           // it waits for the decision of a limit
	asked  int            // which of limits that is
	over   limit.Decision // what that limit answered at first
	since  int64          // when this wait began, in the lot's time
	waited int64          // how long the request has waited for limits before, in nanoseconds
	until  int64          // when it has waited too long, in the lot's time; 0 before it waits
}

// next returns the first limit that has not admitted the request yet; -1 if all have.
func (a *admission) next() int {
	for i := range a.grants {
		if !a.grants[i].Admitted {
			return i
		}
	}
	return -1
}

// ticketFor returns r's ticket, for l and for the key under which l counts r.
func (r *request) ticketFor(l *admit.Limit) *ticket {
	if r.ticket == nil {
		r.ticket = &ticket{}
	}
	t := r.ticket
	t.limit, t.client, t.answered = l, r.c, false
	t.key = l.AppendKey(t.key[:0], &r.caller, &r.Head, r.In.Head())
	return t
}

// refund gives back the admissions that limits have granted.
func (r *request) refund() {
	for i, d := range r.grants {
		if d.Admitted {
			r.grants[i] = limit.Decision{}
			r.limits[i].Limiter.Refund(r.limits[i].AppendKey(nil, &r.caller, &r.Head, r.In.Head()), d)
		}
	}
}

// stopWaiting ends r's wait for a limit, and gives back what others have granted.
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
