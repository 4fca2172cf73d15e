package forward

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
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
	"tenfour/value/statuses"
)

// answering is a backend that answers its connections with these bytes, one each, and then closes them; the last is for all
// further ones. "" is a close without an answer.
func answering(t *testing.T, raw ...string) *Origin {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var loop sync.WaitGroup
	loop.Go(func() { // ends with ln
		for i := 0; ; i++ {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			await.Within(c, await.Patience)
			if req, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				io.Copy(io.Discard, req.Body)
				io.WriteString(c, raw[min(i, len(raw)-1)])
			}
			c.Close()
		}
	})
	t.Cleanup(func() {
		ln.Close()
		loop.Wait()
	})
	at := netip.MustParseAddrPort(ln.Addr().String())
	return NewOrigin(address.Backend{Host: "127.0.0.1", Port: at.Port()}, nil, nil)
}

// startAnswering makes a route to such a backend.
func startAnswering(t *testing.T, hold pool.Hold, raw ...string) (*Route, *lot.Lot) {
	t.Helper()
	return startHeldRoute(t, answering(t, raw...), 1, hold)
}

// recorded fills a record through the route: with the response to a request that no client waits for.
func recorded(t *testing.T, route *Route, l *lot.Lot, request string, most int, o Observer) *Exchange {
	t.Helper()
	x, own := &Exchange{}, &keeper{finished: make(chan *Exchange, 1)}
	x.Init(l, nil)
	x.In = sock.InputOf([]byte(request))
	n, err := x.Head.Parse(x.In.Rest(), &httpparse.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	x.In.Keep(n)
	x.Route, x.Owner, x.Record, x.Observer = route, own, most, o
	x.Limits, x.At, x.Stop = &httpparse.DefaultLimits, &pool.Place{Background: true}, new(atomic.Bool)
	if !x.Enter() {
		t.Fatal(x.Failure)
	}
	return await.Value(t, own.finished, "the result")
}

const getIt = "GET /it HTTP/1.1\r\nHost: a\r\n\r\n"

// TestRecord_hasHeadAndContent: what is of the backend's response alone, whatever its framing was.
func TestRecord_hasHeadAndContent(t *testing.T) {
	const head = "HTTP/1.1 200 Fine\r\nDate: Thu, 26 Nov 2026 03:00:00 GMT\r\nX-Own:  spaced \r\n"
	for name, tc := range map[string]struct{ request, raw, content, also string }{
		"a length":            {getIt, head + "Content-Length: 4\r\nConnection: close\r\n\r\nokay", "okay", ""},
		"chunks":              {getIt, head + "Transfer-Encoding: chunked\r\n\r\n3\r\noka\r\n1\r\ny\r\n0\r\nTrailer: x\r\n\r\n", "okay", ""},
		"no length":           {getIt, head + "\r\nokay", "okay", ""},
		"nothing":             {getIt, head + "Content-Length: 0\r\n\r\n", "", ""},
		"interim responses":   {getIt, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + head + "Content-Length: 4\r\n\r\nokay", "okay", ""},
		"lines in its body":   {getIt, head + "Content-Length: 8\r\n\r\n\r\n\r\nokay", "\r\n\r\nokay", ""},
		"HEAD has a length":   {"HEAD /it HTTP/1.1\r\nHost: a\r\n\r\n", head + "Content-Length: 4\r\n\r\n", "", "Content-Length: 4\r\n"},
		"a client of 1.0":     {"GET /it HTTP/1.0\r\n\r\n", head + "Transfer-Encoding: chunked\r\n\r\n4\r\nokay\r\n0\r\n\r\n", "okay", ""},
		"it wants to persist": {"GET /it HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", head + "Content-Length: 4\r\n\r\nokay", "okay", ""},
	} {
		t.Run(name, func(t *testing.T) {
			route, l := startAnswering(t, pool.Hold{}, tc.raw)
			x := recorded(t, route, l, tc.request, 100, nil)
			got, content := x.Recorded()
			want := "HTTP/1.1 200 Fine\r\nDate: Thu, 26 Nov 2026 03:00:00 GMT\r\nX-Own: spaced\r\nVia: 1.1 tenfour\r\n" + route.Origins[0].Header + tc.also
			if x.Failure != nil || string(got) != want || string(content) != tc.content {
				t.Errorf("%q\n%q (%v), want\n%q\n%q", got, content, x.Failure, want, tc.content)
			}
			x.Reset()
		})
	}
}

// TestRecord_isBounded: content one byte below the bound, at it, and one above.
func TestRecord_isBounded(t *testing.T) {
	const most = 20 << 10 // more than the route's buffer
	for _, size := range []int{most - 1, most, most + 1} {
		content := strings.Repeat("x", size)
		for framing, raw := range map[string]string{
			"a length":  fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", size, content),
			"chunks":    fmt.Sprintf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", size, content),
			"no length": "HTTP/1.1 200 OK\r\n\r\n" + content,
		} {
			t.Run(fmt.Sprintf("%d with %s", size-most, framing), func(t *testing.T) {
				route, l := startAnswering(t, pool.Hold{}, raw)
				x := recorded(t, route, l, getIt, most, nil)
				switch _, got := x.Recorded(); {
				case size <= most && (x.Failure != nil || string(got) != content):
					t.Errorf("%d bytes (%v)", len(got), x.Failure)
				case size > most && (x.Failure == nil || !errors.Is(x.Failure, ErrNotKept) || !strings.Contains(x.Failure.ForClient(), "larger than may be kept (20480 bytes)")):
					t.Errorf("got %v", x.Failure)
				}
				x.Reset()
			})
		}
	}
}

// TestRecord_ofAResponseThatIsCut has what came, and says so.
func TestRecord_ofAResponseThatIsCut(t *testing.T) {
	route, l := startAnswering(t, pool.Hold{}, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
	x := recorded(t, route, l, getIt, 100, nil)
	if _, content := x.Recorded(); x.Failure == nil || x.Status != 200 || string(content) != "half" {
		t.Errorf("got %d, %q (%v)", x.Status, content, x.Failure)
	}
	x.Reset()
	if head, content := x.Recorded(); head != nil || content != nil {
		t.Errorf("after Reset: %q, %q", head, content)
	}
}

// startRaced makes a route that races two origins, of which the first is asked first.
func startRaced(t *testing.T, mode choice.Race, first, second *Origin) (*Route, *lot.Lot) {
	t.Helper()
	route, l := startHeldRoute(t, first, 1, pool.Hold{})
	workers := pool.New(l, func(v any, stack []byte) { t.Errorf("panic: %v\n%s", v, stack) })
	t.Cleanup(workers.Close)
	route.Origins = append(route.Origins, second)
	route.turn.Store(1)
	route.Settings.Racing = Racing{Mode: mode, Usable: statuses.Classes(2, 2)}
	for _, o := range route.Origins {
		b, err := workers.AddBackend(o.Name, 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		o.Backend = b
		route.Entries = append(route.Entries, Entry{o.Name, workers.AddEntry(o.Name, 1, b)})
	}
	return route, l
}

// TestRecord_ofARace is the usable response, or the first whole one that is not. Both attempts are observed.
func TestRecord_ofARace(t *testing.T) {
	const bad, okay = "HTTP/1.1 500 No\r\nContent-Length: 3\r\n\r\nbad", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nokay\r\n0\r\n\r\n"
	for want, raw := range map[string][2]string{"okay": {bad, okay}, "bad": {bad, bad}} {
		for _, mode := range []choice.Race{choice.Serial, choice.Parallel} {
			if want == "okay" && mode == choice.Parallel {
				continue // it may win before the other has begun
			}
			t.Run(fmt.Sprint(want, " ", mode), func(t *testing.T) {
				route, l := startRaced(t, mode, answering(t, raw[0]), answering(t, raw[1]))
				n := &notes{}
				x := recorded(t, route, l, getIt, 100, n)
				head, content := x.Recorded()
				if x.Failure != nil || string(content) != want || !strings.HasSuffix(string(head), "X-Race: 2/2\r\n") {
					t.Errorf("got %q, %q (%v)", head, content, x.Failure)
				}
				await.Until(t, "both attempts' ends are told", func() bool {
					n.mu.Lock()
					defer n.mu.Unlock()
					return len(n.told) == 4
				})
				x.Reset()
			})
		}
	}
}

// notes is an observer that keeps what it is told.
type notes struct {
	mu   sync.Mutex
	told []string
}

func (n *notes) Begins(backend string) { n.add("begins " + backend) }
func (n *notes) Ends(r *Result) {
	how := fmt.Sprintf("ends %s: %s, %d", r.Backend, r.Progress(), r.Status)
	if r.Failure != nil {
		how += ", " + r.Failure.Step.String()
	}
	n.add(how)
}
func (n *notes) add(what string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.told = append(n.told, what)
}

// TestObserver_isToldOfEachAttempt: where it began, and how far it came.
func TestObserver_isToldOfEachAttempt(t *testing.T) {
	const okay = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay"
	hold := pool.Hold{For: time.Minute, Every: time.Millisecond}
	for name, tc := range map[string]struct {
		raw  []string
		want []string
	}{
		"one is answered":                    {[]string{okay}, []string{"begins B", "ends B: answering, 200"}},
		"one is answered after one that was": {[]string{"", okay}, []string{"begins B", "ends B: sent, 0, awaiting the response", "begins B", "ends B: answering, 200"}},
		"the last one counts":                {[]string{"", ""}, []string{"begins B", "ends B: sent, 0, awaiting the response", "begins B", "ends B: sent, 0, awaiting the response"}},
		"half an answer":                     {[]string{okay[:len(okay)-1]}, []string{"begins B", "ends B: answering, 200, reading the response"}},
	} {
		t.Run(name, func(t *testing.T) {
			route, l := startAnswering(t, hold, tc.raw...)
			n := &notes{}
			recorded(t, route, l, getIt, 100, n).Reset()
			n.mu.Lock()
			defer n.mu.Unlock()
			for i, told := range n.told {
				n.told[i] = strings.ReplaceAll(told, route.Origins[0].Name, "B")
			}
			if !slices.Equal(n.told, tc.want) {
				t.Errorf("it was told\n%q, want\n%q", n.told, tc.want)
			}
		})
	}
}

// TestRecord_ofAnEventStream fails at once: it has no end, and another attempt would have none.
func TestRecord_ofAnEventStream(t *testing.T) {
	route, l := startAnswering(t, pool.Hold{}, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: x\n\n")
	x := recorded(t, route, l, getIt, 100, nil)
	if !errors.Is(x.Failure, ErrNotKept) || !strings.Contains(x.Failure.ForClient(), "event stream") {
		t.Errorf("got %v", x.Failure)
	}
}

// TestRecord_leavesItsWorker when its response drips: the slot serves another exchange meanwhile, and the record gets all of it.
func TestRecord_leavesItsWorker(t *testing.T) {
	t.Parallel()
	o, conns := accepting(t)
	route, l := startRoute(t, o)
	o.Backend.Resize(1, 1)
	route.Settings.BackendTimeout = time.Minute
	enter := func() (*Exchange, *keeper) {
		x, own := &Exchange{}, &keeper{finished: make(chan *Exchange, 1)}
		x.Init(l, nil)
		x.In = sock.InputOf([]byte(getIt))
		n, err := x.Head.Parse(x.In.Rest(), &httpparse.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		x.In.Keep(n)
		x.Route, x.Owner, x.Record, x.Waiter = route, own, 100, &lot.Waiter{}
		x.Waiter.Init(l, own)
		x.Limits, x.At, x.Stop = &httpparse.DefaultLimits, &pool.Place{Background: true}, new(atomic.Bool)
		if !x.Enter() {
			t.Fatal(x.Failure)
		}
		return x, own
	}
	_, first := enter()
	c := await.Value(t, conns, "the connection")
	in := bufio.NewReader(c)
	if _, err := http.ReadRequest(in); err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\ndrips")
	await.Until(t, "it has left its worker", func() bool { return first.lasting.Load() != nil })
	_, second := enter()
	answer(t, await.Value(t, conns, "the other connection"), "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay")
	x := await.Value(t, second.finished, "the other one's end")
	if _, content := x.Recorded(); x.Failure != nil || string(content) != "okay" || len(first.finished) > 0 {
		t.Errorf("the other one got %q (%v)", content, x.Failure)
	}
	io.WriteString(c, "..")
	c.Close()
	x = await.Value(t, first.finished, "the end")
	if _, content := x.Recorded(); x.Failure != nil || string(content) != "drips.." {
		t.Errorf("got %q (%v)", content, x.Failure)
	}
}
