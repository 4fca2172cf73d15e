package front

import (
	"tenfour/admit"
	"tenfour/limit"
)

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
