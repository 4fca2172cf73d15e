package tests

import "testing"

// The smallest test of a behaviour, to copy: a backend, tenfour in front of it, a client. doc.go has the steps.
func TestExample_theBackendsAnswerReachesTheClient(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	tf := startTenfour(t, []string{b.addr}, "--workers", "1")
	if status, body := tf.get(t, "/page"); status != 200 || body != "ok" {
		t.Errorf("got %d %q, want 200 ok", status, body)
	}
	if requests, raw := b.seen(); len(requests) != 1 || requests[0].line != "GET /page HTTP/1.1" {
		t.Errorf("the backend saw %q, want one request for /page", raw)
	}
}
