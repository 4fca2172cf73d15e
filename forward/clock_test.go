package forward

import (
	"testing"
	"time"
)

// TestImpatience_comesBeforeTheTimeout: a backend that sits on an idle connection can still answer in time when that is closed.
func TestImpatience_comesBeforeTheTimeout(t *testing.T) {
	for _, timeout := range []time.Duration{2 * time.Millisecond, impatience, 2 * impatience, time.Minute} {
		route := &Route{Settings: &Settings{BackendTimeout: timeout, ConnectTimeout: timeout}}
		a := &Attempt{state: awaiting, up: sending{stopped: true}, link: &link{}, req: &Request{Route: route}}
		if from, end := a.impatientFrom(), a.timeout(); from > end/2 || from > int64(impatience) {
			t.Errorf("with a timeout of %v: impatient after %v, timed out after %v", timeout, time.Duration(from), time.Duration(end))
		}
	}
}
