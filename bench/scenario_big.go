package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"
	"time"
)

// big measures large downloads, one after the other.
var big = &Scenario{
	Name:     "big",
	Question: "100 MB down, one after the other: how fast, at what cost?",
	Bulk:     true,
	Figures:  []Figure{gbPerS, cpuPerGB, peakPSS},
	Lead:     Lead{Figure: "gbs", Says: "moves most", Cost: "cpu"},
	Goals: []Goal{
		{Figure: "cpu", Peer: "haproxy", AtMost: 1},
		{Figure: "gbs", Peer: "haproxy", AtLeast: 0.95},
		memoryGoal,
	},
	Load: func(e *Env) []string {
		return []string{fmt.Sprintf("our client: GET %s on one persistent connection, read into 256 KiB and dropped, for %v", bigTarget, e.Transfer)}
	},
	Start: fast,
	Passes: []func(context.Context, *Visit) error{
		func(ctx context.Context, v *Visit) error {
			return v.transfer(ctx, func(c *bodyClient) (int64, error) { return c.get(bigTarget) })
		},
	},
}

// up measures large uploads, one after the other.
var up = &Scenario{
	Name:     "up",
	Question: "100 MB up, one after the other: how fast, at what cost?",
	Bulk:     true,
	Figures:  []Figure{gbPerS, cpuPerGB, peakPSS},
	Lead:     big.Lead,
	Goals:    big.Goals,
	Load: func(e *Env) []string {
		return []string{fmt.Sprintf("our client: POST of 100 MB with Content-Length on one persistent connection, for %v", e.Transfer)}
	},
	Start: func(ctx context.Context, e *Env) (*Origin, error) {
		return startOwn(ctx, "sink", "one server of our own that reads a body to its end and answers with its length", e.Site)
	},
	Passes: []func(context.Context, *Visit) error{
		func(ctx context.Context, v *Visit) error {
			return v.transfer(ctx, func(c *bodyClient) (int64, error) { return c.post("/up", bigSize) })
		},
	},
}

// transferMost is how long one transfer may take.
const transferMost = 30 * time.Second

// transfer repeats one for the scenario's time, after a first one to warm up, and records the throughput and the CPU time for
// each GB.
func (v *Visit) transfer(ctx context.Context, one func(*bodyClient) (int64, error)) error {
	c, err := dialBody(ctx, v.Addr)
	if err != nil {
		return err
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	if _, err := one(c); err != nil {
		v.Sample.mark("the first transfer: " + err.Error())
		return ctx.Err()
	}
	var sum int64
	began := time.Now()
	used, known, _ := v.cpuDuring(func() error {
		for time.Since(began) < v.Transfer {
			n, err := one(c)
			sum += n
			if err != nil {
				v.Sample.mark(err.Error())
				break
			}
		}
		return nil
	})
	v.Sample.set("", map[string]float64{"gbs": float64(sum) / 1e9 / time.Since(began).Seconds()})
	if known && sum > 0 {
		v.noteCPU("cpu", used.Per(float64(sum)/1e9))
	}
	return ctx.Err()
}

// bodyClient is a client of large bodies on one connection. It does as little as possible, because it shares the processors
// with the proxy.
type bodyClient struct {
	net.Conn
	r   *bufio.Reader
	buf []byte
}

func dialBody(ctx context.Context, addr string) (*bodyClient, error) {
	c, err := (&net.Dialer{KeepAlive: -1}).DialContext(ctx, "tcp4", addr)
	if err != nil {
		return nil, err
	}
	return &bodyClient{Conn: c, r: bufio.NewReaderSize(c, 4096), buf: bytes.Repeat([]byte("x"), 256<<10)}, nil
}

func (c *bodyClient) get(target string) (int64, error) {
	c.SetDeadline(time.Now().Add(transferMost))
	fmt.Fprintf(c.Conn, "GET %s HTTP/1.1\r\nHost: bench\r\n\r\n", target)
	length, err := c.head()
	if err == nil && length != bigSize {
		err = fmt.Errorf("the answer has %d bytes", length)
	}
	if err != nil {
		return 0, err
	}
	early, _ := c.r.Discard(int(min(int64(c.r.Buffered()), length)))
	got := int64(early)
	for got < length {
		n, err := c.Read(c.buf[:min(int64(len(c.buf)), length-got)])
		got += int64(n)
		if err != nil {
			return got, fmt.Errorf("after %d of %d bytes: %w", got, length, err)
		}
	}
	return got, nil
}

// post sends a body of length bytes and checks the answer, which says how many arrived.
func (c *bodyClient) post(target string, length int64) (int64, error) {
	c.SetDeadline(time.Now().Add(transferMost))
	fmt.Fprintf(c.Conn, "POST %s HTTP/1.1\r\nHost: bench\r\nContent-Length: %d\r\n\r\n", target, length)
	var sent int64
	for sent < length {
		n, err := c.Write(c.buf[:min(int64(len(c.buf)), length-sent)])
		sent += int64(n)
		if err != nil {
			return sent, fmt.Errorf("after %d of %d bytes: %w", sent, length, err)
		}
	}
	said, err := c.head()
	if err != nil {
		return sent, err
	}
	text := make([]byte, min(said, 100))
	if _, err := c.r.Read(text); err != nil {
		return sent, err
	}
	if string(text) != fmt.Sprint(length) {
		return sent, fmt.Errorf("%d bytes were sent, %q arrived", length, text)
	}
	return sent, nil
}

// head reads the head of a response, which must be a 200 with Content-Length.
func (c *bodyClient) head() (length int64, err error) {
	var status string
	length = -1
	for first := true; ; first = false {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return 0, fmt.Errorf("wait for the answer: %w", err)
		}
		line = strings.TrimRight(line, "\r\n")
		name, value, _ := strings.Cut(line, ":")
		switch {
		case first:
			status = line
		case line == "":
			if !strings.HasPrefix(status, "HTTP/1.1 200") || length < 0 {
				return 0, fmt.Errorf("the answer is %q, Content-Length %d", status, length)
			}
			return length, nil
		case strings.EqualFold(name, "Content-Length"):
			fmt.Sscan(value, &length)
		}
	}
}
