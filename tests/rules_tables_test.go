package tests

import (
	"cmp"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"tenfour/tests/await"
)

// refusal is a request that goes no further.
type refusal struct {
	raw  string
	rule string // the section that it breaks
	want string // the status, or those that are as good: "400 or 501"
}

const smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

// refuseEach sends each case in every way, with one more request after it, and wants the answer to be readable to its end,
// the connection to be closed then, and the backend to have met no request.
func refuseEach(t *testing.T, cases map[string]refusal) {
	rigs := startRigs(t, runtime.GOMAXPROCS(0))
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := explainsRefusal(tc.raw, tc.want); err != nil {
				t.Error(err)
			}
			r := rigs.borrow(t)
			r.replies(plainReply)
			for _, how := range everyWay(tc.raw) {
				o, c := r.exchangeOpen(t, tc.raw, smuggled, how)
				c.Close()
				err := refused(o, tc.want, methodOf(tc.raw))
				if err == nil && methodOf(tc.raw) != "HEAD" {
					err = citesSection(o.last(), tc.rule)
				}
				if err != nil {
					t.Fatalf("%v\ngot  %q, then %s\nwant %s and a close (%s)\nfor  %q, sent %v", err, o.raw, o.end, tc.want, tc.rule, tc.raw, how)
				}
			}
			onlyCanary(t, r, tc.raw)
		})
	}
}

// citesSection returns what is wrong with a refusal that must name the section whose rule the request breaks, and show the byte.
func citesSection(m message, section string) error {
	_, words, _ := strings.Cut(m.body, "\n\n")
	if !strings.HasPrefix(words, section+": ") {
		words, _, _ = strings.Cut(words, ", at byte")
		return fmt.Errorf("it cites %q, want %s", words, section)
	}
	if !regexp.MustCompile(`, at byte \d+(, in line \d+| of the body)\n\n    .+\n {4,}\^\n\n`).MatchString(words) {
		return fmt.Errorf("it shows no byte: %q", words)
	}
	return nil
}

// onlyCanary fails the test when the backend has ever met a whole request since r.replies.
func onlyCanary(t *testing.T, r *rig, raw string) {
	t.Helper()
	if err := r.canary(t, nil); err != nil {
		t.Fatal(err)
	}
	if requests, bytes := r.backend.seen(); len(requests) != 1 {
		t.Fatalf("the backend met %q, want only the canary, for %q", bytes, raw)
	}
}

// refused returns what is wrong with o as a refusal: it is one answer of our own, closes, and says so.
func refused(o outcome, want, method string) error {
	m := o.last()
	switch {
	case o.err != nil:
		return o.err
	case len(o.answers) != 1 || len(m.interim) > 0 || o.surplus != "":
		return fmt.Errorf("more than one answer")
	case !strings.Contains(want, fmt.Sprint(m.status())):
		return fmt.Errorf("status %d", m.status())
	case !m.has("Connection", "close"):
		return fmt.Errorf("no Connection: close")
	case o.end != closed:
		return fmt.Errorf("the connection is %s", o.end)
	}
	return ownAnswer(m, method)
}

// ownAnswer returns what is wrong with m as an answer of tenfour's own to method.
func ownAnswer(m message, method string) error {
	switch {
	case !slices.Equal(m.values("Server"), []string{"tenfour"}):
		return fmt.Errorf("Server is %q, want tenfour", m.values("Server"))
	case len(m.values("Content-Length")) != 1:
		return fmt.Errorf("Content-Length is %q, want one", m.values("Content-Length"))
	case method == "HEAD" && m.body != "":
		return fmt.Errorf("a body for HEAD")
	case method != "HEAD" && !regexp.MustCompile(`\pL+ \pL+`).MatchString(m.body):
		return fmt.Errorf("no words in the body %q", m.body)
	}
	return sound(m)
}

// sound returns what is wrong with m as any final answer of tenfour's.
func sound(m message) error {
	switch {
	case !strings.HasPrefix(m.line, "HTTP/1.1 "):
		return fmt.Errorf("status-line %q", m.line)
	case len(m.values("Date")) != 1:
		return fmt.Errorf("Date is %q, want one", m.values("Date"))
	}
	for _, name := range []string{"Keep-Alive", "Proxy-Connection", "TE", "Trailer", "HTTP2-Settings"} {
		if vs := m.values(name); len(vs) > 0 {
			return fmt.Errorf("connection-specific %s: %q", name, vs)
		}
	}
	for _, option := range m.list("Connection") {
		if !slices.Contains([]string{"close", "keep-alive", "upgrade"}, strings.ToLower(option)) {
			return fmt.Errorf("Connection names %q", option)
		}
	}
	return nil
}

// forwarded is a request that reaches the backend, and how it does.
type forwarded struct {
	raw    string
	rule   string   // the section that lets it pass
	line   string   // the request-line that the backend gets
	host   string   // the only Host that it gets; "BACKEND" for the backend's own address
	fields []string // its other field lines, in order, less those that a proxy sets itself
	body   string
	end    end // of the client's connection; "" is open
}

// setByProxy are the fields of a request that are tenfour's to set.
var setByProxy = []string{"Host", "Connection", "Content-Length", "Transfer-Encoding", "Via", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"}

// forwardEach sends each case in every way, and wants the backend to meet exactly the message it says, the client to get
// the backend's answer, and the connection to go on as it says.
func forwardEach(t *testing.T, cases map[string]forwarded) {
	rigs := startRigs(t, runtime.GOMAXPROCS(0))
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := explainsBody(tc.raw, tc.body); err != nil {
				t.Error(err)
			}
			r := rigs.borrow(t)
			for _, how := range everyWay(tc.raw) {
				r.replies(plainReply)
				o, c := r.exchangeOpen(t, tc.raw, "", how)
				requests, bytes := r.backend.seen()
				if err := tc.check(o, requests, r.backend.addr); err != nil {
					t.Fatalf("%v\nthe backend met %q\nthe client got %q, then %s\nfor %q (%s), sent %v", err, bytes, o.raw, o.end, tc.raw, tc.rule, how)
				}
				if o.end == open && (how == whole || how == bytewise) {
					if err := r.canary(t, c); err != nil {
						t.Fatalf("%v, after %q, sent %v", err, tc.raw, how)
					}
				}
				c.Close()
			}
		})
	}
}

func (tc forwarded) check(o outcome, requests []message, backendAddr string) error {
	host, end := tc.host, tc.end
	if host == "BACKEND" {
		host = backendAddr
	}
	if end == "" {
		end = open
	}
	m := o.last()
	switch {
	case o.err != nil:
		return o.err
	case len(o.answers) != 1 || o.surplus != "":
		return fmt.Errorf("more than one answer")
	case m.status() != 200:
		return fmt.Errorf("status %d, want 200", m.status())
	case methodOf(tc.raw) != "HEAD" && m.body != "plain":
		return fmt.Errorf("the answer's body is %q, want %q", m.body, "plain")
	case o.end != end:
		return fmt.Errorf("the connection is %s, want %s", o.end, end)
	case len(requests) != 1:
		return fmt.Errorf("the backend met %d requests, want 1", len(requests))
	}
	got := requests[0]
	switch {
	case got.line != tc.line:
		return fmt.Errorf("request-line %q, want %q", got.line, tc.line)
	case !slices.Equal(got.values("Host"), []string{host}):
		return fmt.Errorf("Host is %q, want %q", got.values("Host"), host)
	case !slices.Equal(got.without(setByProxy...), tc.fields):
		return fmt.Errorf("fields are %q, want %q", got.without(setByProxy...), tc.fields)
	case got.body != tc.body:
		return fmt.Errorf("body %q, want %q", got.body, tc.body)
	}
	for _, option := range got.list("Connection") {
		if option = strings.ToLower(option); option != "close" && option != "keep-alive" {
			return fmt.Errorf("Connection names %q", option)
		}
	}
	return cmp.Or(staysAsSaid(tc.raw, o), sound(m))
}

// staysAsSaid returns what is wrong with an answer that leaves a connection of HTTP/1.0 open and does not say so.
func staysAsSaid(request string, o outcome) error {
	line, _, _ := strings.Cut(request, "\n")
	if strings.HasSuffix(strings.TrimSuffix(line, "\r"), " HTTP/1.0") && o.end == open && !o.last().has("Connection", "keep-alive") {
		return fmt.Errorf("neither Connection: keep-alive nor a close for HTTP/1.0")
	}
	return nil
}

// relayed is a backend's answer, and what the client makes of it.
type relayed struct {
	request string // "" is a plain GET
	raw     string // the backend's answer
	surplus string // comes with the end of raw, and must never reach the client
	then    end    // what the backend does next; "" is open
	rule    string

	line   string   // the status-line, or the status alone
	fields []string // the field lines, in order, less those that tenfour sets itself
	body   string
	length string // the Content-Length that there must be; "none" when there must be none; "" when either is fine
	cut    bool   // the answer is visibly cut; or a 502, when that is line
	end    end    // of the client's connection; "" is open
	fresh  bool   // the backend's connection must not be used again
}

// setByTenfour are the fields of an answer that are tenfour's to set.
var setByTenfour = []string{"Date", "Via", "X-Backend", "Connection", "Content-Length", "Transfer-Encoding"}

const plainRequest = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

// relayEach has the backend send each case in every way, and wants the client to get exactly the message it says, and the
// next request on the same connection, when it stays, or on another its own answer. A failed one must leave a line in the log.
func relayEach(t *testing.T, cases map[string]relayed) {
	rigs := startRigs(t, runtime.GOMAXPROCS(0), "--log-level", "warn")
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rigs.borrow(t)
			if tc.request == "" {
				tc.request = plainRequest
			}
			if tc.then == "" {
				tc.then = open
			}
			if tc.end == "" {
				tc.end = open
			}
			if err := tc.explained(); err != nil {
				t.Error(err)
			}
			for _, how := range everyWay(tc.raw) {
				tc.run(t, r, how)
			}
		})
	}
}

func (tc relayed) run(t *testing.T, r *rig, how way) {
	r.replies(reply{tc.raw, tc.surplus, how, tc.then})
	logged := r.log.Len()
	o, c := r.exchangeOpen(t, tc.request, "", whole)
	defer c.Close()
	context := func() string {
		return fmt.Sprintf("\ngot %q, then %s\nfor %q (%s)\nanswered by %q + %q %v, then %s", o.raw, o.end, tc.request, tc.rule, tc.raw, tc.surplus, how, tc.then)
	}
	if err := tc.check(o); err != nil {
		t.Fatalf("%v%s", err, context())
	}
	if status := o.last().status(); (tc.cut || status == 502) && !await.Holds(await.Patience, func() bool { return r.log.Len() > logged }) {
		t.Fatalf("the log has no line about it%s", context())
	}
	if line := r.logOf(t, o.last()); strings.Contains(line, "RFC ") && !strings.Contains(line, tc.rule+": ") {
		t.Fatalf("the log cites another section than %s: %s%s", tc.rule, line, context())
	}
	visitors := r.backend.visitors()
	if o.end != open {
		c = nil
	}
	if err := r.canary(t, c); err != nil {
		t.Fatalf("%v%s", err, context())
	}
	if tc.fresh && r.backend.visitors() == visitors {
		t.Fatalf("the backend's connection was used again%s", context())
	}
}

// logOf returns the line of the log about an answer of 502; "" for another answer.
func (r *rig) logOf(t *testing.T, m message) (line string) {
	ids := m.values("X-Request-Id")
	if m.status() != 502 || len(ids) != 1 {
		return ""
	}
	await.Until(t, "the log has a line about "+ids[0], func() bool {
		for line = range strings.Lines(r.log.String()) {
			if strings.Contains(line, ids[0]) {
				return true
			}
		}
		return false
	})
	return line
}

func (tc relayed) check(o outcome) error {
	m := o.last()
	method := methodOf(tc.request)
	if len(o.answers) > 1 || o.surplus != "" {
		return fmt.Errorf("more than one answer: %q", o.surplus)
	}
	if tc.cut {
		return tc.checkCut(o)
	}
	switch {
	case o.err != nil:
		return o.err
	case m.line != tc.line && fmt.Sprint(m.status()) != tc.line:
		return fmt.Errorf("status-line %q, want %q", m.line, tc.line)
	case o.end != tc.end && !(m.status() == 502 && o.end == closed):
		return fmt.Errorf("the connection is %s, want %s", o.end, tc.end)
	case m.status() == 502 || m.status() == 504:
		return ownAnswer(m, method)
	case !slices.Equal(m.without(setByTenfour...), tc.fields):
		return fmt.Errorf("fields are %q, want %q", m.without(setByTenfour...), tc.fields)
	case m.body != tc.body:
		return fmt.Errorf("body %q, want %q", m.body, tc.body)
	}
	switch lengths := m.values("Content-Length"); {
	case tc.length == "none" && len(lengths) > 0:
		return fmt.Errorf("Content-Length %q, want none", lengths)
	case tc.length != "" && tc.length != "none" && !slices.Equal(lengths, []string{tc.length}):
		return fmt.Errorf("Content-Length %q, want %s", lengths, tc.length)
	}
	if strings.Contains(tc.request, " HTTP/1.0\r\n") && len(m.values("Transfer-Encoding")) > 0 {
		return fmt.Errorf("Transfer-Encoding to a client of HTTP/1.0")
	}
	return cmp.Or(staysAsSaid(tc.request, o), sound(m))
}

// checkCut returns what is wrong with o as an answer that was cut, or that became a 502 in time.
func (tc relayed) checkCut(o outcome) error {
	m := o.last()
	switch {
	case o.err == nil && m.status() == 502:
		return ownAnswer(m, methodOf(tc.request))
	case o.err == nil:
		return fmt.Errorf("a cut answer looks complete")
	case len(o.answers) == 0:
		return fmt.Errorf("neither a head nor a 502: %w", o.err)
	case endOf(o.err) == open:
		return o.err
	case m.framing == "close" && o.end != reset:
		return fmt.Errorf("an answer that ends with its connection was cut by %s, want a reset", o.end)
	case !strings.HasPrefix(tc.body, m.body):
		return fmt.Errorf("body %q, want a beginning of %q", m.body, tc.body)
	}
	return nil
}
