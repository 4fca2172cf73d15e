//go:build !race && !portable

package tests

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tenfour/tests/await"
)

// memoryMost is what tenfour may need for a body of any size.
const memoryMost = 40 << 10 // KiB

// highWater is the most memory that the program has had, in KiB.
func (p *ownProcess) highWater(t testing.TB) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if f := strings.Fields(line); f[0] == "VmHWM:" {
			n, err := strconv.Atoi(f[1])
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("no VmHWM in %q", status)
	return 0
}

func TestMemory_isFlatForAnyBody(t *testing.T) {
	size := int64(512 << 20) // thirteen times memoryMost
	if testing.Short() {
		size = 128 << 20
	}
	s := startServer(t, digest(t))
	for _, framing := range []string{"length", "chunked"} {
		t.Run("down, "+framing, func(t *testing.T) {
			tf := startProgram(t, nil, []string{s.addr})
			p := dialPeer(t, tf.addr)
			await.Within(p, 12*patience)
			p.say(fmt.Sprintf("GET /?n=%d&as=%s HTTP/1.1\r\nHost: a\r\n\r\n", size, framing))
			r, err := p.answer("GET")
			if err == nil {
				err = content{size, 0}.differs(r.Body)
			}
			if err != nil {
				t.Error(err)
			}
			if kib := tf.highWater(t); kib > memoryMost {
				t.Errorf("%d MB took %d KiB", size>>20, kib)
			} else {
				t.Logf("%d MB took %d KiB", size>>20, kib)
			}
		})
		t.Run("up, "+framing, func(t *testing.T) {
			tf := startProgram(t, nil, []string{s.addr})
			p := dialPeer(t, tf.addr)
			await.Within(p, 12*patience)
			p.say(fmt.Sprintf("POST /?n=%d&as=none HTTP/1.1\r\nHost: a\r\n", size) + framingLines(framing, size) + "\r\n")
			err := p.write(framing, content{size, 0}.reader())
			status, words, aerr := p.status("POST")
			if err != nil || status != 200 {
				t.Errorf("got %d %q (%v, %v)", status, words, err, aerr)
			}
			if kib := tf.highWater(t); kib > memoryMost {
				t.Errorf("%d MB took %d KiB", size>>20, kib)
			} else {
				t.Logf("%d MB took %d KiB", size>>20, kib)
			}
		})
	}
}

// pipes is the number of ends of pipes that the program has open.
func (p *ownProcess) pipes(t testing.TB) int {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range entries {
		if to, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil && strings.HasPrefix(to, "pipe:") {
			n++
		}
	}
	return n
}

// A long body of known length goes from socket to socket inside the kernel: in its midst tenfour has a pipe for it.
func TestSplice_movesLongBodies(t *testing.T) {
	const size = 64 << 20
	tests := map[string]struct {
		as    string
		n     int64
		pipes int
	}{
		"long, length":  {"length", size, 2},
		"long, chunked": {"chunked", size, 0},
		"short":         {"length", 200 << 10, 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, digest(t))
			tf := startProgram(t, nil, []string{s.addr})
			before := tf.pipes(t)
			p := dialPeer(t, tf.addr)
			await.Within(p, 12*patience)
			p.say(fmt.Sprintf("GET /?n=%d&as=%s HTTP/1.1\r\nHost: a\r\n\r\n", tc.n, tc.as))
			r, err := p.answer("GET")
			if err != nil {
				t.Fatal(err)
			}
			if tc.pipes > 0 {
				eventually(t, "tenfour has a pipe", func() bool { return tf.pipes(t) == before+tc.pipes })
			}
			if err := (content{tc.n, 0}).differs(r.Body); err != nil {
				t.Error(err)
			}
			if n := tf.pipes(t) - before; n != tc.pipes { // it is kept for the next
				t.Errorf("%d ends of pipes were opened, want %d", n, tc.pipes)
			}
		})
	}
}
