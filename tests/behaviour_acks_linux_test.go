package tests

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tenfour/tests/await"
)

// ackDelay is the least time by which Linux delays an acknowledgement.
const ackDelay = 40 * time.Millisecond

// How many exchanges of a round must be faster than a delayed acknowledgement: a busy machine delays some. On a connection of its own each
// would wait for it; on one connection the kernel delays nothing for the first two. Where every acknowledgement is late, no round has as
// many; a machine that was busy during one round may not be during the next.
const (
	onItsOwn      = 1
	onTheSame     = 4
	exchangesEach = 9
	roundsMost    = 8
)

// promptly runs rounds of an exchange. The test fails when in each of them fewer than fast were faster than a delayed acknowledgement.
func promptly(t *testing.T, fast int, what string, exchange func() error) {
	t.Helper()
	arePrompt(t, fast, what, func() time.Duration {
		began := time.Now()
		if err := exchange(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		return time.Since(began)
	})
}

// arePrompt is promptly for an exchange that another goroutine makes and measures.
func arePrompt(t *testing.T, fast int, what string, next func() time.Duration) {
	t.Helper()
	var took []time.Duration
	for range roundsMost {
		took = took[:0]
		for range exchangesEach {
			took = append(took, next())
		}
		slices.Sort(took)
		if took[fast-1] < ackDelay*9/10 {
			return
		}
	}
	t.Errorf("%s: in the last of %d rounds the exchanges took %v; want %d faster than the %v of a delayed acknowledgement", what, roundsMost, took, fast, ackDelay)
}

// withNagle has the kernel hold a small write back while an earlier one is not acknowledged.
func withNagle(t *testing.T, c net.Conn) net.Conn {
	if err := c.(*net.TCPConn).SetNoDelay(false); err != nil {
		t.Error(err)
	}
	return c
}

// splitWrites is a connection that makes two writes of each.
type splitWrites struct{ net.Conn }

func (h splitWrites) Write(p []byte) (int, error) {
	n, err := h.Conn.Write(p[:len(p)/2])
	if err != nil {
		return n, err
	}
	m, err := h.Conn.Write(p[len(p)/2:])
	return n + m, err
}

// piecewise are requests in the pieces in which their client writes them. An empty piece awaits an interim response.
var piecewise = map[string][]string{
	"a head in two pieces":   {"GET / HTTP/1.1\r\nHost: a", "\r\n\r\n"},
	"a head in five pieces":  {"GET /", " HTTP/1.1\r\n", "Host: a\r\n", "Accept: */*\r\n", "\r\n"},
	"a head and a body":      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", "hello"},
	"a body in pieces":       {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", "h", "el", "lo"},
	"a chunk in pieces":      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\n", "hel", "lo", "\r\n", "0\r\n\r\n"},
	"a trailer in pieces":    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", "Check", "sum: 1\r\n", "\r\n"},
	"a body that is awaited": {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", "", "h", "el", "lo"},
	"a streamed body":        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n", strings.Repeat("a", 5000), "bbb", strings.Repeat("c", 3990), "ddddddd"},
	"streamed chunks": {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "1770\r\n", strings.Repeat("a", 6000), "\r\n3\r\n", "bbb",
		"\r\n", "0\r\n", "\r\n"},
	"a streamed body that is awaited": {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9000\r\n\r\n", "",
		strings.Repeat("a", 8990), "bbb", "ccccccc"},
}

// sendPieces sends a request in its pieces and reads the response.
func sendPieces(c io.Writer, in *bufio.Reader, pieces []string) error {
	for _, piece := range pieces {
		if piece == "" {
			if m, err := readHead(in); err != nil || !strings.Contains(m.line, " 100 ") {
				return fmt.Errorf("got %q (%v), want 100 Continue", m.line, err)
			}
			continue
		}
		if _, err := io.WriteString(c, piece); err != nil {
			return err
		}
	}
	m, err := readAnswer(in, methodOf(pieces[0]))
	if err == nil && !strings.Contains(m.line, " 200 ") {
		err = fmt.Errorf("got %q %q, want 200", m.line, m.body)
	}
	return err
}

func TestAcks_aRequestInPiecesIsNotDelayed(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always(plainReply.raw))
	_, cert, key := newAuthority(t).sign("localhost")
	plain := startTenfour(t, []string{b.addr}, "--buffer", "4KiB")
	secure := startTenfour(t, []string{b.addr}, "--buffer", "4KiB", "--tls-cert", cert, "--tls-key", key)
	anyName := &tls.Config{InsecureSkipVerify: true}
	for way, dial := range map[string]func() net.Conn{
		"plain": func() net.Conn { return withNagle(t, plain.dial(t).TCPConn) },
		"TLS":   func() net.Conn { return tls.Client(withNagle(t, secure.dial(t).TCPConn), anyName) },
		"TLS, a record in pieces": func() net.Conn {
			return tls.Client(splitWrites{withNagle(t, secure.dial(t).TCPConn)}, anyName)
		},
	} {
		for name, pieces := range piecewise {
			t.Run(way+", "+name, func(t *testing.T) {
				t.Parallel()
				c := dial()
				defer c.Close()
				in := bufio.NewReader(c)
				promptly(t, onTheSame, fmt.Sprintf("%.300q", pieces), func() error { return sendPieces(c, in, pieces) })
			})
		}
	}
}

func TestAcks_theFirstRequestAfterAHandshakeIsNotDelayed(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always(plainReply.raw))
	_, cert, key := newAuthority(t).sign("localhost")
	tf := startTenfour(t, []string{b.addr}, "--tls-cert", cert, "--tls-key", key)
	for name, wrap := range map[string]func(net.Conn) net.Conn{
		"whole flights":     func(c net.Conn) net.Conn { return c },
		"flights in pieces": func(c net.Conn) net.Conn { return splitWrites{c} },
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(name+", "+tls.VersionName(version), func(t *testing.T) {
				t.Parallel()
				config := &tls.Config{InsecureSkipVerify: true, MaxVersion: version}
				promptly(t, onItsOwn, "a handshake and a request", func() error {
					c := tls.Client(wrap(withNagle(t, tf.dial(t).TCPConn)), config)
					defer c.Close()
					if err := c.Handshake(); err != nil {
						return err
					}
					return sendPieces(c, bufio.NewReader(c), []string{"GET / HTTP/1.1\r\nHost: a\r\n\r\n"})
				})
			})
		}
	}
}

// nagling is a listener whose connections have Nagle's algorithm.
type nagling struct {
	net.Listener
	t *testing.T
}

func (l nagling) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return withNagle(l.t, c), nil
}

// inPieces are responses in the pieces in which their backend writes them.
var inPieces = map[string][]string{
	"a head and a body":       {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "plain"},
	"a head in pieces":        {"HTTP/1.1 200 OK\r\n", "Server: x\r\n", "Content-Length: 5\r\n", "\r\n", "plain"},
	"a body in pieces":        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "p", "la", "in"},
	"a chunk in pieces":       {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\n", "pla", "in", "\r\n", "0\r\n", "\r\n"},
	"an interim response":     {"HTTP/1.1 103 Early Hints\r\n\r\n", "HTTP/1.1 200 OK\r\n", "Content-Length: 5\r\n\r\n", "plain"},
	"a large body in pieces":  {"HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n", strings.Repeat("p", 19000), "la", strings.Repeat("i", 992), "n", "nnnnn"},
	"a response up to an end": {"HTTP/1.0 200 OK\r\n", "\r\n", "p", "la", "in"},
}

func TestAcks_aResponseInPiecesIsNotDelayed(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	cert, _, _ := a.sign("localhost")
	for name, pieces := range inPieces {
		script := func(p *peer) {
			for {
				if _, err := readHead(p.in); err != nil {
					return
				}
				for _, piece := range pieces {
					p.say(piece)
				}
				if strings.HasPrefix(pieces[0], "HTTP/1.0") {
					return
				}
			}
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			s := serveOn(t, nagling{ln, t}, script)
			tf := startTenfour(t, []string{s.addr}, "--workers", "1")
			promptly(t, onTheSame, fmt.Sprintf("%q", pieces), func() error { return tf.gets200(t) })
		})
		t.Run("TLS, "+name, func(t *testing.T) {
			t.Parallel()
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			s := serveOn(t, tls.NewListener(nagling{ln, t}, &tls.Config{Certificates: []tls.Certificate{cert}}), script)
			_, port, _ := net.SplitHostPort(s.addr)
			tf := startProgram(t, a.env(), []string{"https://localhost:" + port}, "--workers", "1")
			promptly(t, onTheSame, fmt.Sprintf("%q", pieces), func() error { return tf.gets200(t) })
		})
	}
}

func TestAcks_theAnswerToAHealthCheckIsNotDelayed(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	cert, _, _ := a.sign("localhost")
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	checks := make(chan time.Duration, 1000)
	s := serveOn(t, tls.NewListener(nagling{ln, t}, &tls.Config{Certificates: []tls.Certificate{cert}}), func(p *peer) {
		if _, err := readHead(p.in); err != nil {
			return
		}
		began := time.Now()
		for _, piece := range inPieces["a head in pieces"] {
			p.say(piece)
		}
		p.untilGone()
		checks <- time.Since(began)
	})
	_, port, _ := net.SplitHostPort(s.addr)
	startProgram(t, a.env(), []string{"https://localhost:" + port}, "--health", "/", "--health-every", "5ms")
	arePrompt(t, onItsOwn, "a health check", func() time.Duration { return await.Value(t, checks, "a health check") })
}

// gets200 makes a request on a connection of its own, and says what is wrong if its answer is not 200.
func (tf *tenfour) gets200(t testing.TB) error {
	c := tf.dial(t)
	defer c.Close()
	return sendPieces(c, c.in, []string{"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"})
}

func TestAcks_anEventInPiecesIsNotDelayedOnceItsStreamHasLeftItsWorker(t *testing.T) {
	t.Parallel()
	next := make(chan bool)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := serveOn(t, nagling{ln, t}, func(p *peer) {
		if _, err := readHead(p.in); err != nil {
			return
		}
		p.say(plainReply.raw)
		if _, err := readHead(p.in); err != nil {
			return
		}
		p.say("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
		for range next {
			p.say("data: ")
			p.say("x\n")
			p.say("\n")
		}
	})
	t.Cleanup(func() { close(next) })
	tf := startTenfour(t, []string{s.addr}, "--workers", "1")
	tf.get(t, "/") // on the connection that the stream has then
	c := tf.dial(t)
	io.WriteString(c, "GET / HTTP/1.0\r\n\r\n")
	if _, err := readHead(c.in); err != nil {
		t.Fatal(err)
	}
	promptly(t, onTheSame, "an event", func() error {
		next <- true
		event := make([]byte, len("data: x\n\n"))
		_, err := io.ReadFull(c.in, event)
		return err
	})
}

func TestAcks_aTunnelsBytesInPiecesAreNotDelayed(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := serveOn(t, nagling{ln, t}, func(p *peer) {
		if _, err := readHead(p.in); err != nil {
			return
		}
		p.say("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
		frame := make([]byte, 6)
		for {
			if _, err := io.ReadFull(p.in, frame); err != nil {
				return
			}
			for i := range 3 {
				p.Write(frame[2*i : 2*i+2])
			}
		}
	})
	tf := startTenfour(t, []string{s.addr})
	c := tf.dial(t)
	withNagle(t, c.TCPConn)
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n")
	if m, err := readHead(c.in); err != nil || !strings.Contains(m.line, " 101 ") {
		t.Fatalf("got %q (%v), want 101", m.line, err)
	}
	promptly(t, onTheSame, "a frame there and back", func() error {
		for _, piece := range []string{"fr", "am", "e!"} {
			if _, err := io.WriteString(c, piece); err != nil {
				return err
			}
		}
		_, err := io.ReadFull(c.in, make([]byte, 6))
		return err
	})
}

func TestAcks_aPlainRequestPaysNoSystemCallForThem(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("strace is not installed")
	}
	t.Parallel()
	b := startBackend(t, always(plainReply.raw))
	calls := filepath.Join(t.TempDir(), "calls")
	tf := startProcess(t, "exec strace -D -f -e trace=setsockopt -o "+calls+` "$@"`, nil, "--backend", b.addr)
	asked := func() int {
		log, err := os.ReadFile(calls)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(log), "TCP_QUICKACK")
	}
	c := tf.dial(t)
	for range 50 {
		tf.get(t, "/")
		for _, raw := range []string{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"} {
			if err := sendPieces(c, c.in, []string{raw}); err != nil {
				t.Fatal(err)
			}
		}
	}
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "", way{20})
	eventually(t, "a head in two pieces costs a call", func() bool { return asked() > 0 })
	if n := asked(); n != 1 {
		t.Errorf("150 plain requests cost %d calls, want none", n-1)
	}
}
