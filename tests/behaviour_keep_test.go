package tests

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tenfour/tests/await"
)

// Kept connections to a backend: for how long they are kept, which other clients they block, and which requests use them.

// countingPython serves one connection at a time and keeps it. It answers with the number of its health checks so far.
const countingPython = `
from http.server import HTTPServer, BaseHTTPRequestHandler
checks = 0
class H(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        global checks
        checks += self.path == "/health"
        said = str(checks).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)
    def log_message(self, *a): pass
s = HTTPServer(("127.0.0.1", 0), H)
print(s.server_port)
s.serve_forever()
`

// TestHealth_ofASingleThreadedPython: tenfour's kept connection occupies the server's only thread, and health checks still get
// answers.
func TestHealth_ofASingleThreadedPython(t *testing.T) {
	t.Parallel()
	tf := startTenfour(t, []string{startPython(t, countingPython)}, "--health", "/health", "--health-every", "50ms", "--connect-timeout", "2s", "--hold", "0", "--log-level", "info")
	p := dialPeer(t, tf.addr)
	await.Within(p, 4*patience)
	for checks := 0; checks < 10; { // two checks that time out would take 4.1 s, and end in 502
		p.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		status, body, err := p.status("GET")
		if err != nil || status != 200 {
			t.Fatalf("got %d %q (%v) after %d checks\n%s", status, body, err, checks, tf.log)
		}
		checks, _ = strconv.Atoi(body)
	}
	if strings.Contains(tf.log.String(), "is down") {
		t.Errorf("the backend was said to be down:\n%s", tf.log)
	}
}

// TestKeepIdle_letsOthersAskTheBackend: a client that connects directly to a single-threaded server is served once tenfour's kept
// connection has been idle for keep_idle.
func TestKeepIdle_letsOthersAskTheBackend(t *testing.T) {
	t.Parallel()
	addr := startPython(t, countingPython)
	tf := configured(t, addr, "[[route]]\npath = \"/\"\nbackends = \"BACKEND\"\nkeep_idle = \"300ms\"")
	if status, _ := tf.get(t, "/"); status != 200 {
		t.Fatalf("got %d", status)
	}
	begin := time.Now()
	p := dialPeer(t, addr)
	p.SetDeadline(begin.Add(patience))
	p.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if status, _, err := p.status("GET"); err != nil || status != 200 {
		t.Errorf("a direct client got %d (%v) after %v", status, err, time.Since(begin))
	}
}

// TestKeepIdle_isCountedFromTheLastExchange: a connection that is used again in time stays.
func TestKeepIdle_isCountedFromTheLastExchange(t *testing.T) {
	t.Parallel()
	s := startServer(t, answerBack(t, nil))
	tf := configured(t, s.addr, "[[route]]\npath = \"/\"\nbackends = \"BACKEND\"\nworkers = 1\nkeep_idle = \"1s\"")
	for begin := time.Now(); time.Since(begin) < 1500*time.Millisecond; {
		if status, _ := tf.get(t, "/?n=3&as=length"); status != 200 {
			t.Fatalf("got %d", status)
		}
	}
	if n := s.accepted.Load(); n != 1 {
		t.Errorf("the backend met %d connections, want 1", n)
	}
	eventually(t, "the connection is closed", func() bool { return s.open.Load() == 0 })
}

// posts sends n POSTs one after the other, and returns how many were not answered with 200: up to 3, when it gives up.
func (tf *tenfour) posts(t *testing.T, n int) (failed int) {
	t.Helper()
	p := dialPeer(t, tf.addr)
	for range n {
		await.Within(p, patience)
		p.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody")
		status, words, err := p.status("POST")
		if status != 200 {
			t.Errorf("got %d %q (%v)", status, words, err)
			if failed++; failed == 3 {
				return failed
			}
		}
		if err != nil {
			p = dialPeer(t, tf.addr)
		}
	}
	return failed
}

// TestPOST_aServerThatClosesAfterEachAnswer: it does not announce the close. No POST is sent on a connection that it is about to
// close.
func TestPOST_aServerThatClosesAfterEachAnswer(t *testing.T) {
	t.Parallel()
	for _, after := range []time.Duration{0, time.Millisecond, 5 * time.Millisecond, 20 * time.Millisecond} {
		for _, workers := range []string{"1", "4"} {
			t.Run(fmt.Sprintf("after %v, %s workers", after, workers), func(t *testing.T) {
				t.Parallel()
				var met atomic.Int32
				s := startServer(t, func(p *peer) {
					if _, err := readRequest(p.in); err == nil {
						met.Add(1)
						p.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
						await.Pace(after) // its delay
					}
				})
				tf := startTenfour(t, []string{s.addr}, "--workers", workers)
				if failed := tf.posts(t, 120); failed > 0 || met.Load() != 120 {
					t.Errorf("%d failed, and the backend met %d, want 0 and 120", failed, met.Load())
				}
			})
		}
	}
}

// TestPOST_aServerOfOneConnectionAtATime is `while :; do printf … | nc -l PORT; done`: each nc listens for one connection,
// sends its answer at once, and ends when the other side does.
func TestPOST_aServerOfOneConnectionAtATime(t *testing.T) {
	t.Parallel()
	for _, workers := range []string{"1", "4"} {
		t.Run(workers+" workers", func(t *testing.T) {
			t.Parallel()
			addr := refusing(t)
			var stop atomic.Bool
			var mu sync.Mutex // guards last, what the server waits in
			var last io.Closer
			var loop sync.WaitGroup
			loop.Go(func() { // ends with stop, once what it waits in is closed
				for {
					ln, err := listenAgain(addr)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					last = ln
					mu.Unlock()
					if stop.Load() {
						ln.Close()
						return
					}
					c, err := ln.Accept()
					shut(ln)
					if err != nil {
						return
					}
					mu.Lock()
					last = c
					mu.Unlock()
					io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
					if !stop.Load() {
						io.Copy(io.Discard, c)
					}
					c.Close()
				}
			})
			t.Cleanup(func() {
				stop.Store(true)
				mu.Lock()
				last.Close()
				mu.Unlock()
				loop.Wait()
			})
			tf := startTenfour(t, []string{addr}, "--workers", workers)
			if failed := tf.posts(t, 120); failed > 0 {
				t.Errorf("%d failed", failed)
			}
		})
	}
}

// TestPOST_aServerThatListensUntilItEnds is the same with a real nc: it still listens when its connection has ended, and what
// connects then is reset. One POST may be lost before tenfour knows.
func TestPOST_aServerThatListensUntilItEnds(t *testing.T) {
	t.Parallel()
	addr := refusing(t)
	var stop atomic.Bool
	var loop sync.WaitGroup
	var mu sync.Mutex // guards last, what the server waits in
	var last io.Closer
	var excused atomic.Int32 // POSTs that may be lost because the server took 5 ms or more to end: tenfour comes again after 10 ms
	waitsIn := func(c io.Closer) {
		mu.Lock()
		defer mu.Unlock()
		if last = c; stop.Load() {
			c.Close()
		}
	}
	loop.Go(func() { // ends with stop, once what it waits in is closed
		for !stop.Load() {
			ln, err := listenAgain(addr)
			if err != nil {
				t.Error(err)
				return
			}
			waitsIn(ln)
			if c, err := ln.Accept(); err == nil {
				waitsIn(c)
				io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
				io.Copy(io.Discard, c)
				c.Close()
			}
			ended := time.Now()
			await.Pace(time.Millisecond) // its delay
			ln.Close()
			excused.Add(int32(time.Since(ended) / (5 * time.Millisecond)))
		}
	})
	t.Cleanup(func() {
		stop.Store(true)
		mu.Lock()
		last.Close()
		mu.Unlock()
		loop.Wait()
	})
	tf := startTenfour(t, []string{addr}, "--workers", "1")
	lost := func() (failed int) {
		for range 40 {
			p := dialPeer(t, tf.addr)
			p.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody")
			status, words, err := p.status("POST")
			if err != nil {
				t.Fatal(err)
			}
			if status != 200 {
				failed++
				t.Logf("got %d %q", status, words)
			}
			p.Close()
		}
		return failed
	}
	const rounds = 5
	for range rounds {
		excused.Store(0)
		if n := lost(); n <= 8+int(excused.Load()) {
			return
		}
	}
	t.Errorf("in each of %d rounds more than 8 of 40 failed, want one", rounds)
}

// TestPOST_isTrustedToAServerThatKeeps: once a second request on one connection was answered, POSTs use kept connections. After a kept
// connection has died, they do not until another second request was answered.
func TestPOST_isTrustedToAServerThatKeeps(t *testing.T) {
	t.Parallel()
	b := startBackend(t, repeat(func(m message) reply {
		if strings.HasPrefix(m.line, "GET /last") {
			return reply{raw: "", then: closed}
		}
		return plainReply
	}))
	tf := startTenfour(t, []string{b.addr}, "--workers", "1")
	const post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"
	for i, step := range []struct {
		request string
		met     int // connections so far
	}{
		{post, 1}, {post, 2}, // nothing is known of it
		{plainRequest, 2}, {post, 2}, {post, 2}, // the GET went over a kept one
		{"GET /last HTTP/1.1\r\nHost: a\r\n\r\n", 3}, // which ends, as does the fresh one
		{plainRequest, 4}, {post, 5}, {plainRequest, 5}, {post, 5}, // and has to be shown again
	} {
		tf.exchange(t, step.request, whole)
		if n := b.visitors(); n != step.met {
			t.Errorf("after step %d, %q, the backend has met %d connections, want %d", i, step.request, n, step.met)
		}
	}
}

// TestPOST_notOverAConnectionThatWasIdleForASecond: the server keeps connections, but may be about to close this one.
func TestPOST_notOverAConnectionThatWasIdleForASecond(t *testing.T) {
	t.Parallel()
	b := startBackend(t, repeat(func(message) reply { return plainReply }))
	tf := startTenfour(t, []string{b.addr}, "--workers", "1")
	const post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"
	for _, request := range []string{plainRequest, plainRequest, post} { // the server is known to keep connections
		tf.exchange(t, request, whole)
	}
	for _, request := range []string{post, plainRequest} { // the second may go out again
		met := b.visitors()
		await.Pace(1100 * time.Millisecond) // the connection is idle
		tf.exchange(t, request, whole)
		if n, want := b.visitors()-met, strings.Count(request, "POST"); n != want {
			t.Errorf("for %q the backend met %d new connections, want %d", request, n, want)
		}
	}
}

// TestResend_isForAllOfARaceTogether: each backend is asked once, and one of them once more.
func TestResend_isForAllOfARaceTogether(t *testing.T) {
	for resend, want := range map[string]int32{"0": 3, "1": 4, "2": 5} {
		for _, mode := range []string{"serial", "parallel"} {
			t.Run("resend "+resend+", "+mode, func(t *testing.T) {
				t.Parallel()
				var killed atomic.Int32
				var addrs []string
				for range 3 {
					addrs = append(addrs, startServer(t, func(p *peer) {
						for {
							m, err := readRequest(p.in)
							if err != nil {
								return
							}
							if strings.Contains(m.line, "/boom") {
								killed.Add(1)
								return
							}
							p.say("HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno")
						}
					}).addr)
				}
				// With one worker the second request takes the connections that the first one leaves: no backend has a usable response.
				tf := startTenfour(t, addrs, "--race", mode, "--resend", resend, "--workers", "1")
				tf.get(t, "/")
				if status, body := tf.get(t, "/boom"); status != 502 || killed.Load() != want {
					t.Errorf("got %d %q, %d servers were killed; want 502 and %d", status, body, killed.Load(), want)
				}
			})
		}
	}
}

// TestResend_boundsHowManyServersARequestCrashes: a request that ends each server that gets it goes out once more by default.
func TestResend_boundsHowManyServersARequestCrashes(t *testing.T) {
	for resend, want := range map[string]int32{"": 2, "0": 1, "1": 2, "2": 3, "9": 3} {
		for _, kept := range []bool{false, true} {
			t.Run(fmt.Sprintf("resend %q, over a kept connection %t", resend, kept), func(t *testing.T) {
				t.Parallel()
				var killed atomic.Int32
				var addrs []string
				for range 3 {
					ln, err := net.Listen("tcp", "127.0.0.1:0")
					if err != nil {
						t.Fatal(err)
					}
					s := serveOn(t, ln, func(p *peer) {
						for {
							m, err := readRequest(p.in)
							if err != nil {
								return
							}
							if strings.Contains(m.line, "/boom") {
								killed.Add(1)
								ln.Close()
								return
							}
							p.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
						}
					})
					addrs = append(addrs, s.addr)
				}
				flags := []string{"--hold", "200ms"}
				if resend != "" {
					flags = append(flags, "--resend", resend)
				}
				tf := startTenfour(t, addrs, flags...)
				for range 12 {
					if kept {
						tf.get(t, "/")
					}
				}
				if status, body := tf.get(t, "/boom"); status != 502 {
					t.Errorf("got %d %q, want 502", status, body)
				}
				if killed.Load() != want {
					t.Errorf("it has killed %d servers, want %d", killed.Load(), want)
				}
			})
		}
	}
}

// TestTLSBackend_ofOneThreadThatKeepsConnections: a handshake that waits for a server with one thread has the idle connection
// closed on which that thread sits. The server is not down.
func TestTLSBackend_ofOneThreadThatKeepsConnections(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	cert, _, _ := a.sign("localhost")
	config := &tls.Config{Certificates: []tls.Certificate{cert}}
	var thread sync.Mutex
	come, let := make(chan int, 9), make(chan struct{})
	s := startServer(t, func(p *peer) {
		come <- p.number
		thread.Lock()
		defer thread.Unlock()
		c := tls.Server(p.Conn, config)
		in := bufio.NewReader(c)
		for {
			if _, err := readRequest(in); err != nil {
				return
			}
			<-let
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		}
	})
	_, port, _ := net.SplitHostPort(s.addr)
	tf := startProgram(t, a.env(), []string{"https://localhost:" + port}, "--workers", "2", "--hold", "0", "--log-level", "info")
	peers := []*peer{dialPeer(t, tf.addr), dialPeer(t, tf.addr)}
	for i, p := range peers {
		await.Within(p, 2*patience)
		p.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if n := <-come; n != i {
			t.Fatalf("connection %d came for request %d", n, i)
		}
	}
	close(let)
	for i, p := range peers {
		if status, words, err := p.status("GET"); err != nil || status != 200 {
			t.Errorf("request %d got %d %q (%v)", i, status, words, err)
		}
	}
	if strings.Contains(tf.log.String(), "is down") {
		t.Errorf("the backend was said to be down:\n%s", tf.log)
	}
}
