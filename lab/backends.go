package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	headTimeout = 10 * time.Second
	// An idle connection stays open for longer than tenfour keeps one. So tenfour closes it, and the backend never closes it
	// just when the next request is on its way.
	idleTimeout = 2 * time.Minute
)

// Backends is a set of servers on loopback ports that give the same answers. Start makes it. It is safe for use by several
// goroutines.
type Backends struct {
	addrs  []string
	server http.Server        // one for all the listeners
	cancel context.CancelFunc // ends the context of every request

	serving sync.WaitGroup // a goroutine for each listener
	conns   sync.WaitGroup // one for each connection; none is added after serving is done
}

// Start serves h from n backends on loopback ports that the kernel picks; n is 1 or more. They answer from the moment it
// returns until Close.
func Start(h http.Handler, n int) (*Backends, error) {
	if n < 1 {
		return nil, fmt.Errorf("start %d backends: there must be 1 or more", n)
	}
	listeners, err := listen(n)
	if err != nil {
		return nil, err
	}

	ctx, cancel := context.WithCancel(context.Background())
	b := &Backends{cancel: cancel}
	b.server = http.Server{
		Handler:           h,
		ReadHeaderTimeout: headTimeout,
		IdleTimeout:       idleTimeout, // no WriteTimeout: a slow client may take long for a large file
		ErrorLog:          log.New(io.Discard, "", 0),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnState:         b.count,
	}
	for _, ln := range listeners {
		b.addrs = append(b.addrs, ln.Addr().String())
		b.serving.Go(func() { b.server.Serve(ln) }) // ends on Close, which closes ln
	}
	return b, nil
}

// Addrs returns where the backends listen, as "127.0.0.1:PORT", always in the same order. The caller owns the slice.
func (b *Backends) Addrs() []string { return append([]string(nil), b.addrs...) }

// Close ends the backends, cuts their connections, and returns when every goroutine that served one has ended. So a handler
// that waits must end when its request's context does. A second Close does nothing.
func (b *Backends) Close() error {
	b.cancel()
	err := b.server.Close()
	b.serving.Wait()
	b.conns.Wait()
	return err
}

// count counts the open connections, because http.Server closes them but does not wait for them.
func (b *Backends) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		b.conns.Add(1)
	case http.StateClosed, http.StateHijacked:
		b.conns.Done()
	}
}

// listen opens n listeners. If one fails it closes the others.
func listen(n int) ([]net.Listener, error) {
	config := net.ListenConfig{KeepAlive: -1} // a peer on loopback never vanishes silently; this saves system calls
	var listeners []net.Listener
	for range n {
		ln, err := config.Listen(context.Background(), "tcp4", "127.0.0.1:0")
		if err != nil {
			for _, open := range listeners {
				err = errors.Join(err, open.Close())
			}
			return nil, fmt.Errorf("start backend %d of %d: %w", len(listeners)+1, n, err)
		}
		listeners = append(listeners, ln)
	}
	return listeners, nil
}
