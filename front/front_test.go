package front_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"tenfour/admit"
	"tenfour/forward"
	"tenfour/front"
	"tenfour/lot"
	"tenfour/pool"
	"tenfour/sock"
	"tenfour/tests/await"
	"tenfour/trace"
	"tenfour/value/address"
)

// startBackend answers every request with what answer says, or leaves it unanswered when that is "".
func startBackend(t testing.TB, answer string) (addr string, requests *atomic.Int32) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	requests = new(atomic.Int32)
	var running sync.WaitGroup
	serveEach(&running, ln, func(c net.Conn) {
		for in := bufio.NewReader(c); ; {
			if _, err := http.ReadRequest(in); err != nil {
				return
			}
			requests.Add(1)
			io.WriteString(c, answer)
		}
	})
	t.Cleanup(func() { ln.Close(); running.Wait() })
	return ln.Addr().String(), requests
}

// serveEach runs serve for each connection that ln accepts, and closes the connection after it. It ends when ln closes.
func serveEach(running *sync.WaitGroup, ln net.Listener, serve func(net.Conn)) {
	goOfTest(running, func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			goOfTest(running, func() { // ends with the connection
				defer c.Close()
				serve(c)
			})
		}
	})
}

// goOfTest starts a goroutine of a test's own backends and clients. Those may still run when a front has ended. All others
// must not, whatever they wait for.
func goOfTest(running *sync.WaitGroup, f func()) { running.Go(func() { ofTest(f) }) }

//go:noinline
func ofTest(f func()) { f() }

var ignoreThoseOfTests = goleak.IgnoreAnyFunction("tenfour/front_test.ofTest")

// startFront serves a route to a backend of its own for each path, with the given slots and places in the queue. stop
// cuts all, and looks that nothing is left; the test's end calls it too.
func startFront(t testing.TB, slots, queue int, backends map[string]string) (addr string, workers *pool.Pool, stop func()) {
	t.Helper()
	f, addr, stop := startRuled(t, slots, queue, backends, nil)
	return addr, f.Pool, stop
}

// startRuled is startFront with a rule for all routes.
func startRuled(t testing.TB, slots, queue int, backends map[string]string, rule *admit.Rule) (f *front.Front, addr string, stop func()) {
	t.Helper()
	return startWith(t, slots, queue, backends, rule, nil)
}

// startWith is startRuled with a book that exchanges are recorded in; nil for none.
func startWith(t testing.TB, slots, queue int, backends map[string]string, rule *admit.Rule, book *trace.Book) (f *front.Front, addr string, stop func()) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	lot, err := lot.New()
	if err != nil {
		t.Fatal(err)
	}
	workers := pool.New(lot, func(v any, stack []byte) { t.Errorf("panic: %v\n%s", v, stack) })
	var paths []admit.Path
	var routes []front.Route
	settings := &forward.Settings{ConnectTimeout: await.Patience, BackendTimeout: time.Hour, ClientTimeout: time.Hour, QueueTimeout: time.Hour, Buffer: 64 << 10, KeepIdle: time.Hour, Resend: 1}
	for path, at := range backends {
		tcp, err := net.ResolveTCPAddr("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		o := forward.NewOrigin(address.Backend{Host: tcp.IP.String(), Port: uint16(tcp.Port)}, nil, nil)
		b, err := workers.AddBackend(o.Name, slots, 8)
		o.Backend = b
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, admit.Path{Path: path, Route: len(routes)})
		routes = append(routes, front.Route{
			Rule:  rule,
			Route: &forward.Route{Name: path, Queue: workers.AddQueue(path, queue, pool.Hold{}, b), Origins: []*forward.Origin{o}, Settings: settings},
		})
	}
	table, err := admit.NewTable(paths)
	if err != nil {
		t.Fatal(err)
	}
	f = front.New(front.Config{Lot: lot, Pool: workers, Log: zerolog.Nop(), Trace: book},
		&front.Site{Table: table, Routes: routes, HeadTimeout: time.Hour, IdleTimeout: time.Hour})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	socket, err := sock.Listen(ln, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() { // ends with Drain
		f.Listen(socket, false).Serve()
		close(served)
	}()
	stop = sync.OnceFunc(func() {
		f.Drain(0)
		<-served
		if f.Open() != 0 {
			t.Errorf("%d connections are open after Drain", f.Open())
		}
		workers.Close()
		lot.Close()
		if err := goleak.Find(before, ignoreThoseOfTests); err != nil {
			t.Errorf("after Drain: %v", err)
		}
	})
	t.Cleanup(stop)
	return f, ln.Addr().String(), stop
}

func dial(t testing.TB, addr string) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.DialTimeout("tcp", addr, await.Patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, bufio.NewReader(c)
}

// ask sends a request and returns the status of its answer.
func ask(c net.Conn, in *bufio.Reader, path string) (int, error) {
	await.Within(c, await.Patience)
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path)
	r, err := http.ReadResponse(in, nil)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, r.Body)
	return r.StatusCode, err
}

// median returns the median time of n exchanges on path.
func median(t testing.TB, addr, path string, n int) time.Duration {
	t.Helper()
	c, in := dial(t, addr)
	defer c.Close()
	var took []time.Duration
	for range n {
		begun := time.Now()
		if status, err := ask(c, in, path); status != 200 || err != nil {
			t.Fatalf("%s got %d (%v)", path, status, err)
		}
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	return took[n/2]
}

// TestStuckBackend_starvesOnlyItself: one route's backend accepts and never answers, its slots are taken and its queue
// is full; the other route does not notice.
func TestStuckBackend_starvesOnlyItself(t *testing.T) {
	const slots, queue = 2, 3
	stuck, asked := startBackend(t, "")
	fine, _ := startBackend(t, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay")
	addr, workers, _ := startFront(t, slots, queue, map[string]string{"/stuck/": stuck, "/": fine})
	before := median(t, addr, "/", 200)
	for range slots + queue {
		c, _ := dial(t, addr)
		fmt.Fprint(c, "GET /stuck/ HTTP/1.1\r\nHost: a\r\n\r\n")
	}
	await.Until(t, "the stuck backend's slots and queue are full", func() bool { return asked.Load() >= slots && workers.Waiting() >= queue })
	c, in := dial(t, addr)
	if status, err := ask(c, in, "/stuck/"); status != 503 || err != nil {
		t.Errorf("one more for the stuck backend got %d (%v), want 503 at once", status, err)
	}
	// Noise may slow either; being held up for one would not be a matter of a factor.
	after := median(t, addr, "/", 200)
	for try := 0; after > 4*before && try < 5; try++ {
		after = median(t, addr, "/", 200)
	}
	t.Logf("the other route's median: %v before, %v beside", before, after)
	if after > 4*before {
		t.Errorf("the other route's median went from %v to %v", before, after)
	}
	if n := asked.Load(); n != slots {
		t.Errorf("the stuck backend was asked %d times, want %d: its slots", n, slots)
	}
}

// TestDrain_cutsConnectionsInEveryState, and leaves nothing: persistent ones between and in exchanges, those at a backend, in its
// queue, with half a head, and silent.
func TestDrain_cutsConnectionsInEveryState(t *testing.T) {
	const slots, each = 2, 10
	stuck, asked := startBackend(t, "")
	fine, _ := startBackend(t, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay")
	f, addr, stop := startRuled(t, slots, 50, map[string]string{"/stuck/": stuck, "/": fine}, nil)
	var clients sync.WaitGroup
	defer clients.Wait()
	var served atomic.Int32 // persistent clients that have had an answer
	for range each {
		c, in := dial(t, addr)
		goOfTest(&clients, func() { // ends with the connection
			first := sync.OnceFunc(func() { served.Add(1) })
			for {
				if _, err := ask(c, in, "/"); err != nil {
					return
				}
				first()
			}
		})
		queued, _ := dial(t, addr)
		fmt.Fprint(queued, "GET /stuck/ HTTP/1.1\r\nHost: a\r\n\r\n")
		half, _ := dial(t, addr)
		fmt.Fprint(half, "GET / HTTP/1.1\r\nHost: a\r\nX-Half")
		dial(t, addr) // silent
	}
	await.Until(t, "each persistent client has had an answer", func() bool { return served.Load() == each })
	await.Until(t, "the slots of the stuck backend are taken", func() bool { return asked.Load() == slots })
	await.Until(t, "the others wait in its queue", func() bool { return f.Pool.Waiting() >= each-slots })
	await.Until(t, "every connection is accepted", func() bool { return f.Open() == 4*each }) // silent ones after a second
	stop()
	if n := asked.Load(); n != slots {
		t.Errorf("the stuck backend was asked %d times, want %d: its slots", n, slots)
	}
}

// TestDrain_isNotHeldUpByClientsThatArrive in the middle of it.
func TestDrain_isNotHeldUpByClientsThatArrive(t *testing.T) {
	fine, _ := startBackend(t, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay")
	for range 30 {
		addr, _, stop := startFront(t, 1, 10, map[string]string{"/": fine})
		var clients sync.WaitGroup
		arrived := make(chan struct{})
		first := sync.OnceFunc(func() { close(arrived) })
		for range 4 {
			goOfTest(&clients, func() { // ends when the front does not listen any more
				for {
					c, err := net.Dial("tcp", addr)
					if err != nil {
						return
					}
					first()
					c.(*net.TCPConn).SetLinger(0)
					c.Close()
				}
			})
		}
		<-arrived
		late := time.AfterFunc(await.Patience, func() { panic("Drain does not return; the goroutines below say why") })
		stop()
		late.Stop()
		clients.Wait()
	}
}
