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
	"tenfour/names"
	"tenfour/pool"
	"tenfour/sock"
	"tenfour/tests/await"
	"tenfour/trace"
	"tenfour/value/address"
)

// owner is told how an exchange goes, and closes its client's connection at the end, after what it has not taken yet.
type owner struct{ finished chan *Exchange }

func (o *owner) Lasting(*Exchange) {}
func (o *owner) Finished(x *Exchange) {
	x.Client.Write(x.Pending())
	x.Client.Close()
	o.finished <- x
}

// Unpark is never needed: no exchange of these tests lasts, or waits in a queue.
func (o *owner) Unpark() {}

// startRoute makes a route to one origin, which the test's end closes.
func startRoute(t *testing.T, o *Origin) (*Route, *lot.Lot) {
	t.Helper()
	return startHeldRoute(t, o, 1, pool.Hold{})
}

// startHeldRoute does it with a hold, and a queue in which up to most clients may wait.
func startHeldRoute(t *testing.T, o *Origin, most int, hold pool.Hold) (*Route, *lot.Lot) {
	t.Helper()
	l, err := lot.New()
	if err != nil {
		t.Fatal(err)
	}
	workers := pool.New(l, func(v any, stack []byte) { t.Errorf("panic: %v\n%s", v, stack) })
	t.Cleanup(func() {
		workers.Close()
		l.Close()
	})
	b, err := workers.AddBackend(o.Name, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	o.Backend = b
	settings := &Settings{ConnectTimeout: await.Patience, BackendTimeout: await.Patience, ClientTimeout: await.Patience, Buffer: 4 << 10, KeepIdle: await.Patience, Resend: 1}
	queue := workers.AddQueue("/", most, hold, b)
	queue.LetBackgroundWait(10)
	return &Route{Name: "/", Queue: queue, Origins: []*Origin{o}, Settings: settings}, l
}

// pair returns tenfour's end of a connection, and its client's.
func pair(t *testing.T, l *lot.Lot) (*sock.Conn, net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	to := ln.Addr().String()
	accepting, err := sock.Listen(ln, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer accepting.Close()
	client, err := net.DialTimeout("tcp", to, await.Patience)
	if err != nil {
		t.Fatal(err)
	}
	conn := &sock.Conn{}
	err = accepting.SyscallConn().Read(func(socket uintptr) bool {
		fd, remote, err := accepting.Accept(socket)
		if err == nil {
			conn.Init(l, fd, remote)
		}
		return err != sock.ErrWait
	})
	if err != nil || !conn.Open() {
		t.Fatal("not accepted: ", err)
	}
	return conn, client
}

// exchange has the route move a request, and returns what its client got, and how it went.
func (r *Route) exchange(t *testing.T, l *lot.Lot, raw string) (string, *Exchange) {
	t.Helper()
	conn, client := pair(t, l)
	defer client.Close()
	own := &owner{finished: make(chan *Exchange, 1)}
	x := &Exchange{}
	x.Init(l, nil)
	x.In = sock.InputOf([]byte(raw))
	n, err := x.Head.Parse(x.In.Rest(), &httpparse.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	x.In.Keep(n)
	var waiter lot.Waiter
	waiter.Init(l, own)
	x.Route, x.Owner = r, own
	x.Limits, x.Client, x.Waiter, x.At, x.Stop = &httpparse.DefaultLimits, conn, &waiter, &pool.Place{}, new(atomic.Bool)
	if !x.Enter() {
		t.Fatal(x.Failure)
	}
	await.Within(client, await.Patience)
	got, err := io.ReadAll(client)
	if err != nil {
		t.Error(err)
	}
	return string(got), <-own.finished
}

// startOrigin starts a server that answers "okay", on an address of the given family, and returns it.
func startOrigin(t *testing.T, at string) netip.AddrPort {
	t.Helper()
	ln, err := net.Listen("tcp", at)
	if err != nil {
		t.Skip("this system has no such address: " + err.Error())
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "okay") })}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }() // ends with Close
	t.Cleanup(func() {
		s.Close()
		<-served
	})
	return netip.MustParseAddrPort(ln.Addr().String())
}

func TestExchange_triesEveryAddressOfAName(t *testing.T) {
	tests := map[string]struct{ listens, first, second string }{
		"only 127.0.0.1 listens": {"127.0.0.1:0", "::1", "127.0.0.1"},
		"only ::1 listens":       {"[::1]:0", "127.0.0.1", "::1"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			at := startOrigin(t, tc.listens)
			name := names.Known("localhost", netip.MustParseAddr(tc.first), netip.MustParseAddr(tc.second))
			o := NewOrigin(address.Backend{Host: "localhost", Port: at.Port()}, name, nil)
			route, l := startRoute(t, o)
			got, x := route.exchange(t, l, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			if !strings.HasPrefix(got, "HTTP/1.1 200 ") || !strings.HasSuffix(got, "okay") || x.Failure != nil {
				t.Errorf("got %q (%v), want the answer of the address that listens", got, x.Failure)
			}
		})
	}
}

func TestExchange_tellsWhyNoAddressCouldBeHad(t *testing.T) {
	at := startOrigin(t, "127.0.0.1:0")
	dead := netip.MustParseAddr("127.0.0.2")
	o := NewOrigin(address.Backend{Host: "localhost", Port: at.Port()}, names.Known("localhost", dead, dead), nil)
	route, l := startRoute(t, o)
	_, x := route.exchange(t, l, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
	if f := x.Failure; f == nil || f.Status != 502 || f.Progress != NothingSent || f.Step != Connect || !strings.Contains(f.Error(), "refused") {
		t.Errorf("got %#v, want 502 while connecting, nothing sent, refused", f)
	}
}

func TestRetryable_onlyWhatMayBeSentTwice(t *testing.T) {
	for _, tc := range []struct {
		e          Error
		idempotent bool
		want       bool
	}{
		{Error{Side: Backend, Step: Connect}, false, true},
		{Error{Side: Backend, Step: Send, Progress: PartlySent}, false, false},
		{Error{Side: Backend, Step: Send, Progress: PartlySent}, true, true},
		{Error{Side: Backend, Step: Await, Progress: WhollySent}, true, true},
		{Error{Side: Backend, Step: Await, Progress: WhollySent}, false, false},
		{Error{Side: Backend, Step: Read, Progress: Answering}, true, false},
		{Error{Side: Client, Step: Connect}, true, false},
		{Error{Side: Self, Step: Connect}, true, false},
	} {
		if got := tc.e.Retryable(tc.idempotent); got != tc.want {
			t.Errorf("%+v, idempotent %t: got %t, want %t", tc.e, tc.idempotent, got, tc.want)
		}
	}
}

// TestExchange_thatIsRecordedAtItsEndHasItsAttempt: at which backend, with which status.
func TestExchange_thatIsRecordedAtItsEndHasItsAttempt(t *testing.T) {
	route, l := startAnswering(t, pool.Hold{}, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	x := recorded(t, route, l, getIt, 100, nil)
	book := trace.New(1 << 20)
	x.Trace = book.Begin(&trace.Arrival{Lane: book.Unrouted(), Began: l.Now(), Ends: true}, []byte(getIt))
	x.TraceEnded()
	x.Trace.End(trace.End{Now: l.Now(), Status: x.Status, Backend: x.Backend})
	all := book.Recent()
	if len(all) != 1 {
		t.Fatalf("%d exchanges are kept, want 1", len(all))
	}
	k := book.Find(all[0].ID)
	if len(k.Attempts) != 1 || k.Attempts[0].Backend != route.Origins[0].Name || k.Attempts[0].Status != 200 || !k.Attempts[0].Won || !k.Attempts[0].Ended.Known() {
		t.Errorf("got the attempts %+v", k.Attempts)
	}
	x.Reset()
}
