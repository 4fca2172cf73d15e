package tests

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tenfour/tests/await"
)

// sizesAround lists sizes of bodies one below, at and one above each limit that changes how a body is forwarded.
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

// exchange is one request with a body, and its answer with a body.
type exchange struct {
	version  int // 1 or 0
	sent, as string
	content
}

func (e exchange) String() string {
	return fmt.Sprintf("a 1.%d client sends %d bytes (%s) and gets them back (%s)", e.version, e.n, e.sent, e.as)
}

// over makes the exchange over a connection. It sends the body while it reads the answer.
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
					await.Within(p, 4*patience)
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

// pause stops now and then, so that the other side finds full buffers, or nothing to read.
func pause() {
	if rand.IntN(8) == 0 {
		await.Pace(time.Duration(rand.IntN(int(2 * time.Millisecond))))
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
						await.Within(p, 4*patience)
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

// What the kernel's pipe still holds when the backend is done is delivered to the client, however slowly it reads.
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
		await.Pace(50 * time.Millisecond)
		await.Within(p, patience)
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
	tf := startTenfour(t, []string{s.addr}, withoutSpool(t))
	for i, e := range framings() {
		e.content = content{n, byte(i)}
		if e.sent == "chunked" != (e.as == "chunked") && e.as != "close" { // the same on both sides, and one of the rest
			continue
		}
		t.Run(e.String(), func(t *testing.T) {
			p := dialPeer(t, tf.addr)
			await.Within(p, 4*patience)
			if err := e.over(p); err != nil {
				t.Error(err)
			}
		})
	}
}

// earlyAnswers are answers that a backend sends after the head, without reading the body.
var earlyAnswers = map[string]string{
	"401": "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno",
	"413": "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno",
	"200": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n",
}

func TestEarlyAnswer_reachesTheClient(t *testing.T) {
	ends := map[string]func(*peer){
		"reads on":          (*peer).untilGone,
		"closes":            func(*peer) {},
		"shuts its side":    func(p *peer) { p.Conn.(*net.TCPConn).CloseWrite(); p.untilGone() },
		"does nothing":      func(*peer) { await.Pace(100 * time.Millisecond) },
		"resets after that": func(p *peer) { await.Pace(20 * time.Millisecond); p.breakOff() },
	}
	for name, ending := range ends {
		t.Run("the backend "+name, func(t *testing.T) {
			t.Parallel()
			for status, raw := range earlyAnswers { // one after another: much is sent for each
				t.Run(status, func(t *testing.T) {
					s := startServer(t, func(p *peer) {
						if _, err := readHead(p.in); err == nil {
							p.say(raw)
							ending(p)
						}
					})
					tf := startTenfour(t, []string{s.addr}, "--buffer", "4KiB", withoutSpool(t))
					for _, sent := range []string{"length", "chunked"} {
						p := dialPeer(t, tf.addr)
						await.Within(p, patience)
						body := make(chan error, 1)
						go func() { // ends with the body, or with the connection
							p.say("POST / HTTP/1.1\r\nHost: a\r\n" + framingLines(sent, 30<<20) + "\r\n")
							body <- p.write(sent, content{30 << 20, 1}.reader())
						}()
						code, words, err := p.status("POST")
						if fmt.Sprint(code) != status || words != "no" || err != nil {
							t.Errorf("%s: got %d %q (%v), want the backend's %s", sent, code, words, err, status)
						}
						io.Copy(io.Discard, p.in) // tenfour closes, because the backend does not read the rest of the body
						p.Close()
						<-body
					}
					eventually(t, "the backend's connections have ended", func() bool { return s.open.Load() == 0 })
				})
			}
		})
	}
}

// halves are incomplete answers, by their framing: the backend goes away before their end.
var halves = map[string]string{
	"length":         "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf",
	"chunked":        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
	"in a chunk":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nhalf",
	"no last CRLF":   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\n",
	"long, length":   "HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n",
	"long, chunked":  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n200000\r\n",
	"until close":    "HTTP/1.1 200 OK\r\n\r\nhalf",
	"long, by close": "HTTP/1.0 200 OK\r\n\r\n",
}

func TestHalfABody_isNeverTakenForAWhole(t *testing.T) {
	for name, raw := range halves {
		for _, how := range []string{"FIN", "RST"} {
			byClose := name == "until close" || name == "long, by close"
			if byClose && how == "FIN" {
				continue // that is its end
			}
			t.Run(name+", "+how, func(t *testing.T) {
				t.Parallel()
				var answered atomic.Int32 // clients that have got the beginning
				s := startServer(t, func(p *peer) {
					if _, err := readRequest(p.in); err != nil {
						return
					}
					began := answered.Load()
					p.say(raw)
					if name[:4] == "long" {
						io.Copy(p, content{1 << 20, 1}.reader())
					}
					await.Holds(patience, func() bool { return answered.Load() != began })
					if how == "RST" {
						p.breakOff()
					}
				})
				tf := startTenfour(t, []string{s.addr})
				for _, minor := range []int{0, 1} {
					p := dialPeer(t, tf.addr)
					await.Within(p, patience)
					p.say(fmt.Sprintf("GET / HTTP/1.%d\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", minor))
					r, err := p.answer("GET")
					if err != nil {
						t.Fatal(err)
					}
					answered.Add(1)
					if body, err := io.ReadAll(r.Body); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
						t.Errorf("a 1.%d client got %d bytes (%v), want a sign that it is not whole", minor, len(body), err)
					}
				}
			})
		}
	}
}

func TestClientThatLeaves_freesItsSlot(t *testing.T) {
	tests := map[string]struct {
		request string
		after   int // bytes of the answer that it takes before
		rst     bool
	}{
		"inside its body, by length": {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nhalf", 0, false},
		"inside its body, chunked":   {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", 0, false},
		"inside its body, reset":     {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nhalf", 0, true},
		"inside the answer":          {"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n", 100 << 10, false},
		"inside the answer, reset":   {"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n", 100 << 10, true},
		"before the answer, reset":   {"GET /never HTTP/1.1\r\nHost: a\r\n\r\n", 0, true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var met atomic.Bool // the backend has the request that will be left
			s := startServer(t, func(p *peer) {
				m, err := readHead(p.in)
				if err != nil {
					return
				}
				switch {
				case strings.HasPrefix(m.line, "GET /endless"):
					met.Store(true)
					p.say("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
					io.Copy(p, content{1e12, 0}.reader())
				case strings.HasPrefix(m.line, "GET /never"), strings.HasPrefix(m.line, "POST"):
					met.Store(true)
					p.untilGone()
				default:
					p.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
				}
			})
			tf := startTenfour(t, []string{s.addr}, "--workers", "1", "--buffer", "0", "--streams", "0", withoutSpool(t))
			p := dialPeer(t, tf.addr)
			p.say(tc.request)
			io.CopyN(io.Discard, p.in, int64(tc.after))
			eventually(t, "the backend has the request", met.Load)
			if tc.rst {
				p.breakOff()
			} else {
				p.Close()
			}
			// There is one slot: it is free when another client is answered, and its connection has ended.
			if status, body := tf.get(t, "/"); status != 200 || body != "ok" {
				t.Errorf("the next client got %d %q, want 200", status, body)
			}
			eventually(t, "the connection to the backend ends", func() bool { return s.open.Load() == 0 })
		})
	}
}

func TestReuse_ofABackendsConnection(t *testing.T) {
	const plain = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	tests := map[string]struct {
		raw      string
		accepted int32 // of 4 requests
	}{
		"1.1":                             {plain, 1},
		"1.1, chunked":                    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 1},
		"1.1 that says close":             {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", 4},
		"1.1 that says Close, among more": {"HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nok", 4},
		"1.0":                             {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 4},
		"1.0 with keep-alive":             {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", 1},
		"surplus with the answer":         {plain + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", 4},
		"204":                             {"HTTP/1.1 204 No Content\r\n\r\n", 1},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, func(p *peer) {
				for {
					if _, err := readRequest(p.in); err != nil {
						return
					}
					p.say(tc.raw)
				}
			})
			tf := startTenfour(t, []string{s.addr}, "--workers", "1")
			for range 4 {
				if status, body := tf.get(t, "/"); status/100 != 2 || status == 200 && body != "ok" {
					t.Errorf("got %d %q", status, body)
				}
			}
			if n := s.accepted.Load(); n != tc.accepted {
				t.Errorf("4 requests took %d connections, want %d", n, tc.accepted)
			}
		})
	}
}

// If a kept connection is used after its backend sent bytes unasked, these bytes would answer the next request.
func TestReuse_notOfAConnectionThatSpokeUnasked(t *testing.T) {
	s := startServer(t, func(p *peer) {
		for {
			if _, err := readRequest(p.in); err != nil {
				return
			}
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			await.Pace(20 * time.Millisecond)
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
		}
	})
	tf := startTenfour(t, []string{s.addr}, "--workers", "1")
	for i := range 3 {
		if status, body := tf.get(t, "/"); status != 200 || body != "ok" {
			t.Errorf("got %d %q, want ok", status, body)
		}
		eventually(t, "the connection is given up", func() bool { return s.open.Load() == 0 && s.accepted.Load() == int32(i+1) })
	}
}

// The backend reads the request and ends the kept connection. tenfour sends a request again once if that is safe, and a POST never.
func TestReuse_ofAConnectionThatDies(t *testing.T) {
	for method, want := range map[string]int{"GET": 200, "PUT": 200, "DELETE": 200, "POST": 502, "PATCH": 502} {
		for _, how := range []string{"FIN", "RST"} {
			t.Run(method+", "+how, func(t *testing.T) {
				t.Parallel()
				var met atomic.Int32
				s := startServer(t, func(p *peer) {
					for i := 0; ; i++ {
						m, err := readRequest(p.in)
						if err != nil {
							return
						}
						if !strings.HasPrefix(m.line, "GET /first") {
							met.Add(1)
						}
						if i > 1 {
							if how == "RST" {
								p.breakOff()
							}
							return
						}
						p.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
					}
				})
				tf := startTenfour(t, []string{s.addr}, "--workers", "1")
				tf.get(t, "/first")
				tf.get(t, "/first") // the second over the same connection: now a POST may come over it too
				p := dialPeer(t, tf.addr)
				await.Within(p, patience)
				p.say(method + " /second HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody")
				status, words, err := p.status(method)
				if status != want || err != nil {
					t.Errorf("got %d %q (%v), want %d", status, words, err, want)
				}
				if most := map[int]int32{200: 2, 502: 1}[want]; met.Load() != most {
					t.Errorf("the backend has met the request %d times, want %d", met.Load(), most)
				}
			})
		}
	}
}

// A POST is not sent on a connection that its backend has ended, even when that has just happened.
func TestReuse_notOfAConnectionThatHasEnded(t *testing.T) {
	s := startServer(t, func(p *peer) {
		if _, err := readRequest(p.in); err == nil {
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") // and ends, though it has not said so
		}
	})
	tf := startTenfour(t, []string{s.addr}, "--workers", "1")
	for i := range 50 {
		p := dialPeer(t, tf.addr)
		await.Within(p, patience)
		p.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody")
		if status, words, err := p.status("POST"); status != 200 {
			t.Errorf("got %d %q (%v)", status, words, err)
		}
		p.Close()
		eventually(t, "the backend has ended the connection", func() bool { return s.open.Load() == 0 && s.accepted.Load() == int32(i+1) })
	}
}

// deadAddr is an address on which no program listens.
func TestBackendThatRefuses_isTold(t *testing.T) {
	t.Parallel()
	dead := refusing(t)
	tf := startTenfour(t, []string{dead})
	status, words := tf.get(t, "/")
	if status != 502 || !strings.Contains(words, "the backend refused connections for 2s") {
		t.Errorf("got %d %q, want 502, which says that it refused", status, words)
	}
}

func TestBackendWithoutAName_isTold(t *testing.T) {
	t.Parallel()
	tf := startTenfour(t, []string{"nobody.invalid:80"})
	if status, words := tf.get(t, "/"); status != 502 || !strings.Contains(words, "its name could not be resolved") {
		t.Errorf("got %d %q, want 502, which says that the name could not be resolved", status, words)
	}
}

func TestOneOfTwoBackendsDead_isNoticedByNoClient(t *testing.T) {
	t.Parallel()
	s := startServer(t, answerBack(t, nil))
	tests := map[string]struct{ addr, timeout string }{
		"refuses": {refusing(t), "2s"},
		"is mute": {blackHole(t), "150ms"},
	}
	for name, tc := range tests {
		for _, n := range []int64{0, 1000, 700 << 10} {
			t.Run(fmt.Sprintf("one %s, bodies of %d bytes", name, n), func(t *testing.T) {
				t.Parallel()
				for i, e := range framings() {
					e.content = content{n, byte(i)}
					// Either may be asked first, also while the dead one is known to be down.
					tf := startTenfour(t, []string{tc.addr, s.addr}, "--connect-timeout", tc.timeout, "--buffer", "64KiB")
					for range 3 {
						p := dialPeer(t, tf.addr)
						await.Within(p, patience)
						if err := e.over(p); err != nil {
							t.Errorf("%v: %v", e, err)
						}
						p.Close()
					}
				}
			})
		}
	}
}

func TestBackendThatDoesNotConnect_isGivenUp(t *testing.T) {
	t.Parallel()
	tf := startTenfour(t, []string{blackHole(t)}, "--connect-timeout", "150ms", "--hold", "0")
	begun := time.Now()
	status, words := tf.get(t, "/")
	if took := time.Since(begun); status != 502 || !strings.Contains(words, "150ms") || took < 140*time.Millisecond {
		t.Errorf("got %d %q after %v, want 502 after the connect timeout", status, words, took)
	}
}

// A backend that writes head and body apart, as Python's does, has its kernel hold the body back until the head is
// acknowledged (Nagle's algorithm); an acknowledgement that is delayed makes each response 40 ms late.
func TestReuse_ofABackendThatWritesInPieces(t *testing.T) {
	s := startServer(t, func(p *peer) {
		p.Conn.(*net.TCPConn).SetNoDelay(false)
		for {
			if _, err := readRequest(p.in); err != nil {
				return
			}
			p.say("HTTP/1.1 200 OK\r\n")
			p.say("Content-Length: 4\r\n\r\n")
			p.say("ok")
			p.say("ay")
		}
	})
	tf := startTenfour(t, []string{s.addr}, "--workers", "1")
	var took []float64
	for range 30 {
		begun := time.Now()
		if status, body := tf.get(t, "/"); status != 200 || body != "okay" {
			t.Errorf("got %d %q", status, body)
		}
		took = append(took, time.Since(begun).Seconds()*1000)
	}
	t.Logf("median %.1f ms", median(took))
	if median(took) > 30 && runtime.GOOS == "linux" {
		t.Errorf("a response takes %.0f ms (median), want no delayed acknowledgement in it", median(took))
	}
}

// A write of the request may meet the reset first. The next read then returns a clean end, though the response is incomplete.
func TestHalfABody_whileTheRequestIsStillSent(t *testing.T) {
	answered := make(chan bool)
	s := startServer(t, func(p *peer) {
		if _, err := readHead(p.in); err == nil {
			p.say("HTTP/1.1 200 OK\r\n\r\nhalf")
			go p.untilGone() // ends with the connection
			<-answered
			p.breakOff()
		}
	})
	tf := startTenfour(t, []string{s.addr})
	for i := range 20 {
		p := dialPeer(t, tf.addr)
		await.Within(p, patience)
		p.say("POST / HTTP/1.1\r\nHost: a\r\n" + framingLines("length", 1<<40) + "\r\n")
		sent := make(chan error, 1)
		go func() { sent <- p.write("length", content{1 << 40, 0}.reader()) }() // ends with the connection
		r, err := p.answer("POST")
		answered <- true
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(r.Body); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("try %d: got %q (%v), want a sign that it is not whole", i, body, err)
		}
		p.Close()
		<-sent
	}
}
