//go:build !race && !portable

package tests

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tenfour/tests/await"
)

// resident is the memory of its own that the program has now, in KiB.
func (p *ownProcess) resident(t testing.TB) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^RssAnon:\s+(\d+) kB$`).FindSubmatch(status)
	if m == nil {
		t.Skip("the kernel does not tell RssAnon")
	}
	n, _ := strconv.Atoi(string(m[1]))
	return n
}

// TestHeldBodies_areHeldOnce: a connection whose request has a body of 200 KiB needs memory for one copy of it.
func TestHeldBodies_areHeldOnce(t *testing.T) {
	const clients, size, most = 200, 200 << 10, 240 // KiB
	mute := func(p *peer) { p.untilGone() }
	for name, tc := range map[string]struct {
		announced int
		flags     []string
	}{
		"coming in":          {size + 1, nil},
		"queued":             {size, []string{"--workers", "1"}},
		"raced over four":    {size, []string{"--race", "parallel", "--race-methods", "POST", "--workers", "1"}},
		"in turn, over four": {size, []string{"--race", "serial", "--race-methods", "POST", "--workers", "1"}},
	} {
		t.Run(name, func(t *testing.T) {
			var list []string
			for range 4 {
				list = append(list, startServer(t, mute).addr)
			}
			tf := startProgram(t, nil, list, tc.flags...)
			before := tf.resident(t)
			raw := fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", tc.announced, strings.Repeat("x", size))
			for range clients {
				c := tf.dial(t)
				await.Within(c, 4*patience)
				defer c.Close()
				if err := c.sendAndAwaitRead(raw); err != nil {
					t.Fatal(err)
				}
			}
			each := (tf.resident(t) - before) / clients
			if each > most {
				t.Errorf("a connection costs %d KiB, want %d at most", each, most)
			} else {
				t.Logf("a connection costs %d KiB", each)
			}
		})
	}
}

// watchMemory looks at the program's memory until the test ends, and returns what reads the most that it was, in KiB.
func (p *ownProcess) watchMemory(t testing.TB) (most func() int) {
	var peak atomic.Int64
	var watching sync.WaitGroup
	stop := make(chan struct{})
	watching.Go(func() { // ends with the test
		for {
			peak.Store(max(peak.Load(), int64(p.resident(t))))
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	})
	t.Cleanup(func() { close(stop); watching.Wait() })
	return func() int { return int(peak.Load()) }
}

// TestHoldMax_boundsAllBodies: 500 clients send 200 KiB each, which would be 100 MB. Each has an answer in the end, and what
// can stream has its own.
func TestHoldMax_boundsAllBodies(t *testing.T) {
	t.Parallel()
	const clients, size, most = 500, 200 << 10, 40 << 10 // KiB
	chunk := fmt.Sprintf("%x\r\n%s\r\n", size/4, strings.Repeat("x", size/4))
	length := fmt.Sprintf("Content-Length: %d\r\n\r\n%s", size, strings.Repeat("x", size))
	chunked := "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat(chunk, 4) + "0\r\n\r\n"
	for name, tc := range map[string]struct {
		body    string
		streams bool
		flags   []string
	}{
		"queued":             {length, true, nil},
		"queued, chunked":    {chunked, true, nil},
		"raced over four":    {length, false, []string{"--race", "parallel", "--race-methods", "POST", "--queue-timeout", "10s"}},
		"in turn, over four": {chunked, false, []string{"--race", "serial", "--race-methods", "POST", "--queue-timeout", "10s"}},
	} {
		t.Run(name, func(t *testing.T) {
			begin := make(chan struct{})
			var whole atomic.Int32
			answer := func(p *peer) {
				for {
					r, err := http.ReadRequest(p.in)
					if err != nil {
						return
					}
					<-begin
					if n, _ := io.Copy(io.Discard, r.Body); n == size {
						whole.Add(1)
					}
					p.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
				}
			}
			var list []string
			for range 4 {
				list = append(list, startServer(t, answer).addr)
			}
			tf := startProgram(t, []string{"GOGC=10"}, list, append(tc.flags, "--workers", "2", withHoldMax(t, "8MiB"))...) // the bound is for what is held
			before, peak := tf.resident(t), tf.watchMemory(t)
			var open []*peer
			var sending sync.WaitGroup
			for range clients {
				p := dialPeer(t, tf.addr)
				await.Within(p, 6*patience)
				open = append(open, p)
				sending.Go(func() { p.say("POST / HTTP/1.1\r\nHost: a\r\n" + tc.body) })
			}
			eventually(t, "tenfour has all connections", func() bool { return descriptorsOf(t, tf.cmd.Process.Pid) >= clients })
			close(begin)
			count := map[int]int{}
			for _, p := range open {
				status, words, err := p.status("POST")
				if err != nil || status != 200 && (tc.streams || status != 503) {
					t.Errorf("a client got %d %q (%v)", status, words, err)
				}
				count[status]++
			}
			sending.Wait()
			grown := peak() - before
			t.Logf("%v; the program has grown by %d KiB; %d whole bodies at backends", count, grown, whole.Load())
			if grown > most {
				t.Errorf("the program has grown by %d KiB, want %d at most", grown, most)
			}
			if count[200] < clients/2 || int(whole.Load()) < count[200] {
				t.Errorf("%v, and the backends have had %d bodies", count, whole.Load())
			}
		})
	}
}

// TestHoldMax_boundsResponsesForSlowClients: with less buffer they stream, and are whole. Garbage is collected early (GOGC), so that the
// bound is for what is held.
func TestHoldMax_boundsResponsesForSlowClients(t *testing.T) {
	t.Parallel()
	const clients, size, most = 24, 12 << 20, 32 << 10 // KiB
	s := startServer(t, answerBack(t, nil))
	tf := startProgram(t, []string{"GOGC=10"}, []string{s.addr}, "--workers", "4", "--buffer", "8MiB", withHoldMax(t, "8MiB"))
	before, peak := tf.resident(t), tf.watchMemory(t)
	var open []*peer
	for range clients {
		p := dialPeer(t, tf.addr)
		await.Within(p, 12*patience)
		p.say(fmt.Sprintf("GET /?n=%d&as=chunked HTTP/1.1\r\nHost: a\r\n\r\n", size))
		open = append(open, p)
	}
	for i, p := range open { // the first byte comes while no client reads more: each has left its worker, or is buffered
		p.in = bufio.NewReaderSize(p.Conn, 16)
		if _, err := p.in.Peek(1); err != nil {
			t.Fatalf("client %d: %v", i, err)
		}
	}
	for i, p := range open {
		r, err := p.answer("GET")
		if err == nil {
			err = content{size, 0}.differs(r.Body)
		}
		if err != nil {
			t.Errorf("client %d: %v", i, err)
		}
	}
	grown := peak() - before
	t.Logf("the program has grown by %d KiB", grown)
	if grown > most {
		t.Errorf("the program has grown by %d KiB, want %d at most", grown, most)
	}
}
