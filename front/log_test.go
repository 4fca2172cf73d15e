package front

import "testing"

// TestLoss_isWhatIsNoFaultOfTheClient: the log has it, also without an access log.
func TestLoss_isWhatIsNoFaultOfTheClient(t *testing.T) {
	for status, logged := range map[int]bool{
		200: false, 400: false, 401: false, 408: false, 413: false, 429: false, 499: false,
		500: true, 502: true, 503: false, 504: true, 507: true,
	} {
		r := &request{}
		r.failure(status, "why")
		if why := r.loss(); (why == "why") != logged {
			t.Errorf("%d: got %q, want it in the log: %t", status, why, logged)
		}
	}
}
