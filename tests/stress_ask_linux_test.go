package tests

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// ask is one request of the stress: what is sent, and what its backend is to do. The backend reads the latter from the
// target, so that both sides know what is right without talking to each other.
type ask struct {
	id     string
	method string
	route  *stressRoute
	old    bool // HTTP/1.0
	closes bool // Connection: close

	kind   string        // page, events, socket or gate
	status int           // of the response
	n      int           // bytes of its content; lines of an event stream
	as     string        // how it is framed: length, chunked or close
	pause  time.Duration // of the backend, in front of the response
	gap    time.Duration // and once in its middle
	early  bool          // the backend answers before it reads the body

	body   int    // bytes of the request's content
	bodyAs string // how that is framed: length or chunked; "" for none
	expect bool   // 100-continue
	key    string // of a limit
	token  string // of the client
	forged string // field lines that the route's credential takes the place of
}

// The client's side.

// drawAsk draws a request to a route.
func drawAsk(rng *rand.Rand, id string, route *stressRoute) *ask {
	a := &ask{id: id, route: route, kind: "page", status: 200, token: route.clientToken}
	a.method = pick(rng, "GET", "GET", "GET", "GET", "HEAD", "DELETE", "PUT", "POST", "POST", "POST")
	a.as = pick(rng, "length", "length", "chunked", "close")
	a.n = pick(rng, 0, 1, 200, 200, 5000, 5000, 70_000, 300_000)
	if rng.IntN(40) == 0 {
		a.n = 1_000_000
	}
	a.status = pick(rng, 200, 200, 200, 200, 200, 200, 404, 500, 204, 304)
	if a.status == 204 || a.status == 304 {
		a.n = 0
	}
	a.pause = time.Duration(pick(rng, 0, 0, 0, 1, 5, 40)) * time.Millisecond
	if rng.IntN(8) == 0 {
		a.gap = time.Duration(rng.IntN(50)) * time.Millisecond
	}
	a.drawBody(rng)
	a.old = rng.IntN(10) == 0 && a.bodyAs != "chunked"
	a.expect = a.bodyAs != "" && !a.old && rng.IntN(4) == 0
	a.closes = rng.IntN(8) == 0
	if route.limit != nil {
		a.key = "key-" + strconv.Itoa(rng.IntN(3))
	}
	if name, _, has := strings.Cut(route.credential, ":"); has && a.token == "" && rng.IntN(2) == 0 {
		a.forged = name + ": forged\r\n" + strings.ReplaceAll(name, "-", "_") + ": forged\r\n"
	}
	switch {
	case route.lasting && rng.IntN(2) == 0:
		a.kind, a.method, a.status, a.bodyAs, a.body, a.expect, a.old = "socket", "GET", 101, "", 0, false, false
	case route.lasting || !route.faultless && rng.IntN(12) == 0:
		a.kind, a.method, a.status, a.bodyAs, a.body, a.expect = "events", "GET", 200, "", 0, false
		a.n, a.as = 1+rng.IntN(8), pick(rng, "chunked", "close")
	}
	return a
}

func (a *ask) drawBody(rng *rand.Rand) {
	often := 1 // in 8: bodies of methods that have none as a rule
	if a.method == "POST" || a.method == "PUT" {
		often = 7
	}
	if rng.IntN(8) >= often {
		return
	}
	a.bodyAs = pick(rng, "length", "length", "chunked")
	a.body = pick(rng, 1, 300, 300, 5000, 70_000, 300_000)
	a.early = rng.IntN(30) == 0 && !a.route.faultless
}

func pick[T any](rng *rand.Rand, from ...T) T { return from[rng.IntN(len(from))] }

// target is the request-target: the route, and what the backend is to do.
func (a *ask) target() string {
	q := url.Values{}
	q.Set("id", a.id)
	q.Set("kind", a.kind)
	q.Set("status", strconv.Itoa(a.status))
	q.Set("n", strconv.Itoa(a.n))
	q.Set("as", a.as)
	q.Set("pause", a.pause.String())
	q.Set("gap", a.gap.String())
	q.Set("early", strconv.FormatBool(a.early))
	q.Set("body", strconv.Itoa(a.body))
	q.Set("bodyas", a.bodyAs)
	return a.route.path + "?" + q.Encode()
}

// head is the request's head.
func (a *ask) head() string {
	var b strings.Builder
	version := "HTTP/1.1"
	if a.old {
		version = "HTTP/1.0"
	}
	fmt.Fprintf(&b, "%s %s %s\r\nHost: stress\r\nX-Id: %s\r\n", a.method, a.target(), version, a.id)
	switch a.bodyAs {
	case "length":
		fmt.Fprintf(&b, "Content-Length: %d\r\n", a.body)
	case "chunked":
		b.WriteString("Transfer-Encoding: chunked\r\n")
	}
	if a.expect {
		b.WriteString("Expect: 100-continue\r\n")
	}
	if a.key != "" {
		b.WriteString("X-Key: " + a.key + "\r\n")
	}
	b.WriteString(a.forged)
	if a.token != "" {
		b.WriteString("Authorization: Bearer " + a.token + "\r\n")
	}
	switch {
	case a.kind == "socket":
		b.WriteString("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
	case a.closes:
		b.WriteString("Connection: close\r\n")
	}
	return b.String() + "\r\n"
}

// sentBody is the request's body as it goes over the wire.
func (a *ask) sentBody() []byte {
	if a.bodyAs == "" {
		return nil
	}
	content, _ := io.ReadAll(contentFor("request "+a.id, a.body))
	if a.bodyAs == "length" {
		return content
	}
	var b bytes.Buffer
	for len(content) > 0 {
		n := min(len(content), 20_000)
		fmt.Fprintf(&b, "%x\r\n%s\r\n", n, content[:n])
		content = content[n:]
	}
	b.WriteString("0\r\n\r\n")
	return b.Bytes()
}

// Both sides.

// contentFor is n bytes that begin with a name, and follow from it: they can be taken for no other's.
func contentFor(name string, n int) io.Reader {
	noise := rand.NewChaCha8(sha256.Sum256([]byte(name)))
	return io.LimitReader(io.MultiReader(strings.NewReader(name+"\n"), noise), int64(n))
}

// comparing is a writer that compares what it is given with what it ought to be.
type comparing struct {
	want io.Reader
	got  int
	err  error // the first byte that is another's
}

func (c *comparing) Write(p []byte) (int, error) {
	want := make([]byte, len(p))
	n, _ := io.ReadFull(c.want, want)
	if c.err == nil && !bytes.Equal(want[:n], p[:min(n, len(p))]) || n < len(p) {
		at := 0
		for at < n && want[at] == p[at] {
			at++
		}
		c.err = fmt.Errorf("byte %d is not its own: %.60q, want %.60q", c.got+at, p[at:], want[at:n])
	}
	c.got += len(p)
	return len(p), nil
}

// compare reads r to its end, and returns how many bytes came, how that ended (nil at its end), and whether they are
// the content of that name.
func compare(r io.Reader, name string, n int) (got int, ended, differs error) {
	c := &comparing{want: contentFor(name, n)}
	_, ended = io.Copy(c, r)
	return c.got, ended, c.err
}

// The backend's side.

// readAsk is what a backend is to do with a request.
func readAsk(r *http.Request) *ask {
	q := r.URL.Query()
	number := func(key string) int {
		n, _ := strconv.Atoi(q.Get(key))
		return n
	}
	duration := func(key string) time.Duration {
		d, _ := time.ParseDuration(q.Get(key))
		return d
	}
	return &ask{
		id: q.Get("id"), method: r.Method, kind: q.Get("kind"), status: number("status"), n: number("n"), as: q.Get("as"),
		pause: duration("pause"), gap: duration("gap"), early: q.Get("early") == "true",
		body: number("body"), bodyAs: q.Get("bodyas"),
	}
}

// bodiless reports whether a response of that status has no content, whatever its head says (RFC 9112 §6.3).
func (a *ask) bodiless(status int) bool { return a.method == "HEAD" || status == 204 || status == 304 }

// idempotent is RFC 9110 §9.2.2.
func (a *ask) idempotent() bool { return a.method != "POST" }
