package tests

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tenfour/lab"
	"tenfour/tests/await"
)

// stressBackend is an origin server that answers as each request asks it to, misbehaves as its fields say, and tells the
// ledger of all it sees.
type stressBackend struct {
	name    string
	workers int         // exchanges that it may meet at a time
	tls     *tls.Config // nil for http://
	old     bool        // speaks HTTP/1.0, and closes
	hangsUp bool        // closes after each response, without Connection: close
	unread  bool        // leaves the body of a GET unread, and takes it for the next request
	chatty  bool        // sends the content of a response to HEAD
	flappy  bool        // resets, cuts its bodies short, talks nonsense, and goes away for a while
	routes  []*stressRoute

	url    string
	addr   string
	ledger *ledger
	seed   uint64
	tame   atomic.Bool // it does not misbehave any more

	mu      sync.Mutex // guards the rest
	ln      net.Listener
	conns   map[net.Conn]bool // whether a response goes on there until close
	hands   map[*inHand]bool
	number  int           // of connections so far
	well    int           // exchanges that were answered since it does not misbehave any more
	gate    chan struct{} // closed to release the requests that wait at it
	running sync.WaitGroup
}

// inHand is an exchange that a backend has in hand: from its head to the last byte of its response.
type inHand struct {
	*ask
	conn   *net.TCPConn
	since  time.Time
	number int // of its connection

	// Guarded by the backend's mu.
	begun    bool // its response
	complete bool // answered, before tenfour ended its connection
	atGate   bool
}

// startStressBackend has b listen, on a port that stays its own when it does not listen.
func startStressBackend(t testing.TB, b *stressBackend, l *ledger, seed uint64) {
	t.Helper()
	hold, err := lab.StartFaulty("refuse")
	if err != nil {
		t.Fatal(err)
	}
	b.addr, b.ledger, b.seed = hold.Addr(), l, seed
	b.conns, b.hands, b.gate = map[net.Conn]bool{}, map[*inHand]bool{}, make(chan struct{})
	b.url = "http://" + b.addr
	if b.tls != nil {
		_, port, _ := net.SplitHostPort(b.addr)
		b.url = "https://localhost:" + port
	}
	if err := b.open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		b.shut(false)
		b.openGate()
		b.running.Wait()
		hold.Close()
	})
}

// open has it listen.
func (b *stressBackend) open() error {
	ln, err := listenAgain(b.addr)
	if err != nil {
		return fmt.Errorf("%s: %w", b.name, err)
	}
	b.mu.Lock()
	b.ln = ln
	b.mu.Unlock()
	b.running.Go(func() { b.accept(ln) }) // ends with ln
	return nil
}

// shut ends its listening and its connections, as a process that is killed does: with a clean end, or with resets. A
// response that goes on until close is always reset, since a clean end would say that it is whole.
func (b *stressBackend) shut(hard bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ln != nil {
		shut(b.ln)
		b.ln = nil
	}
	for c, endless := range b.conns {
		if hard || endless {
			c.(*net.TCPConn).SetLinger(0)
		}
		c.Close()
	}
}

// flap goes away and comes back now and then, until over.
func (b *stressBackend) flap(rng *rand.Rand, over <-chan struct{}) {
	for {
		select {
		case <-over:
			return
		case <-time.After(time.Duration(100+rng.IntN(900)) * time.Millisecond):
		}
		b.shut(rng.IntN(2) == 0)
		await.Pace(time.Duration(rng.IntN(200)) * time.Millisecond) // how long it is away
		if err := b.open(); err != nil {
			b.ledger.complain("the stress itself: %v", err)
			return
		}
	}
}

func (b *stressBackend) accept(ln net.Listener) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		b.mu.Lock()
		if b.ln != ln { // it has been shut meanwhile
			b.mu.Unlock()
			c.Close()
			return
		}
		b.conns[c] = false
		b.number++
		number := b.number
		b.mu.Unlock()
		b.running.Go(func() { // ends with the connection, which shut closes
			defer b.forget(c)
			b.serve(c.(*net.TCPConn), number)
		})
	}
}

func (b *stressBackend) forget(c net.Conn) {
	c.Close()
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.conns, c)
}

// stressVisit is one connection to a stressBackend.
type stressVisit struct {
	*stressBackend
	net.Conn
	tcp    *net.TCPConn
	in     *bufio.Reader
	rng    *rand.Rand
	number int
}

func (b *stressBackend) serve(tcp *net.TCPConn, number int) {
	v := &stressVisit{
		stressBackend: b, Conn: tcp, tcp: tcp, number: number,
		rng: rand.New(rand.NewPCG(b.seed, uint64(number))),
	}
	if b.tls != nil {
		v.Conn = tls.Server(tcp, b.tls)
	}
	defer v.Close() // of TLS too: its end says that what came was all
	v.in = bufio.NewReader(v.Conn)
	if v.fault(40) {
		v.breakOff()
		return
	}
	for v.one() {
	}
}

// fault reports whether it is time to misbehave: one time in so many.
func (v *stressVisit) fault(in int) bool { return v.flappy && !v.tame.Load() && v.rng.IntN(in) == 0 }

// breakOff ends the connection with a reset.
func (v *stressVisit) breakOff() {
	v.tcp.SetLinger(0)
	v.tcp.Close()
}

// one serves a request, and reports whether the connection persists.
func (v *stressVisit) one() bool {
	r, err := http.ReadRequest(v.in)
	if err != nil {
		return false
	}
	if r.URL.Path == "/health" {
		return v.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") == nil
	}
	a := readAsk(r)
	v.ledger.saw(a, v.name, v.number)
	if a.route = v.routeOf(r); a.route == nil {
		v.ledger.complain("%s got %s %s of another route: %s", v.name, a.method, a.id, r.URL.Path)
		return false
	}
	v.checkSecrets(a, r)
	h := v.takeInHand(a)
	defer v.leaveHand(h)
	if v.fault(30) {
		v.breakOff()
		return false
	}
	if v.fault(30) {
		return false
	}
	if a.early {
		r.Close = true
	} else if !v.readBody(a, r) {
		return false
	}
	if a.kind == "gate" {
		v.waitAtGate(h)
	}
	await.Pace(a.pause) // it works: nothing is waited for
	switch a.kind {
	case "events", "gated events":
		v.events(a, h)
		return false
	case "socket":
		v.echo(h)
		return false
	}
	return v.answer(a, r, h)
}

// readBody reads the request's content, which must be what its client sent, if it is complete.
func (v *stressVisit) readBody(a *ask, r *http.Request) bool {
	if v.unread && (r.Method == "GET" || r.Method == "HEAD" || r.Method == "DELETE") {
		return true
	}
	n, ended, differs := compare(r.Body, "request "+a.id, a.body)
	switch {
	case differs != nil:
		v.ledger.complain("%s: the content of %s %s: %v", v.name, a.method, a.id, differs)
		return false
	case ended != nil:
		return false
	case n != a.body:
		v.ledger.complain("%s: %s %s came whole with %d bytes of content; its client sent %d", v.name, a.method, a.id, n, a.body)
		return false
	}
	return true
}

// answer sends the response that was asked for, or something else.
func (v *stressVisit) answer(a *ask, r *http.Request, h *inHand) bool {
	persists := !v.old && !r.Close && a.as != "close"
	if v.fault(12) {
		v.completes(h) // it is not answered, and over soon
		v.misbehave(a)
		return false
	}
	if v.fault(20) {
		v.say("HTTP/1.1 103 Early Hints\r\nX-Hint: of " + a.id + "\r\n\r\n")
	}
	v.begins(h)
	head := v.head(a, persists)
	if a.bodiless(a.status) {
		v.completes(h)
		v.say(head)
		if v.chatty && a.method == "HEAD" {
			io.Copy(v, contentFor(a.id, a.n))
		}
		return persists && !v.hangsUp
	}
	if !v.content(a, h, head) {
		return false
	}
	if v.hangsUp {
		return false
	}
	if a.early {
		v.tcp.CloseWrite()
		v.tcp.SetReadDeadline(time.Now().Add(2 * time.Second))
		io.Copy(io.Discard, v.in)
	}
	return persists
}

func (v *stressVisit) head(a *ask, persists bool) string {
	version, lines := "HTTP/1.1", ""
	if v.old {
		version = "HTTP/1.0"
	}
	switch {
	case a.status == 204 || a.as == "close":
	case a.as == "chunked" && !v.old:
		lines = "Transfer-Encoding: chunked\r\n"
	case a.status != 304:
		lines = "Content-Length: " + strconv.Itoa(a.n) + "\r\n"
	}
	if !persists && !v.old && !v.hangsUp {
		lines += "Connection: close\r\n"
	}
	return fmt.Sprintf("%s %d Asked\r\nX-Id: %s\r\nX-By: %s\r\n%s\r\n", version, a.status, a.id, v.name, lines)
}

// content sends the head and the content in two parts, with the gap between them. The exchange is over for the backend
// before the last byte can be read.
func (v *stressVisit) content(a *ask, h *inHand, head string) bool {
	all, _ := io.ReadAll(contentFor(a.id, a.n))
	first := 0
	if a.gap > 0 {
		first = len(all) / 2
	}
	chunked := a.as == "chunked" && !v.old
	if first > 0 {
		if v.say(head+frame(all[:first], chunked)) != nil {
			return false
		}
		head = ""
		await.Pace(a.gap) // it works on
	}
	rest := head + frame(all[first:], chunked)
	if chunked {
		rest += "0\r\n\r\n"
	}
	if v.say(rest[:len(rest)-1]) != nil {
		return false
	}
	v.completes(h)
	return v.say(rest[len(rest)-1:]) == nil
}

// frame is a chunk, or what it would hold.
func frame(b []byte, chunked bool) string {
	if !chunked || len(b) == 0 {
		return string(b)
	}
	return fmt.Sprintf("%x\r\n%s\r\n", len(b), b)
}

func (v *stressVisit) say(s string) error {
	_, err := io.WriteString(v, s)
	return err
}

// misbehave answers in a way that must not reach a client as if it were an answer.
func (v *stressVisit) misbehave(a *ask) {
	content, _ := io.ReadAll(contentFor(a.id, a.n))
	half := content[:len(content)/2]
	head := fmt.Sprintf("HTTP/1.1 200 Asked\r\nX-Id: %s\r\nX-By: %s\r\n", a.id, v.name)
	switch v.rng.IntN(8) {
	case 0: // nonsense
		v.say("nonsense " + a.id + "\r\n\r\n")
	case 1: // half a head
		v.say(head[:len(head)/2])
	case 2: // a short body, and a clean end
		v.say(head + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", a.n+1, half))
	case 3: // a short body, and a reset
		v.say(head + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", a.n+1, half))
		v.breakOff()
	case 4: // a chunk that is none
		v.say(head + "Transfer-Encoding: chunked\r\n\r\n" + frame(half, true) + "what?\r\n")
	case 5: // no last-chunk
		v.say(head + "Transfer-Encoding: chunked\r\n\r\n" + frame(half, true))
	case 6: // until close, and then a reset
		v.tcp.SetLinger(0) // already now, because the backend may be shut meanwhile, and that would end it cleanly
		v.say(head + "\r\n" + string(half))
		v.breakOff()
	case 7: // a response, and another that was not asked for
		if a.bodiless(a.status) {
			return
		}
		v.say(head + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", a.n, content) +
			"HTTP/1.1 200 OK\r\nX-Id: unasked\r\nContent-Length: 7\r\n\r\nunasked")
	}
}

// events sends an event stream, to its end or until tenfour ends it.
func (v *stressVisit) events(a *ask, h *inHand) {
	chunked := a.as == "chunked" && !v.old
	framing := "Connection: close\r\n"
	if chunked {
		framing += "Transfer-Encoding: chunked\r\n"
	}
	v.begins(h)
	v.say(fmt.Sprintf("HTTP/1.1 200 Asked\r\nX-Id: %s\r\nX-By: %s\r\nContent-Type: text/event-stream\r\n%s\r\n", a.id, v.name, framing))
	for i := range a.n {
		await.Pace(a.gap) // events come when they come
		if i == 1 && a.kind == "gated events" {
			v.waitAtGate(h)
		}
		if v.say(frame([]byte(eventOf(a.id, i)), chunked)) != nil {
			return
		}
	}
	if chunked {
		v.say("0\r\n\r\n")
	}
}

func eventOf(id string, i int) string { return fmt.Sprintf("data: %s %d\n\n", id, i) }

// echo is a WebSocket, but for its frames: what comes goes back.
func (v *stressVisit) echo(h *inHand) {
	v.begins(h)
	v.say(strings.Replace(upgradeSwitched, "\r\n\r\n", "\r\nX-Id: "+h.id+"\r\nX-By: "+v.name+"\r\n\r\n", 1))
	io.Copy(v.Conn, v.in)
}

// What it may meet.

// takeInHand notes an exchange, and tells when it is one too many.
func (v *stressVisit) takeInHand(a *ask) *inHand {
	h := &inHand{ask: a, conn: v.tcp, since: time.Now(), number: v.number}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.hands[h] = true
	var slots, all []*inHand
	givenUp := 0
	for other := range v.hands {
		switch {
		case other.givenUp():
			givenUp++
		case other.isCut():
			continue
		case other.holdsSlot():
			slots = append(slots, other)
		}
		all = append(all, other)
	}
	if len(slots)+givenUp > v.workers {
		v.running.Go(func() { v.tooMany(slots, givenUp, v.workers, "its workers") }) // ends by itself
	}
	if most := v.workers + stressStreams; len(all) > most {
		v.running.Go(func() { v.tooMany(all, 0, most, "its workers and streams") }) // ends by itself
	}
	return h
}

// finLag is how long the kernel of a busy machine may take to report the end of one connection after it has reported the beginning
// of a later one: they may be on different processors.
const finLag = 50 * time.Millisecond

// tooMany tells that there are more exchanges at a time than may be, unless tenfour had ended one of them before. givenUp is
// how many more there are that were given up.
func (b *stressBackend) tooMany(hands []*inHand, givenUp, most int, what string) {
	await.Pace(finLag) // what the kernel has not told within this, has not happened
	b.mu.Lock()
	n := givenUp
	for _, h := range hands {
		if h.complete || !h.isCut() {
			n++
		}
	}
	b.mu.Unlock()
	if n > most {
		b.ledger.complain("%s meets %d exchanges at a time, %d of which were given up, where %s are %d: %v", b.name, n, givenUp, what, most, hands)
	}
}

func (h *inHand) String() string {
	return fmt.Sprintf("%s %s for %v (connection %d)", h.kind, h.id, time.Since(h.since), h.number)
}

// lastsAfter is when an exchange may have left its worker, because its response stalls.
const lastsAfter = time.Second

// holdsSlot reports whether it surely holds a slot: neither lasts it by nature, nor can it have become one that does.
func (h *inHand) holdsSlot() bool {
	return !strings.HasSuffix(h.kind, "events") && h.kind != "socket" && !(h.begun && time.Since(h.since) >= lastsAfter)
}

// givenUp reports whether tenfour has shut its side of an exchange in hand, which keeps its slot until the backend has
// ended it, for a second at most. Losers of a race do not, and neither do those whose slot goes with a reload.
func (h *inHand) givenUp() bool {
	return h.state() == unix.BPF_TCP_CLOSE_WAIT && h.holdsSlot() && !h.route.raced && !h.route.varies && time.Since(h.since) < lastsAfter
}

// isCut reports whether tenfour has ended the connection, as far as the kernel has heard.
func (h *inHand) isCut() bool { return h.state() != unix.BPF_TCP_ESTABLISHED }

// state is that of its connection; 0 when there is none any more.
func (h *inHand) state() (state uint8) {
	raw, err := h.conn.SyscallConn()
	if err != nil {
		return 0
	}
	raw.Control(func(fd uintptr) {
		if info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			state = info.State
		}
	})
	return state
}

func (v *stressVisit) begins(h *inHand) {
	v.mu.Lock()
	defer v.mu.Unlock()
	h.begun = true
	if _, open := v.conns[v.tcp]; open && h.as == "close" {
		v.conns[v.tcp] = true
	}
}

func (v *stressVisit) leaveHand(h *inHand) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.hands, h)
}

// completes notes that an exchange is over for its backend: its last byte is about to be sent.
func (v *stressVisit) completes(h *inHand) {
	v.mu.Lock()
	defer v.mu.Unlock()
	h.complete = !h.isCut()
	v.well++
	delete(v.hands, h)
}

// answered is how many exchanges it had in hand and has answered since it stopped to misbehave.
func (b *stressBackend) answered() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.well
}

// behave ends its misbehaviour, or begins it.
func (b *stressBackend) behave(down bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.well = 0
	b.tame.Store(down)
}

// routeOf is the route by which a request came; nil for one that does not lead here.
func (b *stressBackend) routeOf(r *http.Request) *stressRoute {
	for _, route := range b.routes {
		if route.path == r.URL.Path {
			return route
		}
	}
	return nil
}

// checkSecrets tells of those that do not belong here.
func (v *stressVisit) checkSecrets(a *ask, r *http.Request) {
	var shown []string
	for _, name := range []string{"Authorization", "X-Api-Key", "X_Api_Key"} {
		for _, value := range r.Header[http.CanonicalHeaderKey(name)] {
			shown = append(shown, name+": "+value)
		}
	}
	if got := strings.Join(shown, ", "); got != a.route.credential {
		v.ledger.complain("%s was shown %q with %s, want %q", v.name, got, a.id, a.route.credential)
	}
}

// The gate, by which the stress finds out how many can be in hand.

// waitAtGate returns when the gate is opened.
func (v *stressVisit) waitAtGate(h *inHand) {
	v.mu.Lock()
	gate := v.gate
	h.atGate = true
	v.mu.Unlock()
	<-gate
	v.mu.Lock()
	h.atGate = false
	v.mu.Unlock()
}

// openGate releases those that wait at the gate.
func (b *stressBackend) openGate() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.gate)
	b.gate = make(chan struct{})
}

// atGate returns how many requests wait at the gate with a connection that has not been cut.
func (b *stressBackend) atGate() (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for h := range b.hands {
		if h.atGate && !h.isCut() {
			n++
		}
	}
	return n
}
