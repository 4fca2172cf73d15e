package callback

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"tenfour/forward"
	"tenfour/jobs"
	"tenfour/jobs/bolt"
	"tenfour/tests/await"
	"tenfour/value/target"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

var (
	oldKey = bytes.Repeat([]byte{1}, 32)
	newKey = bytes.Repeat([]byte{2}, 32)
)

// rig is a sender with a store, and what it has logged.
type rig struct {
	*Sender
	store jobs.Store
	c     Config

	mu    sync.Mutex // guards the rest
	route Route
	log   bytes.Buffer
}

// newRig starts a sender whose route allows these entries, and which is quick to try again.
func newRig(t *testing.T, allow ...string) *rig {
	t.Helper()
	store, err := bolt.Open(t.TempDir(), bolt.Options{Caps: jobs.Caps{Jobs: 1 << 20, Bytes: 1 << 40}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	g := &rig{store: store}
	g.allow(t, allow...)
	g.c = Config{
		Store: store, Log: zerolog.New(g), random: func() float64 { return 0.001 },
		Routes: func(string) (Route, bool) { g.mu.Lock(); defer g.mu.Unlock(); return g.route, true },
	}
	return g
}

// start starts the sender, and stops it with the test.
func (g *rig) start(t *testing.T) *rig {
	g.Sender = New(g.c)
	g.Start()
	t.Cleanup(g.stopNow)
	return g
}

// stopNow stops the sender without waiting for what is under way.
func (g *rig) stopNow() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	g.Stop(ctx)
}

func (g *rig) allow(t *testing.T, entries ...string) {
	t.Helper()
	r := Route{Keys: [][]byte{newKey, oldKey}}
	for _, text := range entries {
		e, err := target.ParseEntry(text)
		if err != nil {
			t.Fatal(err)
		}
		r.Allow = append(r.Allow, e)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.route = r
}

// Write is for the log.
func (g *rig) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.log.Write(p)
}

func (g *rig) logged() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.log.String()
}

// ended stores a job that has ended as done with a response, and calls back at url.
func (g *rig) ended(t *testing.T, url string, r jobs.Result, body string) jobs.Job {
	t.Helper()
	now := time.Now()
	j := jobs.Job{
		ID: jobs.NewID(), Created: now, Deadline: now.Add(time.Hour), Keep: time.Hour,
		Request:  jobs.Request{Route: "/", Method: "GET", Target: []byte("/")},
		Callback: jobs.Callback{URL: url, On: jobs.Ended},
	}
	j, err := j.Begin(now)
	if err == nil {
		r.Body, err = g.store.PutBody(j.ID, strings.NewReader(body), 1<<30)
	}
	if err == nil {
		j, err = j.End(now, jobs.Outcome{Backend: "b", Reached: forward.Answering, Result: r}, jobs.Verdict{State: jobs.Done})
	}
	if err == nil {
		j, err = g.store.Create(j)
	}
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// cancelled stores a job that was cancelled before its first attempt.
func (g *rig) cancelled(t *testing.T, url string) jobs.Job {
	t.Helper()
	return g.cancelledAt(t, url, time.Now())
}

func (g *rig) cancelledAt(t *testing.T, url string, at time.Time) jobs.Job {
	t.Helper()
	j, err := jobs.Job{
		ID: jobs.NewID(), Created: at, Deadline: at.Add(time.Hour), Keep: time.Hour, Request: jobs.Request{Route: "/", Method: "GET", Target: []byte("/")},
		Callback: jobs.Callback{URL: url, On: jobs.Ended},
	}.Cancel(at)
	if err == nil {
		j, err = g.store.Create(j)
	}
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// callback is the callback in a job's record.
func (g *rig) callback(t *testing.T, id jobs.ID) jobs.Callback {
	t.Helper()
	j, err := g.store.Get(id)
	if err != nil {
		t.Fatal(err)
	}
	return j.Callback
}

// until waits until the callback of a job is in a state, and returns it.
func (g *rig) until(t *testing.T, id jobs.ID, s jobs.CallbackState) jobs.Callback {
	t.Helper()
	await.Until(t, "the callback is "+s.String(), func() bool { return g.callback(t, id).State == s })
	return g.callback(t, id)
}

// posted is a POST that a receiver has read.
type posted struct {
	http.Header
	target, host string
	body         []byte
}

func (p posted) json(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(p.body, &v); err != nil {
		t.Fatalf("%v in %s", err, p.body)
	}
	return v
}

// recipient is a server that answers as it is told, and has what it was sent.
type recipient struct {
	*httptest.Server
	posts chan posted
}

// receive starts a recipient. answer is called with the number of the POST, from 1.
func receive(t *testing.T, answer func(w http.ResponseWriter, n int)) *recipient {
	t.Helper()
	r := &recipient{posts: make(chan posted, 1000)}
	var mu sync.Mutex
	n := 0
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		mu.Lock()
		n++
		this := n
		mu.Unlock()
		r.posts <- posted{q.Header, q.RequestURI, q.Host, body}
		answer(w, this)
	}))
	t.Cleanup(r.Close)
	return r
}

// answers answers with these statuses, and then with the last of them.
func answers(statuses ...int) func(http.ResponseWriter, int) {
	return func(w http.ResponseWriter, n int) { w.WriteHeader(statuses[min(n, len(statuses))-1]) }
}

// raw starts a receiver that is a function of each connection, and returns its URL and how many connections it has had.
func raw(t *testing.T, serve func(net.Conn)) (url string, conns func() int) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var (
		serving sync.WaitGroup
		mu      sync.Mutex
		open    []net.Conn
	)
	serving.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			serving.Go(func() {
				defer c.Close()
				serve(c)
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		serving.Wait()
	})
	return "http://" + ln.Addr().String() + "/", func() int { mu.Lock(); defer mu.Unlock(); return len(open) }
}

// hang reads, and never answers.
func hang(c net.Conn) { io.Copy(io.Discard, c) }

// startTLS has a receiver answer over TLS too, at the URL that is returned, with a certificate that the configuration trusts.
func startTLS(t *testing.T, r *recipient) (url string, trusts *tls.Config) {
	t.Helper()
	secure := httptest.NewUnstartedServer(r.Config.Handler)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	pool := x509.NewCertPool()
	pool.AddCert(secure.Certificate())
	return secure.URL, &tls.Config{RootCAs: pool}
}
