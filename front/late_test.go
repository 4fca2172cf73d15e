package front_test

import (
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tenfour/front"
	"tenfour/tests/await"
	"tenfour/trace"
)

// startBusy is startServing under load: no exchange has its turn to be kept, but for those that are slow or fail. Each that takes more than 5 ms is
// slow.
func startBusy(t *testing.T, serve func(head string, c net.Conn) (goesOn bool)) (f *front.Front, addr string, seen func() string) {
	t.Helper()
	f, addr, seen = startServing(t, serve)
	for _, l := range append(f.Lanes(), f.Trace.Unrouted()) {
		l.Judge(false, 1, 0)
		for f.Trace.Turn(l, trace.Lately, f.Lot.Now()+int64(time.Hour)) {
		}
	}
	return f, addr, seen
}

// answers answers each request with the same bytes, and goes on or not.
func answers(bytes string, goesOn bool) func(string, net.Conn) bool {
	return func(_ string, c net.Conn) bool {
		io.WriteString(c, bytes)
		return goesOn
	}
}

// slowAfter answers with the first bytes, and later than 5 ms after them with the others.
func slowAfter(first, then string) func(string, net.Conn) bool {
	return func(_ string, c net.Conn) bool {
		io.WriteString(c, first)
		<-time.After(10 * time.Millisecond) // what the backend takes: more than 5 ms
		io.WriteString(c, then)
		return true
	}
}

// TestTrace_underLoadHasWhatFailsOrIsSlow: those exchanges are recorded when that turns out, with all heads as both peers have them.
func TestTrace_underLoadHasWhatFailsOrIsSlow(t *testing.T) {
	const plain = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
	upload := "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 200000\r\n\r\n"
	tests := map[string]struct {
		request string
		after   string // the request's body
		serve   func(string, net.Conn) bool
		shelf   trace.Shelf
		came    string // the heads from the backend
		check   func(*trace.Kept) bool
	}{
		"a 500": {request: plain, serve: answers("HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nno", true), shelf: trace.Failed, came: "HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\n"},
		"a slow head": {request: plain, serve: slowAfter("", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), shelf: trace.Slow,
			came: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", check: func(k *trace.Kept) bool {
				return k.Attempts[0].FirstByte >= 5 && k.Attempts[0].Sent < k.Attempts[0].FirstByte
			}},
		"a slow body": {request: plain, serve: slowAfter("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nok", "ok"), shelf: trace.Slow, came: "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"},
		"a slow end":  {request: plain, serve: func(h string, c net.Conn) bool { slowAfter("HTTP/1.0 200 OK\r\n\r\nok", "ok")(h, c); return false }, shelf: trace.Slow, came: "HTTP/1.0 200 OK\r\n\r\n"},
		"a body that is cut": {request: plain, serve: answers("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", false), shelf: trace.Failed, came: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",
			check: func(k *trace.Kept) bool { return k.Attempts[0].Reason != "" }},
		"chunks that are cut": {request: plain, serve: answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1f\r\nhalf", false), shelf: trace.Failed,
			came: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", check: func(k *trace.Kept) bool { return k.Attempts[0].ChunkIn == "1f" }},
		"a malformed head": {request: plain, serve: answers("HTTP/1.1 two\r\n\r\n", false), shelf: trace.Failed, came: "HTTP/1.1 two\r\n",
			check: func(k *trace.Kept) bool { return k.Attempts[0].In[0].Refused == len("HTTP/1.1 ") }},
		"no answer": {request: plain, serve: answers("", false), shelf: trace.Failed, check: func(k *trace.Kept) bool { return k.Attempts[0].Progress == "sent" }},
		"a chunked upload that fails": {request: "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n", after: "3\r\nabc\r\n0\r\n\r\n",
			shelf: trace.Failed, came: "HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\n", check: func(k *trace.Kept) bool { return k.ChunkIn == "3" },
			serve: func(_ string, c net.Conn) bool {
				io.CopyN(io.Discard, c, 3)
				return answers("HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nno", true)("", c)
			}},
		"an upload that fails": {request: upload, after: strings.Repeat("x", 200_000), shelf: trace.Failed, came: "HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\n", serve: func(_ string, c net.Conn) bool {
			io.CopyN(io.Discard, c, 200_000)
			return answers("HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nno", true)("", c)
		}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f, addr, seen := startBusy(t, tc.serve)
			got, err := sayAll(t, addr, tc.request+tc.after)
			k := kept(t, f, 1)[0]
			if k.Summary.Kept != tc.shelf || string(k.ClientIn[0].Raw) != tc.request {
				t.Errorf("on shelf %v, with the client's head %q", k.Summary.Kept, k.ClientIn[0].Raw)
			}
			last := k.Attempts[len(k.Attempts)-1]
			if out, all := string(last.Out[0].Raw), seen(); !strings.HasSuffix(all, out) || out == "" {
				t.Errorf("to the backend: %q, which got %q", out, all)
			}
			came := ""
			for _, h := range last.In {
				came += string(h.Raw)
			}
			if came != tc.came {
				t.Errorf("from the backend: %q, want %q", came, tc.came)
			}
			if given := string(k.ClientOut[0].Raw); !strings.HasPrefix(got, given) || given == "" {
				t.Errorf("to the client: %q, which got %q, %v", given, got, err)
			}
			if tc.check != nil && !tc.check(k) {
				t.Errorf("got %+v", k)
			}
		})
	}
}

// sayAll is say for an answer that may be cut.
func sayAll(t *testing.T, addr, raw string) (string, error) {
	t.Helper()
	c, in := dial(t, addr)
	await.Within(c, await.Patience)
	io.WriteString(c, raw)
	got, err := io.ReadAll(in)
	return string(got), err
}

// TestTrace_underLoadHasTheStoryOfTheConnection: what went out again, because the connection that was kept had ended, and failed.
func TestTrace_underLoadHasTheStoryOfTheConnection(t *testing.T) {
	var served atomic.Int32
	f, addr, _ := startBusy(t, func(head string, c net.Conn) bool {
		n := served.Add(1)
		switch n {
		case 1:
			return answers("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true)("", c)
		case 2:
			return false
		}
		return answers("HTTP/1.1 503 Not now\r\nContent-Length: 0\r\n\r\n", true)("", c)
	})
	const request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	say(t, addr, request+"GET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	var k *trace.Kept
	await.Until(t, "the second exchange is kept", func() bool {
		for _, s := range f.Trace.Recent() {
			if s.Target == "/2" {
				k = f.Trace.Find(s.ID)
			}
		}
		return k != nil
	})
	if k.Summary.Status != 503 || len(k.Attempts) != 1 || k.Attempts[0].Connection != "again" {
		t.Errorf("got %+v", k)
	}
}

// TestTrace_underLoadHasWhatLasts: an event stream is kept when it leaves its worker.
func TestTrace_underLoadHasWhatLasts(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
	f, addr, seen := startBusy(t, func(_ string, c net.Conn) bool {
		io.WriteString(c, head+"data: 1\n\n")
		io.Copy(io.Discard, c)
		return false
	})
	c, in := dial(t, addr)
	await.Within(c, await.Patience)
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if line, err := in.ReadString('\n'); err != nil {
		t.Fatalf("got %q, %v", line, err)
	}
	var k *trace.Kept
	await.Until(t, "it is kept", func() bool {
		for _, s := range f.Trace.Recent() {
			k = f.Trace.Find(s.ID)
		}
		return k != nil
	})
	if !k.Summary.Lasts || len(k.Attempts) != 1 || string(k.Attempts[0].Out[0].Raw) != seen() || string(k.Attempts[0].In[0].Raw) != head || len(k.ClientOut) != 1 {
		t.Errorf("got %+v", k)
	}
}

// TestTrace_underLoadHasTenfoursOwnAnswers, with their heads.
func TestTrace_underLoadHasTenfoursOwnAnswers(t *testing.T) {
	f, addr, _ := startBusy(t, answers("", false))
	got := say(t, addr, "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n")
	k := kept(t, f, 1)[0]
	if head, _, _ := strings.Cut(got, "\r\n\r\n"); k.Summary.Status != 405 || len(k.ClientOut) != 1 || string(k.ClientOut[0].Raw) != head+"\r\n\r\n" || len(k.Attempts) != 0 {
		t.Errorf("got %+v for %q", k, got)
	}
}
