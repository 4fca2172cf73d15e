package tests

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tenfour/tests/await"
)

// drainRoutes is a route for each thing that a request may wait for.
const drainRoutes = `
[timeouts]
drain = "400ms"
head = "10m"
idle = "10m"
[limit.slow]
rate = "1/1h"
over = "wait"
wait_max = "10m"
[[route]]
path = "/mute"
backends = "MUTE"
workers = 1
[[route]]
path = "/streams/"
backends = "STREAMS"
[[route]]
path = "/raced"
backends = ["RACED1", "RACED2"]
race = "parallel"
[[route]]
path = "/held"
backends = "DOWN"
hold = "10m"
[[route]]
path = "/limited"
backends = "STREAMS"
limit = "slow"
`

// startDraining starts a process whose routes are drainRoutes. asked counts the requests that the backends have.
func startDraining(t testing.TB) (p *process, asked *atomic.Int32) {
	t.Helper()
	asked = new(atomic.Int32)
	says := func(p *peer) {
		if _, err := http.ReadRequest(p.in); err == nil {
			asked.Add(1)
			p.untilGone()
		}
	}
	mute, raced1, raced2 := startServer(t, says), startServer(t, says), startServer(t, says)
	streams := startServer(t, func(p *peer) {
		r, err := http.ReadRequest(p.in)
		if err != nil {
			return
		}
		asked.Add(1)
		switch r.URL.Path {
		case "/streams/events":
			p.say("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: x\n\n")
		case "/streams/large":
			p.say("HTTP/1.1 200 OK\r\n\r\n")
			io.Copy(p, content{64 << 20, 1}.reader())
			return
		case "/streams/page":
			p.say("HTTP/1.0 200 OK\r\n\r\n")
			io.Copy(p, content{6 << 20, 1}.reader())
			return
		case "/limited":
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}
		p.untilGone()
	})
	settings := strings.NewReplacer("MUTE", mute.addr, "RACED1", raced1.addr, "RACED2", raced2.addr, "STREAMS", streams.addr, "DOWN", blackHole(t)).Replace(drainRoutes)
	file := writeFile(t, filepath.Join(t.TempDir(), "tenfour.toml"), settings)
	return startProcess(t, plainly, nil, "--config", file, "--buffer", "8MiB", "--log-level", "info"), asked
}

// TestDrain_endsEveryPhaseAtItsDeadline: the program ends at the drain's deadline, in whatever phase its clients are. A request that
// has begun and has no response gets an answer that says so; a response that has begun is visibly cut.
func TestDrain_endsEveryPhaseAtItsDeadline(t *testing.T) {
	t.Parallel()
	const refused, cut = "HTTP/1.1 503 ", "cut"
	p, asked := startDraining(t)
	begin := func(raw string, seen int32) *peer {
		t.Helper()
		c := p.dial(t)
		if err := c.sendAndAwaitRead(raw); err != nil {
			t.Fatal(err)
		}
		eventually(t, fmt.Sprintf("the backends have %d requests, after %.20q", seen, raw), func() bool { return asked.Load() == seen })
		return &peer{Conn: c, in: c.in}
	}
	get := func(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n" }
	type client struct {
		*peer
		want string
	}
	clients := map[string]client{}
	clients["being served"] = client{begin(get("/mute"), 1), refused}
	clients["queued"] = client{begin(get("/mute"), 1), refused}
	clients["lasting"] = client{begin(get("/streams/events"), 2), cut}
	clients["streamed"] = client{begin(get("/streams/large"), 3), cut}
	clients["flushing what its end would end"] = client{begin("GET /streams/page HTTP/1.0\r\n\r\n", 4), cut}
	clients["raced"] = client{begin(get("/raced"), 6), refused}
	clients["held"] = client{begin(get("/held"), 6), refused}
	if status, _ := p.get(t, "/limited"); status != 200 {
		t.Fatalf("the first request of the limit got %d", status)
	}
	clients["limited"] = client{begin(get("/limited"), 7), refused}
	clients["reading a head"] = client{begin("GET /mute HTTP/1.1\r\nHost: a\r\nX-Half: ", 7), refused}
	clients["taking in a body"] = client{begin("POST /mute HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf", 7), refused}
	clients["taking in a chunked body"] = client{begin("POST /mute HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhalf", 7), refused}

	begun := time.Now()
	p.signal(t, syscall.SIGTERM)
	var reading sync.WaitGroup
	for name, c := range clients {
		if name == "flushing what its end would end" || name == "streamed" { // they are full until then
			continue
		}
		reading.Go(func() {
			await.Within(c, 2*patience)
			b, err := io.ReadAll(c.in)
			switch got := string(b); {
			case c.want == refused && (!strings.HasPrefix(got, refused) || err != nil):
				t.Errorf("%s: got %.60q (%v), want a 503 and a clean end", name, got, err)
			case c.want == cut && err == nil && strings.HasSuffix(got, "0\r\n\r\n"):
				t.Errorf("%s: got %.60q and a clean end, want a cut", name, got)
			}
		})
	}
	reading.Wait()
	if state := p.exit(t); state.ExitCode() != 0 {
		t.Errorf("it ended with %v\n%s", state, p.log)
	}
	if took := time.Since(begun); took < 350*time.Millisecond || took > patience/2 {
		t.Errorf("it ended after %v, want the 400ms that it has to drain, and a moment", took)
	}
	for name, c := range clients {
		if c.want != cut {
			continue
		}
		await.Within(c, patience)
		b, err := io.ReadAll(c.in)
		if name == "flushing what its end would end" && err == nil {
			t.Errorf("%s: got %d bytes and a clean end, want a reset", name, len(b))
		}
		if strings.HasSuffix(string(b), "0\r\n\r\n") {
			t.Errorf("%s: got %d bytes and a last chunk, want a cut", name, len(b))
		}
	}
}

// halfway is a connection whose reader stops at the first bytes that come.
type halfway struct {
	net.Conn
	answered chan struct{} // closed when some have come
	ended    chan struct{} // closed by the test
}

func (c *halfway) Read(p []byte) (int, error) {
	if _, err := c.Conn.Read(p); err != nil {
		return 0, err
	}
	close(c.answered)
	<-c.ended
	return 0, io.EOF
}

// TestDrain_endsHandshakesAtItsDeadline: a client inside its TLS handshake does not delay the end.
func TestDrain_endsHandshakesAtItsDeadline(t *testing.T) {
	t.Parallel()
	_, cert, key := newAuthority(t).sign("localhost")
	s := startServer(t, okay)
	p := startProcess(t, plainly, nil, "--backend", s.addr, "--tls-cert", cert, "--tls-key", key, "--drain", "300ms", "--head-timeout", "30s")
	c := &halfway{Conn: dialPeer(t, p.addr).Conn, answered: make(chan struct{}), ended: make(chan struct{})}
	var shaking sync.WaitGroup
	shaking.Go(func() { tls.Client(c, &tls.Config{InsecureSkipVerify: true}).Handshake() }) // ends with the test
	defer shaking.Wait()
	defer close(c.ended)
	select {
	case <-c.answered:
	case <-time.After(patience):
		t.Fatal("the hello is not answered")
	}
	begun := time.Now()
	p.signal(t, syscall.SIGTERM)
	if state := p.exit(t); state.ExitCode() != 0 {
		t.Errorf("it ended with %v\n%s", state, p.log)
	}
	if took := time.Since(begun); took > patience/2 {
		t.Errorf("it ended after %v, want the 300ms that it has to drain, and a moment", took)
	}
}

func TestDrain_doesNotWaitForAClientThatSendsOnAfterItsAnswer(t *testing.T) {
	t.Parallel()
	p := startProgram(t, nil, []string{refusing(t)}, "--path", "/else", "--drain", "1m")
	c := p.dial(t)
	c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n", "", whole)
	if m, err := readAnswer(c.in, "POST"); err != nil || m.status() != 404 {
		t.Fatalf("got %q (%v), want 404", m.line, err)
	}
	began := time.Now()
	p.stop()
	for {
		if _, err := io.WriteString(c, "x"); err != nil {
			break
		}
		await.Pace(10 * time.Millisecond)
	}
	if took := time.Since(began); took > patience/2 {
		t.Errorf("its connection ended %v after SIGTERM, want 250ms", took)
	}
}
