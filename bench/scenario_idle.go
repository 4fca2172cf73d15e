package main

import (
	"context"
	"fmt"
	"net"
	"time"
)

// idle measures the memory of connections that were served and stay open.
var idle = &Scenario{
	Name:     "idle",
	Question: "thousands of persistent connections between two requests: what memory does each take?",
	Figures:  []Figure{{Name: "kib", Title: "memory/connection", Unit: "KiB", Digits: 2}, peakPSS},
	Lead:     Lead{Figure: "kib", Says: "needs least"},
	Goals:    []Goal{{Figure: "kib", Peer: "-", AtMost: 0.6}, memoryGoal},
	Notes:    []string{"PSS after all connections have had an answer, less PSS before the first. The kernel's socket memory, which is the same for all, is not counted."},
	Load: func(e *Env) []string {
		return []string{fmt.Sprintf("our client: %d connections, GET %s on each, then 1 s of silence", e.idleConns(), smallTarget)}
	},
	Start: fast,
	Passes: []func(context.Context, *Visit) error{
		func(ctx context.Context, v *Visit) error {
			if v.Proc == nil {
				return nil // the backend is not a contender
			}
			if err := v.warmUp(ctx); err != nil {
				return err
			}
			if err := pause(ctx, 500*time.Millisecond); err != nil { // until the connections of the warm-up have ended
				return err
			}
			before := pssOf(v.Proc.Pid())
			want := v.idleConns()
			held := &crowd{send: fmt.Sprintf("GET %s HTTP/1.1\r\nHost: bench\r\n\r\n", smallTarget), answered: true}
			defer held.Close()
			if err := held.gather(ctx, v.Addr, want); err != nil {
				v.Sample.mark(err.Error())
				return ctx.Err()
			}
			if err := pause(ctx, time.Second); err != nil {
				return err
			}
			after := pssOf(v.Proc.Pid())
			v.Sample.mark(countMark("idle connections were closed", held.open(), want))
			v.Sample.set("", map[string]float64{"kib": (after - before) / float64(want)})
			return nil
		},
	},
}

// idleConns returns how many connections the limit of descriptors allows. A proxy may need two for each.
func (e *Env) idleConns() int { return max(1, min(e.Idle, (e.Files-1000)/2)) }

// pause waits, unless ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// crowd is many connections that have sent something and are now silent.
type crowd struct {
	send     string
	answered bool // gather waits for the first bytes of an answer on each
	conns    []net.Conn
}

// gatherMost is how long gather may take.
const gatherMost = 30 * time.Second

// gather opens n connections, one after the other.
func (c *crowd) gather(ctx context.Context, addr string, n int) error {
	late := time.Now().Add(gatherMost)
	dialer := net.Dialer{KeepAlive: -1, Deadline: late}
	buf := make([]byte, 4096)
	for i := range n {
		if time.Now().After(late) {
			return fmt.Errorf("open connection %d of %d: %w", i+1, n, errLate)
		}
		conn, err := dialer.DialContext(ctx, "tcp4", addr)
		if err != nil {
			return fmt.Errorf("open connection %d of %d: %w", i+1, n, err)
		}
		c.conns = append(c.conns, conn)
		conn.SetDeadline(late)
		if _, err := conn.Write([]byte(c.send)); err != nil {
			return fmt.Errorf("write on connection %d of %d: %w", i+1, n, err)
		}
		if c.answered {
			if _, err := conn.Read(buf); err != nil {
				return fmt.Errorf("read on connection %d of %d: %w", i+1, n, err)
			}
		}
	}
	return nil
}

// open counts the connections that their peer has not ended. It reads the bytes that they were sent.
func (c *crowd) open() int {
	count := 0
	buf := make([]byte, 4096)
	soon := time.Now().Add(200 * time.Millisecond)
	for _, conn := range c.conns {
		conn.SetReadDeadline(soon)
		for {
			_, err := conn.Read(buf)
			if ne, ok := err.(net.Error); ok && ne.Timeout() {
				count++
			}
			if err != nil {
				break
			}
		}
	}
	return count
}

// Close ends all connections.
func (c *crowd) Close() {
	for _, conn := range c.conns {
		conn.(*net.TCPConn).SetLinger(0) // a reset: thousands in TIME_WAIT would slow the next contender
		conn.Close()
	}
}
