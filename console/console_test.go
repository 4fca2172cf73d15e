package console

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"tenfour/tests/await"
	"tenfour/trace"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a console with a made-up status, at a port of its own.
type rig struct {
	*Server
	addr   string
	made   atomic.Int64 // snapshots
	ready  atomic.Bool
	posted atomic.Int64 // that reached what answers about jobs
}

func startRig(t testing.TB, set Settings) *rig { return startPatientRig(t, set, patient) }

func startPatientRig(t testing.TB, set Settings, p patience) *rig {
	t.Helper()
	r := &rig{}
	r.Server = newServer(Sources{
		Status: func() any {
			n := r.made.Add(1)
			exchanges := []map[string]any{}
			for id := range n {
				exchanges = append(exchanges, map[string]any{"id": fmt.Sprint(id)})
			}
			return map[string]any{
				"number": n, "exchanges": exchanges,
				"series": map[string]any{"step_ms": 1000, "from": "2026-01-01T00:00:00Z", "requests": []int{1, 2, 3}, "answers": map[string]any{"2xx": []int{4, 5, 6}}},
			}
		},
		Ready: func() error {
			if r.ready.Load() {
				return nil
			}
			return errors.New("it drains")
		},
		Metrics:  func(w io.Writer) error { _, err := io.WriteString(w, "tenfour_up 1\n"); return err },
		Exchange: func(id string) *trace.Kept { return keptFor(id) },
		Jobs: func() http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				if q.Method == http.MethodPost {
					r.posted.Add(1)
				}
				if strings.HasSuffix(q.URL.Path, "/refused") {
					w.WriteHeader(http.StatusConflict)
					io.WriteString(w, `{"error":"it is done"}`)
					return
				}
				io.WriteString(w, "{}")
			})
		},
	}, zerolog.Nop(), p)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.addr = l.Addr().String()
	r.Serve(l, set)
	t.Cleanup(r.Stop)
	return r
}

// client is a connection to a console.
type client struct {
	net.Conn
	in *bufio.Reader
}

func (r *rig) dial(t testing.TB) *client {
	t.Helper()
	c, err := net.DialTimeout("tcp", r.addr, await.Patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	await.Within(c, await.Patience)
	return &client{c, bufio.NewReader(c)}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends raw bytes over a connection of its own. HOST, PORT and TOKEN stand for those of the console.
func (r *rig) ask(t testing.TB, raw string) answer {
	t.Helper()
	c := r.dial(t)
	defer c.Close()
	io.WriteString(c, r.fill(raw))
	return c.answer(t, raw)
}

func (r *rig) fill(raw string) string {
	_, port, _ := net.SplitHostPort(r.addr)
	return strings.NewReplacer("HOST", r.addr, "PORT", port, "TOKEN", r.token).Replace(raw)
}

func (c *client) answer(t testing.TB, raw string) answer {
	t.Helper()
	method, _, _ := strings.Cut(raw, " ")
	a, err := http.ReadResponse(c.in, &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	return answer{a.StatusCode, a.Header, string(body)}
}

// event reads the next event.
func (c *client) event(t testing.TB) (data map[string]any) {
	t.Helper()
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			t.Fatalf("awaiting an event: %v", err)
		}
		if text, is := strings.CutPrefix(line, "data: "); is {
			if err := json.Unmarshal([]byte(text), &data); err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			return data
		}
	}
}

func TestServer_answersInWordsAtEachPath(t *testing.T) {
	r := startRig(t, Settings{})
	for path, want := range map[string]answer{
		"/":                        {status: 200, body: "<html"},
		"/page/page.css":           {status: 200, body: "{"},
		"/page/none.css":           {status: 404, body: "no file of this name"},
		"/page/../console.go":      {status: 404, body: "404"},
		"/status.json":             {status: 200, body: `"number"`},
		"/metrics":                 {status: 200, body: "tenfour_up 1"},
		"/healthz":                 {status: 200, body: "alive"},
		"/readyz":                  {status: 503, body: "not ready: it drains"},
		"/jobs":                    {status: 200, body: "{}"},
		"/jobs/1":                  {status: 200, body: "{}"},
		"/exchanges/none":          {status: 404, body: "<html"},
		"/exchanges/none/raw":      {status: 404, body: "not kept"},
		"/debug/pprof/":            {status: 404, body: "console_debug = true"},
		"/debug/pprof/profile":     {status: 404, body: "console_debug = true"},
		"/nothing":                 {status: 404, body: "its page is at /"},
		"/exchanges/none?x=<b>hi":  {status: 404, body: "<html"},
		"/exchanges/%3Cb%3Ehi":     {status: 404, body: "&lt;b&gt;hi"},
		"/exchanges/a/raw?part=no": {status: 400, body: "client-in"},
	} {
		if strings.Contains(path, "..") {
			continue // http cleans the path by a redirect
		}
		got := r.ask(t, "GET "+path+" HTTP/1.1\r\nHost: HOST\r\n\r\n")
		if got.status != want.status || !strings.Contains(got.body, want.body) {
			t.Errorf("%s: got %d %q, want %d with %q", path, got.status, got.body, want.status, want.body)
		}
		if csp := got.header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") ||
			strings.Contains(csp, "unsafe") || got.header.Get("X-Content-Type-Options") != "nosniff" || got.header.Get("Cache-Control") != "no-store" ||
			got.header.Get("Cross-Origin-Resource-Policy") != "same-origin" || got.header.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s: a field that protects it is missing: %v", path, got.header)
		}
		for name := range got.header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s: it lets other sites read: %s", path, name)
			}
		}
	}
	r.ready.Store(true)
	if got := r.ask(t, "GET /readyz HTTP/1.1\r\nHost: HOST\r\n\r\n"); got.status != 200 {
		t.Errorf("/readyz: got %d, want 200", got.status)
	}
}

func TestServer_debugIsASetting(t *testing.T) {
	r := startRig(t, Settings{Debug: true})
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/goroutine?debug=1", "/debug/pprof/cmdline"} {
		if got := r.ask(t, "GET "+path+" HTTP/1.1\r\nHost: HOST\r\n\r\n"); got.status != 200 {
			t.Errorf("%s: got %d, want 200", path, got.status)
		}
	}
	for _, path := range []string{"profile?seconds=3600", "trace?seconds=600.1", "heap?seconds=3600"} {
		if got := r.ask(t, "GET /debug/pprof/"+path+" HTTP/1.1\r\nHost: HOST\r\n\r\n"); got.status != 400 || !strings.Contains(got.body, "600 seconds") {
			t.Errorf("%s: got %d %q, want 400", path, got.status, got.body)
		}
	}
	r.Follow(Settings{})
	if got := r.ask(t, "GET /debug/pprof/ HTTP/1.1\r\nHost: HOST\r\n\r\n"); got.status != 404 {
		t.Errorf("after a change: got %d, want 404", got.status)
	}
}

// TestEvents_tellPagesOfTheStatus: first all of it, then what is new; and a page that comes again gets all of it again.
func TestEvents_tellPagesOfTheStatus(t *testing.T) {
	t.Parallel()
	p := patient
	p.every = 20 * time.Millisecond
	r := startPatientRig(t, Settings{}, p)
	for range 2 {
		c := r.dial(t)
		io.WriteString(c, r.fill("GET /events HTTP/1.1\r\nHost: HOST\r\n\r\n"))
		if n := points(c.event(t)); n != 3 {
			t.Errorf("the first event has %d points, want all 3", n)
		}
		for old := true; old; { // the first one after it may be of a status that no page has seen; and a page that is slow gets all again
			next := c.event(t)
			series := next["series"].(map[string]any)
			if points(next) == 3 {
				continue
			}
			if points(next) != 1 || series["from"] != "2026-01-01T00:00:02Z" || len(series["answers"].(map[string]any)["2xx"].([]any)) != 1 {
				t.Fatalf("a later event has %v, want the last point", series)
			}
			old = false
			for _, x := range next["exchanges"].([]any) {
				old = old || x.(map[string]any)["id"] == "0"
			}
		}
		c.Close()
	}
}

func points(event map[string]any) int {
	return len(event["series"].(map[string]any)["requests"].([]any))
}

// TestEvents_manyPagesShareOneSnapshot: what 100 pages get is the same bytes, and none is made once they have left.
func TestEvents_manyPagesShareOneSnapshot(t *testing.T) {
	t.Parallel()
	r := startRig(t, Settings{})
	var pages []*client
	for range 100 {
		c := r.dial(t)
		io.WriteString(c, r.fill("GET /events HTTP/1.1\r\nHost: HOST\r\n\r\n"))
		pages = append(pages, c)
	}
	for _, c := range pages {
		c.event(t)
		c.event(t)
		c.Close()
	}
	await.Until(t, "nothing is made for pages that have left", func() bool {
		r.pages.mu.Lock()
		defer r.pages.mu.Unlock()
		return len(r.pages.pages) == 0 && !r.pages.running
	})
	h := newHub(r.status, time.Hour)
	for range 100 {
		h.pages[&reader{events: make(chan []byte, 1), whole: true}] = true
	}
	h.give([]byte("{}"), nil)
	var first []byte
	for p := range h.pages {
		e := <-p.events
		if first == nil {
			first = e
		}
		if &e[0] != &first[0] {
			t.Fatal("an event was made for one page alone")
		}
	}
}

// TestHub_aPageThatIsSkippedGetsAllAgain: else it would lack points.
func TestHub_aPageThatIsSkippedGetsAllAgain(t *testing.T) {
	h := newHub(&snapshots{}, time.Hour)
	slow := &reader{events: make(chan []byte, 1)}
	h.pages[slow] = true
	for _, want := range []string{"new 1", "", "all 3"} {
		n := len(want) // "" is for the event that finds no room
		if n == 0 {
			slow.events <- nil
		}
		h.give([]byte("all 3"), []byte("new 1"))
		if got := string(<-slow.events); n > 0 && got != string(event([]byte(want))) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestEvents_aPageThatStallsIsClosed, and others are told meanwhile.
func TestEvents_aPageThatStallsIsClosed(t *testing.T) {
	t.Parallel()
	p := patient
	p.every, p.event = 5*time.Millisecond, time.Second
	r := startPatientRig(t, Settings{}, p)
	large := strings.Repeat("x", 1<<20)
	r.status.make = func() any { return map[string]any{"large": large} }
	stalled := r.dial(t)
	io.WriteString(stalled, r.fill("GET /events HTTP/1.1\r\nHost: HOST\r\n\r\n"))
	open := func() int {
		r.pages.mu.Lock()
		defer r.pages.mu.Unlock()
		return len(r.pages.pages)
	}
	await.Until(t, "the page is there", func() bool { return open() == 1 })
	reads := r.dial(t)
	io.WriteString(reads, r.fill("GET /events HTTP/1.1\r\nHost: HOST\r\n\r\n"))
	reads.event(t)
	go io.Copy(io.Discard, reads) // ends with the test
	await.Until(t, "the page that stalls is closed", func() bool { return open() < 2 })
}

// TestServer_stopEndsOpenPages within a moment, and a listener that takes its place is answered on.
func TestServer_stopEndsOpenPages(t *testing.T) {
	r := startRig(t, Settings{})
	c := r.dial(t)
	io.WriteString(c, r.fill("GET /events HTTP/1.1\r\nHost: HOST\r\n\r\n"))
	c.event(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.addr = l.Addr().String()
	r.Serve(l, Settings{})
	if _, err := io.Copy(io.Discard, c.in); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the page of before: %v", err)
	}
	again := r.dial(t)
	io.WriteString(again, r.fill("GET /events HTTP/1.1\r\nHost: HOST\r\n\r\n"))
	again.event(t)
	r.Stop() // TestMain looks for goroutines
	if _, err := io.Copy(io.Discard, again.in); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the page: %v", err)
	}
}

// TestServer_answers503OverItsConnections, and the next one is served when one has gone.
// TestServer_tellsNoMoreThanItServes that it has too many connections: each that is told takes a descriptor, too.
func TestServer_tellsNoMoreThanItServes(t *testing.T) {
	p := patient
	p.refusal, p.idle = await.Patience, await.Patience
	r := startPatientRig(t, Settings{Most: 1}, p)
	served := r.dial(t)
	io.WriteString(served, r.fill("GET /healthz HTTP/1.1\r\nHost: HOST\r\n\r\n"))
	if got := served.answer(t, "GET"); got.status != 200 {
		t.Fatalf("got %d, want 200", got.status)
	}
	told := r.dial(t)
	if got := told.answer(t, "GET"); got.status != 503 {
		t.Fatalf("got %d, want 503", got.status)
	}
	if text, err := io.ReadAll(r.dial(t).in); len(text) > 0 {
		t.Errorf("got %q (%v) while another is told, want a close", text, err)
	}
	told.Close()
	await.Until(t, "the next is told", func() bool {
		text, _ := io.ReadAll(r.dial(t).in)
		return strings.HasPrefix(string(text), "HTTP/1.1 503")
	})
}

func TestServer_answers503OverItsConnections(t *testing.T) {
	r := startRig(t, Settings{Most: 2})
	first, second := r.dial(t), r.dial(t)
	for _, c := range []*client{first, second} {
		io.WriteString(c, r.fill("GET /healthz HTTP/1.1\r\nHost: HOST\r\n\r\n"))
		if got := c.answer(t, "GET"); got.status != 200 {
			t.Fatalf("got %d, want 200", got.status)
		}
	}
	if got := r.ask(t, "GET /healthz HTTP/1.1\r\nHost: HOST\r\n\r\n"); got.status != 503 || !strings.Contains(got.body, "close some of its pages") {
		t.Errorf("the third: got %d %q, want 503", got.status, got.body)
	}
	first.Close()
	await.Until(t, "there is a place again", func() bool { return r.ask(t, "GET /healthz HTTP/1.1\r\nHost: HOST\r\n\r\n").status == 200 })
}

// TestServer_boundsHeads: one that is too large is refused, and one that does not end is not waited for.
func TestServer_boundsHeads(t *testing.T) {
	t.Parallel()
	r := startRig(t, Settings{})
	if got := r.ask(t, "GET / HTTP/1.1\r\nHost: HOST\r\nX: "+strings.Repeat("x", 24<<10)+"\r\n\r\n"); got.status != 431 {
		t.Errorf("a head of 24 KiB: got %d, want 431", got.status)
	}
	p := patient
	p.head = 50 * time.Millisecond
	c := startPatientRig(t, Settings{}, p).dial(t)
	io.WriteString(c, "GET / HTTP/1.1\r\nHo")
	if text, err := io.ReadAll(c); err != nil || strings.Contains(string(text), "200") {
		t.Errorf("half a head: got %q, %v; want the end of the connection", text, err)
	}
}
