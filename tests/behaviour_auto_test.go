package tests

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"tenfour/tests/await"
)

// startSleeping returns a backend that takes 2 ms for each request, and the highest number that it had at a time.
func startSleeping(t *testing.T) (addr string, most *atomic.Int32) {
	var now atomic.Int32
	most = new(atomic.Int32)
	s := startServer(t, func(p *peer) {
		for {
			if _, err := http.ReadRequest(p.in); err != nil {
				return
			}
			raise(most, now.Add(1))
			await.Pace(2 * time.Millisecond) // its work
			now.Add(-1)
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay")
		}
	})
	return s.addr, most
}

// TestWorkersAuto_growsWhereItPays: a backend that only takes its time gets more than it had at the start.
func TestWorkersAuto_growsWhereItPays(t *testing.T) {
	addr, most := startSleeping(t)
	tf := startTenfour(t, []string{addr}, "--workers", "auto")
	if !await.Holds(2*patience, func() bool {
		runAB(t, "http://"+tf.addr+"/", 2000, 80)
		return most.Load() > 8
	}) {
		t.Fatalf("after %v the backend had %d at the same time, want more than 8", 2*patience, most.Load())
	}
}

func TestWorkersAuto_isNeverMoreThanTheMost(t *testing.T) {
	addr, most := startSleeping(t)
	tf := startTenfour(t, []string{addr}, "--workers", "auto", "--workers-max", "3")
	runAB(t, "http://"+tf.addr+"/", 2000, 80)
	if most.Load() != 3 {
		t.Errorf("the backend had %d at a time, want 3", most.Load())
	}
}
