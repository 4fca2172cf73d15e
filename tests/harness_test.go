package tests

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tenfour/program"
	"tenfour/tests/await"
)

// The harness's short names for what the tests of every package share.
const patience = await.Patience

var eventually = await.Until

// tenfour is the whole program on a port of its own.
type tenfour struct {
	addr string
	log  *await.Output // what it wrote to stderr
}

// startTenfour runs the program in front of the given backends, with further flags, and returns when it listens. At the test's end
// the program is drained; the test fails if its exit code is not 0.
func startTenfour(t testing.TB, backends []string, flags ...string) *tenfour {
	t.Helper()
	args := append(listenAnywhere(flags), "--access-log", "off", "--log-level", "error", "--drain", "2s")
	for _, addr := range backends {
		args = append(args, "--backend", addr)
	}
	args = append(args, flags...)

	ctx, stop := context.WithCancel(context.Background())
	tf := &tenfour{log: new(await.Output)}
	ready, exit := make(chan net.Addr, 1), make(chan int, 1)
	run := func() {
		exit <- program.Run(ctx, args, tf.log, tf.log, func(a net.Addr) { ready <- a })
	}
	go run() // ends when ctx does; the cleanup waits for it
	t.Cleanup(func() {
		stop()
		select {
		case code := <-exit:
			if code != 0 {
				t.Errorf("tenfour %q left with %d, want 0\n%s", args, code, tf.log)
			}
		case <-time.After(2 * patience):
			t.Errorf("tenfour %q still runs %v after its context ended\n%s\n%s", args, 2*patience, tf.log, stacks())
		}
	})

	select {
	case a := <-ready:
		tf.addr = a.String()
	case code := <-exit:
		exit <- code
		t.Fatalf("tenfour %q left with %d before it listened\n%s", args, code, tf.log)
	case <-time.After(patience):
		t.Fatalf("tenfour %q does not listen after %v\n%s", args, patience, tf.log)
	}
	return tf
}

// listenAnywhere is the flag for a free port, unless flags name an address, or a file that begins with one.
func listenAnywhere(flags []string) []string {
	if slices.Contains(flags, "--listen") {
		return nil
	}
	if i := slices.Index(flags, "--config"); i >= 0 {
		if text, _ := os.ReadFile(flags[i+1]); bytes.HasPrefix(text, []byte("listen")) {
			return nil
		}
	}
	return []string{"--listen", "127.0.0.1:0"}
}

// withoutConsole is the flag that keeps a process of its own from the console's port, unless flags name one, or a file does.
func withoutConsole(flags []string) []string {
	if slices.Contains(flags, "--console") {
		return nil
	}
	if i := slices.Index(flags, "--config"); i >= 0 {
		if text, _ := os.ReadFile(flags[i+1]); bytes.Contains(text, []byte("console =")) {
			return nil
		}
	}
	return []string{"--console", "off"}
}

// stacks returns the stack of every goroutine.
func stacks() []byte {
	buf := make([]byte, 1<<20)
	return buf[:runtime.Stack(buf, true)]
}

// logHas waits until the log has all of the words, and returns it. A line is written a moment after its event.
func (tf *tenfour) logHas(t testing.TB, words ...string) string {
	t.Helper()
	for _, w := range words {
		eventually(t, fmt.Sprintf("the log says %q", w), func() bool { return strings.Contains(tf.log.String(), w) })
	}
	return tf.log.String()
}

// way is how bytes are sent: in how many writes, and where they are split. The peer has read each write before the next one is made,
// so that each is a read of its own.
type way struct {
	cut int // whole, bytewise, or the length of the first of two writes
}

var (
	whole    = way{0}
	bytewise = way{-1}
)

func (w way) String() string {
	switch w {
	case whole:
		return "whole"
	case bytewise:
		return "byte by byte"
	}
	return fmt.Sprintf("cut after byte %d", w.cut)
}

// everyWay lists the ways to send raw: whole and, unless raw is long, byte by byte and cut at every byte. Where the cut is makes no
// other race of goroutines: under the race detector, and with -short, one cut is enough.
func everyWay(raw string) []way {
	inHalf := way{len(raw) / 2}
	if len(raw) >= 300 {
		return []way{whole, inHalf}
	}
	if underRace || testing.Short() {
		return []way{whole, bytewise, inHalf}
	}
	ways := []way{whole, bytewise}
	for cut := 1; cut < len(raw); cut++ {
		ways = append(ways, way{cut})
	}
	return ways
}

// wire is a connection that counts what it sent, so that it knows when its peer has read all of it. One goroutine sends at a time;
// another one may read at the same time.
type wire struct {
	*net.TCPConn
	sent int
}

// reset ends the connection with a RST.
func (w *wire) reset() {
	w.SetLinger(0)
	w.Close()
}

// send writes raw in the given way, and tail, which is never split, together with the end of raw.
func (w *wire) send(raw, tail string, how way) error {
	first, rest := "", raw
	if how == bytewise && len(raw) > 1 {
		for ; len(rest) > 1; rest = rest[1:] {
			if err := w.sendAndAwaitRead(rest[:1]); err != nil {
				return err
			}
		}
	} else if how.cut > 0 {
		first, rest = raw[:how.cut], raw[how.cut:]
		if err := w.sendAndAwaitRead(first); err != nil {
			return err
		}
	}
	n, err := io.WriteString(w, rest+tail)
	w.sent += n
	return err
}

func (w *wire) sendAndAwaitRead(part string) error {
	n, err := io.WriteString(w, part)
	w.sent += n
	if err != nil {
		return err
	}
	return w.awaitRead()
}

// end is the state of a connection after an exchange.
type end string

const (
	open   end = "open"
	closed end = "closed" // by FIN
	reset  end = "reset"
)

// endOf returns how a connection ended, from the error of a read.
func endOf(err error) end {
	switch {
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return reset
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return closed
	}
	return open
}

// client is one connection to tenfour.
type client struct {
	*wire
	t   testing.TB
	in  *bufio.Reader
	raw *bytes.Buffer // every byte that came
}

func (tf *tenfour) dial(t testing.TB) *client {
	t.Helper()
	c, err := net.DialTimeout("tcp", tf.addr, patience)
	if err != nil {
		t.Fatalf("dial tenfour: %v", err)
	}
	conn := c.(*net.TCPConn)
	raw := new(bytes.Buffer)
	await.Within(conn, patience)
	return &client{&wire{TCPConn: conn}, t, bufio.NewReader(io.TeeReader(conn, raw)), raw}
}

// outcome is what a client saw of its exchanges.
type outcome struct {
	answers []message // the final responses, the last one as far as it came
	err     error     // why the last one is incomplete; nil when it is complete
	surplus string    // bytes after the last one
	end     end
	raw     string // every byte that came
}

// last is the last response; the zero message when there is none.
func (o outcome) last() message {
	if len(o.answers) == 0 {
		return message{}
	}
	return o.answers[len(o.answers)-1]
}

// listen reads a response for each of the methods. If the last one announces the end of the connection, it reads up to that. It
// waits no longer than patience.
func (c *client) listen(methods ...string) outcome {
	o := outcome{end: open}
	for _, method := range methods {
		m, err := readAnswer(c.in, method)
		if m.line != "" {
			o.answers = append(o.answers, m)
		}
		if o.err = err; err != nil {
			break
		}
		if m.framing == "close" {
			o.end = closed
		}
	}
	switch {
	case o.err != nil && endOf(o.err) != open:
		o.end = endOf(o.err)
	case o.end == open && (o.err != nil || o.last().has("Connection", "close")):
		o.surplus, o.end = c.rest()
	default:
		b, _ := c.in.Peek(c.in.Buffered())
		o.surplus = string(b)
	}
	o.raw = c.raw.String()
	return o
}

// rest reads until the connection ends.
func (c *client) rest() (string, end) {
	b, err := io.ReadAll(c.in)
	if err == nil {
		err = io.EOF
	}
	return string(b), endOf(err)
}

// exchange sends raw over a connection of its own and listens for a response to each of the methods; by default to
// the one that raw begins with. The connection is closed when it returns.
func (tf *tenfour) exchange(t testing.TB, raw string, how way, methods ...string) outcome {
	t.Helper()
	o, c := tf.exchangeOpen(t, raw, "", how, methods...)
	c.Close()
	return o
}

// exchangeOpen is exchange with a tail after raw; the caller owns the connection.
func (tf *tenfour) exchangeOpen(t testing.TB, raw, tail string, how way, methods ...string) (outcome, *client) {
	t.Helper()
	c := tf.dial(t)
	err := c.send(raw, tail, how)
	if len(methods) == 0 {
		methods = []string{methodOf(raw)}
	}
	o := c.listen(methods...)
	if err != nil && endOf(err) != reset {
		t.Errorf("sending %q %v: %v", raw, how, err)
	} else if err != nil {
		o.end = reset // the failed write consumed the error that a read would have returned
	}
	return o, c
}

func methodOf(raw string) string {
	method, _, _ := strings.Cut(strings.TrimLeft(raw, "\r\n"), " ")
	return method
}

// backend is an origin server that follows a script and remembers what it was sent.
type backend struct {
	addr string

	mu       sync.Mutex // guards the rest
	visits   []*visit
	requests []message // those that came whole, in the order of their ends
	bytes    bytes.Buffer
	changed  chan struct{} // closed and replaced whenever one of the above changes
}

// visit is one connection of tenfour's to a backend.
type visit struct {
	*wire
	backend *backend
	in      *bufio.Reader
	number  int // of the connection, from 0

	// Guarded by backend.mu.
	bytes bytes.Buffer // what came
	end   end          // open while nothing else was read
}

// startBackend runs script for each connection, which is closed when script returns.
func startBackend(t testing.TB, script func(*visit)) *backend {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &backend{addr: ln.Addr().String(), changed: make(chan struct{})}
	var running sync.WaitGroup
	running.Go(func() { b.accept(ln, script, &running) }) // ends when ln closes
	t.Cleanup(func() {
		ln.Close()
		b.mu.Lock()
		for _, v := range b.visits {
			v.Close()
		}
		b.mu.Unlock()
		ended := make(chan struct{})
		wait := func() {
			running.Wait()
			close(ended)
		}
		go wait() // ends with the scripts
		select {
		case <-ended:
		case <-time.After(patience):
			t.Errorf("a backend's script still runs %v after its connections were closed", patience)
		}
	})
	return b
}

func (b *backend) accept(ln net.Listener, script func(*visit), running *sync.WaitGroup) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		v := &visit{wire: &wire{TCPConn: c.(*net.TCPConn)}, backend: b, end: open}
		v.in = bufio.NewReader(struct{ io.Reader }{v}) // v.Read, and none of a TCPConn's ways around it
		b.mu.Lock()
		v.number = len(b.visits)
		b.visits = append(b.visits, v)
		b.mu.Unlock()
		running.Go(func() { // ends when script does; the cleanup closes its connection
			defer v.Close()
			script(v)
		})
	}
}

// Read notes what comes and how it ends.
func (v *visit) Read(p []byte) (int, error) {
	n, err := v.TCPConn.Read(p)
	b := v.backend
	b.mu.Lock()
	defer b.mu.Unlock()
	v.bytes.Write(p[:n])
	b.bytes.Write(p[:n])
	if err != nil {
		v.end = endOf(err)
	}
	close(b.changed)
	b.changed = make(chan struct{})
	return n, err
}

// request reads the next request to its end.
func (v *visit) request() (message, error) {
	m, err := readRequest(v.in)
	if err == nil {
		b := v.backend
		b.mu.Lock()
		defer b.mu.Unlock()
		b.requests = append(b.requests, m)
		close(b.changed)
		b.changed = make(chan struct{})
	}
	return m, err
}

// head reads the next request's head and leaves its body alone.
func (v *visit) head() (message, error) { return readHead(v.in) }

// say writes raw in one write.
func (v *visit) say(raw string) { v.send(raw, "", whole) }

// untilGone reads and drops bytes until tenfour ends the connection.
func (v *visit) untilGone() { io.Copy(io.Discard, v.in) }

// seen returns the requests that came whole, and every byte that came, since the last forget.
func (b *backend) seen() ([]message, string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.requests), b.bytes.String()
}

// forget starts seen afresh.
func (b *backend) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests = nil
	b.bytes.Reset()
}

// visitors is the number of connections so far.
func (b *backend) visitors() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.visits)
}

// await returns when cond holds. It calls cond with b.mu held, each time the backend has read something. The test fails when that
// takes longer than patience.
func (b *backend) await(t testing.TB, what string, cond func() bool) {
	t.Helper()
	late := time.After(patience)
	for {
		b.mu.Lock()
		holds, changed := cond(), b.changed
		b.mu.Unlock()
		if holds {
			return
		}
		select {
		case <-changed:
		case <-late:
			_, bytes := b.seen()
			t.Fatalf("waited %v for the backend to see %s; it saw %q", patience, what, bytes)
		}
	}
}

// awaitEnd returns how tenfour ended its connection with that number, and what came over it.
func (b *backend) awaitEnd(t testing.TB, number int) (end, string) {
	t.Helper()
	b.await(t, fmt.Sprintf("the end of connection %d", number), func() bool {
		return number < len(b.visits) && b.visits[number].end != open
	})
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.visits[number].end, b.visits[number].bytes.String()
}

// reply is a backend's answer to one request, and what happens to the connection after it.
type reply struct {
	raw     string // split as how says
	surplus string // is sent together with the end of raw
	how     way
	then    end // open, closed or reset
}

var plainReply = reply{raw: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain", then: open}

// repeat is the script that reads requests and answers each with what next returns.
func repeat(next func(message) reply) func(*visit) {
	return func(v *visit) {
		for {
			m, err := v.request()
			if err != nil {
				return
			}
			r := next(m)
			v.send(r.raw, r.surplus, r.how)
			switch r.then {
			case closed:
				v.CloseWrite()
				v.untilGone()
				return
			case reset:
				v.awaitRead()
				v.reset()
				return
			}
		}
	}
}

// always is the script that answers every request with raw.
func always(raw string) func(*visit) {
	return repeat(func(message) reply { return reply{raw: raw, then: open} })
}

// rig is a tenfour with one backend and one worker, for one test at a time. With one worker the order is certain: when a later
// request has been answered, everything of the earlier ones that reaches the backend has reached it.
type rig struct {
	*tenfour
	backend *backend

	mu    sync.Mutex // guards reply
	reply reply
}

func startRig(t testing.TB, flags ...string) *rig {
	t.Helper()
	r := &rig{reply: plainReply}
	r.backend = startBackend(t, repeat(r.next))
	r.tenfour = startTenfour(t, []string{r.backend.addr}, append([]string{"--workers", "1"}, flags...)...)
	return r
}

func (r *rig) next(m message) reply {
	r.mu.Lock()
	defer r.mu.Unlock()
	if strings.HasPrefix(m.line, "GET /canary ") {
		return reply{raw: "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ncanary", then: open}
	}
	return r.reply
}

// replies sets the backend's answer from now on, and forgets what the backend has seen.
func (r *rig) replies(next reply) {
	r.backend.forget()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reply = next
}

const canaryRequest = "GET /canary HTTP/1.1\r\nHost: canary\r\n\r\n"

// canary sends a request that must get its own answer, over c or, if c is nil, a new connection. It returns what is wrong with the
// answer.
func (r *rig) canary(t testing.TB, c *client) error {
	if c == nil {
		c = r.dial(t)
		defer c.Close()
	}
	if err := c.send(canaryRequest, "", whole); err != nil {
		return err
	}
	if o := c.listen("GET"); o.err != nil || o.last().body != "canary" {
		return fmt.Errorf("got %q (%v) for the request that follows, want the answer \"canary\"", o.raw, o.err)
	}
	return nil
}

// rigs lends rigs to subtests that run in parallel.
type rigs chan *rig

func startRigs(t testing.TB, n int, flags ...string) rigs {
	t.Helper()
	rs := make(rigs, n)
	for range n {
		rs <- startRig(t, flags...)
	}
	return rs
}

// borrow lends a rig until the test ends.
func (rs rigs) borrow(t testing.TB) *rig {
	r := <-rs
	t.Cleanup(func() { rs <- r })
	return r
}
