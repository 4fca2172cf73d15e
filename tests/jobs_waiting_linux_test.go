package tests

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"tenfour/tests/await"
)

// asyncSettings is a route that makes jobs, for configured.
func asyncSettings(t testing.TB, more string) string {
	return fmt.Sprintf("data = %q\n%s[[route]]\nbackends = \"BACKEND\"\nasync = true\n", t.TempDir(), more)
}

// makeJobs makes n jobs, with several clients at once.
func makeJobs(t testing.TB, addr string, n int) (ids []string) {
	t.Helper()
	const clients = 20
	got := make(chan []string, clients)
	for i := range clients {
		p := dialPeer(t, addr)
		await.Within(p, 12*patience)
		go func() { got <- p.makeJobs(t, (n+i)/clients) }() // ends with the last answer, or with the test
	}
	for range clients {
		ids = append(ids, <-got...)
	}
	if len(ids) != n {
		t.Fatalf("got %d jobs, want %d", len(ids), n)
	}
	return ids
}

// makeJobs makes n jobs, one after the other.
func (p *peer) makeJobs(t testing.TB, n int) (ids []string) {
	for range n {
		p.say(request("POST", "/job", "Prefer: respond-async", "Content-Length: 4") + "body")
		r, err := p.answer("POST")
		if err != nil {
			t.Errorf("a job: %v", err)
			return ids
		}
		body, err := io.ReadAll(r.Body)
		if err != nil || r.StatusCode != 202 {
			t.Errorf("a job: got %d %.300q (%v)", r.StatusCode, body, err)
			return ids
		}
		ids = append(ids, heard{head: r.Header}.id())
	}
	return ids
}

// startGated starts a backend that answers 200. Those requests whose path is gated wait until release is called. heard is called with the path of
// each request when it is its turn; nil for nothing.
func startGated(t testing.TB, gated string, heard func(path string)) (s *server, release func()) {
	open := make(chan struct{})
	s = startServer(t, func(p *peer) {
		for {
			r, err := http.ReadRequest(p.in)
			if err != nil {
				return
			}
			io.Copy(io.Discard, r.Body)
			if strings.HasPrefix(r.URL.Path, gated) {
				<-open
			}
			if heard != nil {
				heard(r.URL.Path)
			}
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay")
		}
	})
	release = sync.OnceFunc(func() { close(open) })
	t.Cleanup(release)
	return s, release
}

// TestJobs_thousandTakeOneTurnInEight: while clients wait for a backend, jobs have one of eight of its turns, however many they are, and they
// have that one.
func TestJobs_thousandTakeOneTurnInEight(t *testing.T) {
	t.Parallel()
	const clients, turns = 20, 400
	jobs := 1000
	if underRace || testing.Short() {
		jobs = 200
	}
	var mu sync.Mutex
	var order []byte // 'j' for a job's request, 'c' for a client's
	s, release := startGated(t, "/", func(path string) {
		mu.Lock()
		defer mu.Unlock()
		order = append(order, path[1])
	})
	tf := configured(t, s.addr, asyncSettings(t, "workers = 1\n"))
	makeJobs(t, tf.addr, jobs)
	over := make(chan struct{})
	var running sync.WaitGroup
	for range clients {
		c := tf.dial(t)
		defer c.Close()
		await.Within(c, 6*patience)
		if err := c.sendAndAwaitRead(request("GET", "/client")); err != nil {
			t.Fatal(err)
		}
		running.Go(func() { // ends when the turns are over
			for {
				if _, err := readAnswer(c.in, "GET"); err != nil {
					t.Errorf("a client: %v", err)
					return
				}
				select {
				case <-over:
					return
				default:
					io.WriteString(c, request("GET", "/client"))
				}
			}
		})
	}
	release()
	taken := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(order)
	}
	if !await.Holds(6*patience, func() bool { return taken() >= turns }) {
		t.Errorf("the backend has had %d requests, want %d", taken(), turns)
	}
	close(over)
	running.Wait()
	mu.Lock()
	defer mu.Unlock()
	got := string(order[min(16, len(order)):min(turns, len(order))])       // the first ones may have come before all clients had
	if n := strings.Count(got, "j"); n > len(got)/8+2 || n < len(got)/16 { // a slow disk may let a turn pass: the next job is not there yet
		t.Errorf("of %d turns the jobs had %d, want one in eight: %s", len(got), n, got)
	}
}

// TestJobs_waitingAtHandlesCostsNoWorker: thousands of clients wait at handles. That takes no goroutine, little memory, and none of the workers. When
// the jobs end, every client has its result.
func TestJobs_waitingAtHandlesCostsNoWorker(t *testing.T) {
	t.Parallel()
	handles, each := 500, 10
	if underRace || testing.Short() {
		handles = 50
	}
	s, release := startGated(t, "/job", nil)
	settings := asyncSettings(t, "[[route]]\npath = \"/plain\"\nbackends = \"OTHER\"\n")
	other := startServer(t, okay)
	tf := startStanding(t, nil, nil, "--config", settingsFile(t, s.addr, strings.ReplaceAll(settings, "OTHER", other.addr)))
	ids := makeJobs(t, tf.addr, handles)
	if status, _ := tf.get(t, "/plain"); status != 200 {
		t.Fatalf("got %d", status)
	}
	before := tf.rest()
	var waits []net.Conn
	for _, id := range ids {
		for range each {
			c := tf.dial(t)
			defer c.Close()
			await.Within(c, 12*patience)
			fmt.Fprintf(c, "GET /.tenfour/jobs/%s HTTP/1.1\r\nHost: a\r\nPrefer: wait=60\r\n\r\n", id)
			waits = append(waits, c)
		}
	}
	now := tf.standing()
	eventually(t, "all wait", func() bool {
		now = tf.standing()
		return len(now.descriptors) >= len(before.descriptors)+len(waits)
	})
	for by, n := range now.Goroutines {
		if n > before.Goroutines[by]+8 {
			t.Errorf("while %d clients wait, %d goroutines were started by %s, before it was %d", len(waits), n, by, before.Goroutines[by])
		}
	}
	grown := (int64(now.Heap) - int64(before.Heap)) / int64(len(waits))
	t.Logf("a client that waits costs %d bytes", grown)
	if grown > 16<<10 { // a request in hand, with its buffer, as one that is queued
		t.Errorf("a client that waits costs %d bytes", grown)
	}
	if status, body := tf.get(t, "/plain"); status != 200 || body != "okay" {
		t.Errorf("another client: got %d %q", status, body)
	}
	release()
	for i, c := range waits {
		r, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatalf("client %d: %v", i, err)
		}
		if body, err := io.ReadAll(r.Body); err != nil || r.StatusCode != 200 || string(body) != "okay" {
			t.Fatalf("client %d: got %d %.300q (%v)", i, r.StatusCode, body, err)
		}
	}
}
