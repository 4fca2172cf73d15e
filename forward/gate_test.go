package forward

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tenfour/httpparse"
	"tenfour/lot"
	"tenfour/pool"
	"tenfour/sock"
	"tenfour/tests/await"
	"tenfour/value/address"
	"tenfour/value/choice"
)

// accepting is a backend whose connections the test has.
func accepting(t *testing.T) (*Origin, chan net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	conns, ended := make(chan net.Conn, 10), make(chan struct{})
	go func() { // ends with ln
		defer close(ended)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			await.Within(c, await.Patience)
			conns <- c
		}
	}()
	t.Cleanup(func() {
		ln.Close()
		<-ended
		for len(conns) > 0 {
			(<-conns).Close()
		}
	})
	at := netip.MustParseAddrPort(ln.Addr().String())
	return NewOrigin(address.Backend{Host: "127.0.0.1", Port: at.Port()}, nil, nil), conns
}

// shut has an exchange without a client enter, with a grip.
func shut(t *testing.T, route *Route, l *lot.Lot, g *Grip) chan *Exchange {
	t.Helper()
	x, own := &Exchange{}, &keeper{finished: make(chan *Exchange, 1)}
	x.Init(l, nil)
	x.In = sock.InputOf([]byte(getIt))
	n, err := x.Head.Parse(x.In.Rest(), &httpparse.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	x.In.Keep(n)
	x.Route, x.Owner, x.Record, x.Grip = route, own, 1000, g
	x.Limits, x.At, x.Stop = &httpparse.DefaultLimits, &pool.Place{Background: true}, new(atomic.Bool)
	if !x.Enter() {
		t.Fatal(x.Failure)
	}
	return own.finished
}

// hasNothing fails the test if a byte comes on c, or does within a moment.
func hasNothing(t *testing.T, c net.Conn) {
	t.Helper()
	await.Within(c, 20*time.Millisecond)
	if n, err := c.Read(make([]byte, 1)); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the backend got %d bytes (%v)", n, err)
	}
	await.Within(c, await.Patience)
}

// answer reads a request on c, and answers it.
func answer(t *testing.T, c net.Conn, raw string) {
	t.Helper()
	var got strings.Builder
	for !strings.Contains(got.String(), "\r\n\r\n") {
		if _, err := io.CopyN(&got, c, 1); err != nil {
			t.Fatalf("the backend got %q (%v)", got.String(), err)
		}
	}
	io.WriteString(c, raw)
	c.Close()
}

// TestGate_letsNothingOutBeforeItIsOpen: the backend has a connection meanwhile, and not a byte.
func TestGate_letsNothingOutBeforeItIsOpen(t *testing.T) {
	o, conns := accepting(t)
	route, l := startRoute(t, o)
	told := make(chan string, 1)
	g := &Grip{Gated: true, AtGate: func(backend string) { told <- backend }}
	finished := shut(t, route, l, g)
	c := await.Value(t, conns, "the connection")
	if got := await.Value(t, told, "that it waits"); got != o.Name {
		t.Errorf("it waits to send to %q", got)
	}
	hasNothing(t, c)
	g.Open()
	answer(t, c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay")
	x := await.Value(t, finished, "the end")
	if _, content := x.Recorded(); x.Failure != nil || string(content) != "okay" {
		t.Errorf("got %q (%v)", content, x.Failure)
	}
	if g.Shut() {
		t.Error("it was shut after a byte had passed")
	}
}

// TestGate_thatStaysShut ends the attempt, of which nothing was sent, after a second, or when it is cut.
func TestGate_thatStaysShut(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]error{"a second": errGate, "a cut": errCut} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, conns := accepting(t)
			route, l := startRoute(t, o)
			g := &Grip{Gated: true}
			finished := shut(t, route, l, g)
			c := await.Value(t, conns, "the connection")
			defer c.Close()
			if want == errCut {
				g.Cut()
			}
			x := await.Value(t, finished, "the end")
			if !errors.Is(x.Failure, want) || x.Progress() != NothingSent {
				t.Errorf("got %v, %s", x.Failure, x.Progress())
			}
			if got, err := io.ReadAll(c); len(got) > 0 || err != nil {
				t.Errorf("the backend got %q (%v)", got, err)
			}
		})
	}
}

// TestGate_ofARace is one for all backends.
func TestGate_ofARace(t *testing.T) {
	first, conns := accepting(t)
	second, others := accepting(t)
	route, l := startRaced(t, choice.Parallel, first, second)
	g := &Grip{Gated: true}
	finished := shut(t, route, l, g)
	c, other := await.Value(t, conns, "a connection"), await.Value(t, others, "the other connection")
	defer other.Close()
	hasNothing(t, c)
	hasNothing(t, other)
	g.Open()
	answer(t, c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay")
	if x := await.Value(t, finished, "the end"); x.Failure != nil {
		t.Error(x.Failure)
	}
}

// TestShut_beforeAByteWentOut: an exchange that waits in its queue can be shut, and one that was sent cannot.
func TestShut_beforeAByteWentOut(t *testing.T) {
	route, l, asked, gate := gated(t, "okay")
	running, queued := &Grip{}, &Grip{}
	ends := shut(t, route, l, running)
	await.Value(t, asked, "the request")
	other := shut(t, route, l, queued)
	if running.Shut() || !queued.Shut() || !queued.Shut() {
		t.Error("the one that was sent was shut, or the one that waits was not")
	}
	close(gate)
	await.Value(t, ends, "the first one's end")
	queued.Open()
	if x := await.Value(t, other, "the other one's end"); x.Failure != nil {
		t.Error(x.Failure)
	}
}
