package front

import (
	"slices"
	"testing"

	"tenfour/admit"
	"tenfour/limit"
	"tenfour/sock"
)

// counted is a limiter that counts what is given back to it, and lets a place be withdrawn or not.
type counted struct {
	refunded  int
	withdrawn bool // what Withdraw reports
}

func (l *counted) Ask([]byte, limit.Asker) (limit.Decision, bool) { return limit.Decision{}, false }
func (l *counted) Wait([]byte, *limit.Place, limit.Asker) (limit.Decision, bool, error) {
	return limit.Decision{}, false, nil
}
func (l *counted) Withdraw(*limit.Place) bool    { return l.withdrawn }
func (l *counted) Refund([]byte, limit.Decision) { l.refunded++ }
func (l *counted) Close()                        {}

// limitedRequest is a request under as many limits as there are limiters; those of granted have admitted it.
func limitedRequest(granted []bool, limiters ...*counted) *request {
	f := &Front{}
	r := newRequest(f)
	r.c, r.In = &client{front: f, req: r}, sock.InputOf(nil)
	for i, l := range limiters {
		r.limits = append(r.limits, &admit.Limit{Name: "far", Limiter: l})
		r.grants = append(r.grants, limit.Decision{Admitted: granted[i]})
	}
	return r
}

func TestAdmission_nextIsTheFirstLimitThatHasNotAdmitted(t *testing.T) {
	for want, granted := range [][]bool{0: {false, true}, 1: {true, false}} {
		if got := limitedRequest(granted, &counted{}, &counted{}).next(); got != want {
			t.Errorf("of %v: got %d, want %d", granted, got, want)
		}
	}
	if got := limitedRequest([]bool{true}, &counted{}).next(); got != -1 {
		t.Errorf("all have admitted: got %d, want -1", got)
	}
}

func TestAdmission_isGivenBackOnce(t *testing.T) {
	all := []*counted{{}, {}, {}}
	r := limitedRequest([]bool{true, false, true}, all...)
	r.refund()
	r.refund()
	var refunded []int
	for _, l := range all {
		refunded = append(refunded, l.refunded)
	}
	if !slices.Equal(refunded, []int{1, 0, 1}) {
		t.Errorf("given back %v times, want once where it was granted", refunded)
	}
	if r.next() != 0 {
		t.Errorf("after that the next limit to ask is %d, want the first", r.next())
	}
}

// TestAdmission_keepsItsTicketWhenTheLimiterIsDoneWithIt: a limiter that may still answer keeps the ticket, and the request gets
// another one.
func TestAdmission_keepsItsTicketWhenTheLimiterIsDoneWithIt(t *testing.T) {
	for _, withdrawn := range []bool{true, false} {
		l := &counted{withdrawn: withdrawn}
		r := limitedRequest([]bool{false}, l)
		first := r.ticketFor(r.limits[0])
		r.waits = true
		r.endAdmission()
		if r.waits || len(r.limits) > 0 || len(r.grants) > 0 {
			t.Errorf("after its end the request still has limits: %+v", r.admission)
		}
		r.c, r.limits = &client{}, []*admit.Limit{{Limiter: l}}
		if again := r.ticketFor(r.limits[0]); (again == first) != withdrawn {
			t.Errorf("withdrawn is %t: the same ticket is used again: %t", withdrawn, again == first)
		}
		if !withdrawn && first.client != nil {
			t.Error("a ticket that was given up would still wake its client")
		}
	}
}
