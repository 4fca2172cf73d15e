package site

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"tenfour/config"
	"tenfour/front"
	"tenfour/jobs"
	"tenfour/lot"
	"tenfour/pool"
)

// newBuilder returns a builder with a pool of its own, and a front, both closed at the test's end; no goroutine may be left then.
func newBuilder(t *testing.T) (*Builder, *lot.Lot) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	l, err := lot.New()
	if err != nil {
		t.Fatal(err)
	}
	workers := pool.New(l, nil)
	log := zerolog.Nop()
	t.Cleanup(func() {
		workers.Close()
		l.Close()
		if err := goleak.Find(before); err != nil {
			t.Error(err)
		}
	})
	return NewBuilder(workers, &log), l
}

// parse reads flags.
func parse(t *testing.T, args ...string) *config.Config {
	t.Helper()
	c, err := config.Parse(args)
	if err != nil {
		t.Fatal(err)
	}
	return &c
}

// TestPrepare_thatFailsLeavesNothing: a file of the second route was there when the configuration was read, and is gone.
func TestPrepare_thatFailsLeavesNothing(t *testing.T) {
	b, _ := newBuilder(t)
	tokens := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(tokens, []byte("ann s3cret-of-ann-which-is-long\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "tenfour.toml")
	text := "[[route]]\npath = \"/\"\nbackends = [\"127.0.0.1:9\"]\n\n[[route]]\npath = \"/b/\"\nbackends = [\"127.0.0.1:10\"]\nclient_token_file = '" + tokens + "'\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := parse(t, "--config", file)
	os.Remove(tokens)
	_, err := b.Prepare(c)
	var failed *Error
	if !errors.As(err, &failed) || !strings.Contains(err.Error(), tokens) {
		t.Errorf("got %v, want an Error that names %s", err, tokens)
	}
	if len(b.parts.made) > 0 || len(b.workers.Backends()) > 0 {
		t.Errorf("%d parts and %d backends are left", len(b.parts.made), len(b.workers.Backends()))
	}
}

// TestUse_takesOverABackendThatBothSitesHave: it is the same one, changed when the next site is used and not before; one that only
// the old site had goes when the old site's last request has ended.
func TestUse_takesOverABackendThatBothSitesHave(t *testing.T) {
	b, l := newBuilder(t)
	old, err := b.Build(parse(t, "--backend", "127.0.0.1:9", "--backend", "127.0.0.1:10", "--workers", "2"))
	if err != nil {
		t.Fatal(err)
	}
	f := front.New(front.Config{Lot: l, Pool: b.workers, Log: zerolog.Nop()}, &old.Front)
	first := b.workers.Backends()[0]
	next, err := b.Prepare(parse(t, "--backend", "127.0.0.1:9", "--workers", "3"))
	if err != nil {
		t.Fatal(err)
	}
	if first.Workers() != 2 {
		t.Errorf("before the next site is used its backend has %d workers, want 2", first.Workers())
	}
	b.Use(next, old, f)
	b.replaced.Wait() // no request is under way
	if left := b.workers.Backends(); len(left) != 1 || left[0] != first || first.Workers() != 3 {
		t.Errorf("%d backends are left, the first with %d workers; want the same one alone, with 3", len(left), first.Workers())
	}
	b.Close(next)
	if n := len(b.workers.Backends()); n > 0 || len(b.parts.made) > 0 {
		t.Errorf("%d backends and %d parts are left at the end", n, len(b.parts.made))
	}
}

// TestBuild_fillsARouteIn: what the configuration says of a route is what front and forward get.
func TestBuild_fillsARouteIn(t *testing.T) {
	b, _ := newBuilder(t)
	s, err := b.Build(parse(t, "--backend", "127.0.0.1:9", "--path", "/app/", "--queue-timeout", "7s", "--backend-timeout", "8s",
		"--connect-timeout", "9s", "--buffer", "12KiB", "--resend", "3", "--max-per-client", "5", "--head-timeout", "11s", "--idle-timeout", "13s"))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close(s)
	if s.Front.HeadTimeout != 11*time.Second || s.Front.IdleTimeout != 13*time.Second || s.Front.MaxPerClient != 5 || len(s.Front.Routes) != 1 {
		t.Fatalf("the front gets %v, %v, %d and %d routes", s.Front.HeadTimeout, s.Front.IdleTimeout, s.Front.MaxPerClient, len(s.Front.Routes))
	}
	r := s.Front.Routes[0]
	set := r.Settings
	if set.QueueTimeout != 7*time.Second || set.BackendTimeout != 8*time.Second || set.ConnectTimeout != 9*time.Second || set.Buffer != 12<<10 || set.Resend != 3 {
		t.Errorf("the route gets %+v", *set)
	}
	if r.Rule != nil {
		t.Error("a route that lets all pass has a rule: it costs each request")
	}
	if len(r.Queue.Backends()) != 1 || r.Queue.Backends()[0].Name != "127.0.0.1:9" {
		t.Errorf("its queue leads to %v", r.Queue.Backends())
	}
	if m, err := s.Front.Table.Find([]byte("/app/x"), []byte("GET"), nil); err != nil || m.Route != 0 {
		t.Errorf("the table finds route %d (%v) for /app/x, want 0", m.Route, err)
	}
	if m, _ := s.Front.Table.Find([]byte("/"), []byte("GET"), nil); m.Route >= 0 {
		t.Errorf("the table finds route %d for /, want none", m.Route)
	}
}

// TestBuild_fillsInHowRequestsBecomeJobs on a route with async, and on no other.
func TestBuild_fillsInHowRequestsBecomeJobs(t *testing.T) {
	b, _ := newBuilder(t)
	t.Setenv("TENFOUR_TEST_KEY", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	file := filepath.Join(t.TempDir(), "tenfour.toml")
	text := "job_body_max = 5000\nbackends = \"127.0.0.1:9\"\n[[route]]\npath = [\"/a/\", \"/b\"]\nmethods = [\"GET\", \"POST\"]\nasync = true\nasync_after = \"2s\"\n" +
		"attempts = 3\nretry_on = \"429\"\nretry_unsafe = true\njob_deadline = \"4m\"\nkeep = \"5m\"\ndedupe = \"6m\"\ndedupe_fields = \"Range\"\n" +
		"callback_allow = \"https://a.example/x/\"\ncallback_on = \"failed\"\ncallback_secret_file = \"env:TENFOUR_TEST_KEY\"\n[[route]]\npath = \"/c\"\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := b.Build(parse(t, "--config", file))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close(s)
	if s.Front.Routes[1].Async != nil {
		t.Error("a route without async has it")
	}
	if name := s.Front.Routes[0].Name; name != "/a/ /b GET POST" {
		t.Errorf("the route's name is %q", name)
	}
	a := s.Front.Routes[0].Async
	if a == nil || a.After != 2*time.Second || a.BodyMax != 5000 || a.Keep != 5*time.Minute || a.Deadline != 4*time.Minute || a.Dedupe != 6*time.Minute ||
		len(a.DedupeFields) != 1 || a.CallbackOn != jobs.Only(jobs.Failed) {
		t.Fatalf("the route gets %+v", a)
	}
	if p := a.Policy; p.Attempts != 3 || !p.Unsafe || p.On.String() != "429" || p.First != time.Second || p.Most != time.Minute {
		t.Errorf("its attempts get %+v", p)
	}
	if a.Permits("https://a.example/x/y") != nil || a.Permits("https://a.example/y") == nil {
		t.Error("callbacks may go elsewhere than callback_allow says")
	}
	if to, ok := s.Callbacks("/a/ /b GET POST"); !ok || len(to.Keys) != 1 || len(to.Allow) != 1 {
		t.Errorf("its callbacks get %+v, %t", to, ok)
	}
	if _, ok := s.Callbacks("/c"); ok {
		t.Error("a route without callbacks has some")
	}
}
