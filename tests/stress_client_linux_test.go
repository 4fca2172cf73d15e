package tests

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"tenfour/tests/await"
)

// stressClient asks one request after the other, on connections that last as long as they may, and tells the ledger.
type stressClient struct {
	number int
	addr   string
	tls    *tls.Config // nil for http://
	routes []*stressRoute
	ledger *ledger
	rng    *rand.Rand
	leaves bool // at a random moment of most requests

	asks int
	line *stressLine // nil when there is none
}

// stressLine is a client's connection.
type stressLine struct {
	net.Conn
	tcp *net.TCPConn
	in  *bufio.Reader

	before []string // what was asked on it, and what came of it
}

// stressOutcome is what a client saw of a request.
type stressOutcome struct {
	how    string // whole; cut: incomplete, or no response, and the connection's end showed it; left: by the client
	status int
	own    bool     // the response is tenfour's
	words  string   // of it
	err    error    // why it is incomplete
	wrong  error    // what cannot be
	before []string // what was asked on the same connection
}

func (o stressOutcome) of(a *ask) string {
	return fmt.Sprintf("%s %s (%d bytes): %s %d", a.method, a.target(), a.body, o.how, o.status)
}

// stressPatience is how long a client waits for anything: longer than all of tenfour's timeouts.
const stressPatience = 40 * time.Second

// run asks until over.
func (c *stressClient) run(over <-chan struct{}) {
	defer c.hangUp()
	for {
		select {
		case <-over:
			return
		case <-c.ledger.over:
			return
		default:
		}
		switch {
		case c.leaves && c.rng.IntN(4) > 0:
			c.askAndLeave()
		case c.rng.IntN(6) == 0:
			c.pipeline()
		default:
			c.exchange(c.draw())
		}
		if c.rng.IntN(10) == 0 {
			c.hangUp()
		}
	}
}

func (c *stressClient) draw() *ask {
	c.asks++
	return drawAsk(c.rng, fmt.Sprintf("client-%d-ask-%d", c.number, c.asks), c.routes[c.rng.IntN(len(c.routes))])
}

// connected returns the connection, a new one if there is none.
func (c *stressClient) connected() (*stressLine, error) {
	if c.line != nil {
		return c.line, nil
	}
	conn, err := net.DialTimeout("tcp", c.addr, stressPatience)
	if err != nil {
		return nil, err
	}
	c.line = &stressLine{Conn: conn, tcp: conn.(*net.TCPConn)}
	await.Within(conn, stressPatience)
	if c.tls != nil {
		c.line.Conn = tls.Client(conn, c.tls)
	}
	c.line.in = bufio.NewReader(c.line.Conn)
	return c.line, nil
}

func (c *stressClient) hangUp() {
	if c.line != nil {
		c.line.Close()
		c.line = nil
	}
}

// exchange sends a request and reads its response.
func (c *stressClient) exchange(a *ask) {
	c.ledger.asked(a, false)
	c.ledger.ended(a, c.exchanged(a))
}

func (c *stressClient) exchanged(a *ask) stressOutcome {
	l, err := c.connected()
	if err != nil {
		return stressOutcome{wrong: fmt.Errorf("no connection to tenfour: %w", err)}
	}
	await.Within(l.tcp, stressPatience)
	o := c.sendAndRead(l, a)
	o.before = l.before
	l.before = append(l.before, o.of(a))
	if o.how != "whole" || a.closes || a.old {
		c.hangUp()
	}
	return o
}

// sendAndRead sends the body while the response is read, for either may come first.
func (c *stressClient) sendAndRead(l *stressLine, a *ask) stressOutcome {
	if _, err := io.WriteString(l, a.head()); err != nil {
		return cut(err)
	}
	var sending sync.WaitGroup
	defer sending.Wait()
	send := func() { l.Write(a.sentBody()) } // ends with the body, or with the connection
	if a.bodyAs != "" && !a.expect {
		sending.Go(send)
	}
	asked := !a.expect // for the body
	r, err := c.readHead(l, a, func() { asked = true; sending.Go(send) })
	if err != nil {
		l.tcp.SetDeadline(time.Now())
		return cut(err)
	}
	o := c.readRest(l, a, r)
	if !asked && !r.Close {
		o.wrong = errors.Join(o.wrong, errors.New("a response without 100 Continue leaves open whether the body comes"))
	}
	if o.how != "whole" || r.Close { // nothing more may be read from it
		o.wrong = errors.Join(o.wrong, l.ends())
		l.tcp.SetDeadline(time.Now())
	}
	if r.Close {
		c.hangUp()
	}
	return o
}

// readHead reads the final response's head. goOn is called for 100 Continue.
func (c *stressClient) readHead(l *stressLine, a *ask, goOn func()) (*http.Response, error) {
	for {
		r, err := http.ReadResponse(l.in, &http.Request{Method: a.method})
		switch {
		case err != nil:
			return nil, err
		case r.StatusCode == 100 && a.expect:
			goOn()
			goOn = func() {}
		case r.StatusCode == 101 || r.StatusCode >= 200:
			return r, nil
		}
	}
}

// cut is the outcome of a request whose connection ended.
func cut(err error) stressOutcome {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return stressOutcome{how: "hung", wrong: fmt.Errorf("neither an answer nor an end after %v", stressPatience)}
	}
	if endOf(err) == open && !strings.Contains(err.Error(), "closed") {
		return stressOutcome{how: "garbled", wrong: fmt.Errorf("what came is no response: %w", err)}
	}
	return stressOutcome{how: "cut", err: err}
}

// readRest looks at a response, and reads the rest of it.
func (c *stressClient) readRest(l *stressLine, a *ask, r *http.Response) stressOutcome {
	if r.Header.Get("X-Backend") == "" {
		words, err := io.ReadAll(r.Body)
		return stressOutcome{how: "whole", status: r.StatusCode, own: true, words: string(words), wrong: err}
	}
	if got := r.Header.Get("X-Id"); got != a.id {
		return stressOutcome{wrong: fmt.Errorf("got the response to %q", got)}
	}
	o := stressOutcome{how: "whole", status: r.StatusCode}
	if a.route.faultless && r.StatusCode != a.status {
		o.wrong = fmt.Errorf("got %d of a backend that was asked for %d", r.StatusCode, a.status)
	}
	switch {
	case r.StatusCode == 101:
		return c.talk(l, a)
	case strings.HasSuffix(a.kind, "events") && r.Header.Get("Content-Type") == "text/event-stream":
		return c.readEvents(a, r)
	case a.bodiless(r.StatusCode):
		return o
	}
	n, ended, differs := compare(r.Body, a.id, a.n)
	switch {
	case differs != nil:
		o.wrong = differs
	case ended != nil:
		o = cut(ended)
		o.status = r.StatusCode
	case n != a.n:
		o.wrong = fmt.Errorf("a response of %d bytes came as if it were whole with %d", a.n, n)
	}
	return o
}

// readEvents reads an event stream to its end.
func (c *stressClient) readEvents(a *ask, r *http.Response) stressOutcome {
	var want strings.Builder
	for i := range a.n {
		want.WriteString(eventOf(a.id, i))
	}
	got, err := io.ReadAll(r.Body)
	o := stressOutcome{how: "whole", status: r.StatusCode}
	switch {
	case !strings.HasPrefix(want.String(), string(got)):
		o.wrong = fmt.Errorf("another's events: %q", got)
	case err != nil:
		o = cut(err)
	case want.Len() != len(got):
		o.wrong = fmt.Errorf("an event stream of %d bytes came as if it were whole with %d", want.Len(), len(got))
	}
	return o
}

// talk says something over a WebSocket, and hears it again, for a while.
func (c *stressClient) talk(l *stressLine, a *ask) stressOutcome {
	defer c.hangUp()
	for i := range 1 + c.rng.IntN(4) {
		said := fmt.Sprintf("%s says %d: %s\n", a.id, i, strings.Repeat("x", c.rng.IntN(20_000)))
		var sending sync.WaitGroup
		sending.Go(func() { io.WriteString(l, said) })
		heard := make([]byte, len(said))
		n, err := io.ReadFull(l.in, heard)
		if !strings.HasPrefix(said, string(heard[:n])) {
			return stressOutcome{wrong: fmt.Errorf("heard %.80q over a WebSocket, having said %.80q", heard[:n], said)}
		}
		if err != nil {
			l.tcp.SetDeadline(time.Now())
		}
		sending.Wait()
		if err != nil {
			return cut(err)
		}
		await.Pace(time.Duration(c.rng.IntN(30)) * time.Millisecond) // it is silent for a while
	}
	if c.rng.IntN(2) == 0 {
		l.shutSending()
		if rest, err := io.ReadAll(l.in); len(rest) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
			return stressOutcome{wrong: fmt.Errorf("after the end of a WebSocket came %.80q, and %v", rest, err)}
		}
	}
	return stressOutcome{how: "whole", status: 101}
}

// ends returns nil when the connection ends, and nothing comes before that.
func (l *stressLine) ends() error {
	rest, err := io.ReadAll(l.in)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("the connection does not end, which was said, or cut")
	case len(rest) > 0:
		return fmt.Errorf("after the last response came %.200q", rest)
	}
	return nil
}

func (l *stressLine) shutSending() {
	if secure, ok := l.Conn.(*tls.Conn); ok {
		secure.CloseWrite()
		return
	}
	l.tcp.CloseWrite()
}

// pipeline sends several requests at once, and reads their responses in order.
func (c *stressClient) pipeline() {
	var asks []*ask
	var all bytes.Buffer
	for range 2 + c.rng.IntN(5) {
		a := c.draw()
		if a.kind != "page" || a.body > 10_000 || a.early {
			continue
		}
		a.expect, a.closes, a.old = false, false, false
		asks = append(asks, a)
		all.WriteString(a.head())
		all.Write(a.sentBody())
		c.ledger.asked(a, false)
	}
	l, err := c.connected()
	if err != nil {
		c.ledger.complain("no connection to tenfour: %v", err)
		return
	}
	await.Within(l.tcp, stressPatience)
	var sending sync.WaitGroup
	sending.Go(func() { l.Write(all.Bytes()) }) // ends when it is all read, or with the connection
	unserved := ""                              // why those that follow are not
	for _, a := range asks {
		if unserved != "" {
			c.ledger.pipelinedAfter(a, unserved)
			continue
		}
		o, closes := c.nextOf(l, a)
		o.before = l.before
		l.before = append(l.before, o.of(a))
		c.ledger.ended(a, o)
		if closes {
			unserved = o.how
		}
	}
	if unserved != "" {
		if err := l.ends(); err != nil {
			c.ledger.complain("after the response to %s: %v", asks[0].id, err)
		}
		c.hangUp()
	}
	sending.Wait()
}

// nextOf reads the response to one of several requests, and reports whether it is the last on its connection.
func (c *stressClient) nextOf(l *stressLine, a *ask) (o stressOutcome, closes bool) {
	r, err := c.readHead(l, a, nil)
	if err != nil {
		return cut(err), true
	}
	o = c.readRest(l, a, r)
	return o, o.how != "whole" || r.Close
}

// pipelinedAfter notes a request that is not answered since one in front of it ended the connection. It may have reached
// no backend, or its answer was dropped.
func (l *ledger) pipelinedAfter(a *ask, how string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entries[a.id]
	e.leaves, e.got = true, "pipelined after the last"
	if len(e.seen) > 0 {
		l.complainLocked("a request was forwarded that follows the last on its connection (%s)\n%s", how, e)
	}
}

// askAndLeave sends a request, or a part of it, and goes: by a reset, a close, or a half-close.
func (c *stressClient) askAndLeave() {
	a := c.draw()
	a.expect = false
	c.ledger.asked(a, true)
	c.ledger.ended(a, c.left(a))
	c.hangUp()
}

func (c *stressClient) left(a *ask) stressOutcome {
	l, err := c.connected()
	if err != nil {
		return stressOutcome{wrong: fmt.Errorf("no connection to tenfour: %w", err)}
	}
	await.Within(l.tcp, stressPatience)
	all := append([]byte(a.head()), a.sentBody()...)
	part := len(all)
	if c.rng.IntN(3) == 0 {
		part = c.rng.IntN(part)
	}
	var sending sync.WaitGroup
	sending.Go(func() { l.Write(all[:part]) }) // ends with the connection at the latest
	defer sending.Wait()
	await.Pace(time.Duration(pick(c.rng, 0, 0, 1, 5, 20, 60)) * time.Millisecond) // the moment is random
	switch c.rng.IntN(4) {
	case 0:
		l.tcp.SetLinger(0)
		l.tcp.Close()
	case 1:
		l.Close()
	case 2: // in the middle of the response, if there is one
		if part == len(all) {
			l.tcp.SetReadDeadline(time.Now().Add(time.Second)) // there may be less
			io.CopyN(io.Discard, l.in, int64(c.rng.IntN(200+a.n)))
		}
		l.tcp.SetLinger(0)
		l.tcp.Close()
	case 3:
		sending.Wait()
		l.shutSending()
		r, err := c.readHead(l, a, nil)
		if err != nil {
			return cut(err)
		}
		o := c.readRest(l, a, r)
		o.wrong = errors.Join(o.wrong, l.ends())
		return o
	}
	return stressOutcome{how: "left"}
}
