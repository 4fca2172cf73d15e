package tests

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"tenfour/tests/await"
)

// dialFrom connects to addr from one of this machine's addresses.
func dialFrom(t testing.TB, from, addr string) *peer {
	t.Helper()
	if runtime.GOOS != "linux" && from != "127.0.0.1" {
		t.Skip("127.0.0.1 is the only address of this machine's loopback")
	}
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: patience}
	c, err := d.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	await.Within(c, 2*patience)
	return &peer{Conn: c, in: bufio.NewReader(c)}
}

// TestDescriptors_oneAddressLocksNoOtherOut: when there are no descriptors left, tenfour takes the address with most connections, and
// closes the one that has waited longest for its client.
func TestDescriptors_oneAddressLocksNoOtherOut(t *testing.T) {
	for name, raw := range map[string]string{
		"half heads": "GET / HTTP/1.1\r\nHost: a\r\nX-Half: ",
		"idle":       "OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n", // tenfour answers it by itself
		"refused":    "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",             // and reads on for a while
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, okay)
			p := startProcess(t, `ulimit -n 100; exec "$@"`, nil, "--backend", s.addr, "--head-timeout", "10m")
			before := dialFrom(t, "127.0.0.3", p.addr)
			ask := func(c *peer, what string) {
				t.Helper()
				begun := time.Now()
				c.say(plainHTTP)
				if status, _, err := c.status("GET"); status != 200 || err != nil {
					t.Errorf("%s got %d (%v) after %v", what, status, err, time.Since(begun))
				}
			}
			ask(before, "a client that came first")
			for range 300 {
				dialFrom(t, "127.0.0.1", p.addr).say(raw)
			}
			await.Soon(t, 10*time.Second, "ten clients", func() {
				for range 5 {
					ask(dialFrom(t, "127.0.0.2", p.addr), "a client of another address")
					ask(dialFrom(t, "127.0.0.1", p.addr), "a client of the same address")
				}
			})
			ask(before, "the connection that was kept of another address")
			said := strings.Count(p.log.String(), "all descriptors for clients are in use")
			if said == 0 || said > 3 {
				t.Errorf("the log has %d lines about it, want one or two\n%s", said, p.log)
			}
		})
	}
}

// TestDescriptors_handshakesMakeRoom: a client that stops inside its TLS handshake makes room too.
func TestDescriptors_handshakesMakeRoom(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	_, cert, key := a.sign("127.0.0.1")
	s := startServer(t, okay)
	p := startProcess(t, `ulimit -n 100; exec "$@"`, nil, "--backend", s.addr, "--head-timeout", "10m", "--tls-cert", cert, "--tls-key", key)
	for range 200 {
		dialFrom(t, "127.0.0.1", p.addr).say("\x16\x03\x01\x02\x00\x01\x00") // half a hello
	}
	for range 3 {
		plain := dialFrom(t, "127.0.0.2", p.addr)
		c := tls.Client(plain, &tls.Config{InsecureSkipVerify: true})
		fmt.Fprint(c, plainHTTP)
		client := &peer{Conn: c, in: bufio.NewReader(c)}
		if status, _, err := client.status("GET"); status != 200 || err != nil {
			t.Errorf("a client of another address got %d (%v)", status, err)
		}
	}
}

// TestDescriptors_runOut: tenfour survives, logs it, and accepts again when there are descriptors again. Here all clients wait for a
// backend, and no connection can be closed to make room.
func TestDescriptors_runOut(t *testing.T) {
	t.Parallel()
	s := startServer(t, func(p *peer) {
		r, err := http.ReadRequest(p.in)
		if err == nil && r.URL.Path == "/" {
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay")
			return
		}
		p.untilGone()
	})
	p := startProcess(t, `ulimit -n 64; exec "$@"`, nil, "--backend", s.addr, "--drain", "100ms")
	var crowd []*peer
	for range 100 {
		c := dialPeer(t, p.addr)
		c.say("GET /mute HTTP/1.1\r\nHost: a\r\n\r\n")
		crowd = append(crowd, c)
	}
	eventually(t, "it says that it takes no new connections", func() bool {
		return len(p.lines("no new connections for a moment")) > 0
	})
	for _, c := range crowd {
		c.breakOff()
	}
	if status, body := p.get(t, "/"); status != 200 {
		t.Errorf("afterwards a client got %d %q", status, body)
	}
	if n := len(p.lines("no new connections for a moment")); n > 10 {
		t.Errorf("it said so %d times within seconds", n)
	}
	p.signal(t, syscall.SIGTERM)
	if state := p.exit(t); state.ExitCode() != 0 {
		t.Errorf("it ended with %v\n%s", state, p.log)
	}
}

// TestDescriptors_downloadsGoOn: where there is no descriptor left for a pipe, a response is copied.
func TestDescriptors_downloadsGoOn(t *testing.T) {
	t.Parallel()
	const size, clients = 4 << 20, 20
	s := startServer(t, answerBack(t, nil))
	p := startProcess(t, `ulimit -n 64; exec "$@"`, nil, "--backend", s.addr, "--workers", "20", "--buffer", "64KiB")
	var all []*peer
	for range clients {
		c := dialPeer(t, p.addr)
		c.say(fmt.Sprintf("GET /?as=length&n=%d HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", size))
		if _, err := c.in.Peek(1); err != nil { // it has begun, and goes on when all have
			t.Fatalf("%v\n%s", err, p.log)
		}
		all = append(all, c)
	}
	for i, c := range all {
		await.Within(c, 4*patience)
		r, err := http.ReadResponse(c.in, nil)
		if err != nil {
			t.Errorf("client %d: %v", i, err)
			continue
		}
		n, err := io.Copy(io.Discard, r.Body)
		if r.StatusCode != 200 || n != size || err != nil {
			t.Errorf("client %d: got %d with %d of %d bytes (%v)", i, r.StatusCode, n, size, err)
		}
	}
}

// TestMaxPerClient_refusesTheRest: further connections of one address are refused, others are not, and the log says so once.
func TestMaxPerClient_refusesTheRest(t *testing.T) {
	t.Parallel()
	const most = 3
	s := startServer(t, okay)
	p := startProcess(t, plainly, nil, "--backend", s.addr, "--max-per-client", fmt.Sprint(most))
	var kept []*peer
	for range most {
		c := dialFrom(t, "127.0.0.1", p.addr)
		c.say(plainHTTP)
		if status, _, err := c.status("GET"); status != 200 || err != nil {
			t.Fatalf("one of the first %d got %d (%v)", most, status, err)
		}
		kept = append(kept, c)
	}
	for range 20 {
		eventually(t, "one more has sent its request when it is refused, and gets words", func() bool {
			c := dialFrom(t, "127.0.0.1", p.addr)
			c.say(plainHTTP)
			got, _, err := c.ends(t)
			if got == "" { // it was accepted before its request had come; or that came between the look for it and the close, which is a reset then
				return false
			}
			if !strings.HasPrefix(got, "HTTP/1.1 503 ") || !strings.Contains(got, "this address has as many") || err != nil {
				t.Fatalf("one more got %q (%v), want a 503 that says why, and the end", got, err)
			}
			return true
		})
	}
	other := dialFrom(t, "127.0.0.2", p.addr)
	other.say(plainHTTP)
	if status, _, err := other.status("GET"); status != 200 || err != nil {
		t.Errorf("another address got %d (%v)", status, err)
	}
	kept[0].Close()
	eventually(t, "there is room for one of the address again", func() bool {
		c := dialFrom(t, "127.0.0.1", p.addr)
		defer c.Close()
		c.say(plainHTTP)
		status, _, err := c.status("GET")
		return status == 200 && err == nil
	})
	if n := len(p.lines("connections of addresses that have as many as --max-per-client allows were refused")); n != 1 {
		t.Errorf("the log says so %d times, want once\n%s", n, p.log)
	}
}

// TestMaxPerClient_refusesInWordsOverTLS: one connection more has its handshake and a 503, and is closed. Others of that address are
// closed at once meanwhile, so that handshakes that are refused cost no more than one connection.
func TestMaxPerClient_refusesInWordsOverTLS(t *testing.T) {
	t.Parallel()
	const most = 2
	a := newAuthority(t)
	tf := startTLS(t, a, []string{startServer(t, okay).addr}, "--max-per-client", fmt.Sprint(most), "--log-level", "warn")
	for range most { // they stay open
		c := a.dialTLS(t, tf.addr)
		c.say(plainHTTP)
		if status, _, err := c.status("GET"); status != 200 || err != nil {
			t.Fatalf("one of the first %d got %d (%v)", most, status, err)
		}
	}
	for range 3 {
		var c *tls.Conn
		eventually(t, "one more has its handshake", func() bool { // the one before may not have ended
			c = tls.Client(dialPeer(t, tf.addr), &tls.Config{RootCAs: a.pool(), ServerName: "127.0.0.1"})
			return c.Handshake() == nil
		})
		next := dialPeer(t, tf.addr)
		next.say("\x16")
		if b, err := next.in.ReadByte(); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("while one is told so, the next got %q (%v), want its end", b, err)
		}
		fmt.Fprint(c, plainHTTP)
		got, err := io.ReadAll(c)
		if !strings.HasPrefix(string(got), "HTTP/1.1 503 ") || !strings.Contains(string(got), "this address has as many") || err != nil {
			t.Fatalf("one more got %q (%v), want a 503 that says why, and the end", got, err)
		}
		c.Close()
	}
	if n := len(tf.lines("connections of addresses that have as many as --max-per-client allows were refused")); n != 1 {
		t.Errorf("the log says so %d times, want once\n%s", n, tf.log)
	}
}

// startCramped starts a process with 64 descriptors in front of more backends than those are enough for: /0, /1 and so on are a
// backend each, and connections to them are kept.
func startCramped(t *testing.T, backends int) *process {
	t.Helper()
	var settings strings.Builder
	settings.WriteString("keep_idle = \"10m\"\n")
	for i := range backends {
		s := startServer(t, okay)
		fmt.Fprintf(&settings, "[[route]]\npath = \"/%d\"\nbackends = %q\nworkers = 1\n", i, s.addr)
	}
	file := writeFile(t, filepath.Join(t.TempDir(), "tenfour.toml"), settings.String())
	return startProcess(t, `ulimit -n 64; exec "$@"`, nil, "--config", file)
}

// TestDescriptors_aReloadHasOne: connections that are kept, and have all descriptors, make room for the files of a reload.
func TestDescriptors_aReloadHasOne(t *testing.T) {
	t.Parallel()
	const backends = 60
	p := startCramped(t, backends)
	c := dialPeer(t, p.addr) // one for all: what it leaves would be free
	for i := range backends {
		c.say(fmt.Sprintf("GET /%d HTTP/1.1\r\nHost: a\r\n\r\n", i))
		if status, _, err := c.status("GET"); status != 200 || err != nil {
			t.Fatalf("backend %d: got %d (%v)\n%s", i, status, err, p.log)
		}
	}
	for i := range 3 {
		p.signal(t, syscall.SIGHUP)
		eventually(t, "the reload has an end", func() bool {
			return strings.Count(p.log.String(), "reloaded: ")+strings.Count(p.log.String(), "the running configuration stays") > i
		})
	}
	if strings.Contains(p.log.String(), "the running configuration stays") {
		t.Errorf("a reload found no descriptor\n%s", p.log)
	}
}

// TestDescriptors_idleBackendsMakeRoom: with more backends than descriptors, the backend connection that has been idle longest is
// closed to make room for a new one.
func TestDescriptors_idleBackendsMakeRoom(t *testing.T) {
	t.Parallel()
	const backends = 60
	p := startCramped(t, backends)
	for range 3 {
		for i := range backends {
			if status, body := p.get(t, fmt.Sprintf("/%d", i)); status != 200 {
				t.Fatalf("backend %d: got %d %q\n%s", i, status, body, p.log)
			}
		}
	}
	c := dialPeer(t, p.addr)
	c.say(plainHTTP)
	if _, _, err := c.status("GET"); err != nil {
		t.Errorf("a new connection: %v", err)
	}
}

// TestDescriptors_spooledBodiesLeaveSome: each takes a descriptor beside its client's, and backends still get theirs.
func TestDescriptors_spooledBodiesLeaveSome(t *testing.T) {
	t.Parallel()
	s := startServer(t, okay)
	file := writeFile(t, filepath.Join(t.TempDir(), "tenfour.toml"), fmt.Sprintf("buffer = \"1KiB\"\nkeep_alive = \"off\"\nbackends = %q\n", s.addr))
	p := startProcess(t, `ulimit -n 64; exec "$@"`, nil, "--config", file)
	refused := 0
	for range 27 { // with the one that asks, as many as 64 descriptors let in
		c := dialPeer(t, p.addr)
		await.Within(c, patience)
		c.say("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n")
		if line, err := c.in.ReadString('\n'); err != nil || !strings.Contains(line, " 100 ") {
			t.Fatalf("got %q (%v), want 100\n%s", line, err, p.log)
		}
		c.say("1000\r\n" + strings.Repeat("x", 4<<10) + "\r\n") // it goes to a file, and is not the end
		if status, _ := p.get(t, "/"); status != 200 {
			refused++
		}
	}
	if refused > 0 {
		t.Errorf("%d of 27 requests beside such bodies were not answered with 200\n%s", refused, p.log)
	}
}
