package tests

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// The rows about connections (RFC 9112 §9, RFC 9110 §7.6.1): connection-specific fields, which connections stay,
// pipelining, half-closes, clients that leave, and which connections to a backend are used again.

func TestConnection_dropsItsFieldsOfRequests(t *testing.T) {
	forwardEach(t, map[string]forwarded{
		"named in Connection":           {raw: "GET / HTTP/1.1\r\nHost: a\r\nConnection: X, y\r\nX: 1\r\nY: 2\r\nZ: 3\r\n\r\n", rule: "RFC 9110 §7.6.1", line: "GET / HTTP/1.1", host: "a", fields: []string{"Z: 3"}},
		"named on several lines":        {raw: "GET / HTTP/1.1\r\nX: 1\r\nHost: a\r\nConnection: x\r\nZ: 3\r\nconnection: Y\r\nY: 2\r\nX: 4\r\n\r\n", rule: "RFC 9110 §7.6.1", line: "GET / HTTP/1.1", host: "a", fields: []string{"Z: 3"}},
		"named among empty elements":    {raw: "GET / HTTP/1.1\r\nHost: a\r\nConnection: ,X,\t,keep-alive , Y ,\r\nX: 1\r\nY: 2\r\nZ: 3\r\n\r\n", rule: "RFC 9110 §7.6.1", line: "GET / HTTP/1.1", host: "a", fields: []string{"Z: 3"}},
		"not named, but always so":      {raw: "GET / HTTP/1.1\r\nHost: a\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\nTE: trailers\r\nTrailer: X\r\nHTTP2-Settings: AA\r\nZ: 3\r\n\r\n", rule: "RFC 9110 §7.6.1", line: "GET / HTTP/1.1", host: "a", fields: []string{"Z: 3"}},
		"Upgrade that is not named":     {raw: "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nZ: 3\r\n\r\n", rule: "RFC 9110 §7.8", line: "GET / HTTP/1.1", host: "a", fields: []string{"Z: 3"}},
		"but not Host":                  {raw: "GET / HTTP/1.1\r\nHost: a\r\nConnection: Host\r\nZ: 3\r\n\r\n", rule: "RFC 9110 §7.6.1", line: "GET / HTTP/1.1", host: "a", fields: []string{"Z: 3"}},
		"but not Content-Length":        {raw: "POST / HTTP/1.1\r\nHost: a\r\nConnection: Content-Length\r\nContent-Length: 5\r\n\r\nhello", rule: "RFC 9110 §7.6.1", line: "POST / HTTP/1.1", host: "a", body: "hello"},
		"but not credentials":           {raw: "GET / HTTP/1.1\r\nHost: a\r\nConnection: Authorization, Cookie\r\nAuthorization: x\r\nCookie: b=c\r\n\r\n", rule: "RFC 9110 §7.6.1", line: "GET / HTTP/1.1", host: "a", fields: []string{"Authorization: x", "Cookie: b=c"}},
		"but not a name that begins so": {raw: "GET / HTTP/1.1\r\nHost: a\r\nConnection: X\r\nXY: 1\r\nX-Y: 2\r\n\r\n", rule: "RFC 9110 §7.6.1", line: "GET / HTTP/1.1", host: "a", fields: []string{"XY: 1", "X-Y: 2"}},
	})
}

func TestConnection_cannotHideTheClient(t *testing.T) {
	const raw = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Via, X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host, Authorization, Cookie, Host\r\nVia: 1.1 b\r\nX-Forwarded-For: 192.0.2.1\r\nAuthorization: Basic YTpi\r\nCookie: a=b\r\n\r\n"
	r := startRig(t)
	r.exchange(t, raw, whole)
	requests, bytes := r.backend.seen()
	if len(requests) != 1 {
		t.Fatalf("the backend met %q, want one request, for %q", bytes, raw)
	}
	m := requests[0]
	if !slices.Equal(m.list("Via"), []string{"1.1 b", "1.1 tenfour"}) || !slices.Equal(m.list("X-Forwarded-For"), []string{"192.0.2.1", "127.0.0.1"}) || !m.has("X-Forwarded-Host", "a") || !m.has("X-Forwarded-Proto", "http") {
		t.Errorf("the backend met %q, want Via and X-Forwarded-For with all their elements, for %q", bytes, raw)
	}
	if !m.has("Authorization", "Basic YTpi") || !m.has("Cookie", "a=b") || !m.has("Host", "a") {
		t.Errorf("the backend met %q, want the client's credentials and its Host, for %q", bytes, raw)
	}
}

func TestConnection_dropsItsFieldsOfAnswers(t *testing.T) {
	relayEach(t, map[string]relayed{
		"named in Connection":        {raw: "HTTP/1.1 200 OK\r\nConnection: X, y\r\nX: 1\r\nY: 2\r\nZ: 3\r\nContent-Length: 1\r\n\r\nb", rule: "RFC 9110 §7.6.1", line: "HTTP/1.1 200 OK", fields: []string{"Z: 3"}, body: "b"},
		"named on several lines":     {raw: "HTTP/1.1 200 OK\r\nX: 1\r\nConnection: x\r\nZ: 3\r\nconnection: Y\r\nY: 2\r\nX: 4\r\nContent-Length: 1\r\n\r\nb", rule: "RFC 9110 §7.6.1", line: "HTTP/1.1 200 OK", fields: []string{"Z: 3"}, body: "b"},
		"not named, but always so":   {raw: "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\nTE: y\r\nTrailer: X\r\nUpgrade: h2c\r\nZ: 3\r\nContent-Length: 1\r\n\r\nb", rule: "RFC 9110 §7.6.1", line: "HTTP/1.1 200 OK", fields: []string{"Z: 3"}, body: "b"},
		"but not Content-Length":     {raw: "HTTP/1.1 200 OK\r\nConnection: Content-Length\r\nContent-Length: 1\r\n\r\nb", rule: "RFC 9110 §7.6.1", line: "HTTP/1.1 200 OK", body: "b"},
		"close, for that connection": {raw: "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nb", then: closed, rule: "RFC 9110 §7.6.1", line: "HTTP/1.1 200 OK", body: "b", fresh: true},
		"close beside keep-alive":    {raw: "HTTP/1.1 200 OK\r\nConnection: keep-alive, close\r\nContent-Length: 1\r\n\r\nb", then: closed, rule: "RFC 9112 §9.3", line: "HTTP/1.1 200 OK", body: "b", fresh: true},
		"HTTP/1.0 closes":            {raw: "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nb", then: closed, rule: "RFC 9112 §9.3", line: "HTTP/1.1 200 OK", body: "b", fresh: true},
		"HTTP/1.0 stays":             {raw: "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nKeep-Alive: timeout=5\r\nContent-Length: 1\r\n\r\nb", rule: "RFC 9112 §9.3", line: "HTTP/1.1 200 OK", body: "b"},
	})
}

func TestConnection_staysOrCloses(t *testing.T) {
	forwardEach(t, map[string]forwarded{
		"HTTP/1.1 stays":                       {raw: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", rule: "RFC 9112 §9.3", line: "GET / HTTP/1.1", host: "a"},
		"HTTP/1.1 with close":                  {raw: "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", rule: "RFC 9112 §9.6", line: "GET / HTTP/1.1", host: "a", end: closed},
		"HTTP/1.1 with close in capitals":      {raw: "GET / HTTP/1.1\r\nHost: a\r\nCONNECTION: CLOSE\r\n\r\n", rule: "RFC 9110 §7.6.1", line: "GET / HTTP/1.1", host: "a", end: closed},
		"HTTP/1.1 with close and keep-alive":   {raw: "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, keep-alive\r\n\r\n", rule: "RFC 9112 §9.3", line: "GET / HTTP/1.1", host: "a", end: closed},
		"HTTP/1.1 with close on another line":  {raw: "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nConnection: x,close\r\n\r\n", rule: "RFC 9112 §9.3", line: "GET / HTTP/1.1", host: "a", end: closed},
		"HTTP/1.1 with a word like close":      {raw: "GET / HTTP/1.1\r\nHost: a\r\nConnection: closed, xclose\r\n\r\n", rule: "RFC 9112 §9.3", line: "GET / HTTP/1.1", host: "a"},
		"HTTP/1.1 with keep-alive":             {raw: "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", rule: "RFC 9112 §9.3", line: "GET / HTTP/1.1", host: "a"},
		"HTTP/1.0 closes":                      {raw: "GET / HTTP/1.0\r\nHost: a\r\n\r\n", rule: "RFC 9112 §9.3", line: "GET / HTTP/1.1", host: "a", end: closed},
		"HTTP/1.0 with keep-alive":             {raw: "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", rule: "RFC 9112 §9.3", line: "GET / HTTP/1.1", host: "a"},
		"HTTP/1.0 with Keep-Alive in a list":   {raw: "GET / HTTP/1.0\r\nHost: a\r\nConnection: x, Keep-Alive\r\n\r\n", rule: "RFC 9112 §9.3", line: "GET / HTTP/1.1", host: "a"},
		"HTTP/1.0 with keep-alive and close":   {raw: "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive, close\r\n\r\n", rule: "RFC 9112 §9.3", line: "GET / HTTP/1.1", host: "a", end: closed},
		"HTTP/1.0 with a proxy's keep-alive":   {raw: "GET / HTTP/1.0\r\nHost: a\r\nProxy-Connection: keep-alive\r\n\r\n", rule: "RFC 9112 §C.2.2", line: "GET / HTTP/1.1", host: "a", end: closed},
		"HTTP/1.0 with keep-alive and a body":  {raw: "POST / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello", rule: "RFC 9112 §9.3", line: "POST / HTTP/1.1", host: "a", body: "hello"},
		"HTTP/1.1 with close after its answer": {raw: "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", rule: "RFC 9112 §9.6", line: "POST / HTTP/1.1", host: "a", body: "hello", end: closed},
	})
}

// mirror answers a request with its own target.
func mirror(m message) reply {
	target := strings.Fields(m.line)[1]
	return reply{raw: fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(target), target), then: open}
}

func TestPipelining_answersInOrder(t *testing.T) {
	const bad = "GET /bad HTTP/1.1\r\nHost : a\r\n\r\n"
	tests := map[string]struct {
		raw     string
		methods []string
		want    []string // of each answer, the status and the body, less a body of our own
		targets []string // that the backend meets
		end     end
	}{
		"two requests": {
			"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
			[]string{"GET", "GET"}, []string{"200 /1", "200 /2"}, []string{"/1", "/2"}, open,
		},
		"five requests": {
			strings.Repeat("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n", 5),
			[]string{"GET", "GET", "GET", "GET", "GET"}, []string{"200 /1", "200 /1", "200 /1", "200 /1", "200 /1"}, []string{"/1", "/1", "/1", "/1", "/1"}, open,
		},
		"a body by length and a request": {
			"POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
			[]string{"POST", "GET"}, []string{"200 /1", "200 /2"}, []string{"/1", "/2"}, open,
		},
		"a chunked body and a request": {
			"POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
			[]string{"POST", "GET"}, []string{"200 /1", "200 /2"}, []string{"/1", "/2"}, open,
		},
		"a body, the old clients' CR LF, and a request": {
			"POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
			[]string{"POST", "GET"}, []string{"200 /1", "200 /2"}, []string{"/1", "/2"}, open,
		},
		"POST without length, and what could be its body": {
			"POST /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
			[]string{"POST", "GET"}, []string{"200 /1", "200 /2"}, []string{"/1", "/2"}, open,
		},
		"a body of GET that looks like a request": {
			"GET /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 34\r\n\r\nGET /evil HTTP/1.1\r\nHost: aaaa\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
			[]string{"GET", "GET"}, []string{"200 /1", "200 /2"}, []string{"/1", "/2"}, open,
		},
		"HEAD and GET": {
			"HEAD /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
			[]string{"HEAD", "GET"}, []string{"200 ", "200 /2"}, nil, open,
		},
		"a good one and a faulty one": {
			"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n" + bad,
			[]string{"GET", "GET"}, []string{"200 /1", "400 "}, []string{"/1"}, closed,
		},
		"a body and a faulty one": {
			"POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" + bad,
			[]string{"POST", "GET"}, []string{"200 /1", "400 "}, []string{"/1"}, closed,
		},
		"a body and what is left of it": {
			"POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello, world\r\n\r\n",
			[]string{"POST", "GET"}, []string{"200 /1", "400 "}, []string{"/1"}, closed,
		},
		"a good one, a faulty one, a good one": {
			"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n" + bad + "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n",
			[]string{"GET", "GET"}, []string{"200 /1", "400 "}, []string{"/1"}, closed,
		},
		"one with close and another": {
			"GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
			[]string{"GET"}, []string{"200 /1"}, []string{"/1"}, closed,
		},
		"one of HTTP/1.0 and another": {
			"GET /1 HTTP/1.0\r\n\r\nGET /2 HTTP/1.0\r\n\r\n",
			[]string{"GET"}, []string{"200 /1"}, []string{"/1"}, closed,
		},
		"two of HTTP/1.0 with keep-alive": {
			"GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
			[]string{"GET", "GET"}, []string{"200 /1", "200 /2"}, []string{"/1", "/2"}, open,
		},
		"HTTP/1.0 with keep-alive, then HTTP/1.1, then neither": {
			"GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.0\r\n\r\nGET /4 HTTP/1.0\r\n\r\n",
			[]string{"GET", "GET", "GET"}, []string{"200 /1", "200 /2", "200 /3"}, []string{"/1", "/2", "/3"}, closed,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := startBackend(t, repeat(func(m message) reply {
				r := mirror(m)
				if strings.HasPrefix(m.line, "HEAD ") {
					r.raw = strings.TrimSuffix(r.raw, "/1")
				}
				return r
			}))
			tf := startTenfour(t, []string{b.addr}, "--workers", "1")
			for _, how := range everyWay(tc.raw) {
				b.forget()
				o := tf.exchange(t, tc.raw, how, tc.methods...)
				var got []string
				for _, m := range o.answers {
					if len(m.values("Server")) > 0 {
						m.body = ""
					}
					got = append(got, fmt.Sprintf("%d %s", m.status(), m.body))
				}
				if o.end == reset && tc.end == closed && alone(tc.raw, how) {
					o.end = closed
				}
				if o.err != nil || !slices.Equal(got, tc.want) || o.end != tc.end || o.surplus != "" {
					t.Fatalf("got %q, then %s (%v)\nwant %q, then %s\nfor %q, sent %v", o.raw, o.end, o.err, tc.want, tc.end, tc.raw, how)
				}
				var targets []string
				requests, _ := b.seen()
				for _, m := range requests {
					targets = append(targets, strings.Fields(m.line)[1])
				}
				if tc.targets != nil && !slices.Equal(targets, tc.targets) {
					t.Fatalf("the backend met %q, want %q, for %q, sent %v", targets, tc.targets, tc.raw, how)
				}
			}
		})
	}
}

// alone reports whether a read may end exactly where the closing request ends. tenfour then does not know that more bytes will come,
// and the kernel resets the connection although the answer was sent.
func alone(raw string, how way) bool {
	last := strings.LastIndex(raw, "GET /")
	return how == bytewise || how.cut == last
}

// A client that sends a FIN after a request has not left: its answer is still delivered (RFC 9112 §9.6).
func TestHalfClose_stillGetsItsAnswers(t *testing.T) {
	tests := map[string]struct {
		raw  string
		want []string
	}{
		"after one request":       {"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n", []string{"/1"}},
		"after a body":            {"POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", []string{"/1"}},
		"after one of HTTP/1.0":   {"GET /1 HTTP/1.0\r\n\r\n", []string{"/1"}},
		"after two requests":      {"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n", []string{"/1", "/2"}},
		"in the head of a second": {"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HT", []string{"/1"}},
		"in the body of a second": {"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell", []string{"/1"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			halfClosed := make(chan struct{}) // closed by the client, when its FIN has arrived
			b := startBackend(t, repeat(func(m message) reply {
				<-halfClosed
				return mirror(m)
			}))
			tf := startTenfour(t, []string{b.addr})
			c := tf.dial(t)
			defer c.Close()
			if err := c.send(tc.raw, "", whole); err != nil {
				t.Fatal(err)
			}
			b.await(t, "a request", func() bool { return len(b.requests) > 0 })
			c.CloseWrite()
			if err := c.awaitArrival(true); err != nil {
				t.Error(err)
			}
			close(halfClosed)
			for _, want := range tc.want {
				if o := c.listen("GET"); o.err != nil || o.last().body != want {
					t.Fatalf("got %q (%v), want the answer %q, for %q and a FIN", o.raw, o.err, want, tc.raw)
				}
			}
			if got, end := c.rest(); end != closed || got != "" && !strings.HasPrefix(got, "HTTP/1.1 400 ") {
				t.Errorf("got %q, then %s, after the answers; want nothing or 400, and a close", got, end)
			}
			if requests, bytes := b.seen(); len(requests) != len(tc.want) {
				t.Errorf("the backend met %q, want %d requests", bytes, len(tc.want))
			}
		})
	}
}

// While a request waits in the queue, a FIN means that its client has left: its place is free at once, and the backend never sees
// the request.
func TestHalfClose_inTheQueueIsLeaving(t *testing.T) {
	for _, with := range []end{closed, reset} {
		t.Run(string(with), func(t *testing.T) {
			t.Parallel()
			serve := make(chan struct{}) // closed when the first may be answered
			b := startBackend(t, repeat(func(m message) reply {
				<-serve
				return mirror(m)
			}))
			tf := startTenfour(t, []string{b.addr}, "--workers", "1", "--queue", "1")
			first, second := tf.dial(t), tf.dial(t)
			defer first.Close()
			first.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n", "", whole)
			b.await(t, "the first request", func() bool { return len(b.requests) == 1 })

			if err := second.sendAndAwaitRead("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
				t.Error(err)
			}
			if with == reset {
				second.SetLinger(0)
				second.Close()
				if err := second.awaitGone(); err != nil {
					t.Error(err)
				}
			} else {
				second.CloseWrite()
				if got, end := second.rest(); got != "" || end == open {
					t.Errorf("got %q, then %s, for a FIN in the queue, want the connection's end", got, end)
				}
				second.Close()
			}

			third := tf.queued(t, "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n")
			defer third.Close()
			close(serve)
			if o := first.listen("GET"); o.last().body != "/1" {
				t.Errorf("got %q, want the first answer", o.raw)
			}
			if o := third.listen("GET"); o.last().body != "/3" {
				t.Errorf("got %q, want the third answer", o.raw)
			}
			if _, bytes := b.seen(); strings.Contains(bytes, "GET /2 ") {
				t.Errorf("the backend met %q, want nothing of the client that left", bytes)
			}
		})
	}
}

// queued returns a client with a request in the queue. While the queue is full, each attempt gets a 503 at once, and queued tries
// again.
func (tf *tenfour) queued(t *testing.T, raw string) (c *client) {
	t.Helper()
	eventually(t, "the queue has a place", func() bool {
		c = tf.dial(t)
		if err := c.send(raw, "", whole); err != nil {
			t.Fatal(err)
		}
		c.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
		_, err := c.in.Peek(1)
		c.SetReadDeadline(time.Now().Add(patience))
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return true
		}
		c.Close()
		return false
	})
	return c
}

// A client that leaves in the middle of its body has not sent a request. The backend must see its connection end, and nothing that
// looks like a complete request (RFC 9112 §8).
func TestClient_vanishesInItsBody(t *testing.T) {
	x := strings.Repeat("x", 40<<10)
	for name, raw := range map[string]string{
		"by length":         "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + x,
		"chunked, in data":  chunkedRequest + "20000\r\n" + x,
		"chunked, after it": chunkedRequest + "a000\r\n" + x + "\r\n",
		"chunked, at its 0": chunkedRequest + "a000\r\n" + x + "\r\n0\r\n",
	} {
		for _, with := range []end{closed, reset} {
			t.Run(name+", "+string(with), func(t *testing.T) {
				t.Parallel()
				r := startRig(t, "--buffer", "1KiB", withoutSpool(t))
				c := r.dial(t)
				if err := c.send(raw, "", whole); err != nil {
					t.Fatal(err)
				}
				r.backend.await(t, "a part of the body", func() bool { return strings.Contains(r.backend.bytes.String(), "xxx") })
				if with == reset {
					c.SetLinger(0)
				}
				c.Close()
				end, bytes := r.backend.awaitEnd(t, 0)
				if requests, _ := r.backend.seen(); len(requests) != 0 || end == open || strings.HasSuffix(bytes, "0\r\n\r\n") {
					t.Errorf("the backend met %d whole requests, then %s, want none and the connection's end", len(requests), end)
				}
				if err := r.canary(t, nil); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// A small body is read before its request takes a slot, so the backend never sees a request whose client leaves in its body.
func TestClient_vanishesInASmallBody(t *testing.T) {
	r := startRig(t)
	for _, raw := range []string{
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell",
		chunkedRequest + "5\r\nhello\r\n0\r\n",
	} {
		for _, with := range []end{closed, reset} {
			c := r.dial(t)
			if err := c.sendAndAwaitRead(raw); err != nil {
				t.Fatal(err)
			}
			if with == reset {
				c.SetLinger(0)
			}
			c.Close()
		}
	}
	onlyCanary(t, r, "half a body")
}

func TestClient_vanishesWhileItIsAnswered(t *testing.T) {
	for _, with := range []end{closed, reset} {
		t.Run(string(with), func(t *testing.T) {
			b := startBackend(t, func(v *visit) {
				m, err := v.request()
				if err != nil {
					return
				}
				if strings.HasPrefix(m.line, "GET /canary ") {
					v.say("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ncanary")
					v.untilGone()
					return
				}
				v.say("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
				for err == nil {
					_, err = v.Write(make([]byte, 64<<10))
				}
				v.Read(make([]byte, 1)) // to note the end, which the failed write shows
			})
			r := &rig{tenfour: startTenfour(t, []string{b.addr}, "--workers", "1"), backend: b}
			c := r.dial(t)
			if err := c.send(plainRequest, "", whole); err != nil {
				t.Fatal(err)
			}
			if _, err := c.in.Peek(1000); err != nil {
				t.Fatal(err)
			}
			if with == reset {
				c.SetLinger(0)
			}
			c.Close()
			b.awaitEnd(t, 0)
			if err := r.canary(t, nil); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestBackendConnection_isUsedAgain(t *testing.T) {
	tests := map[string]struct {
		request, raw string
		surplus      string
		want         int // connections that two requests need
	}{
		"after a length":                        {plainRequest, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb", "", 1},
		"after chunks":                          {plainRequest, chunkedAnswer + oneChunk, "", 1},
		"after 204":                             {plainRequest, "HTTP/1.1 204 No Content\r\n\r\n", "", 1},
		"after 304":                             {plainRequest, "HTTP/1.1 304 Not Modified\r\n\r\n", "", 1},
		"after HEAD":                            {"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "", 1},
		"after a request with a body":           {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb", "", 1},
		"after a client that closes":            {"GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb", "", 1},
		"not after close":                       {plainRequest, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nb", "", 2},
		"not after HTTP/1.0":                    {plainRequest, "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nb", "", 2},
		"not after a length with surplus bytes": {plainRequest, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb", "x", 2},
		"not after chunks with surplus bytes":   {plainRequest, chunkedAnswer + oneChunk, "\r\n", 2},
		"not after a body of HEAD":              {"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "unwelcome", 2},
		"not after an answer of our own":        {plainRequest, "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "", 2},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := startRig(t)
			r.replies(reply{raw: tc.raw, surplus: tc.surplus, then: open})
			o := r.exchange(t, tc.request, whole)
			if err := r.canary(t, nil); err != nil {
				t.Fatalf("%v, after %q for %q", err, o.raw, tc.raw)
			}
			if n := r.backend.visitors(); n != tc.want {
				t.Errorf("the backend met %d connections for two requests, want %d", n, tc.want)
			}
			if tc.want == 2 {
				r.backend.awaitEnd(t, 0)
			}
		})
	}
}

// Bytes that a backend sends before a request must not answer any request (RFC 9112 §9.2).
func TestBackendConnection_speaksOrEndsWhileItIsIdle(t *testing.T) {
	tests := map[string]struct {
		early string
		fin   bool
	}{
		"a byte":                   {"H", false},
		"a whole answer":           {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", false},
		"a 408 and its FIN":        {"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 4\r\n\r\nevil", true},
		"a FIN":                    {"", true},
		"a CR LF that says little": {"\r\n", false},
	}
	for name, tc := range tests {
		for _, request := range []string{plainRequest, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"} {
			t.Run(name+", "+methodOf(request), func(t *testing.T) {
				t.Parallel()
				answered, arrived := make(chan struct{}), make(chan error, 1)
				b := startBackend(t, func(v *visit) {
					if v.number > 0 {
						always("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfresh")(v)
						return
					}
					v.request()
					v.say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst")
					<-answered
					v.say(tc.early)
					if tc.fin {
						v.CloseWrite()
					}
					arrived <- v.awaitArrival(tc.fin)
					v.untilGone()
				})
				tf := startTenfour(t, []string{b.addr}, "--workers", "1")
				c := tf.dial(t)
				defer c.Close()
				c.send(plainRequest, "", whole)
				if o := c.listen("GET"); o.last().body != "first" {
					t.Fatalf("got %q, want the first answer", o.raw)
				}
				close(answered)
				if err := <-arrived; err != nil {
					t.Fatal(err)
				}
				c.send(request, "", whole)
				if o := c.listen(methodOf(request)); o.err != nil || o.last().body != "fresh" {
					t.Errorf("got %q (%v), want the answer of a fresh connection", o.raw, o.err)
				}
				b.awaitEnd(t, 0)
			})
		}
	}
}

// A kept connection may end at the moment when it is used again: RFC 9112 §9.3.1 allows tenfour to send an idempotent request once
// more.
func TestBackendConnection_diesWhenUsedAgain(t *testing.T) {
	const body = "Content-Length: 5\r\n\r\nhello"
	tests := map[string]struct {
		request string
		last    string // what comes of the answer before the end
		want    string // the statuses that are right
		met     int    // how often the backend may meet the request
	}{
		"GET goes out again":                  {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "", "200", 2},
		"HEAD goes out again":                 {"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "", "200", 2},
		"DELETE goes out again":               {"DELETE / HTTP/1.1\r\nHost: a\r\n\r\n", "", "200", 2},
		"OPTIONS goes out again":              {"OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n", "", "200", 2},
		"PUT with its body may go out again":  {"PUT / HTTP/1.1\r\nHost: a\r\n" + body, "", "200 or 502", 2},
		"POST does not":                       {"POST / HTTP/1.1\r\nHost: a\r\n" + body, "", "502", 1},
		"POST without body does not":          {"POST / HTTP/1.1\r\nHost: a\r\n\r\n", "", "502", 1},
		"PATCH does not":                      {"PATCH / HTTP/1.1\r\nHost: a\r\n" + body, "", "502", 1},
		"an unknown method does not":          {"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", "", "502", 1},
		"GET with an answer begun does not":   {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 2", "502", 1},
		"GET with an interim answer does not": {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 103 Early Hints\r\n\r\n", "502", 1},
	}
	for name, tc := range tests {
		for _, with := range []end{closed, reset} {
			t.Run(name+", "+string(with), func(t *testing.T) {
				t.Parallel()
				b := startBackend(t, func(v *visit) {
					if v.number > 0 {
						repeat(func(m message) reply {
							if methodOf(m.line) == "HEAD" {
								return reply{raw: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", then: open}
							}
							return reply{raw: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfresh", then: open}
						})(v)
						return
					}
					v.request()
					v.say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst")
					v.request() // a second one on the same connection: so a POST may come over it too
					v.say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst")
					v.request()
					v.say(tc.last)
					if with == reset {
						v.awaitRead()
						v.reset()
					}
				})
				tf := startTenfour(t, []string{b.addr}, "--workers", "1")
				for range 2 {
					if o := tf.exchange(t, "GET /first HTTP/1.1\r\nHost: a\r\n\r\n", whole); o.last().body != "first" {
						t.Fatalf("got %q, want the first answer", o.raw)
					}
				}
				b.forget()
				o := tf.exchange(t, tc.request, whole)
				requests, bytes := b.seen()
				if o.err != nil || !strings.Contains(tc.want, fmt.Sprint(o.last().status())) {
					t.Errorf("got %q (%v), want %s, for %q", o.raw, o.err, tc.want, tc.request)
				}
				if met := len(requests); met > tc.met || o.last().status() == 200 && met != 2 {
					t.Errorf("the backend met %q, want %d requests at most", bytes, tc.met)
				}
				for _, m := range requests {
					if strings.Contains(tc.request, "hello") && m.body != "hello" {
						t.Errorf("the backend met %q, want the body each time", bytes)
					}
				}
			})
		}
	}
}

// If a backend never answers, clients get 502, and the backend never sees a request twice that must not be repeated.
func TestBackendConnection_alwaysDies(t *testing.T) {
	for _, with := range []end{closed, reset} {
		b := startBackend(t, func(v *visit) {
			if _, err := v.request(); err == nil && with == reset {
				v.reset()
			}
		})
		tf := startTenfour(t, []string{b.addr})
		for _, tc := range []struct {
			request string
			met     int
		}{
			{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", 1},
			{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 2},
		} {
			b.forget()
			o := tf.exchange(t, tc.request, whole)
			if err := ownAnswer(o.last(), "GET"); o.last().status() != 502 || err != nil {
				t.Errorf("got %q (%v), want 502, for %q and %s", o.raw, err, tc.request, with)
			}
			if requests, bytes := b.seen(); len(requests) == 0 || len(requests) > tc.met {
				t.Errorf("the backend met %q, want from 1 to %d requests", bytes, tc.met)
			}
		}
	}
}
