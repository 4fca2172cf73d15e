package runner

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"tenfour/forward"
	"tenfour/httpparse"
	"tenfour/jobs"
	"tenfour/jobs/bolt"
	"tenfour/lot"
	"tenfour/pool"
	"tenfour/sock"
	"tenfour/tests/await"
	"tenfour/value/address"
	"tenfour/value/statuses"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

// rig is a runner with a store, a pool, and routes.
type rig struct {
	*Runner
	t     testing.TB
	dir   string
	store jobs.Store
	wrap  func(jobs.Store) jobs.Store // what the runner has in place of the store; nil for that itself
	held  *forward.Held
	lot   *lot.Lot
	pool  *pool.Pool
	caps  atomic.Pointer[Caps]
	log   *await.Output

	admitted bool // the limits have admitted what is accepted

	mu      sync.Mutex
	routes  map[string]*Route
	entered int // routes that were not left
	ended   []jobs.Job
}

// start starts a runner whose store is in a directory of the test's own. Its end stops it, and looks for what it has not given back.
func start(t *testing.T) *rig {
	t.Helper()
	return startWith(t, nil)
}

// startWith does it with something in place of the store.
func startWith(t *testing.T, wrap func(jobs.Store) jobs.Store) *rig {
	t.Helper()
	g := &rig{t: t, wrap: wrap, dir: t.TempDir(), routes: map[string]*Route{}, log: &await.Output{}, held: forward.NewHeld(1 << 20)}
	g.caps.Store(&Caps{Running: 16, BodyMax: 1 << 20, BytesMax: 1 << 30})
	var err error
	if g.lot, err = lot.New(); err != nil {
		t.Fatal(err)
	}
	g.pool = pool.New(g.lot, func(v any, stack []byte) { t.Errorf("panic: %v\n%s", v, stack) })
	t.Cleanup(func() {
		g.stop(await.Patience)
		g.pool.Close()
		g.lot.Close()
	})
	g.open()
	return g
}

// open opens the store, and makes a runner, which is not started.
func (g *rig) open() {
	g.t.Helper()
	store, err := bolt.Open(g.dir, bolt.Options{Caps: jobs.Caps{Jobs: 1 << 20, Bytes: 1 << 40}, Told: func(err error) { g.t.Error(err) }})
	if err != nil {
		g.t.Fatal(err)
	}
	g.store = store
	has := jobs.Store(store)
	if g.wrap != nil {
		has = g.wrap(store)
	}
	g.Runner = New(Config{
		Store: has, Lot: g.lot, Held: g.held, Routes: g, Log: zerolog.New(g.log), Caps: func() Caps { return *g.caps.Load() },
		Ended: func(j jobs.Job) {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.ended = append(g.ended, j)
		},
	})
}

// stop stops the runner and closes the store.
func (g *rig) stop(most time.Duration) {
	g.t.Helper()
	if g.Runner == nil {
		return
	}
	g.Stop(most)
	if err := g.store.Close(); err != nil {
		g.t.Error(err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.entered != 0 {
		g.t.Errorf("%d routes were entered and not left", g.entered)
	}
	if n := g.held.Bytes(); n != 0 {
		g.t.Errorf("%d bytes are held at the end", n)
	}
	g.Runner = nil
}

func (g *rig) Enter(name string) (*Route, func(), bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	to := g.routes[name]
	if to == nil {
		return nil, nil, false
	}
	g.entered++
	return to, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.entered--
	}, true
}

// route adds a route to a backend that has so many slots.
func (g *rig) route(name, backend string, slots int) *Route {
	g.t.Helper()
	at := netip.MustParseAddrPort(backend)
	o := forward.NewOrigin(address.Backend{Host: at.Addr().String(), Port: at.Port()}, nil, nil)
	b, err := g.pool.AddBackend(o.Name, slots, 0)
	if err != nil {
		g.t.Fatal(err)
	}
	o.Backend = b
	queue := g.pool.AddQueue(name, 100, pool.Hold{}, b)
	queue.LetBackgroundWait(1000)
	on, err := statuses.Parse("408,429,5xx")
	if err != nil {
		g.t.Fatal(err)
	}
	to := &Route{
		Route: &forward.Route{Name: name, Queue: queue, Origins: []*forward.Origin{o}, Settings: &forward.Settings{
			ConnectTimeout: await.Patience, BackendTimeout: await.Patience, ClientTimeout: await.Patience, Buffer: 4 << 10, KeepIdle: await.Patience, Resend: 1,
		}},
		Policy: jobs.Policy{Attempts: 3, On: on, First: time.Millisecond, Most: 10 * time.Millisecond}, Deadline: time.Hour,
		Limits: &httpparse.DefaultLimits,
	}
	g.mu.Lock()
	g.routes[name] = to
	g.mu.Unlock()
	return to
}

// job is a job that is new, for a request whose head is raw.
func (g *rig) job(route, raw string) jobs.Job {
	g.t.Helper()
	var req forward.Request
	req.In = sock.InputOf([]byte(raw))
	n, err := req.Head.Parse(req.In.Rest(), &httpparse.DefaultLimits)
	if err != nil {
		g.t.Fatal(err)
	}
	req.In.Keep(n)
	req.Remote = netip.MustParseAddr("192.0.2.7")
	req.Route = &forward.Route{Name: route, Settings: &forward.Settings{}}
	now := time.Now()
	return jobs.Job{ID: jobs.NewID(), Created: now, Deadline: now.Add(time.Hour), Keep: time.Hour, Request: RequestOf(&req)}
}

// accepted accepts a job, and returns it as stored.
func (g *rig) accepted(j jobs.Job, body string) jobs.Job {
	g.t.Helper()
	var b *forward.Body
	if body != "" {
		b = forward.NewBody(nil, 0)
		b.Append([]byte(body))
	}
	e := g.Accept(nil, j, b, g.admitted)
	e.Wait()
	if e.Err != nil {
		g.t.Fatal(e.Err)
	}
	return e.Job
}

// done returns what an errand has once it is settled.
func (g *rig) done(e *Errand) (jobs.Job, error) {
	g.t.Helper()
	await.Until(g.t, "an errand is settled", e.Settled)
	return e.Job, e.Err
}

// runningJob starts the runner with one job, for a request whose head is raw. The backend has been asked, and answers with what gate is sent.
func (g *rig) runningJob(raw string) (j jobs.Job, b *backend, gate chan<- string) {
	g.t.Helper()
	b, asked, gate := slow(g.t)
	g.route("/", b.addr, 1)
	g.Start()
	j = g.accepted(g.job("/", raw), "")
	await.Value(g.t, asked, "the request")
	return j, b, gate
}

// end returns a job at its end, with its result.
func (g *rig) end(id jobs.ID) (jobs.Job, string) {
	g.t.Helper()
	if _, err := g.done(g.Await(nil, id)); err != nil {
		g.t.Fatal(err)
	}
	e := g.Look(nil, id, true)
	j, err := g.done(e)
	if err != nil {
		g.t.Fatal(err)
	}
	content := string(e.Content)
	e.Release()
	return j, content
}

// backend is an origin server: each connection has one request, whose raw bytes it notes, and is answered with what answer returns.
type backend struct {
	addr string
	mu   sync.Mutex
	had  []string
}

func serve(t testing.TB, answer func(n int, req *http.Request) string) *backend {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &backend{addr: ln.Addr().String()}
	var all sync.WaitGroup
	all.Go(func() { // ends with ln
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			all.Go(func() { b.serve(c, answer) })
		}
	})
	t.Cleanup(func() {
		ln.Close()
		all.Wait()
	})
	return b
}

func (b *backend) serve(c net.Conn, answer func(n int, req *http.Request) string) {
	defer c.Close()
	await.Within(c, 2*await.Patience)
	var raw strings.Builder
	req, err := http.ReadRequest(bufio.NewReader(io.TeeReader(c, &raw)))
	if err != nil {
		return
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return
	}
	req.Body = io.NopCloser(strings.NewReader(string(body)))
	b.mu.Lock()
	n := len(b.had)
	b.had = append(b.had, raw.String())
	b.mu.Unlock()
	io.WriteString(c, answer(n, req))
}

// requests is what came, byte for byte.
func (b *backend) requests() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string{}, b.had...)
}

const okay = "HTTP/1.1 200 Fine\r\nDate: Thu, 26 Nov 2026 03:00:00 GMT\r\nX-Own: a\r\nContent-Length: 4\r\n\r\nokay"

func always(answer string) func(int, *http.Request) string {
	return func(int, *http.Request) string { return answer }
}

// TestRun_storesTheResponse: the backend gets what the client asked for, and the record gets what it answers.
func TestRun_storesTheResponse(t *testing.T) {
	g := start(t)
	b := serve(t, always(okay))
	g.route("/", b.addr, 1)
	g.Start()
	j := g.accepted(g.job("/", "POST /it?a=b HTTP/1.1\r\nHost: example.net\r\nX-Odd:  v \r\nConnection: x-hop\r\nX-Hop: 1\r\nContent-Length: 5\r\n\r\n"), "hello")
	got, content := g.end(j.ID)
	if got.State != jobs.Done || content != "okay" || got.Result.Status != 200 || string(got.Result.Reason) != "Fine" || len(got.Attempts) != 1 {
		t.Errorf("got %+v, %q", got, content)
	}
	if a := got.Attempts[0]; a.Reached != forward.Answering || a.Backend != b.addr || a.Status != 200 || a.Ended.Before(a.Began) {
		t.Errorf("the attempt is %+v", a)
	}
	if want := "Date: Thu, 26 Nov 2026 03:00:00 GMT\r\nX-Own: a\r\nVia: 1.1 tenfour\r\nX-Backend: " + b.addr + "\r\n"; string(got.Result.Fields) != want {
		t.Errorf("the fields are %q, want %q", got.Result.Fields, want)
	}
	want := "POST /it?a=b HTTP/1.1\r\nHost: example.net\r\nX-Odd: v\r\nContent-Length: 5\r\n" +
		"X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: example.net\r\nVia: 1.1 tenfour\r\n\r\nhello"
	if had := b.requests(); len(had) != 1 || had[0] != want {
		t.Errorf("the backend got %q, want %q", had, want)
	}
	await.Until(t, "its end is told", func() bool {
		g.mu.Lock()
		defer g.mu.Unlock()
		return len(g.ended) == 1 && g.ended[0].ID == j.ID
	})
	line := fmt.Sprintf(`"job":"%s","route":"/","state":"done","attempts":1,`, j.ID.String()[:8])
	if !strings.Contains(g.log.String(), line) || strings.Contains(g.log.String(), j.ID.String()) {
		t.Errorf("the log is %s, want %s", g.log, line)
	}
}

// TestRun_triesAgain: as the policy says, with the last real response as the result.
func TestRun_triesAgain(t *testing.T) {
	const busy = "HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 4\r\n\r\nbusy"
	for name, tc := range map[string]struct {
		answers []string
		state   jobs.State
		content string
		tries   int
	}{
		"it is busy once":        {[]string{busy, okay}, jobs.Done, "okay", 2},
		"it is always busy":      {[]string{busy}, jobs.Failed, "busy", 3},
		"it closes once":         {[]string{"", okay}, jobs.Done, "okay", 2},
		"it closes in the midst": {[]string{busy, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"}, jobs.Failed, "busy", 3},
		"it is not found":        {[]string{"HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno"}, jobs.Done, "no", 1},
	} {
		t.Run(name, func(t *testing.T) {
			g := start(t)
			b := serve(t, func(n int, _ *http.Request) string { return tc.answers[min(n, len(tc.answers)-1)] })
			to := g.route("/", b.addr, 1)
			to.Settings.Resend = 0
			g.Start()
			j := g.accepted(g.job("/", "GET /it HTTP/1.1\r\nHost: a\r\n\r\n"), "")
			got, content := g.end(j.ID)
			if got.State != tc.state || content != tc.content || len(got.Attempts) != tc.tries || len(b.requests()) != tc.tries {
				t.Errorf("got %s, %q after %d attempts and %d requests (%s): %+v", got.State, content, len(got.Attempts), len(b.requests()), got.Reason, got.Attempts)
			}
		})
	}
}

// TestStart_readsWhatTheStoreHas: what was accepted, waits, or ran and may run again runs; what may not is interrupted.
func TestStart_readsWhatTheStoreHas(t *testing.T) {
	g := start(t)
	b := serve(t, always(okay))
	g.route("/", b.addr, 1)
	now := time.Now()
	step := func(j jobs.Job, err error) jobs.Job {
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	want := map[jobs.ID]jobs.State{}
	for _, method := range []string{"GET", "POST"} {
		raw := method + " /it HTTP/1.1\r\nHost: a\r\n\r\n"
		fresh := step(g.store.Create(g.job("/", raw)))
		ran := step(step(g.job("/", raw).Begin(now)).Reach(b.addr, forward.PartlySent))
		ran = step(g.store.Create(ran))
		never := step(g.store.Create(step(g.job("/", raw).Begin(now))))
		waited := step(step(g.job("/", raw).Begin(now)).End(now, jobs.Outcome{Failure: "x"}, jobs.Verdict{State: jobs.Waiting, At: now.Add(time.Millisecond)}))
		waited = step(g.store.Create(waited))
		want[fresh.ID], want[never.ID], want[waited.ID], want[ran.ID] = jobs.Done, jobs.Done, jobs.Done, jobs.Done
		if method == "POST" {
			want[ran.ID] = jobs.Interrupted
		}
	}
	g.Start()
	for id, state := range want {
		if got, _ := g.end(id); got.State != state {
			t.Errorf("a %s: got %s, want %s", got.Request.Method, got.State, state)
		}
	}
	if n := len(b.requests()); n != 7 {
		t.Errorf("the backend had %d requests, want 7", n)
	}
}
