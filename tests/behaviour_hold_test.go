package tests

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tenfour/lab"
	"tenfour/tests/await"
)

// refusing returns an address on which no program listens, and that the kernel gives to no listener that asks for any port.
func refusing(t testing.TB) string {
	t.Helper()
	b, err := lab.StartFaulty("refuse")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b.Addr()
}

// opens starts a server on an address on which no program listens.
func opens(t testing.TB, addr string, script func(*peer)) *server {
	t.Helper()
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, ln, script)
}

// asks sends a request on a connection of its own. The channel receives the outcome.
func (tf *tenfour) asks(t testing.TB, method, target, body string) (p *peer, told chan string) {
	t.Helper()
	p = dialPeer(t, tf.addr)
	await.Within(p, 3*patience)
	fmt.Fprintf(p, "%s %s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", method, target, len(body), body)
	told = make(chan string, 1)
	go func() { // ends with the answer, or with the connection at the test's end
		status, words, err := p.status(method)
		if err != nil {
			words = err.Error()
		}
		told <- fmt.Sprint(status, " ", words)
	}()
	return p, told
}

func TestHold_waitsForABackendThatIsNotThereYet(t *testing.T) {
	addr := refusing(t)
	tf := startTenfour(t, []string{addr}, "--hold", "1m")
	var told []chan string
	for i := range 20 {
		_, c := tf.asks(t, "POST", fmt.Sprintf("/%d", i), "of "+fmt.Sprint(i))
		told = append(told, c)
	}
	for i, c := range told {
		select {
		case got := <-c:
			t.Fatalf("request %d got %q while its backend was down", i, got)
		case <-time.After(5 * time.Millisecond):
		}
	}
	opens(t, addr, func(p *peer) {
		for {
			r, err := http.ReadRequest(p.in)
			if err != nil {
				return
			}
			body, _ := io.ReadAll(r.Body)
			fmt.Fprintf(p, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s%s", len(r.URL.Path)+len(body), r.URL.Path, body)
		}
	})
	for i, c := range told {
		if got, want := <-c, fmt.Sprintf("200 /%dof %d", i, i); got != want {
			t.Errorf("request %d got %q, want %q", i, got, want)
		}
	}
}

func TestHold_endsIn502InWords(t *testing.T) {
	one, other := refusing(t), refusing(t)
	tf := startTenfour(t, []string{one, other}, "--hold", "150ms", "--log-level", "warn")
	began := time.Now()
	status, body := tf.get(t, "/")
	if took := time.Since(began); status != 502 || took < 150*time.Millisecond {
		t.Errorf("got %d after %v, want 502 after 150ms", status, took)
	}
	if !strings.Contains(body, "the backends refused connections for 150ms") {
		t.Errorf("the answer is %q, want that the backends refused connections for 150ms", body)
	}
	tf.logHas(t, one+" refused connections, "+other+" refused connections for 150ms")
}

// all502 sends n requests at the same time, and checks that they, and those that were sent before, get 502.
func all502(t *testing.T, tf *tenfour, n int, told ...chan string) {
	t.Helper()
	for range n {
		_, c := tf.asks(t, "GET", "/", "")
		told = append(told, c)
	}
	for i, c := range told {
		if got := <-c; !strings.HasPrefix(got, "502 ") {
			t.Errorf("request %d got %q, want 502 after the hold", i, got)
		}
	}
}

// TestHold_answers502AfterTheHold: each request waits for the whole hold, from when it came.
func TestHold_answers502AfterTheHold(t *testing.T) {
	t.Parallel()
	tf := startTenfour(t, []string{refusing(t)}, "--hold", "300ms", "--workers", "1")
	began := time.Now()
	all502(t, tf, 50)
	if took := time.Since(began); took < 300*time.Millisecond || took > patience/2 {
		t.Errorf("50 were held for %v, want little more than 300ms: they wait at the same time", took)
	}
}

func TestHold_answers502AtOnceWhenOff(t *testing.T) {
	tf := startTenfour(t, []string{refusing(t)}, "--hold", "0")
	if status, body := tf.get(t, "/"); status != 502 || !strings.Contains(body, "the backend refused connections") {
		t.Errorf("got %d %q", status, body)
	}
}

// TestHold_triesABackendOnceAnInterval: there is one attempt at a time, however many requests wait. Here an attempt takes longer than
// the interval.
func TestHold_triesABackendOnceAnInterval(t *testing.T) {
	t.Parallel()
	const every = 50 * time.Millisecond
	var mu sync.Mutex // guards the rest
	var trials, at, most int
	b := startServer(t, func(p *peer) {
		http.ReadRequest(p.in)
		mu.Lock()
		trials++
		at++
		most = max(most, at)
		mu.Unlock()
		await.Pace(2 * every) // a slow server
		mu.Lock()
		at--
		mu.Unlock()
		p.breakOff()
	})
	tf := startTenfour(t, []string{b.addr}, "--hold", "1s", "--hold-every", every.String(), "--workers", "4", "--log-level", "info")
	_, first := tf.asks(t, "GET", "/", "")
	eventually(t, "the backend is down", func() bool { return strings.Contains(tf.log.String(), b.addr+" is down") })
	mu.Lock()
	trials, most = 0, 0
	mu.Unlock()
	began := time.Now()
	all502(t, tf, 20, first)
	took := time.Since(began)
	mu.Lock()
	defer mu.Unlock()
	if most != 1 {
		t.Errorf("%d attempts at a time, want 1", most)
	}
	if fair := int(took/(2*every)) + 2; trials < 2 || trials > fair {
		t.Errorf("%d attempts in %v, want 2 to %d", trials, took, fair)
	}
}

// TestHold_aClientThatLeavesIsNeverSeen: the backend never sees its request, and sees the others.
func TestHold_aClientThatLeavesIsNeverSeen(t *testing.T) {
	t.Parallel()
	addr := refusing(t)
	tf := startTenfour(t, []string{addr}, "--hold", "1m", "--hold-every", "20ms", "--log-level", "info")
	_, first := tf.asks(t, "GET", "/first", "")
	eventually(t, "the backend is down", func() bool { return strings.Contains(tf.log.String(), addr+" is down") })
	leaves, gone := tf.asks(t, "GET", "/leaves", "")
	_, last := tf.asks(t, "GET", "/last", "")
	leaves.breakOff()
	<-gone
	fence := tf.dial(t) // tenfour reads it after the other's end
	if err := fence.sendAndAwaitRead("GET /fence HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	var seen sync.Map
	opens(t, addr, func(p *peer) {
		for {
			r, err := http.ReadRequest(p.in)
			if err != nil {
				return
			}
			seen.Store(r.URL.Path, true)
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay")
		}
	})
	for name, c := range map[string]chan string{"first": first, "last": last} {
		if got := <-c; got != "200 okay" {
			t.Errorf("%s got %q", name, got)
		}
	}
	if _, ok := seen.Load("/leaves"); ok {
		t.Error("the backend saw the request of a client that had left")
	}
}

// TestHold_aClientThatLeavesDuringItsTrial: its request is not sent again when the trial has failed.
func TestHold_aClientThatLeavesDuringItsTrial(t *testing.T) {
	t.Parallel()
	access := filepath.Join(t.TempDir(), "access")
	tf := startTenfour(t, []string{blackHole(t)}, "--hold", "1m", "--connect-timeout", "300ms", "--access-log", access)
	p := dialPeer(t, tf.addr)
	p.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	fence := tf.dial(t) // tenfour reads it after the other's request
	if err := fence.sendAndAwaitRead("GET /"); err != nil {
		t.Fatal(err)
	}
	fence.Close()
	p.Close()
	eventually(t, "it is taken out", func() bool {
		log, _ := os.ReadFile(access)
		return strings.Contains(string(log), "left while it was queued")
	})
}

// TestHold_othersTakeOver: while one backend is down and another is up, no request is held.
func TestHold_othersTakeOver(t *testing.T) {
	up := startServer(t, okay)
	tf := startTenfour(t, []string{refusing(t), up.addr, refusing(t)}, "--hold", "1m")
	began := time.Now()
	for range 50 {
		if status, _ := tf.get(t, "/"); status != 200 {
			t.Fatalf("got %d", status)
		}
	}
	if took := time.Since(began); took > patience {
		t.Errorf("50 requests took %v", took)
	}
}

// TestHold_whatWasSentIsRepeatedOnlyIfThatIsSafe: the backend takes each request, and resets the first connections.
func TestHold_whatWasSentIsRepeatedOnlyIfThatIsSafe(t *testing.T) {
	large := strings.Repeat("x", 100<<10)
	for _, tc := range []struct {
		method, body string
		again        bool
		words        string
	}{
		{"GET", "", true, "200 okay"},
		{"PUT", "body", true, "200 okay"},
		{"DELETE", "", true, "200 okay"},
		{"POST", "body", false, "it may have acted on the request"},
		{"PATCH", "", false, "it may have acted on the request"},
		{"PUT", large, false, "its body is too large to be kept"},
	} {
		t.Run(fmt.Sprint(tc.method, " of ", len(tc.body)), func(t *testing.T) {
			var visits atomic.Int32
			b := startServer(t, func(p *peer) {
				r, err := http.ReadRequest(p.in)
				if err != nil {
					return
				}
				body, _ := io.ReadAll(r.Body)
				if visits.Add(1) == 1 {
					p.breakOff()
					return
				}
				if string(body) != tc.body {
					t.Errorf("the second time the body was %d bytes, want %d", len(body), len(tc.body))
				}
				p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay")
			})
			tf := startTenfour(t, []string{b.addr}, "--buffer", "64KiB")
			_, told := tf.asks(t, tc.method, "/", tc.body)
			if got := <-told; !strings.Contains(got, tc.words) {
				t.Errorf("got %q, want %q", got, tc.words)
			}
			if n := visits.Load(); (n == 2) != tc.again {
				t.Errorf("the backend had the request %d times", n)
			}
		})
	}
}

// TestHold_aBackendThatDiesBetweenHeadAndBody: the client was sent nothing, so a GET is sent again.
func TestHold_aBackendThatDiesBetweenHeadAndBody(t *testing.T) {
	var visits atomic.Int32
	b := startServer(t, func(p *peer) {
		if _, err := http.ReadRequest(p.in); err != nil {
			return
		}
		p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
		if visits.Add(1) > 1 {
			p.say("okay")
		}
	})
	tf := startTenfour(t, []string{b.addr})
	if status, body := tf.get(t, "/"); status != 200 || body != "okay" {
		t.Errorf("got %d %q", status, body)
	}
}

// TestHold_aBackendThatIsDying: the kernel resets the connections of a process that is killed, and lets others connect to it
// until it has come to the listening socket. A request that is reset, and sent again at once, would be reset twice.
func TestHold_aBackendThatIsDying(t *testing.T) {
	t.Parallel()
	const dying = 5 * time.Millisecond // half of --hold-every
	var died atomic.Pointer[time.Time]
	b := startServer(t, func(p *peer) {
		if _, err := http.ReadRequest(p.in); err != nil {
			return
		}
		now := time.Now()
		if died.CompareAndSwap(nil, &now) || time.Since(*died.Load()) < dying {
			p.breakOff()
			return
		}
		p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay")
	})
	tf := startTenfour(t, []string{b.addr})
	if status, body := tf.get(t, "/"); status != 200 || body != "okay" {
		t.Errorf("got %d %q", status, body)
	}
}

// TestHead_waitsForItsBodyOnlyForAMoment: a slow body does not delay the head.
func TestHead_waitsForItsBodyOnlyForAMoment(t *testing.T) {
	body := make(chan struct{})
	b := startServer(t, func(p *peer) {
		http.ReadRequest(p.in)
		p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
		<-body
		p.say("okay")
	})
	tf := startTenfour(t, []string{b.addr})
	p := dialPeer(t, tf.addr)
	p.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	r, err := p.answer("GET") // returns with the head
	close(body)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r.Body); string(got) != "okay" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

// forking is a server that closes its listener at every accept, and needs a pause to open it again. It reports each request, and
// for how long it had been listening when the request came.
func forking(t *testing.T, addr string, pause time.Duration, serve func(r *http.Request, listened time.Duration)) (stop func()) {
	t.Helper()
	var mu sync.Mutex
	var ln net.Listener
	stopped := false
	open := func() net.Listener {
		mu.Lock()
		defer mu.Unlock()
		if stopped {
			return nil
		}
		var err error
		if ln, err = listenAgain(addr); err != nil {
			t.Errorf("listening again: %v", err)
			return nil
		}
		return ln
	}
	var loop sync.WaitGroup
	loop.Go(func() {
		for l := open(); l != nil; l = open() {
			since := time.Now()
			c, err := l.Accept()
			listened := time.Since(since)
			shut(l)
			if err != nil {
				return
			}
			p := &peer{Conn: c}
			if r, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				serve(r, listened)
				p.say("HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nokay")
			}
			c.Close()
			await.Pace(pause) // a slow server
		}
	})
	return func() {
		mu.Lock()
		stopped = true
		if ln != nil {
			ln.Close()
		}
		mu.Unlock()
		loop.Wait()
	}
}

// TestHold_aServerThatForks: it accepts one connection, and then none for 40 ms. All requests are served, in order, and hardly later
// than the server allows.
func TestHold_aServerThatForks(t *testing.T) {
	const pause, n, clients = 40 * time.Millisecond, 60, 10
	addr := refusing(t)
	var late []time.Duration // for how long it listened before each
	stop := forking(t, addr, pause, func(_ *http.Request, listened time.Duration) { late = append(late, listened) })
	tf := startTenfour(t, []string{addr})
	began := time.Now()
	runAB(t, "http://"+tf.addr+"/", n, clients)
	took := time.Since(began)
	stop()
	if len(late) < n {
		t.Fatalf("%d of %d reached the server", len(late), n)
	}
	slices.Sort(late)
	median := late[len(late)/2]
	t.Logf("%d requests took %v, of which the server pauses for %v; it was found after %v (median)", n, took, n*pause, median)
	if most := pause / 4; median > most { // the default --hold-every is so long
		t.Errorf("it had been listening for %v (median) when it was found, want %v at most", median, most)
	}
}

func TestHold_keepsTheOrder(t *testing.T) {
	addr := refusing(t)
	tf := startTenfour(t, []string{addr}, "--hold", "1m", "--workers", "4")
	var told []chan string
	const n = 12
	for i := range n {
		c := tf.dial(t)
		// It is read, and so it is queued, before the next one comes.
		if err := c.sendAndAwaitRead(fmt.Sprintf("GET /%d HTTP/1.1\r\nHost: a\r\n\r\n", i)); err != nil {
			t.Fatal(err)
		}
		p, got := &peer{Conn: c, in: c.in}, make(chan string, 1)
		await.Within(p, 3*patience)
		told = append(told, got)
		go func() { // ends with the answer
			status, words, _ := p.status("GET")
			got <- fmt.Sprint(status, " ", words)
		}()
	}
	var mu sync.Mutex
	var order []string
	stop := forking(t, addr, 5*time.Millisecond, func(r *http.Request, _ time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		order = append(order, r.URL.Path)
	})
	for _, c := range told {
		if got := <-c; got != "200 okay" {
			t.Errorf("got %q", got)
		}
	}
	stop()
	for i, path := range order {
		if want := fmt.Sprintf("/%d", i); path != want {
			t.Fatalf("they were served in the order %v", order)
		}
	}
}

// TestHold_aPythonThatIsKilled: a Python server is killed three times during 6,000 requests, and no request is lost.
func TestHold_aPythonThatIsKilled(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 is not installed")
	}
	addr := refusing(t)
	_, port, _ := net.SplitHostPort(addr)
	dir := t.TempDir()
	start := func() *exec.Cmd {
		cmd := exec.Command("python3", "-m", "http.server", "-b", "127.0.0.1", "-d", dir, port)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { // also if the test ends early
			cmd.Process.Kill()
			cmd.Wait()
		})
		return cmd
	}
	python := start()
	access := filepath.Join(t.TempDir(), "access")
	tf := startTenfour(t, []string{addr}, "--hold", "10s", "--log-level", "debug", "--access-log", access) // an outage soon after another is said at debug
	said := func() (bytes int64) {
		if info, err := os.Stat(access); err == nil {
			bytes = info.Size()
		}
		return bytes
	}
	n := 6000
	if testing.Short() {
		n = 1500
	}
	done := make(chan struct{})
	go func() { // ends with ab
		defer close(done)
		runAB(t, "http://"+tf.addr+"/", n, 20)
	}()
	kills, before := 0, int64(0)
	for ended := false; !ended && kills < 3; {
		await.Holds(3*patience, func() bool {
			select {
			case <-done:
				ended = true
			default:
			}
			return ended || said() > before+20_000 // some hundred requests
		})
		if !ended {
			kills++
			python.Process.Kill()
			python.Wait()
			python = start()
			// A request is sent again once (--resend), so none may be in hand twice when it is killed. Those that were are the
			// first to be served.
			eventually(t, "it serves again", func() bool { return strings.Count(tf.log.String(), addr+" is up again") >= kills })
			before = said()
		}
	}
	<-done
	python.Process.Kill()
	python.Wait()
	if kills < 3 && !testing.Short() {
		t.Errorf("it was killed only %d times: more requests are needed", kills)
	}
}

// TestHold_logsDownAndUpOnce: one line when a backend goes down, one when it is back, however many requests wait.
func TestHold_logsDownAndUpOnce(t *testing.T) {
	addr := refusing(t)
	tf := startTenfour(t, []string{addr}, "--hold", "1m", "--log-level", "info", "--log-format", "json")
	var told []chan string
	for range 30 {
		_, c := tf.asks(t, "GET", "/", "")
		told = append(told, c)
	}
	eventually(t, "it is said to be down", func() bool { return strings.Contains(tf.log.String(), addr+" is down") })
	opens(t, addr, okay)
	for i, c := range told {
		if got := <-c; !strings.HasPrefix(got, "200 ") {
			t.Errorf("request %d got %q, want 200 once the backend is up", i, got)
		}
	}
	log := tf.logHas(t, addr+" is up again")
	for _, words := range []string{addr + " is down: it refused connections", addr + " is up again"} {
		if n := strings.Count(log, words); n != 1 {
			t.Errorf("%q is said %d times\n%s", words, n, log)
		}
	}
	held := regexp.MustCompile(`"held":(\d+),"longest_ms":`).FindStringSubmatch(log)
	if held == nil {
		t.Fatalf("the log does not say how many were held, and how long\n%s", log)
	}
	if n, _ := strconv.Atoi(held[1]); n < 1 || n > 30 { // some may come when the backend is up again
		t.Errorf("%d are said to have been held, want up to 30", n)
	}
}

// TestHold_longerThanTheQueueTimeout: a client whose request was held until the queue's timeout gets an answer that says what it waited for.
func TestHold_longerThanTheQueueTimeout(t *testing.T) {
	addr := refusing(t)
	tf := startTenfour(t, []string{addr}, "--hold", "1m", "--queue-timeout", "200ms")
	if status, body := tf.get(t, "/"); status != 503 || !strings.Contains(body, "the backend refused connections for 200ms") {
		t.Errorf("got %d %q", status, body)
	}
}

// TestHold_aBackendWithoutTLS: after three failed requests it gets no more while there is another backend.
func TestHold_aBackendWithoutTLS(t *testing.T) {
	plain, well := startServer(t, okay), startServer(t, okay)
	tf := startTenfour(t, []string{"https://" + plain.addr, well.addr}, "--workers", "1")
	failed := 0
	for range 20 {
		if status, _ := tf.get(t, "/"); status != 200 {
			failed++
		}
	}
	if failed > 5 {
		t.Errorf("%d of 20 requests failed", failed)
	}
}
