package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// raceLoad is a number of clients with persistent connections, each of which makes one request after the other.
type raceLoad struct {
	addr string
	left int64 // requests that no client has begun

	mu      sync.Mutex // guards the rest
	answers int
	times   []float64 // ms, of usable ones
	first   string    // error
}

// run returns when all requests have been made.
func (l *raceLoad) run(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, visitMost)
	defer cancel()
	var clients sync.WaitGroup
	for range raceClients {
		clients.Go(func() { l.client(ctx) }) // ends with the requests, or ctx
	}
	clients.Wait()
}

func (l *raceLoad) figures(n int) map[string]float64 { return timesOf(l.times, n) }

func (l *raceLoad) client(ctx context.Context) {
	var c net.Conn
	var in *bufio.Reader
	defer func() {
		if c != nil {
			c.Close()
		}
	}()
	for ctx.Err() == nil && atomic.AddInt64(&l.left, -1) >= 0 {
		began := time.Now()
		var err error
		if c == nil {
			if c, err = (&net.Dialer{}).DialContext(ctx, "tcp4", l.addr); err != nil {
				c = nil
				l.note(0, 0, err)
				continue
			}
			deadline, _ := ctx.Deadline()
			c.SetDeadline(deadline)
			in = bufio.NewReader(c)
		}
		status, stays, err := askOnce(c, in)
		l.note(status, time.Since(began), err)
		if !stays {
			c.Close()
			c = nil
		}
	}
}

// askOnce sends a request and reads its answer to the end.
func askOnce(c net.Conn, in *bufio.Reader) (status int, stays bool, err error) {
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: bench\r\n\r\n"); err != nil {
		return 0, false, err
	}
	r, err := http.ReadResponse(in, nil)
	if err != nil {
		return 0, false, err
	}
	defer r.Body.Close()
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return 0, false, err
	}
	return r.StatusCode, !r.Close, nil
}

func (l *raceLoad) note(status int, took time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err != nil:
		if l.first == "" {
			l.first = err.Error()
		}
		return
	case status < 500:
		l.times = append(l.times, float64(took)/1e6)
	}
	l.answers++
}
