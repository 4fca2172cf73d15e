package tests

import (
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestKilled_tenfourIsSeenByBothSides: it dies by kill -9 while responses go out. Clients see that theirs are not whole,
// backends see their connections end, and another tenfour listens at the same address at once.
func TestKilled_tenfourIsSeenByBothSides(t *testing.T) {
	t.Parallel()
	s := startServer(t, func(p *peer) {
		r, err := http.ReadRequest(p.in)
		if err != nil {
			return
		}
		if r.URL.Path == "/" {
			p.say("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nokay")
			return
		}
		p.say("HTTP/1.1 200 OK\r\n" + map[string]string{"/length": "Content-Length: 10", "/chunked": "Transfer-Encoding: chunked"}[r.URL.Path] + "\r\n\r\n")
		p.say(map[string]string{"/length": "half!", "/chunked": "5\r\nhalf!\r\n"}[r.URL.Path])
		p.untilGone()
	})
	tf := startProcess(t, plainly, nil, "--backend", s.addr)
	var clients []*http.Response
	for _, path := range []string{"/length", "/chunked"} {
		p := dialPeer(t, tf.addr)
		p.SetDeadline(time.Now().Add(4 * patience))
		p.say(request("GET", path))
		r, err := p.answer("GET")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(r.Body, make([]byte, 5)); err != nil {
			t.Fatal(err)
		}
		clients = append(clients, r)
	}
	tf.signal(t, syscall.SIGKILL)
	for i, r := range clients {
		if rest, err := io.ReadAll(r.Body); err == nil || len(rest) > 0 {
			t.Errorf("client %d got %q and %v, want an error: half is missing", i, rest, err)
		}
	}
	eventually(t, "the backend's connections end", func() bool { return s.open.Load() == 0 })
	again := startProcess(t, plainly, nil, "--backend", s.addr, "--listen", tf.addr)
	if status, body := again.get(t, "/"); status != 200 || strings.TrimSpace(body) != "okay" {
		t.Errorf("from another tenfour at the same address: %d %q", status, body)
	}
}
