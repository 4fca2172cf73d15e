package tests

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tenfour/tests/await"
)

// joining is a route that joins requests, its backend, and clients that wait there.
type joining struct {
	*tenfour
	backend *server
	open    chan struct{} // closed when the backend may answer
	mute    atomic.Bool   // the backend answers no more
	tls     *authority    // of tenfour's certificate; nil for none
	results chan joined
}

// joined is what one client got.
type joined struct {
	number int // of the client, from 0
	*http.Response
	body string
	err  error
}

// startJoining starts a backend that reads a request, waits until it may answer, and runs script with it; and tenfour in front of it, with a
// route on which most requests wait for the response to another one.
func startJoining(t *testing.T, most int, settings string, script func(*peer, *http.Request)) *joining {
	t.Helper()
	j := &joining{open: make(chan struct{}), results: make(chan joined, 1000)}
	j.backend = startServer(t, func(p *peer) {
		for {
			r, err := http.ReadRequest(p.in)
			if err != nil {
				return
			}
			j.backend.requests.Add(1)
			j.await(t, r)
			if j.mute.Load() {
				<-t.Context().Done()
				return
			}
			script(p, r)
		}
	})
	backends := "backends = \"BACKEND\"\n"
	if strings.Contains(settings, "backends") {
		backends = ""
	}
	j.tenfour = configured(t, j.backend.addr, fmt.Sprintf("[[route]]\n%sdedupe = \"1s\"\nqueue = %d\n%s", backends, most, settings))
	return j
}

// await returns when the backend may answer r.
func (j *joining) await(t *testing.T, r *http.Request) {
	if r.URL.Path == "/free" {
		return
	}
	select {
	case <-j.open:
	case <-t.Context().Done():
	}
}

// send sends a client's request, and has its response read.
func (j *joining) send(t *testing.T, number int, raw string) *peer {
	t.Helper()
	p := dialPeer(t, j.addr)
	if j.tls != nil {
		p = j.tls.dialTLS(t, j.addr)
	}
	await.Within(p, 2*patience)
	p.say(raw)
	go j.read(p, number) // ends with the response, or the connection
	return p
}

func (j *joining) read(p *peer, number int) {
	r, err := p.answer("GET")
	if err != nil {
		j.results <- joined{number: number, err: err}
		return
	}
	var body strings.Builder
	_, err = bufio.NewReader(r.Body).WriteTo(&body)
	j.results <- joined{number, r, body.String(), err}
}

// crowd has requests that are the same wait together, of which the backend has had the first. It sends one more than may wait, the last
// one once more: when one is refused, all the others wait. It returns the clients, but for that one.
func (j *joining) crowd(t *testing.T, raws ...string) []*peer {
	t.Helper()
	before := j.backend.requests.Load()
	clients := []*peer{j.send(t, 0, raws[0])}
	eventually(t, "the backend has the first request", func() bool { return j.backend.requests.Load() == before+1 })
	raws = append(raws, raws[len(raws)-1])
	for i, raw := range raws[1:] {
		clients = append(clients, j.send(t, i+1, raw))
	}
	refused := await.Value(t, j.results, "the refusal of one more than may wait")
	if refused.err != nil || refused.StatusCode != 503 || !strings.Contains(refused.body, "as many requests as may wait for this response") || refused.Header.Get("Retry-After") == "" {
		t.Fatalf("one more than may wait got %v %q (%v)", refused.Response, refused.body, refused.err)
	}
	clients[refused.number] = nil
	return clients
}

// all returns the responses that n clients get.
func (j *joining) all(t *testing.T, n int) (got []joined) {
	t.Helper()
	for range n {
		got = append(got, await.Value(t, j.results, "a response"))
	}
	return got
}

// asked fails the test unless the backend has had so many requests.
func (j *joining) asked(t *testing.T, want int32) {
	t.Helper()
	if n := j.backend.requests.Load(); n != want {
		t.Errorf("the backend had %d requests, want %d", n, want)
	}
}

// okay fails the test unless a client got that content, whole.
func (g joined) okay(t *testing.T, content string) {
	t.Helper()
	if g.err != nil || g.StatusCode != 200 || g.body != content {
		t.Errorf("client %d got %v, %d bytes (%v), want 200 with %d bytes", g.number, g.Response, len(g.body), g.err, len(content))
	}
}

const (
	getSame   = "GET /same HTTP/1.1\r\nHost: a\r\n\r\n"
	getSame10 = "GET /same HTTP/1.0\r\nHost: a\r\n\r\n"
)

// TestJoined_aHundredAtOnceAreOneRequest: each gets the response in the framing of its own version, whatever the backend's was.
func TestJoined_aHundredAtOnceAreOneRequest(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x", 100<<10)
	for name, tc := range map[string]struct{ raw, content string }{
		"a length":         {"HTTP/1.1 200 OK\r\nX-Own: 1\r\nContent-Length: 4\r\n\r\nokay", "okay"},
		"chunks":           {"HTTP/1.1 200 OK\r\nX-Own: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n2\r\nay\r\n0\r\n\r\n", "okay"},
		"its end":          {"HTTP/1.0 200 OK\r\nX-Own: 1\r\n\r\nokay", "okay"},
		"large":            {"HTTP/1.1 200 OK\r\nX-Own: 1\r\nContent-Length: 102400\r\n\r\n" + large, large},
		"large until ends": {"HTTP/1.0 200 OK\r\nX-Own: 1\r\n\r\n" + large, large},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const clients = 100
			j := startJoining(t, clients-1, "", func(p *peer, _ *http.Request) {
				p.say(tc.raw)
				if strings.HasPrefix(tc.raw, "HTTP/1.0") {
					p.Close()
				}
			})
			var raws []string
			for i := range clients {
				raws = append(raws, []string{getSame, getSame10}[i%2])
			}
			j.crowd(t, raws...)
			close(j.open)
			for _, g := range j.all(t, clients) {
				g.okay(t, tc.content)
				if g.err == nil && (g.Header.Get("X-Own") != "1" || g.ContentLength != int64(len(tc.content)) || g.Close != (g.number%2 == 1)) {
					t.Errorf("client %d got %v, length %d, closes: %t", g.number, g.Header, g.ContentLength, g.Close)
				}
			}
			j.asked(t, 1)
		})
	}
}

// TestJoined_keepsApartWhatDiffers: what is private, and all else that goes to the backend, but for what only tells requests apart.
func TestJoined_keepsApartWhatDiffers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		one, other string
		together   bool
	}{
		"Cookie":                 {one: "Cookie: a=1\r\n", other: "Cookie: a=2\r\n"},
		"Authorization":          {one: "Authorization: Bearer 1\r\n", other: "Authorization: Bearer 2\r\n"},
		"one without":            {one: "Cookie: a=1\r\n"},
		"Accept":                 {one: "Accept: text/html\r\n", other: "Accept: text/plain\r\n"},
		"Range":                  {one: "Range: bytes=0-1\r\n", other: "Range: bytes=2-3\r\n"},
		"any other field":        {one: "X-Any: 1\r\n", other: "X-Any: 2\r\n"},
		"its own response asked": {one: "Cache-Control: no-cache\r\n", other: "Cache-Control: no-cache\r\n"},
		"the same Cookie":        {one: "Cookie: a=1\r\n", other: "Cookie: a=1\r\n", together: true},
		"a number of a request":  {one: "X-Request-Id: 1\r\n", other: "x-request-id: 2\r\nTraceparent: 00-1-1-00\r\n", together: true},
		"a connection field":     {one: "Connection: keep-alive\r\n", other: "Connection: close\r\n", together: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := startJoining(t, 1, "workers = 3", func(p *peer, _ *http.Request) { p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay") })
			one, other := "GET /same HTTP/1.1\r\nHost: a\r\n"+tc.one+"\r\n", "GET /same HTTP/1.1\r\nHost: a\r\n"+tc.other+"\r\n"
			if tc.together {
				j.crowd(t, one, other)
			} else {
				j.send(t, 0, one)
				j.send(t, 1, other)
				eventually(t, "the backend has both", func() bool { return j.backend.requests.Load() == 2 })
			}
			close(j.open)
			for _, g := range j.all(t, 2) {
				g.okay(t, "okay")
			}
			if tc.together {
				j.asked(t, 1)
			}
		})
	}
}

// TestJoined_theFirstLeaves: the exchange goes on for the others.
func TestJoined_theFirstLeaves(t *testing.T) {
	t.Parallel()
	j := startJoining(t, 2, "", func(p *peer, _ *http.Request) { p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay") })
	clients := j.crowd(t, getSame, getSame, getSame)
	clients[0].breakOff()
	if g := await.Value(t, j.results, "the end of the first"); g.number != 0 || g.err == nil {
		t.Errorf("client %d got %v", g.number, g.Response)
	}
	close(j.open)
	for _, g := range j.all(t, 2) {
		g.okay(t, "okay")
	}
	j.asked(t, 1)
}

// TestJoined_allLeave: the backend sees its connection end, and the next request is another one.
func TestJoined_allLeave(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{}, 100)
	j := startJoining(t, 2, "", func(p *peer, r *http.Request) {
		if r.URL.Path == "/free" {
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay")
			return
		}
		p.untilGone()
		gone <- struct{}{}
	})
	clients := j.crowd(t, getSame, getSame, getSame)
	close(j.open)
	for _, c := range clients {
		if c != nil {
			c.breakOff()
		}
	}
	await.Value(t, gone, "the end of the connection to the backend")
	j.all(t, 3)
	if status, body := j.get(t, "/free"); status != 200 || body != "okay" {
		t.Errorf("afterwards: %d %q", status, body)
	}
	j.asked(t, 2)
}

// TestJoined_aClientThatHasShutItsSide still gets the response, if it is under way; one whose request is queued has left.
func TestJoined_aClientThatHasShutItsSide(t *testing.T) {
	t.Parallel()
	j := startJoining(t, 2, "workers = 1", func(p *peer, _ *http.Request) { p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay") })
	running := j.crowd(t, getSame, getSame, getSame)
	j.backend.requests.Store(0)
	for _, c := range running {
		if c != nil {
			c.Conn.(*net.TCPConn).CloseWrite()
		}
	}
	queued := j.send(t, 10, "GET /other HTTP/1.1\r\nHost: a\r\n\r\n")
	queued.Conn.(*net.TCPConn).CloseWrite()
	if g := await.Value(t, j.results, "the end of the queued one"); g.number != 10 || g.err == nil {
		t.Fatalf("client %d got %v", g.number, g.Response)
	}
	close(j.open)
	for _, g := range j.all(t, 3) {
		g.okay(t, "okay")
	}
	j.asked(t, 0)
}

// TestJoined_aResponseForOneOnly: the first gets it, the others ask for their own; and so do the next ones, at once.
func TestJoined_aResponseForOneOnly(t *testing.T) {
	t.Parallel()
	const length = "Content-Length: 20000\r\n\r\n"
	content := strings.Repeat("content, ", 10000)[:20000]
	var chunks strings.Builder
	for c := range slices.Chunk([]byte(content), 1000) {
		fmt.Fprintf(&chunks, "%x\r\n%s\r\n", len(c), c)
	}
	chunks.WriteString("0\r\n\r\n")
	for name, tc := range map[string]struct{ raw, settings string }{
		"with a cookie":           {raw: "Set-Cookie: a=1\r\n" + length + content},
		"that is private":         {raw: "Cache-Control: max-age=5, Private\r\n" + length + content},
		"by what differs":         {raw: "Vary: Accept, X-Request-Id\r\n" + length + content},
		"larger than the buffer":  {raw: length + content, settings: "buffer = \"4KiB\""},
		"larger, in chunks":       {raw: "Transfer-Encoding: chunked\r\n\r\n" + chunks.String(), settings: "buffer = \"4KiB\""},
		"larger, to its end":      {raw: "Connection: close\r\n\r\n" + content, settings: "buffer = \"4KiB\""},
		"larger than may be held": {raw: "Transfer-Encoding: chunked\r\n\r\n" + chunks.String() + " ", settings: "buffer = \"16KiB\""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const clients = 3
			j := startJoining(t, clients-1, "workers = 8\n"+tc.settings, func(p *peer, _ *http.Request) {
				p.say("HTTP/1.1 200 OK\r\n" + strings.TrimSuffix(tc.raw, " "))
				if strings.HasPrefix(tc.raw, "Connection") {
					p.Close()
				}
			})
			j.crowd(t, getSame, getSame10, getSame)
			close(j.open)
			for _, g := range j.all(t, clients) {
				g.okay(t, content)
			}
			j.asked(t, clients)
			j.mute.Store(true)
			j.backend.requests.Store(0)
			j.send(t, 0, getSame)
			j.send(t, 1, getSame)
			eventually(t, "the backend has both of the next", func() bool { return j.backend.requests.Load() == 2 })
		})
	}
}

// TestJoined_whatLastsIsForOne: a response without an announced length that stops for a second. The first gets what there is of it, and the
// others ask for their own.
func TestJoined_whatLastsIsForOne(t *testing.T) {
	t.Parallel()
	for name, raws := range map[string][]string{"HTTP/1.1": {getSame, getSame}, "HTTP/1.0": {getSame10, getSame10}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var others atomic.Int32
			j := startJoining(t, 1, "", func(p *peer, _ *http.Request) {
				p.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
				if others.Add(1) == 1 {
					eventually(t, "another one has asked", func() bool { return others.Load() == 2 })
				}
				p.say("5\r\nwhole\r\n0\r\n\r\n")
			})
			j.crowd(t, raws...)
			close(j.open)
			for _, g := range j.all(t, 2) {
				g.okay(t, "halfwhole")
			}
			j.asked(t, 2)
		})
	}
}

// TestJoined_aFailureIsForAll, and none gets a part of a response.
func TestJoined_aFailureIsForAll(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		raw  string
		sent int32
	}{
		"half a body":  {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", 1},
		"half a chunk": {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhalf", 1},
		"malformed":    {"HTTP/1.1 2000 OK\r\n\r\n", 1},
		"no answer":    {"", 2}, // it is sent again, once
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := startJoining(t, 2, "hold = \"0s\"", func(p *peer, _ *http.Request) {
				p.say(tc.raw)
				p.Close()
			})
			j.crowd(t, getSame, getSame10, getSame)
			close(j.open)
			for _, g := range j.all(t, 3) {
				if g.err != nil || g.StatusCode != 502 || strings.Contains(g.body, "half") {
					t.Errorf("client %d got %v, %q (%v), want 502", g.number, g.Response, g.body, g.err)
				}
			}
			if n := j.backend.requests.Load(); n > tc.sent {
				t.Errorf("the backend had %d requests, want %d at most", n, tc.sent)
			}
		})
	}
}

// TestJoined_theBackendComesBack: the exchange is held for all that wait, and sent again.
func TestJoined_theBackendComesBack(t *testing.T) {
	t.Parallel()
	j := startJoining(t, 2, "hold = \"60s\"", func(p *peer, _ *http.Request) {
		if p.number > 0 { // the first connection ends without an answer
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay")
		}
		p.Close()
	})
	j.crowd(t, getSame, getSame, getSame)
	close(j.open)
	for _, g := range j.all(t, 3) {
		g.okay(t, "okay")
	}
	j.asked(t, 2)
}

// TestJoined_onARouteThatRaces: each backend has at most one request, and what is for one only goes to one only.
func TestJoined_onARouteThatRaces(t *testing.T) {
	t.Parallel()
	const okay, bad, length = "HTTP/1.1 200 OK\r\n", "HTTP/1.1 404 No\r\n", "Content-Length: 4\r\n\r\nokay"
	large := "Content-Length: 20000\r\n\r\n" + strings.Repeat("x", 20000)
	for name, tc := range map[string]struct {
		raw   string
		alone bool // each client asks for its own
	}{
		"usable":                   {raw: okay + length},
		"usable, with a cookie":    {raw: okay + "Set-Cookie: a=1\r\n" + length, alone: true},
		"usable, large":            {raw: okay + large, alone: true},
		"unusable":                 {raw: bad + length},
		"unusable, with a cookie":  {raw: bad + "Set-Cookie: a=1\r\n" + length, alone: true},
		"unusable, large":          {raw: bad + large, alone: true},
		"usable, until it ends":    {raw: "HTTP/1.0 200 OK\r\n\r\nokay"},
		"unusable, until it ends":  {raw: "HTTP/1.0 404 No\r\n\r\nokay"},
		"unusable, event stream":   {raw: "HTTP/1.0 404 No\r\nContent-Type: text/event-stream\r\n\r\nokay", alone: true},
		"usable, event stream":     {raw: "HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\nokay", alone: true},
		"usable, large until ends": {raw: "HTTP/1.0 200 OK\r\n\r\n" + strings.Repeat("x", 20000), alone: true},
	} {
		for _, mode := range []string{"parallel", "serial"} {
			t.Run(name+", "+mode, func(t *testing.T) {
				t.Parallel()
				script := func(p *peer, _ *http.Request) {
					p.say(tc.raw)
					p.Close()
				}
				var j *joining
				other := startServer(t, func(p *peer) {
					if r, err := http.ReadRequest(p.in); err == nil {
						<-j.open
						script(p, r)
					}
				})
				const clients = 3
				j = startJoining(t, clients-1, fmt.Sprintf("backends = [\"BACKEND\", %q]\nrace = %q\nusable = \"2xx\"\nbuffer = \"4KiB\"\nworkers = 8", other.addr, mode), script)
				j.raceCrowd(t, other, clients)
				close(j.open)
				head, content, _ := strings.Cut(tc.raw, "\r\n\r\n")
				for _, g := range j.all(t, clients) {
					if g.err != nil || g.body != content || !strings.Contains(head, g.Status) {
						t.Errorf("client %d got %v, %d bytes (%v)", g.number, g.Response, len(g.body), g.err)
					}
				}
				if most := max(j.backend.requests.Load(), other.accepted.Load()); !tc.alone && most > 1 || tc.alone && most < clients-1 {
					t.Errorf("a backend had %d requests", most)
				}
			})
		}
	}
}

// raceCrowd is crowd where either backend may have the first request.
func (j *joining) raceCrowd(t *testing.T, other *server, n int) {
	t.Helper()
	for i := range n + 1 {
		j.send(t, i, getSame)
		if i == 0 {
			eventually(t, "a backend has the first request", func() bool { return j.backend.requests.Load()+other.accepted.Load() > 0 })
		}
	}
	if refused := await.Value(t, j.results, "the refusal of one more than may wait"); refused.err != nil || refused.StatusCode != 503 {
		t.Fatalf("one more than may wait got %v (%v)", refused.Response, refused.err)
	}
}

// TestJoined_clientsWithTLS are joined, and persist.
func TestJoined_clientsWithTLS(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	_, cert, key := a.sign("127.0.0.1")
	large := strings.Repeat("x", 100<<10)
	j := startJoining(t, 2, "", func(p *peer, _ *http.Request) { p.say("HTTP/1.1 200 OK\r\nContent-Length: 102400\r\n\r\n" + large) })
	j.tls = a
	j.tenfour = configured(t, j.backend.addr, "[[route]]\nbackends = \"BACKEND\"\ndedupe = \"1s\"\nqueue = 2", "--tls-cert", cert, "--tls-key", key)
	clients := j.crowd(t, getSame, getSame, getSame)
	close(j.open)
	for _, g := range j.all(t, 3) {
		g.okay(t, large)
	}
	j.asked(t, 1)
	for i, c := range clients {
		if c != nil {
			c.say("GET /free HTTP/1.1\r\nHost: a\r\n\r\n")
			j.read(c, i)
			g := await.Value(t, j.results, "the next response")
			g.okay(t, large)
		}
	}
}

// TestJoined_eachHasItsLineInTheLog, with a request id of its own.
func TestJoined_eachHasItsLineInTheLog(t *testing.T) {
	t.Parallel()
	j := startJoining(t, 1, "", func(p *peer, _ *http.Request) { p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay") })
	file := filepath.Join(t.TempDir(), "access")
	j.tenfour = configured(t, j.backend.addr, "[[route]]\nbackends = \"BACKEND\"\ndedupe = \"1s\"\nqueue = 1", "--access-log", file, "--access-log-format", "json")
	j.crowd(t, getSame, getSame)
	close(j.open)
	j.all(t, 2)
	eventually(t, "there are three lines", func() bool {
		log, _ := os.ReadFile(file)
		return strings.Count(string(log), "\n") == 3
	})
	log, _ := os.ReadFile(file)
	ids := map[string]bool{}
	var to []string
	for line := range strings.Lines(string(log)) {
		var e struct {
			ID      string
			Status  int
			Bytes   int
			Backend string
			Joined  string
			Queue   float64 `json:"queue_ms"`
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		ids[e.ID] = true
		if e.Joined != "" {
			to = append(to, e.ID+" "+e.Joined)
		}
		if e.Queue < 0 || e.Status == 200 && (e.Bytes != 4 || e.Backend != j.backend.addr) {
			t.Error(line)
		}
	}
	if len(ids) != 3 || len(to) != 1 || !strings.HasSuffix(to[0], "-1") {
		t.Errorf("%d ids, and %q are joined, in\n%s", len(ids), to, log)
	}
}

// TestJoined_oneThatCameLaterIsHeldForLonger: the one that has waited for as long as it may gets its answer, the other one waits on.
func TestJoined_oneThatCameLaterIsHeldForLonger(t *testing.T) {
	t.Parallel()
	addr := refusing(t)
	j := &joining{results: make(chan joined, 2)}
	j.tenfour = configured(t, addr, "[[route]]\nbackends = \"BACKEND\"\ndedupe = \"1s\"\nhold = \"3s\"", "--log-level", "warn")
	j.send(t, 0, getSame)
	j.logHas(t, "is down")
	await.Pace(600 * time.Millisecond)
	j.send(t, 1, getSame)
	if g := await.Value(t, j.results, "the answer to the first"); g.number != 0 || g.err != nil || g.StatusCode != 502 {
		t.Errorf("client %d got %v (%v), want 502 for the first", g.number, g.Response, g.err)
	}
	opens(t, addr, func(p *peer) {
		if _, err := http.ReadRequest(p.in); err == nil {
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay")
		}
	})
	g := await.Value(t, j.results, "the response to the second")
	g.okay(t, "okay")
}

// TestJoined_closedTabsGiveTheirSlotUpWhenOthersWait, if all that wait together are closed.
func TestJoined_closedTabsGiveTheirSlotUpWhenOthersWait(t *testing.T) {
	t.Parallel()
	const okay = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay"
	for _, race := range []string{"off", "parallel"} {
		t.Run("race "+race, func(t *testing.T) {
			t.Parallel()
			settings := "workers = 1\n"
			if race != "off" {
				other := startServer(t, func(p *peer) {
					if r, err := http.ReadRequest(p.in); err == nil && r.URL.Path == "/free" {
						p.say(okay)
					}
					p.untilGone()
				})
				settings += fmt.Sprintf("race = %q\nbackends = [\"BACKEND\", %q]", race, other.addr)
			}
			j := startJoining(t, 1, settings, func(p *peer, _ *http.Request) { p.say(okay) })
			for _, c := range j.crowd(t, getSame, getSame) {
				if c != nil {
					c.Conn.(*net.TCPConn).CloseWrite()
				}
			}
			if status, body := j.get(t, "/free"); status != 200 || body != "okay" {
				t.Errorf("another one got %d %q", status, body)
			}
			for _, g := range j.all(t, 2) {
				if g.err == nil {
					t.Errorf("client %d got %v", g.number, g.Response)
				}
			}
		})
	}
}

// TestJoined_oneThatIsAloneGetsTheResponseAsItComes, and one that comes meanwhile is not joined to it.
func TestJoined_oneThatIsAloneGetsTheResponseAsItComes(t *testing.T) {
	t.Parallel()
	for name, framing := range map[string]string{"with a length": "Content-Length: 9\r\n\r\n", "an event stream": "Content-Type: text/event-stream\r\n\r\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			halfway := make(chan struct{})
			j := startJoining(t, 1, "", func(p *peer, _ *http.Request) {
				p.say("HTTP/1.1 200 OK\r\n" + framing + "half")
				select {
				case <-halfway:
				case <-t.Context().Done():
				}
				p.say("whole")
				p.Close()
			})
			close(j.open)
			p := j.begin(t, "/same")
			r, err := p.answer("GET")
			if err != nil {
				t.Fatal(err)
			}
			half := make([]byte, 4)
			if _, err := io.ReadFull(r.Body, half); err != nil || string(half) != "half" {
				t.Fatalf("got %q (%v)", half, err)
			}
			j.send(t, 1, getSame)
			eventually(t, "the backend has the other one", func() bool { return j.backend.requests.Load() == 2 })
			close(halfway)
			if rest, err := io.ReadAll(r.Body); err != nil || string(rest) != "whole" {
				t.Errorf("then %q (%v)", rest, err)
			}
			g := await.Value(t, j.results, "the other response")
			g.okay(t, "halfwhole")
		})
	}
}
