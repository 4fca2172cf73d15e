package main

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

// slow measures a backend that serves one request at a time, with clients that read slowly.
var slow = &Scenario{
	Name:     "slow",
	Question: "30 slow readers of 200 KiB, and a backend that serves one request at a time: do the other clients get their answers?",
	Flags:    []string{"--workers", "1"},
	MaxConn:  1,
	Holds:    "262144", // a response of 200 KiB fits, as in nginx's buffers
	Figures:  append([]Figure{perSecond, peakPSS}, latencyFigures("open_", "")...),
	Lead:     Lead{Figure: "open_p99", Says: "answers the others soonest", Cost: "pss"},
	Goals:    []Goal{memoryGoal},
	Notes: []string{
		"A slow reader reads 2 KiB every 100 ms. Its connections, and the backend's, have segments of 1,460 bytes, as on Ethernet. With loopback's 64 KiB the kernel alone would hold 200 KiB for each connection.",
		"If direct is fast too, the kernel has buffered the slow readers' responses, up to tcp_wmem (often 4 MB) for each connection, and the scenario says little about the proxy.",
		"The latencies are those of the open loop: requests from other clients, each counted from when it was due.",
	},
	Load: func(e *Env) []string {
		return []string{
			fmt.Sprintf("our client: %d slow readers of %s", e.Readers, largeTarget),
			commandLine(wrkCommand("wrk.lua", "http://PROXY"+pageTarget, 8, e.slowTime())),
			fmt.Sprintf("our open loop: %d requests/s for %v, a connection for each", slowRate, e.slowTime()),
		}
	},
	Start: func(ctx context.Context, e *Env) (*Origin, error) {
		return startOwn(ctx, "serial", fmt.Sprintf("one server of our own: one request at a time, %v for each, a connection for each", serialThinks), e.Site)
	},
	Passes: []func(context.Context, *Visit) error{
		func(ctx context.Context, v *Visit) error {
			readers := startReaders(v.Addr, v.Readers)
			defer readers.Close()
			if err := pause(ctx, 700*time.Millisecond); err != nil {
				return err
			}
			l, err := runWrk(ctx, v.Script, v.url(pageTarget), 8, v.slowTime())
			if err != nil {
				return err
			}
			v.Sample.mark(l.Problem)
			v.Sample.set("", map[string]float64{"rps": l.PerSecond()})
			return v.openLoop(ctx, "open_", OpenLoop{Target: pageTarget, Rate: slowRate, Time: v.slowTime(), Patience: 2 * time.Second, Close: true})
		},
	},
}

// slowRate is well below what the backend can do, which is less than 1,000.
const slowRate = 200

// slowTime is shorter than the ten seconds that a slow reader needs, so that all of them read all the time.
func (e *Env) slowTime() time.Duration { return max(time.Second, e.Load*2/3) }

// slowReaders are clients that read slowly. Close ends them.
type slowReaders struct {
	cancel context.CancelFunc
	ended  sync.WaitGroup
}

func startReaders(addr string, n int) *slowReaders {
	ctx, cancel := context.WithCancel(context.Background())
	r := &slowReaders{cancel: cancel}
	for range n {
		r.ended.Go(func() { readSlowly(ctx, addr) }) // ends with Close
	}
	return r
}

func (r *slowReaders) Close() {
	r.cancel()
	r.ended.Wait()
}

// readSlowly gets the large response again and again, 2 KiB every 100 ms.
func readSlowly(ctx context.Context, addr string) {
	for ctx.Err() == nil {
		c, err := dialSmall(ctx, addr)
		if err != nil {
			pause(ctx, 100*time.Millisecond)
			continue
		}
		stop := context.AfterFunc(ctx, func() { c.Close() })
		fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n", largeTarget)
		sip(ctx, c)
		stop()
		c.Close()
	}
}

func sip(ctx context.Context, c net.Conn) {
	buf := make([]byte, 2048)
	for {
		if _, err := c.Read(buf); err != nil {
			return
		}
		if pause(ctx, 100*time.Millisecond) != nil {
			return
		}
	}
}
