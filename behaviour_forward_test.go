package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"testing"
	"time"
)

// sizesAround lists sizes of bodies one below, at and one above everything that changes how a body is moved.
func sizesAround(buffer int64) []int64 {
	sizes := []int64{0, 1}
	for _, at := range []int64{4 << 10, 16 << 10, buffer, buffer + 16<<10, 256 << 10, 256<<10 + 16<<10, 64 << 10} {
		sizes = append(sizes, max(at-1, 0), at, at+1)
	}
	for range 6 {
		sizes = append(sizes, rand.Int64N(600<<10))
	}
	return append(sizes, 5<<20)
}

// exchange is one request with a body and its answer with a body, as a test names them.
type exchange struct {
	version  int // 1 or 0
	sent, as string
	content
}

func (e exchange) String() string {
	return fmt.Sprintf("a 1.%d client sends %d bytes (%s) and gets them back (%s)", e.version, e.n, e.sent, e.as)
}

// over makes the exchange over a connection; the body is sent while the answer is read.
func (e exchange) over(p *peer) error {
	head := fmt.Sprintf("POST /?n=%d&seed=%d&as=%s HTTP/1.%d\r\nHost: a\r\n", e.n, e.seed, e.as, e.version)
	sent := make(chan error, 1)
	go func() { // ends with the body, or with the connection
		p.say(head + framingLines(e.sent, e.n) + "\r\n")
		sent <- p.write(e.sent, e.reader())
	}()
	err := e.answered(p)
	if err != nil {
		p.Close()
	}
	if serr := <-sent; err == nil && serr != nil {
		err = fmt.Errorf("sending the body: %w", serr)
	}
	return err
}

func (e exchange) answered(p *peer) error {
	r, err := p.answer("POST")
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	if r.StatusCode != 200 {
		words, _ := io.ReadAll(r.Body)
		return fmt.Errorf("answer %d: %s", r.StatusCode, words)
	}
	if e.version == 0 && len(r.TransferEncoding) > 0 {
		return fmt.Errorf("Transfer-Encoding %q to a 1.0 client", r.TransferEncoding)
	}
	return e.differs(r.Body)
}

// framings are all that bodies can have both ways.
func framings() []exchange {
	var all []exchange
	for _, as := range []string{"length", "chunked", "close"} {
		all = append(all, exchange{1, "length", as, content{}}, exchange{1, "chunked", as, content{}}, exchange{0, "length", as, content{}})
	}
	return all
}

func TestBodies_ofEverySizeBothWays(t *testing.T) {
	for name, buffer := range map[string]int64{"256KiB": 256 << 10, "0": 0, "1KiB": 1 << 10, "1MiB": 1 << 20} {
		t.Run("with --buffer "+name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, answerBack(t, nil))
			tf := startTenfour(t, []string{s.addr}, "--buffer", name)
			for i, e := range framings() {
				p := dialPeer(t, tf.addr)
				for j, n := range sizesAround(buffer) {
					e.content = content{n, byte(i + j)}
					p.SetDeadline(time.Now().Add(4 * patience))
					if err := e.over(p); err != nil {
						t.Errorf("%v: %v", e, err)
					}
					if e.version == 0 || t.Failed() {
						p.Close()
						p = dialPeer(t, tf.addr)
					}
				}
			}
		})
	}
}

// paced is a connection that moves bytes in bursts of random sizes, with pauses.
type paced struct{ net.Conn }

func (p paced) Write(b []byte) (int, error) {
	done := 0
	for done < len(b) {
		n, err := p.Conn.Write(b[done:min(len(b), done+1+rand.IntN(16<<10))])
		if done += n; err != nil {
			return done, err
		}
		pause()
	}
	return done, nil
}

func (p paced) Read(b []byte) (int, error) {
	pause()
	return p.Conn.Read(b[:min(len(b), 1+rand.IntN(16<<10))])
}

// pause now and then lets the other side run into a wall, or into a void.
func pause() {
	if rand.IntN(8) == 0 {
		time.Sleep(time.Duration(rand.IntN(int(2 * time.Millisecond))))
	}
}

// slowed makes a peer move its bytes in bursts.
func slowed(p *peer) *peer {
	p.Conn = paced{p.Conn}
	p.in.Reset(p.Conn)
	return p
}

func TestBodies_ofSlowAndBurstyPeers(t *testing.T) {
	tests := map[string]struct{ client, backend bool }{
		"a bursty client":                    {client: true},
		"a bursty backend":                   {backend: true},
		"a bursty client and bursty backend": {true, true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script := answerBack(t, nil)
			s := startServer(t, func(p *peer) {
				if tc.backend {
					slowed(p)
				}
				script(p)
			})
			tf := startTenfour(t, []string{s.addr}, "--buffer", "16KiB", "--workers", "9")
			for i, e := range framings() {
				t.Run("", func(t *testing.T) {
					t.Parallel()
					p := dialPeer(t, tf.addr)
					if tc.client {
						slowed(p)
					}
					for _, n := range []int64{rand.Int64N(20 << 10), 300<<10 + rand.Int64N(5<<20)} {
						e.content = content{n, byte(i)}
						p.SetDeadline(time.Now().Add(4 * patience))
						if err := e.over(p); err != nil {
							t.Fatalf("%v: %v", e, err)
						}
						if e.version == 0 || e.as == "close" {
							break
						}
					}
				})
			}
		})
	}
}

// What the kernel's pipe still holds when the backend is done belongs to the client, however slowly he reads.
func TestBodies_endWithTheirLastByteThoughTheClientIsSlow(t *testing.T) {
	s := startServer(t, answerBack(t, nil))
	tf := startTenfour(t, []string{s.addr})
	for _, n := range []int64{2 << 20, 3<<20 + 17, 5 << 20, 8 << 20} {
		p := dialPeer(t, tf.addr)
		p.say(fmt.Sprintf("GET /?n=%d&as=length HTTP/1.1\r\nHost: a\r\n\r\n", n))
		// The backend is done as soon as the rest is in buffers: the client reads only then.
		r, err := p.answer("GET")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
		p.SetDeadline(time.Now().Add(patience))
		if err := (content{n, 0}).differs(r.Body); err != nil {
			t.Errorf("%d bytes: %v", n, err)
		}
		p.Close()
	}
}

func TestBodies_echoedWhileTheyAreSent(t *testing.T) {
	const n = 50 << 20
	s := startServer(t, func(p *peer) {
		r, err := http.ReadRequest(p.in)
		if err != nil {
			return
		}
		_, as := describedBy(r)
		p.say("HTTP/1.1 200 OK\r\n" + framingLines(as, n) + "\r\n")
		p.write(as, r.Body)
	})
	tf := startTenfour(t, []string{s.addr})
	for i, e := range framings() {
		e.content = content{n, byte(i)}
		if e.sent == "chunked" != (e.as == "chunked") && e.as != "close" { // the same on both sides, and one of the rest
			continue
		}
		t.Run(e.String(), func(t *testing.T) {
			p := dialPeer(t, tf.addr)
			p.SetDeadline(time.Now().Add(4 * patience))
			if err := e.over(p); err != nil {
				t.Error(err)
			}
		})
	}
}
