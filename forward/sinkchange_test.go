package forward

import (
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"tenfour/httpparse"
	"tenfour/lot"
	"tenfour/pool"
	"tenfour/sock"
	"tenfour/tests/await"
	"tenfour/value/address"
)

// changing is an exchange whose sink the test changes: what it sends runs on the goroutine of the attempt, in its next step.
type changing struct {
	*Exchange
	slot   chan *pool.Slot
	change chan func()
}

func (c *changing) begins(s *pool.Slot) bool {
	c.slot <- s
	return true
}

func (c *changing) unwanted() error {
	select {
	case f := <-c.change:
		f()
	default:
	}
	return nil
}

// gated is a backend that tells when it was asked, and answers with content when the gate is closed.
func gated(t *testing.T, content string) (route *Route, l *lot.Lot, asked chan string, gate chan struct{}) {
	t.Helper()
	asked, gate = make(chan string, 1), make(chan struct{})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked <- r.URL.Path + " " + string(body)
		<-gate
		io.WriteString(w, content)
	})}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }() // ends with Close
	at := netip.MustParseAddrPort(ln.Addr().String())
	route, l = startRoute(t, NewOrigin(address.Backend{Host: "127.0.0.1", Port: at.Port()}, nil, nil))
	t.Cleanup(func() {
		s.Close()
		<-served
	})
	return route, l, asked, gate
}

// start has an exchange begin whose request was written by no client, or came over conn, and whose body is held.
func start(t *testing.T, route *Route, l *lot.Lot, conn *sock.Conn) (*changing, chan *Exchange) {
	t.Helper()
	x, own := &Exchange{}, &keeper{finished: make(chan *Exchange, 1)}
	c := &changing{Exchange: x, slot: make(chan *pool.Slot, 1), change: make(chan func(), 1)}
	x.Init(l, nil)
	x.attempt.decider = c
	x.In = sock.InputOf([]byte("PUT /path HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n"))
	n, err := x.Head.Parse(x.In.Rest(), &httpparse.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	x.In.Keep(n)
	x.Body, x.BodyWhole = NewBody(nil, 0), true
	x.Body.Append([]byte("body"))
	x.Route, x.Owner, x.Client, x.Waiter = route, own, conn, &lot.Waiter{}
	x.Waiter.Init(l, own)
	x.Limits, x.At, x.Stop = &httpparse.DefaultLimits, &pool.Place{}, new(atomic.Bool)
	if !x.Enter() {
		t.Fatal(x.Failure)
	}
	return c, own.finished
}

// keeper is told how an exchange went, and leaves its client alone.
type keeper struct {
	finished chan *Exchange
	lasting  atomic.Pointer[Exchange] // it goes on without a worker; nil before
}

func (k *keeper) Lasting(x *Exchange)  { k.lasting.Store(x) }
func (k *keeper) Finished(x *Exchange) { k.finished <- x }
func (k *keeper) Unpark() {
	if x := k.lasting.Load(); x != nil {
		x.Resume()
	}
}

// letGo takes the client away from an exchange whose request is whole: the head that the client's input keeps is copied.
func (c *changing) letGo() {
	c.Request = *c.Request.Clone()
	c.attempt.giveTo(nil)
}

// TestSink_changesWhileTheAttemptRuns, before the response begins: the request is sent once, and its response goes where it is
// wanted then.
func TestSink_changesWhileTheAttemptRuns(t *testing.T) {
	const content = "okay"
	for name, tc := range map[string]struct{ had, gets bool }{
		"the client is let go, and the response is held": {true, false},
		"another client is given the response":           {true, true},
		"it had no client, and is given one":             {false, true},
		"it has no client, and the response is held":     {false, false},
	} {
		t.Run(name, func(t *testing.T) {
			route, l, asked, gate := gated(t, content)
			var first *sock.Conn
			var peer net.Conn
			if tc.had {
				first, peer = pair(t, l)
				defer peer.Close()
			}
			c, finished := start(t, route, l, first)
			in := c.In
			slot := await.Value(t, c.slot, "the worker")
			if got := await.Value(t, asked, "the request"); got != "/path body" {
				t.Fatalf("the backend was asked %q", got)
			}
			second, other := pair(t, l)
			defer other.Close()
			done := make(chan struct{})
			c.change <- func() {
				defer close(done)
				if tc.had {
					c.letGo()
					clear(in.Head()) // the client's input is its next request's
					first.Close()
				}
				if tc.gets {
					c.attempt.giveTo(second)
					second.HandTo(&slot.Waiter)
				}
			}
			slot.Notify()
			await.Value(t, done, "the change")
			if tc.had {
				await.Within(peer, await.Patience)
				if b, err := io.ReadAll(peer); len(b) > 0 || err != nil {
					t.Errorf("the client that was let go got %q (%v)", b, err)
				}
			}
			close(gate)
			x := await.Value(t, finished, "the result")
			if tc.gets {
				second.Write(x.Pending())
			}
			second.Close()
			got, _ := io.ReadAll(other)
			if !tc.gets {
				if len(got) > 0 {
					t.Errorf("a client that is none of its got %q", got)
				}
				got = x.Pending()
			}
			if s := string(got); x.Failure != nil || !strings.HasPrefix(s, "HTTP/1.1 200 ") || !strings.HasSuffix(s, "\r\n\r\n"+content) {
				t.Errorf("got %q (%v)", got, x.Failure)
			}
			if x.Progress() != Answering || x.Backend == "" {
				t.Errorf("it came to %v at %q", x.Progress(), x.Backend)
			}
			x.Reset()
		})
	}
}

// TestSink_holdsNoMoreThanItMay: a response without a client is as large as may be held, at most.
func TestSink_holdsNoMoreThanItMay(t *testing.T) {
	route, l, asked, gate := gated(t, strings.Repeat("x", 64<<10))
	_, finished := start(t, route, l, nil)
	await.Value(t, asked, "the request")
	close(gate)
	x := await.Value(t, finished, "the result")
	if x.Failure == nil || x.Failure.Side != Self || !strings.Contains(x.Failure.Error(), "more than may be held") {
		t.Errorf("got %v", x.Failure)
	}
	x.Reset()
}
