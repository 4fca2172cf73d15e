package front

import (
	"sync"

	"tenfour/admit"
	"tenfour/limit"
)

// ticket stands for a request at a limiter that cannot decide at once. It may outlive the request.
type ticket struct {
	place limit.Place
	limit *admit.Limit
	key   []byte

	mu       sync.Mutex // guards the rest
	client   *client    // connection to wake; nil once its request does not wait any more
	answered bool       // decision and err are the limiter's answer
	decision limit.Decision
	err      error
}

// Answered takes the limiter's decision. The limiter calls it, once, on any goroutine.
func (t *ticket) Answered(d limit.Decision, err error) {
	t.mu.Lock()
	c := t.client
	t.answered, t.decision, t.err = true, d, err
	t.mu.Unlock()
	if c == nil {
		t.limit.Limiter.Refund(t.key, d)
		return
	}
	// Harmless if the client already read the decision, or if its struct was reused: it only looks again.
	c.waiter.Notify()
}

// answer returns the limiter's decision, and whether there is one yet.
func (t *ticket) answer() (d limit.Decision, err error, answered bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.decision, t.err, t.answered
}

// abandon cancels the notification, and refunds an admission that was already granted. It reports whether t may be used
// again. The limiter is called with t unlocked, because a refund may admit another request, and call its ticket at once.
func (t *ticket) abandon() bool {
	if t.limit.Limiter.Withdraw(&t.place) {
		return true
	}
	t.mu.Lock()
	t.client = nil
	answered, decision := t.answered, t.decision
	t.mu.Unlock()
	if answered {
		t.limit.Limiter.Refund(t.key, decision)
	}
	return answered
}
