package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// jobLoad is a number of clients with persistent connections, each of which posts one job after the other.
type jobLoad struct {
	addr    string
	clients int
	time    time.Duration // for how long jobs are posted; 0 is until there are most
	most    int           // jobs; 0 is any number
	results bool          // each client awaits the result of its job before it posts the next

	posted atomic.Int64
	took   time.Duration // in all

	mu    sync.Mutex // guards the rest
	times []float64  // in ms, of each job: to its 202, or to its result
	last  []string   // the handles of the clients' last jobs
	first error
}

// jobsMost is how long all jobs of a load may take.
const jobsMost = 3 * time.Minute

// run posts the jobs. The first failure ends it.
func (l *jobLoad) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, jobsMost)
	defer cancel()
	began := time.Now()
	var clients sync.WaitGroup
	for range l.clients {
		clients.Go(func() { l.client(ctx, began) }) // ends with the jobs, or ctx
	}
	clients.Wait()
	l.took = time.Since(began)
	return l.first
}

func (l *jobLoad) perSecond() float64 { return float64(len(l.times)) / l.took.Seconds() }

// more reports whether another job is to be posted.
func (l *jobLoad) more(began time.Time) bool {
	if l.time > 0 && time.Since(began) >= l.time {
		return false
	}
	return l.most == 0 || l.posted.Add(1) <= int64(l.most)
}

func (l *jobLoad) client(ctx context.Context, began time.Time) {
	c, err := dialJobs(ctx, l.addr)
	var times []float64
	handle := ""
	for err == nil && l.more(began) {
		at := time.Now()
		if handle, err = c.post(); err == nil && l.results && handle != "" {
			err = c.await(handle)
		}
		times = append(times, float64(time.Since(at))/1e6)
	}
	if c != nil {
		c.Close()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.times = append(l.times, times...)
	if handle != "" {
		l.last = append(l.last, handle)
	}
	if err != nil && l.first == nil {
		l.first = err
	}
}

// awaitLast returns when the last job of each client has its result.
func (l *jobLoad) awaitLast(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, jobsMost)
	defer cancel()
	c, err := dialJobs(ctx, l.addr)
	if err != nil {
		return err
	}
	defer c.Close()
	for _, handle := range l.last {
		if err := c.await(handle); err != nil {
			return err
		}
	}
	return nil
}

// jobConn is a connection of a client of jobs.
type jobConn struct {
	net.Conn
	in *bufio.Reader
}

func dialJobs(ctx context.Context, addr string) (*jobConn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp4", addr)
	if err != nil {
		return nil, err
	}
	deadline, _ := ctx.Deadline()
	c.SetDeadline(deadline)
	return &jobConn{c, bufio.NewReader(c)}, nil
}

var jobRequest = fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: bench\r\nPrefer: respond-async\r\nContent-Length: %d\r\n\r\n%s", jobTarget, jobSize, bytes.Repeat([]byte("j"), jobSize))

// post posts a job and returns its handle; "" if the response is the backend's own.
func (c *jobConn) post() (handle string, err error) {
	status, location, err := c.ask(jobRequest)
	switch {
	case err != nil:
		return "", err
	case status == 200:
		return "", nil
	case status != 202 || location == "":
		return "", fmt.Errorf("a job was answered %d, with Location %q", status, location)
	}
	return location, nil
}

// askEvery is how often a server that does not know Prefer: wait is asked.
const askEvery = 5 * time.Millisecond

// await returns when the job has its result.
func (c *jobConn) await(handle string) error {
	request := fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: bench\r\nPrefer: wait=30\r\n\r\n", handle)
	for {
		switch status, _, err := c.ask(request); {
		case err != nil:
			return err
		case status == 200:
			return nil
		case status != 202:
			return fmt.Errorf("a job's result has the status %d", status)
		}
		time.Sleep(askEvery)
	}
}

// ask sends a request and reads its answer to the end.
func (c *jobConn) ask(request []byte) (status int, location string, err error) {
	if _, err := c.Write(request); err != nil {
		return 0, "", err
	}
	r, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return 0, "", err
	}
	defer r.Body.Close()
	_, err = io.Copy(io.Discard, r.Body)
	if r.Close {
		err = errors.Join(err, errors.New("the connection was to persist"))
	}
	return r.StatusCode, r.Header.Get("Location"), err
}
