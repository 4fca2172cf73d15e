package tests

import (
	"fmt"
	"io"
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
