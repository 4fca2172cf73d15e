package control

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tenfour/forward"
	"tenfour/jobs"
	"tenfour/jobs/bolt"
	"tenfour/jobs/callback"
	"tenfour/jobs/runner"
	"tenfour/lot"
	"tenfour/tests/await"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

// noon is when the first job of a test was made; each further one is a second younger.
var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// years is longer than any test is run.
const years = 100 * 365 * 24 * time.Hour

// rig is a store with a server and a client, in a directory of its own.
type rig struct {
	t      testing.TB
	dir    string
	store  *bolt.Store
	server *Server
	*Client
	callbacks *callback.Sender // nil for none
}

func newRig(t testing.TB) *rig { return newRigWithin(t, patient) }

func newRigWithin(t testing.TB, p patience) *rig {
	t.Helper()
	r := &rig{t: t, dir: shortDirectory(t)}
	var err error
	if r.store, err = bolt.Open(r.dir, bolt.Options{Caps: jobs.Caps{Jobs: 10_000, Bytes: 1 << 30}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.store.Close() })
	r.listen(r.store, p)
	r.Client = NewClient(r.dir)
	t.Cleanup(r.Client.Close)
	return r
}

// listen starts the server, with a runner that changes jobs in a store and runs none, because it is not started.
func (r *rig) listen(store jobs.Store, p patience) {
	r.t.Helper()
	lot, err := lot.New()
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(lot.Close)
	c := runner.Config{Store: store, Lot: lot, Routes: anyRoute{}, Caps: func() runner.Caps { return runner.Caps{} }}
	run := runner.New(c)
	r.t.Cleanup(func() { run.Stop(0) })
	if r.server, err = listenWithin(r.dir, Config{Store: store, Runner: run, Callbacks: r.callbacks}, p); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { r.server.Close() })
}

// anyRoute has a route of every name, whose jobs may go on for an hour.
type anyRoute struct{}

func (anyRoute) Enter(string) (*runner.Route, func(), bool) {
	return &runner.Route{Route: &forward.Route{}, Deadline: time.Hour}, func() {}, true
}

// shortDirectory is a directory whose path leaves room for a socket's name: those of t.TempDir have the name of the test.
func shortDirectory(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "jobs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// add stores n jobs, changed by with, and returns them in the order in which they were made.
func (r *rig) add(n int, with func(i int, j jobs.Job) jobs.Job) []jobs.Job {
	r.t.Helper()
	all := make([]jobs.Job, n)
	var writers sync.WaitGroup
	for i := range n {
		j := jobs.Job{
			ID: jobs.NewID(), Created: noon.Add(time.Duration(i) * time.Second), Deadline: noon.Add(years), Keep: years,
			Request: jobs.Request{Route: "/", Method: "GET", Target: []byte("/slow")},
		}
		if with != nil {
			j = with(i, j)
		}
		writers.Go(func() {
			stored, err := r.store.Create(j)
			if err != nil {
				r.t.Error(err)
			}
			all[i] = stored
		})
	}
	writers.Wait()
	return all
}

// failed is a job that failed at a moment.
func failed(j jobs.Job, at time.Time) jobs.Job {
	j, err := j.Fail(at, "its route is gone")
	if err != nil {
		panic(err)
	}
	return j
}

func (r *rig) list(s Selection, limit int) (ids []string, matching int) {
	r.t.Helper()
	matching, err := r.List(r.t.Context(), s, limit, func(j Record) error {
		ids = append(ids, j.ID.String())
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return ids, matching
}

func (r *rig) state(id jobs.ID) string {
	j, err := r.store.Get(id)
	if err != nil {
		return err.Error()
	}
	return j.In()
}

func TestListen_isForItsOwnerOnly(t *testing.T) {
	r := newRig(t)
	path := filepath.Join(r.dir, SocketName)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || info.Mode()&os.ModeSocket == 0 {
		t.Fatalf("%v, %v; want a socket with 0600", info, err)
	}
	r.server.Close()
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("after Close the socket is there: %v", err)
	}
}

// TestListen_replacesTheSocketOfAProcessThatWasKilled: its file is there, and none listens.
func TestListen_replacesTheSocketOfAProcessThatWasKilled(t *testing.T) {
	dir := shortDirectory(t)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, SocketName), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	s, err := Listen(dir, Config{})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
}

func TestListen_refusesInWords(t *testing.T) {
	occupied := shortDirectory(t)
	if err := os.WriteFile(filepath.Join(occupied, SocketName), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{
		occupied:                               "it is no socket",
		"/" + strings.Repeat("d", pathMost):    "choose a shorter data",
		filepath.Join(occupied, "not", "made"): "cannot be made",
	} {
		if s, err := Listen(dir, Config{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", dir, err, want)
			if s != nil {
				s.Close()
			}
		}
	}
}

// TestListen_pathOfTheGreatestLength: one byte more is refused.
func TestListen_pathOfTheGreatestLength(t *testing.T) {
	for _, more := range []int{0, 1} {
		short := shortDirectory(t)
		dir := filepath.Join(short, strings.Repeat("d", pathMost+more-len(short)-len(SocketName)-2))
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		s, err := Listen(dir, Config{})
		if (err == nil) != (more == 0) {
			t.Errorf("%d bytes more than there may be: %v", more, err)
		}
		if err == nil {
			s.Close()
		}
	}
}

func TestClient_saysThatNoTenfourRuns(t *testing.T) {
	dir := shortDirectory(t)
	dead := filepath.Join(dir, "dead")
	if err := os.Mkdir(dead, 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dead, SocketName), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	for _, where := range []string{dir, filepath.Join(dir, "missing"), dead} {
		c := NewClient(where)
		_, err := c.Stats(t.Context())
		if want := "no tenfour runs with data " + where + ": start it, or name another directory with --data"; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		c.Close()
	}
}

// TestServer_cutsClientsThatAreSlow, with half of a head, and with half of a body.
func TestServer_cutsClientsThatAreSlow(t *testing.T) {
	r := newRigWithin(t, patience{head: 20 * time.Millisecond, request: 40 * time.Millisecond, idle: 20 * time.Millisecond, write: 20 * time.Millisecond})
	for _, raw := range []string{"", "GET /jobs HT", "POST /jobs/cancel HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\nstate="} {
		if rest := r.raw(raw); strings.Contains(rest, " 200 ") {
			t.Errorf("after %q: %q", raw, rest)
		}
	}
}

// raw sends bytes, and returns what came until the server ended the connection.
func (r *rig) raw(text string) string {
	r.t.Helper()
	c, err := net.Dial("unix", filepath.Join(r.dir, SocketName))
	if err != nil {
		r.t.Fatal(err)
	}
	defer c.Close()
	await.Within(c, await.Patience)
	fmt.Fprint(c, text)
	var all strings.Builder
	buf := make([]byte, 4096)
	for {
		n, err := c.Read(buf)
		all.Write(buf[:n])
		if err == nil {
			continue
		}
		if os.IsTimeout(err) {
			r.t.Errorf("after %q the server did not end the connection", text)
		}
		return all.String()
	}
}

// TestServer_cutsAClientThatTakesNothing of a long list, and gives back all that it had.
func TestServer_cutsAClientThatTakesNothing(t *testing.T) {
	r := newRigWithin(t, patience{head: time.Second, request: time.Second, idle: time.Second, write: 20 * time.Millisecond})
	long := []byte("/" + strings.Repeat("a", 8<<10))
	r.add(200, func(_ int, j jobs.Job) jobs.Job { j.Request.Target = long; return j })
	c, err := net.Dial("unix", filepath.Join(r.dir, SocketName))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "GET /jobs?limit=0 HTTP/1.1\r\nHost: a\r\n\r\n")
	handlersEnd := make(chan struct{})
	first := make([]byte, 1)
	await.Within(c, await.Patience)
	if _, err := c.Read(first); err != nil {
		t.Fatal(err)
	}
	go func() { r.server.handlers.Wait(); close(handlersEnd) }()
	await.Value(t, handlersEnd, "the handler to end")
}

func TestServer_refusesLargeBodies(t *testing.T) {
	r := newRig(t)
	answer := r.raw("POST /jobs/cancel HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n" +
		fmt.Sprintf("Content-Length: %d\r\n\r\n", bodyMost+1) + strings.Repeat("a", bodyMost+1))
	if !strings.Contains(answer, "400 Bad Request") {
		t.Errorf("got %.200q", answer)
	}
}

// TestServer_refusesOtherSites: a page of another site may not change jobs through a console that has the handler.
func TestServer_refusesOtherSites(t *testing.T) {
	r := newRig(t)
	j := r.add(1, nil)[0]
	answer := r.raw("POST /jobs/" + j.ID.String() + "/cancel HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\nConnection: close\r\n\r\n")
	if !strings.Contains(answer, "403 Forbidden") || r.state(j.ID) != "accepted" {
		t.Errorf("got %.100q, and the job is %s", answer, r.state(j.ID))
	}
}

// TestServer_servesSomeConnectionsAtOnce: a place that a connection gives back is the next one's.
func TestServer_servesSomeConnectionsAtOnce(t *testing.T) {
	r := newRig(t)
	var open []net.Conn
	for range mostConnections {
		c, err := net.Dial("unix", filepath.Join(r.dir, SocketName))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		open = append(open, c)
	}
	answered := make(chan error, 1)
	go func() {
		_, err := r.Stats(context.Background())
		answered <- err
	}()
	open[0].Close()
	if err := await.Value(t, answered, "the answer after a place is free"); err != nil {
		t.Error(err)
	}
}

// TestServer_endsWhileItAnswers: many clients list and change jobs; Close returns, and no goroutine is left (TestMain).
func TestServer_endsWhileItAnswers(t *testing.T) {
	r := newRig(t)
	all := r.add(100, nil)
	var clients sync.WaitGroup
	started := make(chan struct{}, 100)
	for n := range 8 {
		clients.Go(func() {
			c := NewClient(r.dir)
			defer c.Close()
			for i := 0; ; i++ {
				var err error
				switch (n + i) % 4 {
				case 0:
					_, err = c.List(context.Background(), Selection{}, 0, func(Record) error { return nil })
				case 1:
					_, err = c.Change(context.Background(), "cancel", Selection{IDs: []string{all[i%100].ID.String()}}, false, nil)
				case 2:
					_, err = c.Change(context.Background(), "retry", Selection{States: jobs.Only(jobs.Cancelled)}, false, nil)
				case 3:
					_, err = c.Show(context.Background(), all[i%100].ID.String()[:12])
				}
				select {
				case started <- struct{}{}:
				default:
				}
				if err != nil {
					return
				}
			}
		})
	}
	for range 16 {
		await.Value(t, started, "an answer")
	}
	if err := r.server.Close(); err != nil {
		t.Error(err)
	}
	clients.Wait()
}

func TestHandler_saysWhatIsWrong(t *testing.T) {
	r := newRig(t)
	for path, want := range map[string]string{
		"GET /jobs?state=faild":                  `400 "faild" is no state of a job: write one of accepted, running`,
		"GET /jobs?limit=-1":                     `400 limit "-1": write a number of jobs`,
		"GET /jobs?after=x":                      `400 after "x": write what the page before has as next`,
		"GET /jobs?older=soon":                   `400 older "soon": write how long ago`,
		"GET /jobs?id=123":                       `400 "123" is no id of a job`,
		"GET /jobs/0123456g":                     `400 "0123456g" is no id of a job`,
		"GET /jobs/01234567":                     `404 there is no such job`,
		"GET /jobs/" + strings.Repeat("0", 32):   `404`,
		"POST /jobs/forget":                      `404 nothing is called "forget": write one of retry, cancel, pause, resume, purge`,
		"POST /jobs/purge":                       `400 purge: say older than what`,
		"POST /jobs/retry?state=done,running":    `400 retry is not for jobs that are running or done`,
		"POST /jobs/purge?older=0s&state=paused": `400 purge is not for jobs that are paused`,
	} {
		method, path, _ := strings.Cut(path, " ")
		request, err := http.NewRequest(method, "http://tenfour"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := r.http.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(answer.StatusCode, " ", refusal(answer))
		answer.Body.Close()
		if !strings.HasPrefix(got, want) {
			t.Errorf("%s %s: got %q, want %q", method, path, got, want)
		}
	}
}
