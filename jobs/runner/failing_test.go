package runner

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"tenfour/forward"
	"tenfour/jobs"
	"tenfour/tests/await"
)

// failing is a store whose disk is full when the test says so, and that panics over one body.
type failing struct {
	jobs.Store
	full atomic.Bool
	bad  atomic.Pointer[string]
}

func (f *failing) Update(j jobs.Job) (jobs.Job, error) {
	if f.full.Load() {
		return j, fmt.Errorf("change a job: %w", jobs.ErrNoRoom)
	}
	return f.Store.Update(j)
}

func (f *failing) PutBody(id jobs.ID, content io.Reader, most int64) (jobs.Body, error) {
	if f.full.Load() {
		return jobs.Body{}, fmt.Errorf("put a body: %w", jobs.ErrNoRoom)
	}
	return f.Store.PutBody(id, content, most)
}

func (f *failing) OpenBody(b jobs.Body) (io.ReadCloser, error) {
	if bad := f.bad.Load(); bad != nil && *bad == b.Name {
		panic("a bug")
	}
	return f.Store.OpenBody(b)
}

// startFailing starts a runner with such a store.
func startFailing(t *testing.T) (*rig, *failing) {
	f := &failing{}
	return startWith(t, func(s jobs.Store) jobs.Store {
		f.Store = s
		return f
	}), f
}

// TestFullDisk_keepsTheResultInMemory until it is stored: meanwhile the job is not done, and no other begins. Nothing is lost.
func TestFullDisk_keepsTheResultInMemory(t *testing.T) {
	t.Parallel()
	g, disk := startFailing(t)
	g.caps.Store(&Caps{Running: 1, BodyMax: 100, BytesMax: 1 << 30})
	b, asked, gate := slow(t)
	g.route("/", b.addr, 1)
	g.Start()
	j := g.accepted(g.job("/", getIt), "")
	await.Value(t, asked, "the request")
	next := g.accepted(g.job("/", getIt), "")
	waits := g.Await(nil, j.ID)
	disk.full.Store(true)
	if e := g.Accept(nil, g.job("/", getIt), nil, true); true {
		if _, err := g.done(e); !errors.Is(err, jobs.ErrNoRoom) {
			t.Errorf("a new job: %v", err)
		}
	}
	gate <- okay
	await.Until(t, "its end is kept", func() bool { return g.Snapshot().Unsaved == 1 })
	if got, err := g.done(g.Look(nil, j.ID, true)); err != nil || got.State != jobs.Running {
		t.Errorf("meanwhile it is %s (%v)", got.State, err)
	}
	if s := g.Snapshot(); s.Running != 0 {
		t.Errorf("%d attempts are said to be under way, and the only one has ended", s.Running)
	}
	if waits.Settled() || len(asked) > 0 {
		t.Error("it was said to have ended, or another one has begun")
	}
	disk.full.Store(false)
	await.Value(t, asked, "the next job's request")
	gate <- okay
	for _, id := range []jobs.ID{j.ID, next.ID} {
		if got, content := g.end(id); got.State != jobs.Done || content != "okay" || len(got.Attempts) != 1 {
			t.Errorf("got %s, %q", got.State, content)
		}
	}
	if s := g.Snapshot(); s.Unsaved != 0 || len(b.requests()) != 2 {
		t.Errorf("%d ends are kept, and the backend had %d requests", s.Unsaved, len(b.requests()))
	}
}

// TestFullDisk_letsNothingOut of a request that may be sent only once: that it is sent could not be stored.
func TestFullDisk_letsNothingOut(t *testing.T) {
	t.Parallel()
	g, disk := startFailing(t)
	b := serve(t, always(okay))
	g.route("/", b.addr, 1)
	j := g.accepted(g.job("/", postIt), "")
	disk.full.Store(true)
	g.Start()
	await.Until(t, "the attempt has ended, and that is kept", func() bool { return g.Snapshot().Unsaved == 1 })
	if n := len(b.requests()); n != 0 {
		t.Errorf("the backend had %d requests", n)
	}
	disk.full.Store(false)
	if got, content := g.end(j.ID); got.State != jobs.Done || content != "okay" || got.Attempts[0].Reached != forward.NothingSent {
		t.Errorf("got %s, %q, %+v", got.State, content, got.Attempts)
	}
}

// TestBug_costsItsJobOnly: the other one runs, and the log has the stack.
func TestBug_costsItsJobOnly(t *testing.T) {
	g, disk := startFailing(t)
	b := serve(t, always(okay))
	g.route("/", b.addr, 1)
	raw := "POST /it HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"
	bad, good := g.accepted(g.job("/", raw), "bad"), g.accepted(g.job("/", raw), "yes")
	disk.bad.Store(&bad.Request.Body.Name)
	g.Start()
	if got, _ := g.end(bad.ID); got.State != jobs.Failed || !strings.Contains(got.Reason, "tenfour has a bug") {
		t.Errorf("got %s (%s)", got.State, got.Reason)
	}
	if got, _ := g.end(good.ID); got.State != jobs.Done {
		t.Errorf("the other one: %s (%s)", got.State, got.Reason)
	}
	if log := g.log.String(); !strings.Contains(log, `"panic":"a bug"`) || !strings.Contains(log, "OpenBody") {
		t.Errorf("the log has %s", log)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.entered = 0 // the one that the bug has kept
}

// TestRoute_thatIsGone fails its jobs, with words.
func TestRoute_thatIsGone(t *testing.T) {
	g := start(t)
	j := g.accepted(g.job("/gone/", getIt), "")
	g.Start()
	if got, _ := g.end(j.ID); got.State != jobs.Failed || !strings.Contains(got.Reason, "not configured any more: /gone/") {
		t.Errorf("got %s (%s)", got.State, got.Reason)
	}
	if _, err := g.done(g.Rerun(nil, j.ID)); !errors.As(err, new(*jobs.Refusal)) {
		t.Errorf("it was run again (%v)", err)
	}
}

// TestRoutes_haveAShareEach: a route whose backend hangs, and that has many jobs, leaves attempts for another one.
func TestRoutes_haveAShareEach(t *testing.T) {
	g := start(t)
	g.caps.Store(&Caps{Running: 4, BodyMax: 100, BytesMax: 1 << 30})
	hung, asked, _ := slow(t)
	g.route("/hung", hung.addr, 20)
	b := serve(t, always(okay))
	g.route("/", b.addr, 1)
	g.Start()
	for range 20 {
		g.accepted(g.job("/hung", getIt), "")
	}
	for range 3 {
		await.Value(t, asked, "a request")
	}
	for range 5 {
		if got, _ := g.end(g.accepted(g.job("/", getIt), "").ID); got.State != jobs.Done {
			t.Errorf("got %s (%s)", got.State, got.Reason)
		}
	}
	if s := g.Snapshot(); s.Running != 3 || s.Due != 17 || len(asked) != 0 {
		t.Errorf("%d run, %d are due", s.Running, s.Due)
	}
}

// TestBytes_overTheirCap let no attempt begin but while there is room.
func TestBytes_overTheirCap(t *testing.T) {
	t.Parallel()
	g := start(t)
	b := serve(t, always(okay))
	g.route("/", b.addr, 1)
	j := g.accepted(g.job("/", getIt), "")
	g.caps.Store(&Caps{Running: 4, BodyMax: 100, BytesMax: 1})
	g.Start()
	await.Until(t, "the bytes are looked at", func() bool {
		g.Runner.mu.Lock()
		defer g.Runner.mu.Unlock()
		return !g.full.at.IsZero()
	})
	if s := g.Snapshot(); s.Due != 1 || s.Attempts != 0 || len(b.requests()) != 0 {
		t.Errorf("%d are due, %d have begun", s.Due, s.Attempts)
	}
	if _, err := g.done(g.Accept(nil, g.job("/", getIt), nil, true)); !errors.Is(err, jobs.ErrFull) {
		t.Errorf("another job: %v", err)
	}
	g.caps.Store(&Caps{Running: 4, BodyMax: 100, BytesMax: 1 << 30})
	if got, _ := g.end(j.ID); got.State != jobs.Done {
		t.Errorf("got %s (%s)", got.State, got.Reason)
	}
}

// TestResponses_asARecordHasThem: of every framing, also those that a record cannot have.
func TestResponses_asARecordHasThem(t *testing.T) {
	const most = 1000
	long := strings.Repeat("x", most+1)
	for name, tc := range map[string]struct {
		method, raw string
		state       jobs.State
		says        string // the content, or a part of the reason
	}{
		"chunks":                    {"GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nokay\r\n0\r\n\r\n", jobs.Done, "okay"},
		"until its connection ends": {"GET", "HTTP/1.0 200 OK\r\n\r\nokay", jobs.Done, "okay"},
		"after an interim response": {"GET", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay", jobs.Done, "okay"},
		"to HEAD":                   {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", jobs.Done, ""},
		"204":                       {"GET", "HTTP/1.1 204 None\r\n\r\n", jobs.Done, ""},
		"304":                       {"GET", "HTTP/1.1 304 Same\r\nContent-Length: 5000\r\n\r\n", jobs.Done, ""},
		"of the largest size":       {"GET", "HTTP/1.1 200 OK\r\n\r\n" + long[1:], jobs.Done, long[1:]},
		"with too large a length":   {"POST", "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", jobs.Failed, "larger than may be kept (1000 bytes)"},
		"too large in chunks":       {"GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + long + "\r\n", jobs.Failed, "larger than may be kept (1000 bytes)"},
		"too large without length":  {"GET", "HTTP/1.1 200 OK\r\n\r\n" + long, jobs.Failed, "larger than may be kept (1000 bytes)"},
		"of events":                 {"GET", "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: x\n\n", jobs.Failed, "event stream"},
		"101":                       {"POST", "HTTP/1.1 101 Switch\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", jobs.Failed, "101"},
	} {
		t.Run(name, func(t *testing.T) {
			g := start(t)
			g.caps.Store(&Caps{Running: 4, BodyMax: most, BytesMax: 1 << 30})
			b := serve(t, always(tc.raw))
			g.route("/", b.addr, 1)
			g.Start()
			j := g.accepted(g.job("/", tc.method+" /it HTTP/1.1\r\nHost: a\r\n\r\n"), "")
			got, content := g.end(j.ID)
			if got.State != tc.state || got.State == jobs.Done && content != tc.says || got.State == jobs.Failed && !strings.Contains(got.Reason, tc.says) {
				t.Errorf("got %s, %q (%s)", got.State, content, got.Reason)
			}
			if tc.state == jobs.Failed && (len(b.requests()) != 1 || got.Result.Status != 0) {
				t.Errorf("it was asked %d times, and the result is %d", len(b.requests()), got.Result.Status)
			}
		})
	}
}

// TestRetryAfter_isHonoured: the next attempt is not before it.
func TestRetryAfter_isHonoured(t *testing.T) {
	g := start(t)
	b := serve(t, func(int, *http.Request) string {
		return "HTTP/1.1 503 Busy\r\nRetry-After: 100\r\nContent-Length: 0\r\n\r\n"
	})
	g.route("/", b.addr, 1)
	g.Start()
	j := g.accepted(g.job("/", postIt), "")
	await.Until(t, "it waits", func() bool {
		got, err := g.store.Get(j.ID)
		return err == nil && got.State == jobs.Waiting && got.Next.Sub(got.Attempts[0].Ended).Seconds() >= 99
	})
}
