package tests

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// TestHealth_decidesWhichBackendIsAsked: a backend that answers clients, but says that it is not well, is not asked.
func TestHealth_decidesWhichBackendIsAsked(t *testing.T) {
	var sick atomic.Bool
	start := func(name string, mayBeSick bool) *server {
		return startServer(t, func(p *peer) {
			for {
				r, err := http.ReadRequest(p.in)
				if err != nil {
					return
				}
				status := 200
				if r.URL.Path == "/health" && mayBeSick && sick.Load() {
					status = 503
				}
				fmt.Fprintf(p, "HTTP/1.1 %d So\r\nContent-Length: %d\r\n\r\n%s", status, len(name), name)
			}
		})
	}
	a, b := start("a", true), start("b", false)
	tf := startTenfour(t, []string{a.addr, b.addr}, "--health", "/health", "--health-every", "5ms", "--log-level", "info")
	asked := func() (names string) {
		for range 20 {
			_, name := tf.get(t, "/")
			names += name
		}
		return names
	}
	eventually(t, "both are asked", func() bool { n := asked(); return strings.Contains(n, "a") && strings.Contains(n, "b") })
	sick.Store(true)
	eventually(t, "it is said to be down", func() bool {
		return strings.Contains(tf.log.String(), a.addr+" is down: it answered its health check with 503")
	})
	for range 3 {
		if names := asked(); strings.Contains(names, "a") {
			t.Errorf("a was asked though it is not well: %s", names)
		}
	}
	sick.Store(false)
	eventually(t, "both are asked again", func() bool { n := asked(); return strings.Contains(n, "a") && strings.Contains(n, "b") })
}

// TestHealth_aCheckThatPassesEndsAnyOutage: after three failed exchanges in a row, the backend gets no requests while another one is
// up. The next check that passes ends this.
func TestHealth_aCheckThatPassesEndsAnyOutage(t *testing.T) {
	t.Parallel()
	var broken atomic.Bool
	broken.Store(true)
	start := func(name string, mayBeBroken bool) *server {
		return startServer(t, func(p *peer) {
			for {
				r, err := http.ReadRequest(p.in)
				if err != nil {
					return
				}
				if r.URL.Path != "/health" && mayBeBroken && broken.Load() {
					p.say("nonsense\r\n\r\n")
					return
				}
				fmt.Fprintf(p, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(name), name)
			}
		})
	}
	a, b := start("a", true), start("b", false)
	tf := startTenfour(t, []string{a.addr, b.addr}, "--health", "/health", "--health-every", "200ms", "--log-level", "info")
	eventually(t, "a is down", func() bool {
		tf.get(t, "/")
		return strings.Contains(tf.log.String(), a.addr+" is down")
	})
	broken.Store(false)
	eventually(t, "a is up again, and no request has tried it", func() bool {
		return strings.Contains(tf.log.String(), a.addr+" is up again")
	})
}

// TestHealth_ofTheOnlyBackend: exchanges are held until its check passes, or for the hold.
func TestHealth_ofTheOnlyBackend(t *testing.T) {
	var sick atomic.Bool
	sick.Store(true)
	s := startServer(t, func(p *peer) {
		for {
			r, err := http.ReadRequest(p.in)
			if err != nil {
				return
			}
			status := 200
			if r.URL.Path == "/health" && sick.Load() {
				status = 500
			}
			fmt.Fprintf(p, "HTTP/1.1 %d So\r\nContent-Length: 0\r\n\r\n", status)
		}
	})
	tf := startTenfour(t, []string{s.addr}, "--health", "/health", "--health-every", "5ms", "--hold", "1s")
	eventually(t, "it is down", func() bool {
		status, body := tf.get(t, "/")
		return status == 502 && strings.Contains(body, "the backend failed its health check for 1s")
	})
	_, told := tf.asks(t, "GET", "/", "")
	sick.Store(false)
	if got := <-told; !strings.HasPrefix(got, "200") {
		t.Errorf("got %q, want that it was held until the backend was well", got)
	}
}

// TestHealth_namesTheHostThatItIsTold: servers such as Django answer 400 to a Host that is not theirs. Then the log says which Host
// the first check named, and what to set.
func TestHealth_namesTheHostThatItIsTold(t *testing.T) {
	t.Parallel()
	s := startServer(t, func(p *peer) {
		for {
			r, err := http.ReadRequest(p.in)
			if err != nil {
				return
			}
			status := 200
			if r.Host != "app.example.com" {
				status = 400
			}
			fmt.Fprintf(p, "HTTP/1.1 %d So\r\nContent-Length: 0\r\n\r\n", status)
		}
	})
	wrong := startTenfour(t, []string{s.addr}, "--health", "/", "--health-every", "5ms", "--log-level", "info")
	wrong.logHas(t, "answered its first health check with 400: the check named the Host "+s.addr, "set health_host", s.addr+" is down")
	right := startTenfour(t, []string{s.addr}, "--health", "/", "--health-every", "5ms", "--log-level", "info", "--health-host", "app.example.com")
	accepted := s.accepted.Load()
	eventually(t, "it is checked", func() bool { return s.accepted.Load() > accepted+10 })
	if log := right.log.String(); strings.Contains(log, "is down") || strings.Contains(log, "first health check") {
		t.Errorf("with its own Host the log says\n%s", log)
	}
}
