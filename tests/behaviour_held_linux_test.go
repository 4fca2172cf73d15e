//go:build !race && !portable

package tests

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
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

// TestHeldBodies_areHeldOnce: what a connection costs whose request has a body of 200 KiB.
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
				c.SetDeadline(time.Now().Add(4 * patience))
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
