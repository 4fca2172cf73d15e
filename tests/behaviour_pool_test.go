package tests

import (
	"bufio"
	"errors"
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
	"syscall"
	"testing"
	"time"

	"tenfour/tests/await"
)

// okay is the script of a server that answers every request with a small page, and keeps its connections.
func okay(p *peer) {
	for {
		r, err := http.ReadRequest(p.in)
		if err != nil {
			return
		}
		io.Copy(io.Discard, r.Body)
		p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay")
	}
}

// abReport is what ab says of a run.
type abReport struct {
	complete, failed, non2xx int
	perSecond                float64
	longest                  time.Duration
	text                     string
}

// runAB runs ab and fails the test when a request failed. It needs ab.
func runAB(t testing.TB, url string, n, c int, flags ...string) abReport {
	t.Helper()
	if _, err := exec.LookPath("ab"); err != nil {
		t.Skip("ab is not installed")
	}
	args := append([]string{"-q", "-s", "60", "-n", strconv.Itoa(n), "-c", strconv.Itoa(c)}, flags...)
	out, err := exec.Command("ab", append(args, url)...).CombinedOutput()
	r := abReport{text: string(out)}
	number := func(line string) float64 {
		m := regexp.MustCompile(line + `\s+([0-9.]+)`).FindStringSubmatch(r.text)
		if m == nil {
			return 0
		}
		f, _ := strconv.ParseFloat(m[1], 64)
		return f
	}
	r.complete, r.failed, r.non2xx = int(number("Complete requests:")), int(number("Failed requests:")), int(number("Non-2xx responses:"))
	r.perSecond = number("Requests per second:")
	r.longest = time.Duration(number(`\b100%`)) * time.Millisecond
	if err != nil || r.complete != n || r.failed != 0 || r.non2xx != 0 {
		t.Errorf("ab %q %s: %v\n%s", args, url, err, out)
	}
	return r
}

// keepsThroughput asserts that ab's throughput at the first server, which is under some load, is at least 90 % of that at the second,
// which has no other load. The runs take turns; the median of their ratios counts, and noise is given more rounds to go by.
// Where the system reports the CPU time of both programs, the CPU time of a request is compared instead: other programs on the
// machine change throughput, and hardly change this. The race detector has costs of its own: with it, and with -short, each server has one short run, in
// which no request may fail.
func keepsThroughput(t *testing.T, beside, alone *tenfour, path string, n int, programs ...*ownProcess) {
	t.Helper()
	const rounds, most, clients, wanted = 3, 11, 40, 0.9
	servers := [2]*tenfour{beside, alone}
	for _, s := range servers {
		runAB(t, "http://"+s.addr+path, n/4, clients)
	}
	if underRace || testing.Short() {
		return
	}
	var ratios []float64
	for len(ratios) < most && !t.Failed() {
		var costs [2]float64
		for i := range servers { // neither is always the first
			i ^= len(ratios) % 2
			before := cpuTime(programs, i)
			costs[i] = 1 / runAB(t, "http://"+servers[i].addr+path, n, clients).perSecond
			if after := cpuTime(programs, i); after > before {
				costs[i] = (after - before).Seconds() / float64(n)
			}
		}
		ratios = append(ratios, costs[1]/costs[0])
		if len(ratios) < rounds || len(ratios)%2 == 0 {
			continue
		}
		sorted := slices.Sorted(slices.Values(ratios))
		if median := sorted[len(sorted)/2]; median >= wanted {
			t.Logf("throughput beside: %.2f of what it is alone, median of %d rounds", median, len(ratios))
			return
		}
	}
	t.Errorf("throughput beside, as parts of what it is alone: %.2f; want a median of %.2f", ratios, wanted)
}

// cpuTime is what the i-th program has used so far, to the nanosecond; 0 if there is none, or the system does not tell.
func cpuTime(programs []*ownProcess, i int) (used time.Duration) {
	if i >= len(programs) {
		return 0
	}
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", programs[i].cmd.Process.Pid))
	for _, name := range threads {
		var ran time.Duration
		if stat, err := os.ReadFile(name); err == nil {
			fmt.Sscan(string(stat), &ran)
		}
		used += ran
	}
	return used
}

// TestPersistentClients_areServedEvenly: 64 clients that stay, on 8 workers.
func TestPersistentClients_areServedEvenly(t *testing.T) {
	s := startServer(t, func(p *peer) {
		for {
			if _, err := http.ReadRequest(p.in); err != nil {
				return
			}
			await.Pace(time.Millisecond) // so that it is the workers that are short, and not the processors
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay")
		}
	})
	tf := startTenfour(t, []string{s.addr}, "--workers", "8")
	const clients = 64
	span := 2 * time.Second
	if testing.Short() {
		span = time.Second
	}
	var counts [clients]float64
	var loops sync.WaitGroup
	until := time.Now().Add(span)
	for i := range clients {
		p := dialPeer(t, tf.addr)
		loops.Go(func() {
			for time.Now().Before(until) {
				await.Within(p, patience)
				p.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
				if status, _, err := p.status("GET"); err != nil || status != 200 {
					t.Errorf("client %d, request %.0f: got %d (%v)", i, counts[i], status, err)
					return
				}
				counts[i]++
			}
		})
	}
	loops.Wait()
	sum, squares := 0.0, 0.0
	for _, n := range counts {
		sum, squares = sum+n, squares+n*n
	}
	index := sum * sum / (clients * squares)
	t.Logf("%.0f requests in %v, Jain's index %.4f", sum, span, index)
	if index < 0.95 {
		t.Errorf("Jain's index is %.3f, want 0.95; requests by client: %.0f", index, counts)
	}
}

// TestUnfinishedHeads_costNoThroughput: 2,000 connections that have sent nothing, or half a head.
func TestUnfinishedHeads_costNoThroughput(t *testing.T) {
	s := startServer(t, okay)
	env := []string{"GOMAXPROCS=1"} // else each finds by itself whether a second pays, and the two may differ in that
	beside := startProgram(t, env, []string{s.addr}, "--head-timeout", "10m")
	alone := startProgram(t, env, []string{s.addr})
	n := 2000
	if testing.Short() || underRace {
		n = 200
	}
	for i := range n {
		p := dialPeer(t, beside.addr)
		if i%2 == 0 {
			p.say("GET / HTTP/1.1\r\nHost: a\r\nX-Half: ")
		}
	}
	keepsThroughput(t, &beside.tenfour, &alone.tenfour, "/", 4000, beside, alone)
}

// TestQueue_answers503WhenFull: the answer comes at once, says why, and says when to come again.
func TestQueue_answers503WhenFull(t *testing.T) {
	for _, persistent := range []bool{true, false} {
		s, tf, release := startBusy(t, "--queue", "0")
		p := dialPeer(t, tf.addr)
		await.Within(p, patience)
		field := ""
		if !persistent {
			field = "Connection: close\r\n"
		}
		p.say("GET /refused HTTP/1.1\r\nHost: a\r\n" + field + "\r\n")
		r, err := p.answer("GET")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r.Body)
		if r.StatusCode != 503 || r.Header.Get("Retry-After") == "" || !strings.Contains(string(body), "queue is full") || err != nil {
			t.Errorf("got %d, Retry-After %q, %q (%v); want a 503 that says why, and when to come again", r.StatusCode, r.Header.Get("Retry-After"), body, err)
		}
		if r.Close == persistent {
			t.Errorf("the connection closes: %t, want %t", r.Close, !persistent)
		}
		release()
		if persistent { // it is served as soon as there is room
			eventually(t, "the refused client is served", func() bool {
				p.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
				status, _, err := p.status("GET")
				return err == nil && status == 200
			})
		}
		if s.accepted.Load() != 1 {
			t.Errorf("the backend had %d connections, want 1: it must not see what was refused", s.accepted.Load())
		}
	}
}

// startBusy starts a tenfour whose one worker is taken by a request that the backend answers when release is called.
// From then on it answers all at once. It must not see /gone.
func startBusy(t testing.TB, flags ...string) (s *server, tf *tenfour, release func()) {
	t.Helper()
	released := make(chan struct{})
	s = startServer(t, func(p *peer) {
		for {
			r, err := http.ReadRequest(p.in)
			if err != nil {
				return
			}
			s.requests.Add(1)
			switch r.RequestURI {
			case "/busy":
				<-released
			case "/gone":
				t.Error("the backend saw the request of a client that had left the queue")
			}
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay")
		}
	})
	release = sync.OnceFunc(func() { close(released) })
	tf = startTenfour(t, []string{s.addr}, append([]string{"--workers", "1"}, flags...)...)
	t.Cleanup(release)
	p := dialPeer(t, tf.addr)
	p.say("GET /busy HTTP/1.1\r\nHost: a\r\n\r\n")
	eventually(t, "the worker is taken", func() bool { return s.requests.Load() == 1 })
	return s, tf, release
}

// TestQueue_answers503AfterItsTimeout: a request that has waited too long gets an answer that says so; one that is served in time is not affected.
func TestQueue_answers503AfterItsTimeout(t *testing.T) {
	t.Parallel()
	s, tf, _ := startBusy(t, "--queue-timeout", "400ms")
	p := dialPeer(t, tf.addr)
	await.Within(p, patience)
	begun := time.Now()
	p.say("GET /late HTTP/1.1\r\nHost: a\r\n\r\n")
	r, err := p.answer("GET")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(r.Body)
	if took := time.Since(begun); took < 400*time.Millisecond {
		t.Errorf("it was refused after %v, want the queue timeout of 400ms", took)
	}
	if r.StatusCode != 503 || r.Header.Get("Retry-After") == "" || !strings.Contains(string(body), "400ms") {
		t.Errorf("got %d, Retry-After %q, %q", r.StatusCode, r.Header.Get("Retry-After"), body)
	}
	if n := s.requests.Load(); n != 1 {
		t.Errorf("the backend saw %d requests, want 1: one that was too late must not reach it", n)
	}
}

// occupied reports whether the one place in tf's queue is taken. If it is free, the question takes it for a moment.
func occupied(t testing.TB, tf *tenfour) bool {
	t.Helper()
	p := dialPeer(t, tf.addr)
	defer p.Close()
	await.Within(p, 300*time.Millisecond)
	p.say("GET /probe HTTP/1.1\r\nHost: a\r\n\r\n")
	status, _, err := p.status("GET")
	switch {
	case err == nil && status == 503:
		return true
	case errors.Is(err, os.ErrDeadlineExceeded):
		return false
	}
	t.Errorf("a probe of the queue got %d (%v)", status, err)
	return false
}

// TestQueue_aClientThatLeavesFreesItsPlace: the client's place is free at once, and the backend never sees its request.
func TestQueue_aClientThatLeavesFreesItsPlace(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(*peer){
		"by a FIN":                     func(p *peer) { p.Close() },
		"by a reset":                   func(p *peer) { p.breakOff() },
		"by a FIN of its sending side": func(p *peer) { p.Conn.(*net.TCPConn).CloseWrite() },
	} {
		t.Run(name, func(t *testing.T) {
			_, tf, release := startBusy(t, "--queue", "1")
			leaver := dialPeer(t, tf.addr)
			leaver.say("GET /gone HTTP/1.1\r\nHost: a\r\n\r\n")
			eventually(t, "the queue is full", func() bool { return occupied(t, tf) })
			leave(leaver)
			eventually(t, "the place is free", func() bool { return !occupied(t, tf) })
			release()
			eventually(t, "others are served after them", func() bool {
				status, _ := tf.get(t, "/last")
				return status == 200
			})
		})
	}
}

// TestHalfClose_ofAClientThatIsServed: printf … | nc -N works, whether a worker was free or not at once.
func TestHalfClose_ofAClientThatIsServed(t *testing.T) {
	t.Run("a worker is free", func(t *testing.T) {
		s := startServer(t, okay)
		tf := startTenfour(t, []string{s.addr}) // one of them may still be busy with the end of the last exchange
		for range 50 {
			p := dialPeer(t, tf.addr)
			await.Within(p, patience)
			p.say("GET / HTTP/1.0\r\n\r\n")
			p.Conn.(*net.TCPConn).CloseWrite()
			if status, body, err := p.status("GET"); status != 200 || body != "okay" || err != nil {
				t.Fatalf("got %d %q (%v)", status, body, err)
			}
		}
	})
	t.Run("the backend has the request", func(t *testing.T) {
		asked, answer := make(chan struct{}), make(chan struct{})
		s := startServer(t, func(p *peer) {
			http.ReadRequest(p.in)
			close(asked)
			<-answer
			p.say("HTTP/1.0 200 OK\r\n\r\nokay")
		})
		tf := startTenfour(t, []string{s.addr}, "--workers", "1")
		p := dialPeer(t, tf.addr)
		await.Within(p, patience)
		p.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		<-asked
		p.Conn.(*net.TCPConn).CloseWrite()
		close(answer)
		if status, body, err := p.status("GET"); status != 200 || body != "okay" || err != nil {
			t.Errorf("got %d %q (%v)", status, body, err)
		}
	})
	t.Run("nc", func(t *testing.T) {
		if _, err := exec.LookPath("nc"); err != nil {
			t.Skip("nc is not installed")
		}
		s := startServer(t, okay)
		tf := startTenfour(t, []string{s.addr})
		host, port, _ := net.SplitHostPort(tf.addr)
		var flags []string // Nmap's shuts its sending side by itself, OpenBSD's when it is told to
		if help, _ := exec.Command("nc", "-h").CombinedOutput(); !strings.Contains(string(help), "Ncat") {
			flags = []string{"-N"}
		}
		nc := exec.Command("nc", append(flags, host, port)...)
		nc.Stdin = strings.NewReader("GET / HTTP/1.0\r\n\r\n")
		out, err := nc.CombinedOutput()
		if err != nil || !strings.HasSuffix(string(out), "okay") {
			t.Errorf("nc got %q (%v)", out, err)
		}
	})
}

// census is a backend that counts the connections to it at every moment.
type census struct {
	keeps bool // its connections persist; else it speaks HTTP/1.0 and closes

	mu   sync.Mutex // guards the rest
	open map[*net.TCPConn]bool
	most int
}

func (c *census) serve(ln net.Listener) {
	for {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		tcp := conn.(*net.TCPConn)
		c.mu.Lock()
		n := 1
		for o := range c.open { // a connection that tenfour closed before its next one came counts as closed, whether we have read its end or not
			if !ended(o) {
				n++
			}
		}
		c.open[tcp] = true
		c.most = max(c.most, n)
		c.mu.Unlock()
		go c.answer(tcp) // ends with the connection
	}
}

func (c *census) answer(conn *net.TCPConn) {
	defer conn.Close()
	defer c.leave(conn)
	in := bufio.NewReader(conn)
	for {
		if _, err := http.ReadRequest(in); err != nil {
			return
		}
		if !c.keeps {
			io.WriteString(conn, "HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nokay")
			return
		}
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay")
	}
}

func (c *census) leave(conn *net.TCPConn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, conn)
}

// ended reports whether the peer has ended the connection, as far as the kernel has heard.
func ended(conn *net.TCPConn) (is bool) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return true
	}
	err = raw.Control(func(fd uintptr) {
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		is = n == 0 && err == nil || err != nil && err != syscall.EAGAIN
	})
	return is || err != nil
}

// TestSlots_areNeverExceededAtTheBackend: the backend counts its connections at every moment, under the load of ab.
func TestSlots_areNeverExceededAtTheBackend(t *testing.T) {
	for _, keeps := range []bool{false, true} {
		for _, workers := range []int{1, 2, 4} {
			t.Run(fmt.Sprintf("%d workers, keeps connections %t", workers, keeps), func(t *testing.T) {
				ln, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				c := &census{keeps: keeps, open: map[*net.TCPConn]bool{}}
				var accepting sync.WaitGroup
				accepting.Go(func() { c.serve(ln) }) // ends when ln closes
				t.Cleanup(func() { ln.Close(); accepting.Wait() })
				tf := startTenfour(t, []string{ln.Addr().String()}, "--workers", strconv.Itoa(workers))
				for _, flags := range [][]string{nil, {"-k"}} {
					runAB(t, "http://"+tf.addr+"/", 500, 80, flags...)
				}
				c.mu.Lock()
				defer c.mu.Unlock()
				if c.most != workers {
					t.Errorf("the backend had up to %d connections at a time, want %d", c.most, workers)
				}
			})
		}
	}
}

// startPython runs a Python server that prints its port first.
func startPython(t testing.TB, script string) (addr string) {
	t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 is not installed")
	}
	file := filepath.Join(t.TempDir(), "server.py")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("python3", "-u", file)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("python3 did not say its port: %v", err)
	}
	return "127.0.0.1:" + strings.TrimSpace(line)
}

// pythonServer is Python's http.server with one thread: %s is the protocol's version that it speaks.
const pythonServer = `
from http.server import HTTPServer, BaseHTTPRequestHandler
class H(BaseHTTPRequestHandler):
    protocol_version = "%s"
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"okay")
    def log_message(self, *a): pass
s = HTTPServer(("127.0.0.1", 0), H)
print(s.server_port)
s.serve_forever()
`

// TestSingleThreadedPython_thatKeepsConnections: such a server serves one connection until that ends. No request waits because of an
// idle connection.
func TestSingleThreadedPython_thatKeepsConnections(t *testing.T) {
	addr := startPython(t, fmt.Sprintf(pythonServer, "HTTP/1.1"))
	tf := startTenfour(t, []string{addr}, "--workers", "4")
	const clients, each = 20, 10
	var served atomic.Int32
	var longest atomic.Int64
	var loops sync.WaitGroup
	for range clients {
		p := dialPeer(t, tf.addr)
		loops.Go(func() {
			for range each {
				begun := time.Now()
				p.SetDeadline(begun.Add(4 * patience))
				p.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
				if status, _, err := p.status("GET"); err != nil || status != 200 {
					t.Errorf("got %d (%v)", status, err)
					return
				}
				served.Add(1)
				for took := time.Since(begun); ; {
					old := longest.Load()
					if int64(took) <= old || longest.CompareAndSwap(old, int64(took)) {
						break
					}
				}
			}
		})
	}
	loops.Wait()
	t.Logf("the longest of %d took %v", served.Load(), time.Duration(longest.Load()))
	if n := served.Load(); n != clients*each {
		t.Errorf("%d of %d requests were served", n, clients*each)
	}
	// One that comes alone, after all of that, does not hang either.
	for range 3 {
		if status, _ := tf.get(t, "/"); status != 200 {
			t.Errorf("a client alone got %d", status)
		}
	}
}

// TestFourPythons_survive: real http.server with its backlog of 5, four of them, and 80 clients. A connection that the
// backlog had no room for would take a second.
func TestFourPythons_survive(t *testing.T) {
	var addrs []string
	for range 4 {
		addrs = append(addrs, startPython(t, fmt.Sprintf(pythonServer, "HTTP/1.0")))
	}
	tf := startTenfour(t, addrs)
	n := 4000
	if testing.Short() {
		n = 800
	}
	for try := 0; ; try++ {
		r := runAB(t, "http://"+tf.addr+"/", n, 80, "-r")
		t.Logf("%.0f requests/s, the longest %v", r.perSecond, r.longest)
		if r.longest < time.Second {
			break
		}
		if try == 2 || t.Failed() {
			t.Fatalf("the longest request took %v, three times in a row\n%s", r.longest, r.text)
		}
	}
}

// TestSlowReaders_holdNoWorker: a response that fits into the buffer is taken at the backend's speed.
func TestSlowReaders_holdNoWorker(t *testing.T) {
	want := content{n: 200 << 10, seed: 1}
	s := startServer(t, answerBack(t, nil))
	tf := startTenfour(t, []string{s.addr}, "--workers", "1")
	var readers []*peer
	for range 30 {
		p := dialPeer(t, tf.addr)
		p.Conn.(*net.TCPConn).SetReadBuffer(64 << 10) // much less, and the kernel itself would dawdle
		fmt.Fprintf(p, "GET /?n=%d&seed=1&as=length HTTP/1.1\r\nHost: a\r\n\r\n", want.n)
		readers = append(readers, p)
	}
	for range 20 { // the one worker is free for others, though no client has read a byte yet
		if status, _ := tf.get(t, "/?n=0&as=length"); status != 200 {
			t.Errorf("beside slow readers a client got %d", status)
		}
	}
	for _, p := range readers {
		await.Within(p, patience)
		r, err := p.answer("GET")
		if err != nil {
			t.Fatal(err)
		}
		if err := want.differs(r.Body); err != nil {
			t.Errorf("a slow reader's response: %v", err)
		}
	}
}

// TestBackend_thatReturnsIsUsedAgain: a backend that was down gets its share again, even if the queue never empties.
func TestBackend_thatReturnsIsUsedAgain(t *testing.T) {
	t.Parallel()
	addr := refusing(t) // it is down for now
	slow := startServer(t, func(p *peer) {
		for {
			if _, err := http.ReadRequest(p.in); err != nil {
				return
			}
			await.Pace(20 * time.Millisecond)
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay")
		}
	})
	tf := startTenfour(t, []string{slow.addr, addr}, "--workers", "1")
	var stop atomic.Bool
	var loops sync.WaitGroup
	defer loops.Wait()
	defer stop.Store(true)
	for range 8 { // more than the workers, so that some always wait
		p := dialPeer(t, tf.addr)
		loops.Go(func() {
			for !stop.Load() {
				await.Within(p, 2*patience)
				p.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
				if status, _, err := p.status("GET"); err != nil || status != 200 {
					t.Errorf("got %d (%v)", status, err)
					return
				}
			}
		})
	}
	eventually(t, "the one that is up serves", func() bool { return slow.accepted.Load() > 0 })
	back := opens(t, addr, okay)
	eventually(t, "the one that has returned serves", func() bool { return back.accepted.Load() > 0 })
}
