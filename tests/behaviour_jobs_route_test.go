package tests

import (
	"fmt"
	"testing"
)

// TestAsync_onARouteThatRaces: one attempt of a job is one race, and its result is the usable response.
func TestAsync_onARouteThatRaces(t *testing.T) {
	t.Parallel()
	bad := startBackend(t, always("HTTP/1.1 500 Bad\r\nContent-Length: 3\r\n\r\nbad"))
	good := startBackend(t, always(oddResponse))
	for _, mode := range []string{"parallel", "serial"} {
		tf := startJobs(t, bad, "--backend", good.addr, "--race", mode)
		at := tf.become(t, request("GET", "/x", preferAsync))
		if r := tf.ended(t, at); r.State != "done" || r.Tried != 1 || r.Status != 207 {
			t.Errorf("%s: its record is %+v, want one attempt", mode, r)
		}
		if m := tf.handle(t, at); m.status() != 207 || m.body != "\x00\xff\r\n" {
			t.Errorf("%s: the result is %s %q", mode, m.line, m.body)
		}
	}
}

// TestHandover_ofARacedRequestIsNone: its client gets the response, although a request that came later, and is not raced, has become a job.
func TestHandover_ofARacedRequestIsNone(t *testing.T) {
	t.Parallel()
	b, open := gated(t, oddResponse)
	other, openOther := gated(t, oddResponse)
	tf := configured(t, b.addr, fmt.Sprintf(`data = %q
async = true
async_after = "50ms"
[[route]]
path = "/raced"
race = "parallel"
backends = ["BACKEND", %q]
[[route]]
path = "/plain"
backends = ["BACKEND"]
`, t.TempDir(), other.addr))
	c := tf.dial(t)
	defer c.Close()
	c.send(request("GET", "/raced"), "", whole)
	b.await(t, "the request of the race", func() bool { return len(b.visits) == 1 })
	at := tf.become(t, request("GET", "/plain"))
	open <- struct{}{}
	open <- struct{}{}
	openOther <- struct{}{}
	if m := c.listen("GET").last(); m.status() != 207 {
		t.Errorf("the client of the race got %s %s, want the response", m.line, m.body)
	}
	if r := tf.ended(t, at); r.State != "done" {
		t.Errorf("the other one: %+v", r)
	}
}

// TestAsync_waitsForItsSlotLongerThanAClient: queue_timeout is how long clients wait. A job whose route is busy for longer has not failed for
// that, and has lost no attempt.
func TestAsync_waitsForItsSlotLongerThanAClient(t *testing.T) {
	t.Parallel()
	b, open := gated(t, oddResponse)
	tf := configuredJobs(t, b, "queue_timeout = \"100ms\"\nattempts = 1")
	first := tf.dial(t)
	defer first.Close()
	first.send(request("GET", "/first"), "", whole)
	b.await(t, "the first request", func() bool { return len(b.visits) == 1 })
	at := tf.become(t, request("POST", "/job", preferAsync, "Content-Length: 0"))
	eventually(t, "the job waits for the slot", func() bool { return len(recordIn(t, tf.handle(t, at+"?view=status")).Attempts) == 1 })
	if m := tf.exchange(t, request("GET", "/late"), whole).last(); m.status() != 503 {
		t.Fatalf("a client that waits for too long got %s, want 503", m.line)
	}
	open <- struct{}{}
	open <- struct{}{}
	if r := tf.ended(t, at); r.State != "done" || r.Tried != 1 {
		t.Errorf("its record is %+v, want it done at its first attempt", r)
	}
}
