package tests

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"tenfour/tests/await"
)

// The clients of these tests have the grace of forward.MeterWindow, and are found to be slow at most one part of it later.
const (
	paceGrace = 10 * time.Second
	paceFound = paceGrace + 5*time.Second
)

// swallow is the script of a server that reads each request to its end before it answers.
func swallow(p *peer) {
	for {
		r, err := http.ReadRequest(p.in)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		p.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	}
}

// drip sends raw and then a byte of body every 100 ms, until the connection ends or said is closed.
func drip(p *peer, raw, each string, said <-chan struct{}) {
	p.say(raw)
	for tick := time.NewTicker(100 * time.Millisecond); ; {
		select {
		case <-said:
			tick.Stop()
			return
		case <-tick.C:
			if _, err := io.WriteString(p, each); err != nil {
				tick.Stop()
				return
			}
		}
	}
}

// TestMinRate_cutsAnUploadThatDrips: wherever a body comes in, a client that sends 10 bytes a second is answered with 408.
func TestMinRate_cutsAnUploadThatDrips(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ raw, each, flags string }{
		"a small body, before it has a slot": {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n", "x", ""},
		"small chunks, before they have one": {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n", ""},
		"a long body":                        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n", "x", ""},
		"a long body that has to stay at its worker": {
			"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n", "x", "--streams 0"},
		"chunks that are streamed": {
			"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\n" + strings.Repeat("x", 4096) + "\r\n", "1\r\nx\r\n", "--buffer 4KiB"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, swallow)
			tf := startTenfour(t, []string{s.addr}, strings.Fields(tc.flags)...)
			p := dialPeer(t, tf.addr)
			await.Within(p, 2*paceFound)
			answered := make(chan struct{})
			begun := time.Now()
			go drip(p, tc.raw, tc.each, answered) // ends with the answer
			status, words, err := p.status("POST")
			close(answered)
			took := time.Since(begun)
			if status != 408 || err != nil || !strings.Contains(words, "500 bytes a second") {
				t.Errorf("got %d %q (%v), want 408 and why", status, words, err)
			}
			if took < paceGrace || took > paceFound {
				t.Errorf("it was cut after %v, want between %v and %v", took, paceGrace, paceFound)
			}
			eventually(t, "the backend's connection has ended", func() bool { return s.open.Load() == 0 })
		})
	}
}

// TestMinRate_cutsADownloadThatIsNotTaken: with a reset, so that the client can tell.
func TestMinRate_cutsADownloadThatIsNotTaken(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"while the backend has more":         "--buffer 64KiB",
		"while it has to stay at its worker": "--streams 0",
		"when the backend has given it all":  "--buffer 64MiB",
		"until close, with a client of 1.0":  "--buffer 64MiB",
		"chunked":                            "--buffer 64KiB",
	}
	for name, flags := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, digest(t))
			tf := startTenfour(t, []string{s.addr}, strings.Fields(flags)...)
			p := dialPeer(t, tf.addr)
			await.Within(p, 3*paceFound)
			version, as := "1.1", "length"
			if strings.Contains(name, "1.0") {
				version, as = "1.0", "close"
			} else if name == "chunked" {
				as = name
			}
			begun := time.Now()
			p.say(fmt.Sprintf("GET /?n=20000000&as=%s HTTP/%s\r\nHost: a\r\n\r\n", as, version))
			var end error
			for end == nil { // it reads nothing; a write fails once the connection has ended
				if time.Since(begun) > 2*paceFound { // of which the response takes some to come
					t.Fatalf("it was not cut after %v", 2*paceFound)
				}
				await.Pace(50 * time.Millisecond)
				_, end = io.WriteString(p, "x")
			}
			if !errors.Is(end, syscall.ECONNRESET) { // after a clean end a write fails with EPIPE
				t.Errorf("the connection ended with %v, want a reset", end)
			}
			if took := time.Since(begun); took < paceGrace {
				t.Errorf("it was cut after %v, want %v at least", took, paceGrace)
			}
		})
	}
}

// TestMinRate_leavesAloneWhatTheClientDoesNotHoldUp: a transfer that waits for the backend lasts longer than the grace and the window.
func TestMinRate_leavesAloneWhatTheClientDoesNotHoldUp(t *testing.T) {
	t.Parallel()
	const long = paceFound
	tests := map[string]func(t *testing.T, tf *tenfour, e *events){
		"an upload above the rate": func(t *testing.T, tf *tenfour, _ *events) {
			p := dialPeer(t, tf.addr)
			await.Within(p, 2*long)
			const n = 300 << 10
			p.say(fmt.Sprintf("POST /page HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", n))
			left := n
			for late := time.Now().Add(long); time.Now().Before(late); await.Pace(100 * time.Millisecond) {
				p.say(strings.Repeat("x", 100))
				left -= 100
			}
			p.say(strings.Repeat("x", left))
			if status, _, err := p.status("POST"); status != 200 || err != nil {
				t.Errorf("got %d (%v)", status, err)
			}
		},
		"a backend that thinks": func(t *testing.T, tf *tenfour, _ *events) {
			p := dialPeer(t, tf.addr)
			await.Within(p, 2*long)
			p.say("POST /think HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
			if status, _, err := p.status("POST"); status != 200 || err != nil {
				t.Errorf("got %d (%v)", status, err)
			}
		},
		"a quiet event stream": func(t *testing.T, tf *tenfour, e *events) { staysQuietly(t, tf, e, askEvents, long) },
		"a quiet WebSocket":    func(t *testing.T, tf *tenfour, e *events) { staysQuietly(t, tf, e, askUpgrade, long) },
		"a download above the rate, in small pieces": func(t *testing.T, tf *tenfour, _ *events) {
			c := dialSmall(t, tf.addr)
			await.Within(c, 2*long)
			io.WriteString(c, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
			piece := make([]byte, 200)
			for late := time.Now().Add(long); time.Now().Before(late); await.Pace(100 * time.Millisecond) {
				if _, err := io.ReadFull(c, piece); err != nil {
					t.Fatalf("it was cut: %v", err)
				}
			}
		},
	}
	for name, client := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := &events{send: make(chan string)}
			e.server = startServer(t, func(p *peer) {
				r, err := http.ReadRequest(p.in)
				if err != nil {
					return
				}
				if e.streams(p, r.URL.Path) {
					return
				}
				switch r.URL.Path {
				case "/think":
					await.Pace(long)
					fallthrough
				case "/page":
					io.Copy(io.Discard, r.Body)
					p.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
				case "/big":
					p.say("HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n")
					p.write("length", content{50_000_000, 1}.reader())
				}
			})
			client(t, startTenfour(t, []string{e.addr}), e)
		})
	}
}

// staysQuietly opens a stream on which nothing moves for long, and then something.
func staysQuietly(t *testing.T, tf *tenfour, e *events, ask string, long time.Duration) {
	_, r := tf.open(t, ask)
	await.Pace(long)
	e.send <- "still here"
	got := make([]byte, len("still here"))
	if _, err := io.ReadFull(r.Body, got); err != nil || string(got) != "still here" {
		t.Errorf("after %v got %q (%v)", long, got, err)
	}
}

// dialSmall opens a client's connection with a small receive buffer: the kernel takes only a few KiB before the client reads.
func dialSmall(t *testing.T, addr string) net.Conn {
	t.Helper()
	control := func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 2<<10) })
	}
	d := net.Dialer{Control: control, Timeout: patience}
	c, err := d.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// TestBodyTimeout_isForTheWholeBody: a body that comes steadily has no more time than that.
func TestBodyTimeout_isForTheWholeBody(t *testing.T) {
	t.Parallel()
	for name, n := range map[string]int{"a small body": 1000, "a long body": 1_000_000} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, swallow)
			tf := configured(t, s.addr, "timeouts.body = \"700ms\"\n[[route]]\nbackends = [\"BACKEND\"]\n")
			p := dialPeer(t, tf.addr)
			await.Within(p, patience)
			answered := make(chan struct{})
			go drip(p, fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", n), "x", answered) // ends with the answer
			status, words, err := p.status("POST")
			close(answered)
			if status != 408 || err != nil || !strings.Contains(words, "not complete within 700ms") {
				t.Errorf("got %d %q (%v), want 408 and why", status, words, err)
			}
		})
	}
}

// TestSlowestUpload_makesRoom: with all places for what lasts taken, the slowest of the uploads is cut, and only that one.
func TestSlowestUpload_makesRoom(t *testing.T) {
	t.Parallel()
	const n = 300 << 10
	type upload struct {
		*peer
		sent int
	}
	begin := func(t *testing.T, tf *tenfour) *upload {
		p := dialPeer(t, tf.addr)
		await.Within(p, 4*patience)
		p.say(fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", n))
		return &upload{peer: p}
	}
	// dripping sends each upload's share every 100 ms until stop.
	dripping := func(uploads []*upload, each []int) (stop func()) {
		end, ended := make(chan struct{}), make(chan struct{})
		go func() { // ends with stop
			defer close(ended)
			for tick := time.NewTicker(100 * time.Millisecond); ; {
				select {
				case <-end:
					tick.Stop()
					return
				case <-tick.C:
				}
				for i, u := range uploads {
					u.say(strings.Repeat("x", each[i]))
					u.sent += each[i]
				}
			}
		}()
		return func() { close(end); <-ended }
	}
	script := func(p *peer) {
		for {
			r, err := http.ReadRequest(p.in)
			if err != nil {
				return
			}
			if r.Header.Get("Upgrade") != "" {
				p.say(upgradeSwitched)
				p.untilGone()
				return
			}
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				return
			}
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}
	}
	isCut := func(t *testing.T, u *upload) {
		t.Helper()
		if status, words, err := u.status("POST"); status != 408 || err != nil || !strings.Contains(words, "more slowly than all others") {
			t.Errorf("the slowest got %d %q (%v), want 408 and why", status, words, err)
		}
	}
	ends := func(t *testing.T, u *upload) {
		t.Helper()
		u.say(strings.Repeat("x", n-u.sent))
		if status, words, err := u.status("POST"); status != 200 || err != nil {
			t.Errorf("another got %d %q (%v), want 200", status, words, err)
		}
	}
	t.Run("for a request that waits for a slot", func(t *testing.T) {
		t.Parallel()
		s := startServer(t, script)
		tf := startTenfour(t, []string{s.addr}, "--workers", "1", "--streams", "2")
		uploads := []*upload{begin(t, tf), begin(t, tf), begin(t, tf)}
		stop := dripping(uploads, []int{100, 1, 50})
		eventually(t, "all three are at the backend", func() bool { return s.open.Load() == 3 })
		if status, _ := tf.get(t, "/"); status != 200 {
			t.Errorf("the next client got %d", status)
		}
		isCut(t, uploads[1])
		stop()
		ends(t, uploads[0])
		ends(t, uploads[2])
	})
	t.Run("itself, when it has the slot", func(t *testing.T) {
		t.Parallel()
		s := startServer(t, script)
		tf := startTenfour(t, []string{s.addr}, "--workers", "1", "--streams", "0")
		u := begin(t, tf)
		defer dripping([]*upload{u}, []int{10})()
		eventually(t, "it is at the backend", func() bool { return s.open.Load() == 1 })
		if status, _ := tf.get(t, "/"); status != 200 {
			t.Errorf("the next client got %d", status)
		}
		isCut(t, u)
	})
	t.Run("for a WebSocket that wants a place", func(t *testing.T) {
		t.Parallel()
		s := startServer(t, script)
		tf := startTenfour(t, []string{s.addr}, "--streams", "1")
		uploads := []*upload{begin(t, tf), begin(t, tf)}
		stop := dripping(uploads, []int{1, 100})
		eventually(t, "there was a place for one of them, and none for the other", func() bool {
			p, r := tf.open(t, askUpgrade)
			if r.StatusCode != 101 {
				p.Close()
			}
			return r.StatusCode == 101
		})
		stop()
		cut, whole := 0, 0
		for _, u := range uploads {
			u.say(strings.Repeat("x", n-u.sent))
			switch status, _, _ := u.status("POST"); status {
			case 408:
				cut++
			case 200:
				whole++
			}
		}
		if cut > 1 || cut+whole != 2 {
			t.Errorf("%d uploads were cut and %d are whole; want one cut at most, and the other whole", cut, whole)
		}
	})
	t.Run("not while no other exchange waits", func(t *testing.T) {
		t.Parallel()
		s := startServer(t, script)
		tf := startTenfour(t, []string{s.addr}, "--workers", "2", "--streams", "1")
		uploads := []*upload{begin(t, tf), begin(t, tf)}
		stop := dripping(uploads, []int{10, 10})
		await.Pace(4 * time.Second)
		stop()
		ends(t, uploads[0])
		ends(t, uploads[1])
	})
}
