package front

import (
	"testing"

	"tenfour/admit"
	"tenfour/limit"
)

// chained is a limiter whose Refund admits the next request that waits, and calls its ticket at once.
type chained struct {
	t        *testing.T
	ticket   *ticket
	refunded int
}

func (l *chained) Ask([]byte, limit.Asker) (limit.Decision, bool) { return limit.Decision{}, false }
func (l *chained) Wait([]byte, *limit.Place, limit.Asker) (limit.Decision, bool, error) {
	return limit.Decision{}, false, nil
}
func (l *chained) Withdraw(*limit.Place) bool { return false }
func (l *chained) Close()                     {}
func (l *chained) Refund([]byte, limit.Decision) {
	l.refunded++
	if !l.ticket.mu.TryLock() {
		l.t.Error("the ticket is locked while its admission is refunded")
		return
	}
	l.ticket.mu.Unlock()
}

// TestTicket_callsItsLimiterUnlocked when it is abandoned after the admission, and when it is abandoned before.
func TestTicket_callsItsLimiterUnlocked(t *testing.T) {
	l := &chained{t: t}
	admitted := limit.Decision{Admitted: true}
	before := &ticket{limit: &admit.Limit{Limiter: l}, answered: true, decision: admitted}
	l.ticket = before
	if !before.abandon() || l.refunded != 1 {
		t.Errorf("an admission that had come was refunded %d times, want once, and the ticket to be free", l.refunded)
	}
	after := &ticket{limit: &admit.Limit{Limiter: l}}
	l.ticket = after
	if after.abandon() {
		t.Error("a ticket may be used again though its decision is still to come")
	}
	after.Answered(admitted, nil)
	if l.refunded != 2 {
		t.Errorf("an admission that came too late was refunded %d times, want once", l.refunded-1)
	}
}
