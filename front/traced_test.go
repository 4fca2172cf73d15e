package front_test

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"tenfour/front"
	"tenfour/tests/await"
	"tenfour/trace"
)

// startRecorded is startRuled with one route, whose backend answers each head with what answer says, and remembers what it was sent. All
// exchanges are recorded.
func startRecorded(t *testing.T, answer string) (f *front.Front, addr string, seen func() string) {
	return startServing(t, answers(answer, true))
}

// startServing is startRecorded with a backend that is given each head and its connection, and says whether it reads another one.
func startServing(t *testing.T, serve func(head string, c net.Conn) (goesOn bool)) (f *front.Front, addr string, seen func() string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var got await.Output
	var running sync.WaitGroup
	serveEach(&running, ln, func(c net.Conn) {
		head, one := "", make([]byte, 1)
		for {
			if _, err := c.Read(one); err != nil {
				return
			}
			got.Write(one)
			if head += string(one); !strings.HasSuffix(head, "\r\n\r\n") {
				continue
			}
			if !serve(head, c) {
				return
			}
			head = ""
		}
	})
	t.Cleanup(func() { ln.Close(); running.Wait() })
	f, addr, _ = startWith(t, 1, 10, map[string]string{"/": ln.Addr().String()}, nil, trace.New(8<<20))
	return f, addr, got.String
}

// kept waits until n exchanges are kept that have ended, and returns them in the order in which they began.
func kept(t *testing.T, f *front.Front, n int) (all []*trace.Kept) {
	t.Helper()
	await.Until(t, "the exchanges are kept", func() bool {
		all = nil
		for _, s := range f.Trace.Recent() {
			if k := f.Trace.Find(s.ID); k != nil && !k.Summary.Lasts {
				all = append([]*trace.Kept{k}, all...)
			}
		}
		return len(all) >= n
	})
	return all
}

// say sends bytes on a connection of its own, and returns all that comes back.
func say(t *testing.T, addr, raw string) string {
	t.Helper()
	c, in := dial(t, addr)
	await.Within(c, await.Patience)
	io.WriteString(c, raw)
	got, err := io.ReadAll(in)
	if err != nil {
		t.Fatalf("read %q, and %v", got, err)
	}
	return string(got)
}

func TestTrace_hasTheHeadsOfBothSidesAsTheyPassed(t *testing.T) {
	const answer = "HTTP/1.1 200 Fine\r\nX-A:  b\r\nContent-Length: 2\r\n\r\nok"
	f, addr, seen := startRecorded(t, answer)
	const first, second = "GET /a?b=c HTTP/1.1\r\nHost: a.test\r\nX-Odd:\tvalue\r\n\r\n", "GET /d HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"
	got := say(t, addr, first+second)
	all := kept(t, f, 2)
	var in, out string
	for i, k := range all {
		if string(k.ClientIn[0].Raw) != [...]string{first, second}[i] || string(k.Attempts[0].In[0].Raw)+"ok" != answer {
			t.Errorf("exchange %d: the client's head is %q, the backend's %q", i, k.ClientIn[0].Raw, k.Attempts[0].In[0].Raw)
		}
		in += string(k.Attempts[0].Out[0].Raw)
		out += string(k.ClientOut[0].Raw) + "ok"
		if k.Connection.Before != i || k.Attempts[0].Connection != [...]string{"new", "reused"}[i] || !k.Attempts[0].Won || k.Summary.Status != 200 || k.Bytes != 2 {
			t.Errorf("exchange %d: got %+v", i, k)
		}
	}
	if in != seen() || out != got {
		t.Errorf("to the backend: %q, which got %q; to the client: %q, which got %q", in, seen(), out, got)
	}
}

func TestTrace_hasWhereAHeadWasRefused(t *testing.T) {
	f, addr, _ := startRecorded(t, "")
	const line = "GET / HTTP/1.1\r\nHost : a\r\n"
	got := say(t, addr, line+"Secret: of another request\r\n\r\n")
	k := kept(t, f, 1)[0]
	h := k.ClientIn[0]
	if string(h.Raw) != line || h.Refused != strings.Index(line, " :") || k.Summary.Kept != trace.Failed || k.Summary.Status != 400 {
		t.Errorf("got %q, refused at %d, in %+v; want %q, refused at the space", h.Raw, h.Refused, k.Summary, line)
	}
	if head, _, _ := strings.Cut(got, "\r\n\r\n"); string(k.ClientOut[0].Raw) != head+"\r\n\r\n" || k.Summary.Reason == "" {
		t.Errorf("got the answer %q, for %q", k.ClientOut[0].Raw, k.Summary.Reason)
	}
}

func TestTrace_hasAnExchangeWhoseClientLeft(t *testing.T) {
	f, addr, seen := startRecorded(t, "")
	c, _ := dial(t, addr)
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	await.Until(t, "the backend has the request", func() bool { return strings.HasSuffix(seen(), "\r\n\r\n") })
	c.(*net.TCPConn).SetLinger(0)
	c.Close()
	k := kept(t, f, 1)[0]
	if k.Summary.Status != 499 || k.Summary.Kept != trace.Failed || len(k.Attempts) != 1 || k.Attempts[0].Progress != "sent" || !k.Attempts[0].Ended.Known() {
		t.Errorf("got %+v", k)
	}
}

func TestTrace_saysWhichExchangeHasAnsweredAJoinedOne(t *testing.T) {
	mute, asked := startBackend(t, "")
	f, addr, stop := startWith(t, 1, 10, map[string]string{"/": mute}, nil, trace.New(8<<20))
	joins, _ := joinAt(t, f, mute, 1, 1<<20)
	for range 2 {
		c, _ := dial(t, addr)
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	}
	await.Until(t, "both wait", func() bool { n, _ := joins.Waiting(); return n == 1 && asked.Load() == 1 })
	stop()
	attempts, joined := 0, 0
	for _, k := range kept(t, f, 2) {
		attempts += len(k.Attempts)
		if k.JoinedTo != "" {
			joined++
			if lead := f.Trace.Find(k.JoinedTo); lead == nil || len(lead.Attempts) != 1 {
				t.Errorf("it is joined to %q, which is %+v", k.JoinedTo, lead)
			}
		}
	}
	if attempts != 1 || joined != 1 {
		t.Errorf("%d attempts, %d joined; want 1 of each", attempts, joined)
	}
}
