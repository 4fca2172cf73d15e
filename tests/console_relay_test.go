//go:build !race && !portable

package tests

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"

	"tenfour/tests/await"
)

// relay leads connections on to another address, and keeps its own.
type relay struct {
	addr string

	mu    sync.Mutex        // guards the rest
	to    string            // "" for none: a connection is closed at once
	conns map[net.Conn]bool // true for those of which an event stream was asked
}

// await waits until so many connections have an event stream.
func (r *relay) await(t *testing.T, what string, is func(streams int) bool) {
	t.Helper()
	if !await.Holds(browserPatience, func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		streams := 0
		for _, isStream := range r.conns {
			if isStream {
				streams++
			}
		}
		return is(streams)
	}) {
		t.Fatalf("waited %v for this: %s", browserPatience, what)
	}
}

func startRelay(t *testing.T) *relay {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{addr: ln.Addr().String(), conns: map[net.Conn]bool{}}
	var running sync.WaitGroup
	running.Go(func() { // ends with ln
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			running.Go(func() { r.pass(c) })
		}
	})
	t.Cleanup(func() {
		ln.Close()
		r.leadTo("")
		running.Wait()
	})
	return r
}

// leadTo closes all connections, and leads those that come to another address.
func (r *relay) leadTo(to string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.to = to
	for c := range r.conns {
		c.Close()
	}
}

// pass moves bytes both ways until one side ends.
func (r *relay) pass(c net.Conn) {
	defer c.Close()
	r.mu.Lock()
	to := r.to
	r.conns[c] = false
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		delete(r.conns, c)
		r.mu.Unlock()
	}()
	other, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	go func() { // ends with either
		io.Copy(c, other)
		c.Close()
	}()
	io.Copy(other, io.TeeReader(c, asked{r, c}))
	other.Close()
}

// asked notes what is asked over a connection. A browser sends a request in one piece.
type asked struct {
	relay *relay
	conn  net.Conn
}

func (a asked) Write(request []byte) (int, error) {
	a.relay.mu.Lock()
	defer a.relay.mu.Unlock()
	a.relay.conns[a.conn] = bytes.HasPrefix(request, []byte("GET /events "))
	return len(request), nil
}
