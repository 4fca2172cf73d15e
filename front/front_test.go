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
)

// patience is how long a test waits for what must come. Only a failure takes that long.
const patience = 5 * time.Second

// startBackend answers every request with what answer says, or leaves it unanswered when that is "".
func startBackend(t testing.TB, answer string) (addr string, requests *atomic.Int32) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	requests = new(atomic.Int32)
	var running sync.WaitGroup
	running.Go(func() { // ends when ln closes
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			running.Go(func() { // ends with the connection
				defer c.Close()
				for in := bufio.NewReader(c); ; {
					if _, err := http.ReadRequest(in); err != nil {
						return
					}
					requests.Add(1)
					io.WriteString(c, answer)
				}
			})
		}
	})
	t.Cleanup(func() { ln.Close(); running.Wait() })
	return ln.Addr().String(), requests
}

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
	before := goleak.IgnoreCurrent()
	lot, err := lot.New()
	if err != nil {
		t.Fatal(err)
	}
	workers := pool.New(lot, func(v any, stack []byte) { t.Errorf("panic: %v\n%s", v, stack) })
	var paths []admit.Path
	var routes []front.Route
	settings := &forward.Settings{ConnectTimeout: patience, BackendTimeout: time.Hour, ClientTimeout: time.Hour, QueueTimeout: time.Hour, Buffer: 64 << 10, KeepIdle: time.Hour, Resend: 1}
	for path, at := range backends {
		tcp, err := net.ResolveTCPAddr("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		o := forward.NewOrigin(tcp.IP.String(), uint16(tcp.Port), nil)
		b, err := workers.AddBackend(o.Name, slots, 8, o)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, admit.Path{Path: path, Route: len(routes)})
		routes = append(routes, front.Route{
			Rule:  rule,
			Route: &forward.Route{Name: path, Queue: workers.AddQueue(path, queue, pool.Hold{}, b), Settings: settings},
		})
	}
	table, err := admit.NewTable(paths)
	if err != nil {
		t.Fatal(err)
	}
	f = front.New(front.Config{Lot: lot, Pool: workers, Log: zerolog.Nop()},
		&front.Site{Table: table, Routes: routes, HeadTimeout: time.Hour, IdleTimeout: time.Hour})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- f.Serve(ln) }() // ends with Drain
	stop = sync.OnceFunc(func() {
		f.Drain(0)
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
		if f.Open() != 0 {
			t.Errorf("%d connections are open after Drain", f.Open())
		}
		workers.Close()
		lot.Close()
		if err := goleak.Find(append(ofTheTest, before)...); err != nil {
			t.Errorf("after Drain: %v", err)
		}
	})
	t.Cleanup(stop)
	return f, ln.Addr().String(), stop
}

// ofTheTest are the goroutines of its backends and clients, which wait for bytes, or have just been given their end.
var ofTheTest = []goleak.Option{goleak.IgnoreTopFunction("internal/poll.runtime_pollWait")}

func dial(t testing.TB, addr string) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, bufio.NewReader(c)
}

// ask sends a request and returns the status of its answer.
func ask(c net.Conn, in *bufio.Reader, path string) (int, error) {
	c.SetDeadline(time.Now().Add(patience))
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
	for late := time.Now().Add(patience); asked.Load() < slots || workers.Waiting() < queue; time.Sleep(time.Millisecond) {
		if time.Now().After(late) {
			t.Fatalf("%d requests at the stuck backend, %d in its queue; want %d and %d", asked.Load(), workers.Waiting(), slots, queue)
		}
	}
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

// TestDrain_hammered: connections in every state, cut at once; nothing is left.
func TestDrain_hammered(t *testing.T) {
	stuck, _ := startBackend(t, "")
	fine, _ := startBackend(t, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay")
	addr, _, stop := startFront(t, 2, 50, map[string]string{"/stuck/": stuck, "/": fine})
	var clients sync.WaitGroup
	defer clients.Wait()
	for i := range 40 {
		c, in := dial(t, addr)
		switch i % 4 {
		case 0:
			clients.Go(func() { // ends with the connection
				for {
					if _, err := ask(c, in, "/"); err != nil {
						return
					}
				}
			})
		case 1:
			fmt.Fprint(c, "GET /stuck/ HTTP/1.1\r\nHost: a\r\n\r\n")
		case 2:
			fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: a\r\nX-Half")
		}
	}
	c, in := dial(t, addr)
	if status, err := ask(c, in, "/"); status != 200 || err != nil {
		t.Errorf("got %d (%v)", status, err)
	}
	stop()
}

// TestDrain_whileClientsArrive: whoever comes in the middle of it holds nothing up.
func TestDrain_whileClientsArrive(t *testing.T) {
	fine, _ := startBackend(t, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay")
	for range 30 {
		addr, _, stop := startFront(t, 1, 10, map[string]string{"/": fine})
		var clients sync.WaitGroup
		arrived := make(chan struct{})
		first := sync.OnceFunc(func() { close(arrived) })
		for range 4 {
			clients.Go(func() { // ends when nobody listens any more
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
		late := time.AfterFunc(patience, func() { panic("Drain does not return; the goroutines below say why") })
		stop()
		late.Stop()
		clients.Wait()
	}
}
