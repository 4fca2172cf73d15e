package front_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"tenfour/admit"
	"tenfour/forward"
	"tenfour/front"
	"tenfour/pool"
	"tenfour/tests/await"
	"tenfour/value/address"
	"tenfour/value/choice"
	"tenfour/value/statuses"
)

// startStreams is a backend that answers each request with an event stream of one event, once go is closed.
func startStreams(t *testing.T, begin <-chan struct{}) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	serveEach(&running, ln, func(c net.Conn) {
		in := bufio.NewReader(c)
		if _, err := http.ReadRequest(in); err != nil {
			return
		}
		<-begin
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: one\n\n")
		in.ReadByte()
	})
	t.Cleanup(func() { ln.Close(); running.Wait() })
	return ln.Addr().String()
}

// race has f race requests between two backends with one slot each.
func race(t *testing.T, f *front.Front, addrs ...string) {
	t.Helper()
	settings := &forward.Settings{ConnectTimeout: await.Patience, BackendTimeout: time.Hour, ClientTimeout: time.Hour, QueueTimeout: time.Hour, Buffer: 64 << 10}
	settings.Racing.Mode = choice.Parallel
	var err error
	if settings.Racing.Usable, err = statuses.Parse("2xx"); err != nil {
		t.Fatal(err)
	}
	route := &forward.Route{Name: "/", Settings: settings}
	var backends []*pool.Backend
	for _, at := range addrs {
		tcp, err := net.ResolveTCPAddr("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		o := forward.NewOrigin(address.Backend{Host: tcp.IP.String(), Port: uint16(tcp.Port)}, nil, nil)
		b, err := f.Pool.AddBackend(o.Name, 1, 8)
		if err != nil {
			t.Fatal(err)
		}
		backends = append(backends, b)
		o.Backend = b
		route.Origins = append(route.Origins, o)
		route.Entries = append(route.Entries, forward.Entry{Name: o.Name, Queue: f.Pool.AddEntry(o.Name, 10, b)})
	}
	route.Queue = f.Pool.AddQueue("/", 10, pool.Hold{}, backends...)
	table, err := admit.NewTable([]admit.Path{{Path: "/"}})
	if err != nil {
		t.Fatal(err)
	}
	f.Use(&front.Site{Table: table, Routes: []front.Route{{Route: route}}, HeadTimeout: time.Hour, IdleTimeout: time.Hour})
}

// TestLasting_turnsNoWheel: once event streams have left their workers nothing in the lot has a deadline, and the wheel
// stands still: also when their requests were queued before, or raced.
func TestLasting_turnsNoWheel(t *testing.T) {
	for name, raced := range map[string]bool{"queued before": false, "raced, and queued before": true} {
		t.Run(name, func(t *testing.T) {
			begin := make(chan struct{})
			f, addr, _ := startRuled(t, 1, 10, map[string]string{"/": startStreams(t, begin)}, nil)
			const streams = 4
			waiting := streams - 1
			if raced {
				race(t, f, startStreams(t, begin), startStreams(t, begin))
				waiting *= 2
			}
			var clients []*bufio.Reader
			for range streams {
				c, in := dial(t, addr)
				await.Within(c, 2*await.Patience)
				fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
				clients = append(clients, in)
			}
			await.Until(t, "all but the first to be queued", func() bool { return f.Pool.Waiting() == waiting })
			close(begin)
			for _, in := range clients {
				r, err := http.ReadResponse(in, nil)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.ReadFull(r.Body, make([]byte, len("data: one\n\n"))); err != nil {
					t.Fatal(err)
				}
			}
			await.Until(t, "the wheel stands still", func() bool { return f.Lot.Timed() == 0 })
		})
	}
}
