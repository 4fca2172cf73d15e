package tests

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tenfour/tests/await"
)

// While one client reads 60 MB, or sends them, at its own speed, the one worker serves the others.
func TestSlowClient_leavesTheWorkerToOthers(t *testing.T) {
	const size, lap = 60 << 20, 20 << 20
	tests := map[string]func(p *peer, wait func()) error{
		"reads 60 MB": func(p *peer, wait func()) error {
			p.say(fmt.Sprintf("GET /?n=%d&as=length HTTP/1.1\r\nHost: a\r\n\r\n", size))
			return readInLaps(p, size, lap, wait)
		},
		"reads 60 MB of chunks": func(p *peer, wait func()) error {
			p.say(fmt.Sprintf("GET /?n=%d&as=chunked HTTP/1.1\r\nHost: a\r\n\r\n", size))
			return readInLaps(p, size, lap, wait)
		},
		"sends 60 MB": func(p *peer, wait func()) error {
			p.say(fmt.Sprintf("POST /?n=%d&as=none HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", size, size))
			return sendInLaps(p, "length", size, lap, wait)
		},
		"sends 60 MB of chunks": func(p *peer, wait func()) error {
			p.say(fmt.Sprintf("POST /?n=%d&as=none HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", size))
			return sendInLaps(p, "chunked", size, lap, wait)
		},
	}
	for name, exchange := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, digest(t))
			tf := startTenfour(t, []string{s.addr}, "--workers", "1", withoutSpool(t))
			p := dialPeer(t, tf.addr)
			await.Within(p, 6*patience)
			// Between two laps the client stands still until others have been served.
			wait := func() {
				for range 3 {
					begun := time.Now()
					if status, words := tf.get(t, "/?n=2&as=length"); status != 200 {
						t.Errorf("another client got %d %q", status, words)
					}
					if took := time.Since(begun); took > patience/2 {
						t.Errorf("another client waited %v, want about a second at most", took)
					}
				}
			}
			if err := exchange(p, wait); err != nil {
				t.Error(err)
			}
		})
	}
}

func readInLaps(p *peer, size, lap int64, wait func()) error {
	r, err := p.answer("GET")
	if err != nil {
		return err
	}
	laps := struct{ io.Reader }{&inLaps{Reader: r.Body, lap: lap, wait: wait}}
	return content{size, 0}.differs(laps)
}

func sendInLaps(p *peer, framing string, size, lap int64, wait func()) error {
	if err := p.write(framing, &inLaps{Reader: content{size, 0}.reader(), lap: lap, wait: wait}); err != nil {
		return err
	}
	status, words, err := p.status("POST")
	if status != 200 || err != nil {
		return fmt.Errorf("got %d %q (%v)", status, words, err)
	}
	return nil
}

// inLaps waits after every lap of bytes.
type inLaps struct {
	io.Reader
	lap, at int64
	wait    func()
}

func (l *inLaps) Read(p []byte) (int, error) {
	if l.at >= l.lap {
		l.at = 0
		l.wait()
	}
	n, err := l.Reader.Read(p[:min(int64(len(p)), l.lap-l.at)])
	l.at += int64(n)
	return n, err
}

// digest is answerBack with a short answer for requests that ask for no framing.
func digest(t testing.TB) func(*peer) {
	full := answerBack(t, nil)
	return func(p *peer) {
		r, err := http.ReadRequest(p.in)
		if err != nil {
			return
		}
		want, as := describedBy(r)
		switch {
		case as != "none":
			p.say("HTTP/1.1 200 OK\r\nConnection: close\r\n" + framingLines(as, want.n) + "\r\n")
			p.write(as, want.reader())
			return
		case want.differs(r.Body) != nil:
			p.say("HTTP/1.1 500 The body is not as it was\r\nContent-Length: 0\r\n\r\n")
			return
		}
		p.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		full(p)
	}
}

// events is a backend of event streams and WebSockets, and of small pages.
type events struct {
	*server
	send  chan string  // to each stream that is open, in turn
	ended atomic.Int32 // streams whose client has left
}

const (
	eventHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
	page4k    = 4 << 10
)

func startEvents(t testing.TB) *events {
	e := &events{send: make(chan string)}
	page := "HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n" + strings.Repeat("p", page4k)
	e.server = startServer(t, func(p *peer) {
		for {
			r, err := http.ReadRequest(p.in)
			if err != nil {
				return
			}
			if e.streams(p, r.URL.Path) {
				return
			}
			p.say(page)
		}
	})
	return e
}

// streams serves the stream at a path until it ends: an event stream at /events, a WebSocket at /ws. It reports whether there is one.
func (e *events) streams(p *peer, path string) bool {
	switch path {
	case "/events":
		p.say(eventHead)
		e.stream(p, func(said string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(said), said) })
	case "/ws":
		p.say(upgradeSwitched)
		e.stream(p, func(said string) string { return said })
	default:
		return false
	}
	return true
}

// stream sends what there is to send until the connection ends, or it is told to end it.
func (e *events) stream(p *peer, frame func(string) string) {
	left := make(chan struct{})
	go func() { // ends with the connection
		p.untilGone()
		close(left)
	}()
	for {
		select {
		case <-left:
			e.ended.Add(1)
			return
		case said := <-e.send:
			if said == endStream {
				return
			}
			p.say(frame(said))
		}
	}
}

const (
	endStream       = "end"
	askEvents       = "GET /events HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n"
	askUpgrade      = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	upgradeSwitched = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)

// open begins a stream and returns it with its answer's code.
func (tf *tenfour) open(t testing.TB, ask string) (*peer, *http.Response) {
	t.Helper()
	p := dialPeer(t, tf.addr)
	await.Within(p, 6*patience)
	p.say(ask)
	r, err := p.answer("GET")
	if err != nil {
		t.Fatal(err)
	}
	if r.StatusCode == 101 {
		r.Body = io.NopCloser(p.in)
	}
	return p, r
}

func TestStreams_holdNoWorker(t *testing.T) {
	e, quiet := startEvents(t), startEvents(t)
	tf, alone := startTenfour(t, []string{e.addr}), startTenfour(t, []string{quiet.addr})
	var open []*peer
	for i := range 40 {
		ask, want := askEvents, 200
		if i%2 == 1 {
			ask, want = askUpgrade, 101
		}
		p, r := tf.open(t, ask)
		if r.StatusCode != want {
			t.Fatalf("stream %d got %d, want %d", i, r.StatusCode, want)
		}
		open = append(open, p)
	}
	requests := 5000
	if testing.Short() || underRace {
		requests = 1000
	}
	keepsThroughput(t, tf, alone, "/page", requests)
	if n := e.ended.Load(); n > 0 {
		t.Errorf("%d streams have ended meanwhile", n)
	}
	for _, p := range open {
		p.Close()
	}
	eventually(t, "the backend has seen all 40 leave", func() bool { return e.ended.Load() == 40 })
}

func median(of []float64) float64 {
	of = slices.Sorted(slices.Values(of))
	return of[len(of)/2]
}

func TestStreams_passEachEventOnAtOnce(t *testing.T) {
	for name, ask := range map[string]string{"an event stream": askEvents, "a WebSocket": askUpgrade} {
		t.Run(name, func(t *testing.T) {
			e := startEvents(t)
			tf := startTenfour(t, []string{e.addr})
			_, r := tf.open(t, ask)
			lines := bufio.NewReader(r.Body)
			var took []float64
			for i := range 100 {
				said := fmt.Sprintf("data: %d\n", i)
				begun := time.Now()
				e.send <- said
				if got, err := lines.ReadString('\n'); got != said {
					t.Fatalf("got %q (%v), want %q", got, err, said)
				}
				took = append(took, time.Since(begun).Seconds()*1000)
			}
			t.Logf("median %.2f ms, slowest %.2f ms", median(took), slices.Max(took))
			if median(took) > 50 {
				t.Errorf("an event takes %.1f ms (median of 100), want less than 50", median(took))
			}
		})
	}
}

func TestStreams_endWithEitherSide(t *testing.T) {
	for name, ask := range map[string]string{"an event stream": askEvents, "a WebSocket": askUpgrade} {
		for _, how := range []string{"FIN", "RST"} {
			t.Run("the client of "+name+" leaves, "+how, func(t *testing.T) {
				t.Parallel()
				e := startEvents(t)
				tf := startTenfour(t, []string{e.addr})
				p, _ := tf.open(t, ask)
				if how == "RST" {
					p.breakOff()
				} else {
					p.Close()
				}
				eventually(t, "the backend sees the end", func() bool { return e.ended.Load() == 1 && e.server.open.Load() == 0 })
			})
		}
		t.Run("the backend of "+name+" ends it", func(t *testing.T) {
			t.Parallel()
			e := startEvents(t)
			tf := startTenfour(t, []string{e.addr})
			_, r := tf.open(t, ask)
			e.send <- "last words"
			e.send <- endStream
			body, err := io.ReadAll(r.Body)
			if string(body) != "last words" || os.IsTimeout(err) {
				t.Errorf("got %q (%v), want the last words and an end", body, err)
			}
			if ask == askEvents && err == nil {
				t.Error("the stream had no last chunk, and the client is not told")
			}
			eventually(t, "the connections have ended", func() bool { return e.server.open.Load() == 0 })
		})
	}
}

func TestStreams_areBounded(t *testing.T) {
	for name, ask := range map[string]string{"event streams": askEvents, "WebSockets": askUpgrade} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := startEvents(t)
			tf := startTenfour(t, []string{e.addr}, "--streams", "3", "--workers", "2")
			var open []*peer
			for range 3 {
				p, r := tf.open(t, ask)
				if r.StatusCode > 200 {
					t.Fatalf("got %d", r.StatusCode)
				}
				open = append(open, p)
			}
			for range 3 {
				if p, r := tf.open(t, ask); r.StatusCode != 503 || r.Header.Get("Retry-After") == "" {
					t.Fatalf("the fourth got %d, Retry-After %q; want 503", r.StatusCode, r.Header.Get("Retry-After"))
				} else {
					p.Close()
				}
			}
			if status, _ := tf.get(t, "/page"); status != 200 {
				t.Errorf("a page: got %d", status)
			}
			open[1].Close()
			eventually(t, "there is room for a third again", func() bool {
				p, r := tf.open(t, ask)
				defer func() {
					if r.StatusCode == 503 {
						p.Close()
					}
				}()
				return r.StatusCode < 400
			})
			if p, r := tf.open(t, ask); r.StatusCode != 503 {
				t.Errorf("one more got %d, want 503", r.StatusCode)
			} else {
				p.Close()
			}
		})
	}
}

// A tunnel's bytes may be as many and as slow as those of any body.
func TestTunnel_movesBytesBothWays(t *testing.T) {
	const n = 20 << 20
	s := startServer(t, func(p *peer) {
		if _, err := readHead(p.in); err == nil {
			p.say(upgradeSwitched)
			io.Copy(struct{ io.Writer }{p}, p.in)
		}
	})
	tf := startTenfour(t, []string{s.addr}, "--buffer", "16KiB")
	p, r := tf.open(t, askUpgrade)
	sent := make(chan error, 1)
	go func() { // ends with the content, or with the connection
		sent <- p.write("close", content{n, 7}.reader())
	}()
	if err := (content{n, 7}).differs(io.LimitReader(r.Body, n)); err != nil {
		t.Error(err)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

// Where no place for lasting transfers is free, a client that does nothing is given up after the idle timeout.
func TestStalledClient_isGivenUpThoughThereIsNoPlace(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"takes nothing": "GET /?n=100000000&as=length HTTP/1.1\r\nHost: a\r\n\r\n",
		"sends nothing": "POST /?n=100000000&as=none HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n",
	}
	for name, raw := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, digest(t))
			tf := startTenfour(t, []string{s.addr}, "--workers", "1", "--streams", "0", "--idle-timeout", "2500ms")
			p := dialPeer(t, tf.addr)
			p.say(raw)
			eventually(t, "the backend has the request", func() bool { return s.open.Load() == 1 })
			if status, words := tf.get(t, "/?n=2&as=length"); status != 200 {
				t.Errorf("the next client got %d %q", status, words)
			}
		})
	}
}
