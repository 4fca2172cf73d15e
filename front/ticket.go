package front

import (
	"sync"

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
