package tests

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
)

// The rows about special requests and forwarded fields: Expect (RFC 9110 §10.1.1), Upgrade (§7.8), Max-Forwards
// (§7.6.2), TRACE (§9.3.8), Via and loops (§7.6.3), X-Forwarded-*, and bodies towards the backend (RFC 9112 §6).

func TestExpect_isAnswered(t *testing.T) {
	tests := map[string]struct {
		head  string
		early string // of the body, with the head
		late  string // when the 100 came, or at once when none should
		want  int    // how many 100s
	}{
		"the body waits":                  {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", "", "hello", 1},
		"a chunked body waits":            {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n", "", oneChunk, 1},
		"in capitals":                     {"PUT / HTTP/1.1\r\nHost: a\r\nEXPECT: 100-CONTINUE\r\nContent-Length: 5\r\n\r\n", "", "hello", 1},
		"the body is here already":        {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", "hello", "", 0},
		"a part of the body is here":      {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", "h", "ello", 0},
		"a chunked body is here already":  {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n", oneChunk, "", 0},
		"there is no body":                {"GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n", "", "", 0},
		"there is an empty body":          {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n", "", "", 0},
		"HTTP/1.0 with a body here":       {"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", "hello", "", 0},
		"HTTP/1.0 with a body that waits": {"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", "", "hello", 0},
	}
	for _, backendSays := range []string{"", "HTTP/1.1 100 Continue\r\n\r\n"} {
		for name, tc := range tests {
			t.Run(fmt.Sprintf("%s, the backend says %q first", name, backendSays), func(t *testing.T) {
				t.Parallel()
				r := startRig(t)
				r.replies(reply{raw: backendSays + plainReply.raw, then: open})
				c := r.dial(t)
				defer c.Close()
				if err := c.send(tc.head, tc.early, whole); err != nil {
					t.Fatal(err)
				}
				got := 0
				if tc.want > 0 {
					m, err := readHead(c.in)
					if err != nil || m.status() != 100 {
						t.Fatalf("got %q (%v), want a 100", c.raw, err)
					}
					if len(m.without("Date", "Via")) > 0 {
						t.Errorf("got the 100 %q, want no fields", m.fields)
					}
					got++
				}
				if err := c.send(tc.late, "", whole); err != nil {
					t.Fatal(err)
				}
				o := c.listen(methodOf(tc.head))
				got += len(o.last().interim)
				requests, bytes := r.backend.seen()
				if o.err != nil || o.last().status() != 200 || got != tc.want {
					t.Errorf("got %q (%v), want %d times 100, then 200", o.raw, o.err, tc.want)
				}
				if len(requests) != 1 || strings.Contains(tc.early+tc.late, "hello") && requests[0].body != "hello" {
					t.Errorf("the backend met %q, want the request and its body", bytes)
				} else if tc.want == 0 && len(requests[0].values("Expect")) > 0 {
					t.Errorf("the backend met %q, want no Expect, because tenfour does not wait for a 100", bytes)
				}
			})
		}
	}
}

func TestExpect_isRefused(t *testing.T) {
	refuseEach(t, map[string]refusal{
		"another expectation":         {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 5\r\n\r\nhello", "RFC 9110 §10.1.1", "417"},
		"another one beside it":       {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue, x=y\r\nContent-Length: 5\r\n\r\nhello", "RFC 9110 §10.1.1", "417"},
		"another one without body":    {"GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", "RFC 9110 §10.1.1", "417"},
		"a faulty request, before it": {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "RFC 9112 §6.1", "400"},
	})
}

// A client that was sent no 100 may send its body or not. Only closing the connection avoids guessing where the next request begins.
func TestExpect_isAnsweredFinallyBeforeThe100(t *testing.T) {
	b := startBackend(t, func(v *visit) {
		if _, err := v.head(); err == nil {
			v.say("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"a\"\r\nContent-Length: 2\r\n\r\nno")
		}
		v.untilGone()
	})
	tf := startTenfour(t, []string{b.addr}, "--buffer", "1KiB")
	c := tf.dial(t)
	defer c.Close()
	if err := c.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 100000\r\n\r\n", "", whole); err != nil {
		t.Fatal(err)
	}
	o := c.listen("POST")
	if o.err != nil || o.last().status() != 401 || len(o.last().interim) > 1 || o.end != closed || o.surplus != "" {
		t.Errorf("got %q (%v), then %s, want the backend's 401 and a close", o.raw, o.err, o.end)
	}
}

const (
	upgradeRequest = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	upgradeAnswer  = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)

// tunnelEcho answers 101 and sends back all bytes until the client ends its side; then it sends goodbye.
func tunnelEcho(how way, first string) func(*visit) {
	return func(v *visit) {
		if _, err := v.request(); err != nil {
			return
		}
		v.send(upgradeAnswer, first, how)
		io.Copy(v, v.in)
		io.WriteString(v, "goodbye")
	}
}

// TestUpgrade_sendsAnInterimResponseOnce: RFC 9110 §15.2. What the client has had before the 101 is not sent again with it.
func TestUpgrade_sendsAnInterimResponseOnce(t *testing.T) {
	const hints = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
	heard := make(chan struct{})
	b := startBackend(t, func(v *visit) {
		if _, err := v.request(); err != nil {
			return
		}
		v.say(hints)
		<-heard
		v.say(upgradeAnswer)
		v.untilGone()
	})
	tf := startTenfour(t, []string{b.addr})
	c := tf.dial(t)
	defer c.Close()
	if err := c.send(upgradeRequest, "", whole); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(hints))
	if _, err := io.ReadFull(c.in, got); err != nil || string(got) != hints {
		t.Fatalf("got %q (%v), want the hints", got, err)
	}
	close(heard)
	if line, err := c.in.ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 101 ") {
		t.Errorf("got %q (%v) after the hints, want the 101", line, err)
	}
}

func TestUpgrade_opensATunnel(t *testing.T) {
	for _, first := range []string{"", "\x81\x05early"} {
		for _, how := range everyWay(upgradeAnswer) {
			if how.cut%7 > 0 { // heads are met in every way elsewhere; here it is about what follows them
				continue
			}
			t.Run(fmt.Sprintf("the backend says %q, its head %v", first, how), func(t *testing.T) {
				t.Parallel()
				b := startBackend(t, tunnelEcho(how, first))
				tf := startTenfour(t, []string{b.addr})
				c := tf.dial(t)
				defer c.Close()
				if err := c.send(upgradeRequest, "\x00GET /early HTTP/1.1\r\n\r\n", whole); err != nil {
					t.Fatal(err)
				}
				m, err := readAnswer(c.in, "GET")
				if err != nil || m.status() != 101 || !m.has("Connection", "upgrade") || !slices.Equal(m.values("Upgrade"), []string{"websocket"}) || !m.has("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") {
					t.Fatalf("got %q (%v), want the 101 with its fields", c.raw, err)
				}
				want := first + "\x00GET /early HTTP/1.1\r\n\r\n"
				got := make([]byte, len(want))
				if _, err := io.ReadFull(c.in, got); err != nil || string(got) != want {
					t.Fatalf("got %q (%v) from the tunnel, want %q", got, err, want)
				}
				if err := c.send("ping\r\n", "", bytewise); err != nil {
					t.Fatal(err)
				}
				got = make([]byte, 6)
				if _, err := io.ReadFull(c.in, got); err != nil || string(got) != "ping\r\n" {
					t.Fatalf("got %q (%v) from the tunnel, want its echo", got, err)
				}
				c.CloseWrite() // the other direction stays
				if rest, end := c.rest(); rest != "goodbye" || end != closed {
					t.Errorf("got %q, then %s, after a FIN, want goodbye and a FIN", rest, end)
				}
				requests, bytes := b.seen()
				if len(requests) != 1 || !requests[0].has("Connection", "upgrade") || !slices.Equal(requests[0].values("Upgrade"), []string{"websocket"}) || !requests[0].has("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==") {
					t.Errorf("the backend met %q, want the upgrade with its fields", bytes)
				}
			})
		}
	}
}

// Each side's end is forwarded separately: after a FIN of the backend, the client can still send.
func TestUpgrade_passesOnTheBackendsFIN(t *testing.T) {
	b := startBackend(t, func(v *visit) {
		v.request()
		v.say(upgradeAnswer + "bye")
		v.CloseWrite()
		v.untilGone()
	})
	c := startTenfour(t, []string{b.addr}).dial(t)
	defer c.Close()
	c.send(upgradeRequest, "", whole)
	if m, err := readAnswer(c.in, "GET"); err != nil || m.status() != 101 {
		t.Fatalf("got %q (%v), want 101", c.raw, err)
	}
	if got, end := c.rest(); got != "bye" || end != closed {
		t.Fatalf("got %q, then %s, want bye and a FIN", got, end)
	}
	if err := c.send("last words", "", whole); err != nil {
		t.Fatal(err)
	}
	c.CloseWrite()
	if end, bytes := b.awaitEnd(t, 0); end != closed || !strings.HasSuffix(bytes, "last words") {
		t.Errorf("the backend got %q, then %s, want the last words and a FIN", bytes, end)
	}
}

func TestUpgrade_endsWithEitherSide(t *testing.T) {
	ended := make(chan struct{})
	b := startBackend(t, func(v *visit) {
		v.request()
		v.say(upgradeAnswer)
		if v.number == 0 {
			v.untilGone()
			close(ended)
		} else {
			v.awaitRead()
			v.reset()
		}
	})
	tf := startTenfour(t, []string{b.addr})
	for _, name := range []string{"the client resets", "the backend resets"} {
		c := tf.dial(t)
		c.send(upgradeRequest, "", whole)
		if m, err := readAnswer(c.in, "GET"); err != nil || m.status() != 101 {
			t.Fatalf("got %q (%v), want 101, before %s", c.raw, err, name)
		}
		if name == "the client resets" {
			c.SetLinger(0)
			c.Close()
			b.awaitEnd(t, 0)
			<-ended
			continue
		}
		if got, end := c.rest(); got != "" || end == open {
			t.Errorf("got %q, then %s, want the connection's end when %s", got, end, name)
		}
		c.Close()
	}
}

// Blind tunnels were exploited: without a 101, HTTP goes on and each request is read as one.
func TestUpgrade_isDeclined(t *testing.T) {
	r := startRig(t)
	for _, raw := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain",
		"HTTP/1.1 200 OK\r\nConnection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n\r\nplain",
		"HTTP/1.1 426 Upgrade Required\r\nConnection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n\r\nplain",
	} {
		r.replies(reply{raw: raw, then: open})
		o, c := r.exchangeOpen(t, upgradeRequest, "", whole)
		if o.err != nil || o.last().body != "plain" || o.end != open {
			t.Errorf("got %q (%v), then %s, want the answer %q and an open connection", o.raw, o.err, o.end, raw)
		}
		if err := r.canary(t, c); err != nil {
			t.Error(err)
		}
		c.Close()

		o, c = r.exchangeOpen(t, upgradeRequest, "GET /bad HTTP/1.1\r\nHost : a\r\n\r\n", whole, "GET", "GET")
		if o.last().status() != 400 || o.end != closed {
			t.Errorf("got %q, then %s, want the answer, then 400 for the faulty request after the declined upgrade", o.raw, o.end)
		}
		c.Close()
	}
}

func TestUpgrade_isDropped(t *testing.T) {
	rest := []string{"Z: 3"}
	forwardEach(t, map[string]forwarded{
		"of h2c":                  {raw: "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nZ: 3\r\n\r\n", rule: "RFC 9113 §3.1", line: "GET / HTTP/1.1", host: "a", fields: rest},
		"of h2c, settings hidden": {raw: "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nZ: 3\r\n\r\n", rule: "RFC 9113 §3.1", line: "GET / HTTP/1.1", host: "a", fields: rest},
		"of something else":       {raw: "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: TLS/1.0\r\nZ: 3\r\n\r\n", rule: "RFC 9110 §7.8", line: "GET / HTTP/1.1", host: "a", fields: rest},
		"of a list":               {raw: "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket, h2c\r\nZ: 3\r\n\r\n", rule: "RFC 9110 §7.8", line: "GET / HTTP/1.1", host: "a", fields: rest},
		"of a list on two lines":  {raw: "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: websocket\r\nZ: 3\r\n\r\n", rule: "RFC 9110 §7.8", line: "GET / HTTP/1.1", host: "a", fields: rest},
		"from HTTP/1.0":           {raw: "GET / HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nZ: 3\r\n\r\n", rule: "RFC 9110 §7.8", line: "GET / HTTP/1.1", host: "a", fields: rest, end: closed},
		"with a body":             {raw: "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\nZ: 3\r\n\r\nhello", rule: "RFC 9110 §7.8", line: "GET / HTTP/1.1", host: "a", fields: rest, body: "hello"},
		"with another method":     {raw: "POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nZ: 3\r\n\r\n", rule: "RFC 9110 §7.8", line: "POST / HTTP/1.1", host: "a", fields: rest},
		"not named in Connection": {raw: "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nUpgrade: websocket\r\nZ: 3\r\n\r\n", rule: "RFC 9110 §7.8", line: "GET / HTTP/1.1", host: "a", fields: rest},
	})
}

// A 101 that the client did not ask for would open a tunnel in which no rule holds.
func TestUpgrade_thatWasDroppedIsNotAnsweredBy101(t *testing.T) {
	r := startRig(t)
	for _, request := range []string{
		plainRequest,
		"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
		"GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
	} {
		r.replies(reply{raw: upgradeAnswer, surplus: "tunnel?", then: open})
		o := r.exchange(t, request, whole)
		if o.last().status() != 502 || ownAnswer(o.last(), "GET") != nil || o.surplus != "" {
			t.Errorf("got %q, want 502, for %q answered by 101", o.raw, request)
		}
		if err := r.canary(t, nil); err != nil {
			t.Error(err)
		}
	}
}

func TestMaxForwards_countsForOPTIONS(t *testing.T) {
	forwardEach(t, map[string]forwarded{
		"one left":                  {raw: "OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 1\r\n\r\n", rule: "RFC 9110 §7.6.2", line: "OPTIONS / HTTP/1.1", host: "a", fields: []string{"Max-Forwards: 0"}},
		"ten left":                  {raw: "OPTIONS * HTTP/1.1\r\nHost: a\r\nX: y\r\nmax-forwards: 10\r\n\r\n", rule: "RFC 9110 §7.6.2", line: "OPTIONS * HTTP/1.1", host: "a", fields: []string{"X: y", "max-forwards: 9"}},
		"none, of GET":              {raw: "GET / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n", rule: "RFC 9110 §7.6.2", line: "GET / HTTP/1.1", host: "a", fields: []string{"Max-Forwards: 0"}},
		"three, of POST":            {raw: "POST / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 3\r\n\r\n", rule: "RFC 9110 §7.6.2", line: "POST / HTTP/1.1", host: "a", fields: []string{"Max-Forwards: 3"}},
		"no number, of GET":         {raw: "GET / HTTP/1.1\r\nHost: a\r\nMax-Forwards: x\r\n\r\n", rule: "RFC 9110 §7.6.2", line: "GET / HTTP/1.1", host: "a", fields: []string{"Max-Forwards: x"}},
		"no such field, of OPTIONS": {raw: "OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n", rule: "RFC 9110 §7.6.2", line: "OPTIONS / HTTP/1.1", host: "a"},
	})
}

func TestMaxForwards_isAnsweredHere(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		raw    string
		status int
		allow  bool
	}{
		"none left":             {"OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n", 200, true},
		"none left, of all":     {"OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n", 200, true},
		"none left, many zeros": {"OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 000\r\n\r\n", 200, true},
		"no number":             {"OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: x\r\n\r\n", 400, false},
		"a sign":                {"OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: -1\r\n\r\n", 400, false},
		"an empty one":          {"OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards:\r\n\r\n", 400, false},
		"TRACE":                 {"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405, true},
		"TRACE with none left":  {"TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n", 405, true},
		"TRACE with ten left":   {"TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 10\r\n\r\n", 405, true},
		"TRACE with a secret":   {"TRACE / HTTP/1.1\r\nHost: a\r\nCookie: secret=1\r\n\r\n", 405, true},
	}
	r := startRig(t)
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			for _, how := range everyWay(tc.raw) {
				r.replies(plainReply)
				o := r.exchange(t, tc.raw, how)
				m := o.last()
				if o.err != nil || m.status() != tc.status || tc.allow && len(m.list("Allow")) == 0 || o.surplus != "" || strings.Contains(m.body, "secret") {
					t.Fatalf("got %q (%v), want %d, with Allow: %t, for %q, sent %v", o.raw, o.err, tc.status, tc.allow, tc.raw, how)
				}
				if !slices.Equal(m.values("Server"), []string{"tenfour"}) || len(m.values("Content-Length")) != 1 && tc.status != 204 {
					t.Fatalf("got %q, want an answer of tenfour's own, for %q", o.raw, tc.raw)
				}
				onlyCanary(t, r, tc.raw)
			}
		})
	}
}

func TestForwardedFields_areSet(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		raw                           string
		via, forwardedFor             []string
		forwardedHost, forwardedProto []string // nil is not asked
	}{
		"without any":           {"GET / HTTP/1.1\r\nHost: A:80\r\n\r\n", []string{"1.1 tenfour"}, []string{"127.0.0.1"}, []string{"A:80"}, []string{"http"}},
		"of HTTP/1.0":           {"GET / HTTP/1.0\r\nHost: a\r\n\r\n", []string{"1.0 tenfour"}, []string{"127.0.0.1"}, []string{"a"}, []string{"http"}},
		"of HTTP/1.0, no Host":  {"GET / HTTP/1.0\r\n\r\n", []string{"1.0 tenfour"}, []string{"127.0.0.1"}, nil, []string{"http"}},
		"through another proxy": {"GET / HTTP/1.1\r\nHost: a\r\nVia: 1.0 b (x), 1.1 c\r\nX-Forwarded-For: 192.0.2.1, 192.0.2.2\r\n\r\n", []string{"1.0 b (x)", "1.1 c", "1.1 tenfour"}, []string{"192.0.2.1", "192.0.2.2", "127.0.0.1"}, []string{"a"}, []string{"http"}},
		"on several lines":      {"GET / HTTP/1.1\r\nVia: 1.0 b\r\nX-Forwarded-For: 192.0.2.1\r\nHost: a\r\nx-forwarded-for: 192.0.2.2\r\nvia: 1.1 c\r\n\r\n", []string{"1.0 b", "1.1 c", "1.1 tenfour"}, []string{"192.0.2.1", "192.0.2.2", "127.0.0.1"}, []string{"a"}, []string{"http"}},
		"empty ones":            {"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For:\r\nVia:\r\n\r\n", []string{"1.1 tenfour"}, []string{"127.0.0.1"}, []string{"a"}, []string{"http"}},
		"the client's own":      {"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nx-forwarded-host: evil2\r\n\r\n", []string{"1.1 tenfour"}, []string{"127.0.0.1"}, []string{"a"}, []string{"http"}},
		"named in Connection":   {"GET / HTTP/1.1\r\nHost: a\r\nConnection: X-Forwarded-For, Via\r\nX-Forwarded-For: 192.0.2.1\r\nVia: 1.1 b\r\n\r\n", []string{"1.1 b", "1.1 tenfour"}, []string{"192.0.2.1", "127.0.0.1"}, []string{"a"}, []string{"http"}},
		"a method with a body":  {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", []string{"1.1 tenfour"}, []string{"127.0.0.1"}, []string{"a"}, []string{"http"}},
	}
	r := startRig(t)
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			for _, how := range everyWay(tc.raw) {
				r.replies(plainReply)
				o := r.exchange(t, tc.raw, how)
				requests, bytes := r.backend.seen()
				if len(requests) != 1 {
					t.Fatalf("got %q, the backend met %q, want one request, for %q", o.raw, bytes, tc.raw)
				}
				m := requests[0]
				if got := m.list("Via"); !slices.Equal(got, tc.via) {
					t.Fatalf("Via is %q, want %q, for %q", got, tc.via, tc.raw)
				}
				if got := m.list("X-Forwarded-For"); !slices.Equal(got, tc.forwardedFor) || len(m.values("X-Forwarded-For")) != 1 {
					t.Fatalf("X-Forwarded-For is %q, want %q on one line, for %q", m.values("X-Forwarded-For"), tc.forwardedFor, tc.raw)
				}
				if got := m.values("X-Forwarded-Host"); tc.forwardedHost != nil && !slices.Equal(got, tc.forwardedHost) {
					t.Fatalf("X-Forwarded-Host is %q, want %q, for %q", got, tc.forwardedHost, tc.raw)
				}
				if got := m.values("X-Forwarded-Proto"); !slices.Equal(got, tc.forwardedProto) {
					t.Fatalf("X-Forwarded-Proto is %q, want %q, for %q", got, tc.forwardedProto, tc.raw)
				}
			}
		})
	}
}

// A request that has passed through this proxy often is in a forwarding loop (RFC 9110 §7.6.3).
func TestVia_showsLoops(t *testing.T) {
	tests := map[string]struct {
		via    string
		status int
	}{
		"itself, twenty times on a line": {"Via: 1.1 tenfour" + strings.Repeat(", 1.1 tenfour", 19), 508},
		"itself, on twenty lines":        {strings.TrimSuffix(strings.Repeat("Via: 1.1 tenfour\r\n", 20), "\r\n"), 508},
		"itself, of HTTP/1.0":            {"Via: 1.0 tenfour" + strings.Repeat(",1.0 tenfour", 19), 508},
		"itself among others":            {"Via: 1.1 a" + strings.Repeat(", 1.1 tenfour, 1.1 a", 20), 508},
		"itself once":                    {"Via: 1.1 tenfour", 200},
		"another, twenty times":          {"Via: 1.1 nottenfour" + strings.Repeat(", 1.1 tenfour-b", 19), 200},
	}
	r := startRig(t)
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r.replies(plainReply)
			raw := "GET / HTTP/1.1\r\nHost: a\r\n" + tc.via + "\r\n\r\n"
			o := r.exchange(t, raw, whole)
			if o.err != nil || o.last().status() != tc.status {
				t.Errorf("got %q (%v), want %d, for %q", o.raw, o.err, tc.status, raw)
			}
			if requests, bytes := r.backend.seen(); (len(requests) == 1) != (tc.status == 200) {
				t.Errorf("the backend met %q, for %q", bytes, raw)
			}
		})
	}
}

// A proxy that is its own backend ends the loop by itself.
func TestVia_endsARealLoop(t *testing.T) {
	var tf *tenfour
	started := make(chan struct{})        // closed when tf is set
	b := startBackend(t, func(v *visit) { // sends every byte back to where it came from
		<-started
		back, err := net.Dial("tcp", tf.addr)
		if err != nil {
			return
		}
		defer back.Close()
		var there sync.WaitGroup
		there.Go(func() { // ends when either side does
			io.Copy(v.TCPConn, back)
			v.Close()
		})
		io.Copy(back, v.in)
		back.Close()
		there.Wait()
	})
	tf = startTenfour(t, []string{b.addr}, "--workers", "64")
	close(started)
	o := tf.exchange(t, plainRequest, whole)
	if o.err != nil || o.last().status() != 508 {
		t.Errorf("got %q (%v), want 508", o.raw, o.err)
	}
}

// A slow sender holds no slot: while its body comes, the only worker serves others.
func TestBody_thatComesSlowlyHoldsNoSlot(t *testing.T) {
	for name, slow := range map[string]struct{ first, rest string }{
		"by length": {"POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello", "hello"},
		"chunked":   {"POST /slow HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "5\r\nhello\r\n0\r\n\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			r := startRig(t)
			r.replies(plainReply)
			c := r.dial(t)
			defer c.Close()
			if err := c.sendAndAwaitRead(slow.first); err != nil {
				t.Fatal(err)
			}
			if err := r.canary(t, nil); err != nil {
				t.Fatalf("beside half a body: %v", err)
			}
			if err := c.send(slow.rest, "", whole); err != nil {
				t.Fatal(err)
			}
			o := c.listen("POST")
			requests, bytes := r.backend.seen()
			if o.last().body != "plain" || len(requests) != 2 || requests[1].body != "hellohello" || !requests[1].has("Content-Length", "10") {
				t.Errorf("got %q, the backend met %q, want the body whole, with its length, after the canary", o.raw, bytes)
			}
		})
	}
}

// A body larger than the buffer streams, and keeps its framing, unless it is spooled.
func TestBody_aboveTheBuffer(t *testing.T) {
	x := strings.Repeat("0123456789abcdef", 64<<10)
	r := startRig(t, "--buffer", "64KiB", withoutSpool(t))
	for name, tc := range map[string]struct{ raw, framing string }{
		"by length": {fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", len(x), x), "length"},
		"chunked":   {fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(x), x), "chunked"},
	} {
		t.Run(name, func(t *testing.T) {
			r.replies(plainReply)
			o, c := r.exchangeOpen(t, tc.raw, "", whole)
			defer c.Close()
			requests, _ := r.backend.seen()
			if o.last().body != "plain" || len(requests) != 1 || requests[0].framing != tc.framing || requests[0].body != x {
				t.Errorf("got %q, the backend met %d requests, want one with the body, framed by %s", o.raw, len(requests), tc.framing)
			}
			if err := r.canary(t, c); err != nil {
				t.Error(err)
			}
		})
	}
}

// HTTP/1.0 has no chunks: for a backend that is known to speak only HTTP/1.0, a streamed body needs a length. (A spooled one has it.)
func TestBody_withoutLengthForHTTP10(t *testing.T) {
	x := strings.Repeat("x", 100<<10)
	r := startRig(t, "--buffer", "64KiB", withoutSpool(t))
	r.replies(reply{raw: "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nplain", then: closed})
	if o := r.exchange(t, plainRequest, whole); o.last().body != "plain" {
		t.Fatalf("got %q, want the answer of HTTP/1.0", o.raw)
	}
	o := r.exchange(t, fmt.Sprintf("%s%x\r\n%s\r\n0\r\n\r\n", chunkedRequest, len(x), x), whole)
	if requests, _ := r.backend.seen(); o.last().status() != 411 || len(requests) != 1 {
		t.Errorf("got %.200q, and the backend met %d requests, want 411 and the first one only", o.raw, len(requests))
	}
	o = r.exchange(t, chunkedRequest+oneChunk, whole)
	if requests, bytes := r.backend.seen(); o.last().status() != 200 || len(requests) != 2 || !requests[1].has("Content-Length", "5") {
		t.Errorf("got %q, the backend met %q, want a small chunked body with a length", o.raw, bytes)
	}
}
