package tests

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tenfour/tests/await"
)

// content is n bytes that follow from a seed: no part of it equals another.
type content struct {
	n    int64
	seed byte
}

func (c content) reader() io.Reader {
	return io.LimitReader(rand.NewChaCha8([32]byte{c.seed}), c.n)
}

// differs reads r to its end, and returns how it differs from the content; nil if it does not.
func (c content) differs(r io.Reader) error {
	want := c.reader()
	got, expected := make([]byte, 64<<10), make([]byte, 64<<10)
	at := int64(0)
	for {
		n, err := r.Read(got)
		if int64(n) > c.n-at {
			return fmt.Errorf("more than %d bytes came", c.n)
		}
		io.ReadFull(want, expected[:n])
		if !bytes.Equal(got[:n], expected[:n]) {
			return fmt.Errorf("the bytes from %d to %d are not those that were sent", at, at+int64(n))
		}
		at += int64(n)
		switch {
		case err == io.EOF && at == c.n:
			return nil
		case err != nil:
			return fmt.Errorf("after %d of %d bytes: %w", at, c.n, err)
		}
	}
}

// shut closes a listener, and returns when nothing listens any more. A process that is being started has the listener too, until it execs:
// meanwhile its port is taken, and what connects to it is reset later. ForkLock waits for that.
func shut(ln net.Listener) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return ln.Close()
}

// listenAgain listens where something has listened before. Meanwhile its port may be that of the end of some connection, for a moment.
func listenAgain(addr string) (ln net.Listener, err error) {
	for until := time.Now().Add(patience); ; await.Pace(time.Millisecond) {
		ln, err = net.Listen("tcp", addr)
		if !errors.Is(err, syscall.EADDRINUSE) || time.Now().After(until) {
			return ln, err
		}
	}
}

// server is a backend that keeps nothing of what it reads, for large bodies and for counting connections. See doc.go for when to use
// it and when a backend.
type server struct {
	addr     string
	accepted atomic.Int32 // connections so far
	open     atomic.Int32 // connections whose script still runs
	requests atomic.Int32 // that a script has counted

	mu    sync.Mutex // guards conns and ended
	conns map[*peer]bool
	ended bool // connections accepted from now on are closed
}

// peer is one connection, of a server or of a client.
type peer struct {
	net.Conn
	in     *bufio.Reader
	number int // of a server's connections, from 0
}

// startServer runs script for each connection, which is closed when script returns.
func startServer(t testing.TB, script func(*peer)) *server {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, ln, script)
}

func serveOn(t testing.TB, ln net.Listener, script func(*peer)) *server {
	s := &server{addr: ln.Addr().String(), conns: map[*peer]bool{}}
	var running sync.WaitGroup
	running.Go(func() { s.accept(ln, script, &running) }) // ends when ln closes
	t.Cleanup(func() {
		ln.Close()
		s.mu.Lock()
		s.ended = true
		for p := range s.conns {
			p.Close()
		}
		s.mu.Unlock()
		running.Wait()
	})
	return s
}

func (s *server) accept(ln net.Listener, script func(*peer), running *sync.WaitGroup) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		p := &peer{Conn: c, in: bufio.NewReader(c), number: int(s.accepted.Add(1)) - 1}
		s.open.Add(1)
		s.mu.Lock()
		s.conns[p] = true
		if s.ended {
			c.Close()
		}
		s.mu.Unlock()
		running.Go(func() { // ends when script does; the cleanup closes its connection
			script(p)
			p.Close()
			s.mu.Lock()
			delete(s.conns, p)
			s.mu.Unlock()
			s.open.Add(-1)
		})
	}
}

// raise makes most at least n.
func raise(most *atomic.Int32, n int32) {
	for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
	}
}

// say writes raw.
func (p *peer) say(raw string) { io.WriteString(p, raw) }

// untilGone reads and forgets until the other side ends the connection.
func (p *peer) untilGone() { io.Copy(io.Discard, p.in) }

// breakOff ends the connection with a reset.
func (p *peer) breakOff() {
	p.Conn.(*net.TCPConn).SetLinger(0)
	p.Close()
}

// write writes a body in a framing: "length" and "close" as it comes, "chunked" in chunks of the sizes of its reads.
func (p *peer) write(framing string, body io.Reader) error {
	if framing != "chunked" {
		_, err := io.Copy(struct{ io.Writer }{p}, body)
		return err
	}
	buf := make([]byte, 40<<10)
	for {
		n, err := body.Read(buf[20:])
		if n > 0 {
			head := fmt.Appendf(nil, "%x\r\n", n)
			at := 20 - len(head)
			copy(buf[at:], head)
			if _, err := p.Write(append(buf[at:20+n], "\r\n"...)); err != nil {
				return err
			}
		}
		switch {
		case err == io.EOF:
			_, err := io.WriteString(p, "0\r\n\r\n")
			return err
		case err != nil:
			return err
		}
	}
}

// framingLines are the field lines that announce a body of n bytes.
func framingLines(framing string, n int64) string {
	switch framing {
	case "length":
		return "Content-Length: " + strconv.FormatInt(n, 10) + "\r\n"
	case "chunked":
		return "Transfer-Encoding: chunked\r\n"
	}
	return "Connection: close\r\n"
}

// answerBack is the script of a server that checks each request's body, which is the content that the query describes
// (n, seed), and answers with the same in the framing that the query asks for (as).
func answerBack(t testing.TB, s func() *server) func(*peer) {
	return func(p *peer) {
		for {
			r, err := http.ReadRequest(p.in)
			if err != nil {
				return
			}
			want, framing := describedBy(r)
			if r.ContentLength != 0 {
				if err := want.differs(r.Body); err != nil {
					if !errors.Is(err, io.ErrUnexpectedEOF) {
						t.Errorf("the backend, %s: %v", r.RequestURI, err)
					}
					return
				}
			}
			if s != nil {
				s().requests.Add(1)
			}
			p.say("HTTP/1.1 200 OK\r\n" + framingLines(framing, want.n) + "\r\n")
			if p.write(framing, want.reader()) != nil || framing == "close" {
				return
			}
		}
	}
}

// describedBy reads what a request's query says.
func describedBy(r *http.Request) (content, string) {
	q := r.URL.Query()
	n, _ := strconv.ParseInt(q.Get("n"), 10, 64)
	seed, _ := strconv.Atoi(q.Get("seed"))
	return content{n, byte(seed)}, q.Get("as")
}

// dialPeer opens a client's connection that has no deadline and keeps nothing of what it reads.
func dialPeer(t testing.TB, addr string) *peer {
	t.Helper()
	c, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &peer{Conn: c, in: bufio.NewReader(c)}
}

// answer reads the next response's head; its body is left to be read.
func (p *peer) answer(method string) (*http.Response, error) {
	return http.ReadResponse(p.in, &http.Request{Method: method})
}

// status reads the next response and returns its code, and what came of its body; an error when it is incomplete.
func (p *peer) status(method string) (int, string, error) {
	r, err := p.answer(method)
	if err != nil {
		return 0, "", err
	}
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = reveals(r.Header.Get("Server"), r.Header.Get("Via"), string(body))
	}
	return r.StatusCode, string(body), err
}

// get sends a plain request on a connection of its own, and returns the answer's code and body.
func (tf *tenfour) get(t testing.TB, target string) (int, string) {
	t.Helper()
	p := dialPeer(t, tf.addr)
	defer p.Close()
	await.Within(p, patience)
	p.say("GET " + target + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	status, body, err := p.status("GET")
	if err != nil {
		t.Errorf("GET %s: %v", target, err)
	}
	return status, strings.TrimSpace(body)
}
