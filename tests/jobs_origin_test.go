package tests

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tenfour/tests/await"
)

// deed is what an origin does with one request of a job.
type deed string

const (
	answers  deed = "answers"  // 200
	missing  deed = "missing"  // 404: an answer too
	large    deed = "large"    // 200, with a body that a store keeps as a file
	slow     deed = "slow"     // 200, after some milliseconds
	asks     deed = "asks"     // what the test says, when it says it (origin.decide)
	fails    deed = "fails"    // 500
	busy     deed = "busy"     // 503 with Retry-After: it has not acted on the request
	limited  deed = "limited"  // 429, likewise
	closes   deed = "closes"   // 503 with a Retry-After of ten minutes
	resets   deed = "resets"   // it acts, and resets the connection before a byte of its response
	halfBody deed = "half"     // it acts, and resets the connection in the middle of its response's body
	hangsUp  deed = "hangs-up" // it acts, and ends the connection before a byte of its response
)

// acts reports whether the origin has acted on the request, so that one that may be sent only once may not come again.
func (d deed) acts() bool { return d != busy && d != limited && d != closes }

// status is that of the response; 0 for none.
func (d deed) status() int {
	switch d {
	case answers, large, slow:
		return 200
	case missing:
		return 404
	case fails:
		return 500
	case busy, closes:
		return 503
	case limited:
		return 429
	}
	return 0
}

// order is the body of a job's request. It names the job to the origin, and says what that does with each sending of it: the last deed
// again and again.
type order struct {
	key    string
	plan   []deed
	filler int // bytes after it
}

func (o order) text() string {
	words := make([]string, len(o.plan))
	for i, d := range o.plan {
		words[i] = string(d)
	}
	return o.key + " " + strings.Join(words, ",") + " " + strings.Repeat("x", o.filler)
}

// deed is what happens with sending n, from 0.
func (o order) deed(n int) deed { return o.plan[min(n, len(o.plan)-1)] }

func readOrder(text string) (order, error) {
	words := strings.SplitN(text, " ", 3)
	if len(words) != 3 || strings.Trim(words[2], "x") != "" {
		return order{}, fmt.Errorf("no order: %.100q", text)
	}
	o := order{key: words[0], filler: len(words[2])}
	for word := range strings.SplitSeq(words[1], ",") {
		o.plan = append(o.plan, deed(word))
	}
	return o, nil
}

// serving is one request that an origin has had whole.
type serving struct {
	deed deed   // asks until the test has decided
	body string // of the response
	gone bool   // tenfour ended the connection while the origin asked
	head http.Header
	at   time.Time
}

// origin is a backend for jobs. It counts the requests of each, and remembers what it has answered.
type origin struct {
	*server
	had func(n int) // is called with each request, before anything is done with it; nil for nothing. Set it before there are any

	mu       sync.Mutex // guards the rest
	servings map[string][]serving
	total    int
	asked    map[string]chan deed // by key and number: what the test decides
	ended    bool                 // nothing is asked any more
	wrong    []string
}

func startOrigin(t testing.TB) *origin {
	o := &origin{servings: map[string][]serving{}, asked: map[string]chan deed{}}
	o.server = startServer(t, o.serve)
	t.Cleanup(o.end) // before the server waits for its scripts
	return o
}

// serve answers the requests of a connection.
func (o *origin) serve(p *peer) {
	for {
		r, err := http.ReadRequest(p.in)
		if err != nil {
			return
		}
		text, err := io.ReadAll(r.Body)
		if err != nil {
			return // it was never sent whole
		}
		what, err := readOrder(cmp.Or(string(text), r.URL.Query().Get("order")))
		if err != nil {
			o.complain("the origin: %s %s: %v", r.Method, r.RequestURI, err)
			return
		}
		if !o.fulfil(p, r, what) {
			return
		}
	}
}

// fulfil does one deed, and reports whether the connection is still good.
func (o *origin) fulfil(p *peer, r *http.Request, what order) bool {
	n, d := o.begin(r, what)
	if d == asks {
		quiet := make(chan struct{})
		go o.watch(p, what.key, n, quiet) // ends with the connection, or with its next request
		defer func() { <-quiet }()
		d = cmp.Or(<-o.question(what.key, n), hangsUp)
	}
	if d == slow {
		await.Pace(15 * time.Millisecond)
	}
	switch d {
	case resets:
		p.breakOff()
		return false
	case hangsUp:
		p.Close()
		return false
	}
	body := o.settle(what.key, n, d)
	head := fmt.Sprintf("HTTP/1.1 %d Because %d\r\nX-Serving: %s %d\r\nContent-Length: %d\r\n", d.status(), n, what.key, n, len(body))
	switch d {
	case halfBody:
		p.say(fmt.Sprintf("HTTP/1.1 200 Half\r\nContent-Length: %d\r\n\r\n%s", len(body), body[:len(body)/2]))
		p.breakOff()
		return false
	case closes:
		head += "Retry-After: 600\r\n"
	case busy, limited:
		head += "Retry-After: 0\r\n"
	}
	_, err := io.WriteString(p, head+"\r\n"+body)
	return err == nil
}

// begin notes a request. It returns how often it has come before, and what happens with it.
func (o *origin) begin(r *http.Request, what order) (n int, d deed) {
	o.mu.Lock()
	n = len(o.servings[what.key])
	d = what.deed(n)
	o.servings[what.key] = append(o.servings[what.key], serving{deed: d, head: r.Header, at: time.Now()})
	o.total++
	total := o.total
	o.mu.Unlock()
	if o.had != nil {
		o.had(total)
	}
	return n, d
}

// settle notes the response that a request gets, and returns its body.
func (o *origin) settle(key string, n int, d deed) string {
	body := fmt.Sprintf("%s %d %s\n", key, n, d)
	if d == large {
		body = strings.Repeat(body, 80<<10/len(body))
	}
	o.change(key, n, func(s *serving) { s.deed, s.body = d, body })
	return body
}

func (o *origin) change(key string, n int, do func(*serving)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	do(&o.servings[key][n])
}

// watch notes when the connection ends before its next request. It closes quiet when it has seen either.
func (o *origin) watch(p *peer, key string, n int, quiet chan<- struct{}) {
	defer close(quiet)
	if _, err := p.in.Peek(1); err != nil {
		o.change(key, n, func(s *serving) { s.gone = s.deed == asks })
	}
}

// question is the channel on which a request waits for what the test decides.
func (o *origin) question(key string, n int) chan deed {
	o.mu.Lock()
	defer o.mu.Unlock()
	name := fmt.Sprint(key, " ", n)
	if o.asked[name] == nil {
		o.asked[name] = make(chan deed, 1)
		if o.ended {
			close(o.asked[name])
		}
	}
	return o.asked[name]
}

// decide says what happens with a request that asks. It is said once.
func (o *origin) decide(key string, n int, d deed) {
	o.question(key, n) <- d
}

// end ends the requests that ask, and those that come.
func (o *origin) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = true
	for _, question := range o.asked {
		close(question)
	}
}

// of returns the requests of a job so far.
func (o *origin) of(key string) []serving {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.servings[key])
}

func (o *origin) complain(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.wrong = append(o.wrong, fmt.Sprintf(format, args...))
}

// complaints are what was wrong with the requests that came.
func (o *origin) complaints() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.wrong)
}

// servedAs is the serving that a response claims to be, by its X-Serving.
func (o *origin) servedAs(key, claim string) (serving, bool) {
	by, number, _ := strings.Cut(claim, " ")
	n, err := strconv.Atoi(number)
	all := o.of(key)
	if err != nil || by != key || n >= len(all) {
		return serving{}, false
	}
	return all[n], true
}

// sentTooOften says how a job whose request may be sent only once was sent again after the origin had acted on it; "" if it was not.
func sentTooOften(all []serving) string {
	for i, s := range all {
		if s.deed.acts() && i+1 < len(all) {
			var text bytes.Buffer
			for _, s := range all {
				fmt.Fprintf(&text, " %s at %s;", s.deed, s.at.Format("05.000"))
			}
			return "it may be sent only once, and came again after the origin had acted on it:" + text.String()
		}
	}
	return ""
}
