package tests

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"tenfour/tests/await"
	"tenfour/tests/nameserver"
)

// resolving starts tenfour in front of app.test at a port, which a DNS server of the test looks up.
func resolving(t *testing.T, s *nameserver.Server, port, every string, flags ...string) *tenfour {
	t.Helper()
	return configured(t, "app.test:"+port, `
resolver = "`+s.Addr+`"
resolve_every = "`+every+`"
backends = "BACKEND"
`, flags...)
}

// sayingAt starts a server at an address of loopback, which answers every request with a word.
func sayingAt(t *testing.T, addr, word string) *server {
	t.Helper()
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		t.Skip("this system has no such address: " + err.Error())
	}
	return serveOn(t, ln, func(p *peer) {
		for {
			if _, err := http.ReadRequest(p.in); err != nil {
				return
			}
			fmt.Fprintf(p, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(word), word)
		}
	})
}

func portOf(t *testing.T, addr string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// TestResolver_thatFailsTakesNoBackendDown: the last good addresses stay, and no request waits for the look-up.
func TestResolver_thatFailsTakesNoBackendDown(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(*nameserver.Server){
		"it answers that there is no such name": func(s *nameserver.Server) { s.Set("app.test") },
		"it does not answer":                    func(s *nameserver.Server) { s.Mute(true) },
	} {
		t.Run(name, func(t *testing.T) {
			s := nameserver.Start(t)
			s.Set("app.test", "127.0.0.1")
			b := sayingAt(t, "127.0.0.1:0", "here")
			tf := resolving(t, s, portOf(t, b.addr), "10ms", "--hold", "0", "--log-level", "info")
			fail(s)
			asked := s.Asked()
			eventually(t, "it is looked up again", func() bool { return s.Asked() > asked+1 || s.Asked() > asked && name == "it does not answer" })
			await.Soon(t, 5*time.Second, "20 requests", func() {
				for range 20 {
					if status, body := tf.get(t, "/"); status != 200 || body != "here" {
						t.Fatalf("got %d %q, want 200 here", status, body)
					}
				}
			})
			if name != "it does not answer" {
				tf.logHas(t, "app.test could not be looked up: its last addresses are used until it can")
				s.Set("app.test", "127.0.0.1")
				tf.logHas(t, "app.test can be looked up again")
			}
		})
	}
}

// TestResolver_beforeItsFirstAnswerRequestsAreHeld, without a worker: another route goes on. Then the client reads why in words, and the
// log has the rest.
func TestResolver_beforeItsFirstAnswerRequestsAreHeld(t *testing.T) {
	t.Parallel()
	s := nameserver.Start(t)
	b := sayingAt(t, "127.0.0.1:0", "here")
	tf := configured(t, b.addr, `
resolver = "`+s.Addr+`"
[[route]]
path = "/"
backends = "app.test:`+portOf(t, b.addr)+`"
workers = 1
hold = "60s"
[[route]]
path = "/short"
backends = "app.test:1"
hold = "50ms"
[[route]]
path = "/other"
backends = "BACKEND"
`, "--log-level", "info", "--access-log", "stdout")
	var held []chan string
	for range 3 {
		_, told := tf.asks(t, "GET", "/", "")
		held = append(held, told)
	}
	status, words := tf.get(t, "/short")
	if status != 502 || !strings.Contains(words, "the backend could not be reached, because its name could not be resolved for 50ms") {
		t.Errorf("got %d %q, want 502, which says that the name could not be resolved", status, words)
	}
	for _, secret := range []string{"app.test", s.Addr, "no such host", "lookup"} {
		if strings.Contains(words, secret) {
			t.Errorf("the answer says %q, which only the operator should know: %q", secret, words)
		}
	}
	_, id, _ := strings.Cut(words, "tenfour, request ")
	tf.logHas(t, "app.test could not be looked up, and has no address")
	eventually(t, "the log has the rest, by the request's id", func() bool {
		for line := range strings.Lines(tf.log.String()) {
			if strings.Contains(line, id) && strings.Contains(line, "app.test:1 could not be reached") && strings.Contains(line, "no such host") {
				return true
			}
		}
		return false
	})
	if status, body := tf.get(t, "/other"); status != 200 || body != "here" {
		t.Errorf("another route got %d %q meanwhile", status, body)
	}
	s.Set("app.test", "127.0.0.1")
	for _, told := range held {
		if got := <-told; got != "200 here" {
			t.Errorf("one that was held got %q, want 200 here", got)
		}
	}
}

// TestResolver_aNameThatMovesIsFollowed though the old server goes on: requests go to the new one soon, also on a slot whose kept
// connection leads to the old one, which is closed. Health checks follow too.
func TestResolver_aNameThatMovesIsFollowed(t *testing.T) {
	t.Parallel()
	s := nameserver.Start(t)
	s.Set("app.test", "127.0.0.1")
	old := sayingAt(t, "127.0.0.1:0", "old")
	port := portOf(t, old.addr)
	next := sayingAt(t, "127.0.0.2:"+port, "new")
	tf := resolving(t, s, port, "10ms", "--workers", "2", "--log-level", "info", "--health", "/", "--health-every", "10ms")
	if _, body := tf.get(t, "/"); body != "old" {
		t.Fatalf("got %q before it moves", body)
	}
	s.Set("app.test", "127.0.0.2")
	eventually(t, "the new server is asked", func() bool { _, body := tf.get(t, "/"); return body == "new" })
	tf.logHas(t, "app.test has other addresses")
	checked := next.accepted.Load()
	eventually(t, "a health check that began after the move has ended", func() bool { return next.accepted.Load() > checked+1 })
	eventually(t, "no connection to the old server is open", func() bool { return old.open.Load() == 0 })
	accepted := old.accepted.Load()
	checked = next.accepted.Load()
	for range 20 {
		if _, body := tf.get(t, "/"); body != "new" {
			t.Errorf("got %q after it has moved", body)
		}
	}
	eventually(t, "health checks go to the new server", func() bool { return next.accepted.Load() > checked+2 })
	if n := old.accepted.Load() - accepted; n > 0 {
		t.Errorf("the old server got %d further connections", n)
	}
}

// TestResolver_isAskedAtOnceWhenAllAddressesRefuse: long before the next look-up is due.
func TestResolver_isAskedAtOnceWhenAllAddressesRefuse(t *testing.T) {
	t.Parallel()
	s := nameserver.Start(t)
	b := sayingAt(t, "127.0.0.2:0", "here")
	s.Set("app.test", "127.0.0.1")
	tf := resolving(t, s, portOf(t, b.addr), "1h", "--hold", "4s")
	s.Set("app.test", "127.0.0.2")
	if status, body := tf.get(t, "/"); status != 200 || body != "here" {
		t.Errorf("got %d %q, want that it was held until the name was looked up again", status, body)
	}
}
