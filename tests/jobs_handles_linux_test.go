//go:build !portable

package tests

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"tenfour/tests/await"
)

// TestJobs_waitingAtHandlesCostsNoWorker: thousands of clients wait at handles. That takes no goroutine, little memory, and none of the workers. When
// the jobs end, every client has its result.
func TestJobs_waitingAtHandlesCostsNoWorker(t *testing.T) {
	t.Parallel()
	handles, each := 500, 10
	if underRace {
		handles = 50
	}
	s, release := startGated(t, "/job", nil)
	settings := asyncSettings(t, "[[route]]\npath = \"/plain\"\nbackends = \"OTHER\"\n")
	other := startServer(t, okay)
	tf := startStanding(t, nil, nil, "--config", settingsFile(t, s.addr, strings.ReplaceAll(settings, "OTHER", other.addr)))
	ids := makeJobs(t, tf.addr, handles)
	if status, _ := tf.get(t, "/plain"); status != 200 {
		t.Fatalf("got %d", status)
	}
	before := tf.rest()
	var waits []net.Conn
	for _, id := range ids {
		for range each {
			c := tf.dial(t)
			defer c.Close()
			await.Within(c, 12*patience)
			fmt.Fprintf(c, "GET /.tenfour/jobs/%s HTTP/1.1\r\nHost: a\r\nPrefer: wait=60\r\n\r\n", id)
			waits = append(waits, c)
		}
	}
	now := tf.standing()
	if !await.Holds(12*patience, func() bool {
		now = tf.standing()
		return len(now.descriptors) >= len(before.descriptors)+len(waits)-8 // a connection to a backend may have ended since
	}) {
		t.Fatalf("%d of %d clients wait", len(now.descriptors)-len(before.descriptors), len(waits))
	}
	for by, n := range now.Goroutines {
		if n > before.Goroutines[by]+8 {
			t.Errorf("while %d clients wait, %d goroutines were started by %s, before it was %d", len(waits), n, by, before.Goroutines[by])
		}
	}
	grown := (int64(now.Heap) - int64(before.Heap)) / int64(len(waits))
	t.Logf("a client that waits costs %d bytes", grown)
	if grown > 16<<10 { // a request in hand, with its buffer, as one that is queued
		t.Errorf("a client that waits costs %d bytes", grown)
	}
	if status, body := tf.get(t, "/plain"); status != 200 || body != "okay" {
		t.Errorf("another client: got %d %q", status, body)
	}
	release()
	for i, c := range waits {
		r, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatalf("client %d: %v", i, err)
		}
		if body, err := io.ReadAll(r.Body); err != nil || r.StatusCode != 200 || string(body) != "okay" {
			t.Fatalf("client %d: got %d %.300q (%v)", i, r.StatusCode, body, err)
		}
	}
}
