package tests

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"tenfour/tests/await"
)

// dialSilent opens a connection, sends nothing, and returns when tenfour has accepted it: the kernel keeps it for a while first.
func dialSilent(t *testing.T, p *process) *peer {
	t.Helper()
	silent := dialPeer(t, p.addr)
	eventually(t, "tenfour has the connection", func() bool { return accepted(t, p.addr, silent.LocalAddr().String()) })
	return silent
}

// accepted reports whether the process at one address has accepted the connection from another. Both are compared: the kernel gives one
// port to several connections, if these go to different addresses.
func accepted(t *testing.T, local, remote string) bool {
	t.Helper()
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line) // sl, local, remote, state, queues, timer, retransmits, uid, timeout, inode
		if len(f) > 9 && strings.HasSuffix(f[1], portHex(local)) && strings.HasSuffix(f[2], portHex(remote)) && f[3] == "01" && f[9] != "0" {
			return true
		}
	}
	return false
}

// TestDrain_doesNotWaitForTLSThatHasNotBegun: a connection on which the client has sent nothing is idle.
func TestDrain_doesNotWaitForTLSThatHasNotBegun(t *testing.T) {
	t.Parallel()
	_, cert, key := newAuthority(t).sign("127.0.0.1")
	s := startServer(t, okay)
	p := startProcess(t, plainly, nil, "--backend", s.addr, "--tls-cert", cert, "--tls-key", key, "--head-timeout", "10m", "--drain", "10m")
	silent := dialSilent(t, p)
	p.signal(t, syscall.SIGTERM)
	silent.ends(t)
	if state := p.exit(t); state.ExitCode() != 0 {
		t.Errorf("it ended with %v\n%s", state, p.log)
	}
}

// TestDrain_endsSilentConnections: also connections on which no byte has come since they were opened.
func TestDrain_endsSilentConnections(t *testing.T) {
	t.Parallel()
	s := startServer(t, okay)
	p := startProcess(t, plainly, nil, "--backend", s.addr, "--head-timeout", "10m", "--drain", "10m")
	silent := dialSilent(t, p)
	p.signal(t, syscall.SIGTERM)
	if got, _, err := silent.ends(t); got != "" || err != nil {
		t.Errorf("a silent connection got %q (%v), want a plain end", got, err)
	}
	if state := p.exit(t); state.ExitCode() != 0 {
		t.Errorf("it ended with %v\n%s", state, p.log)
	}
}

// TestHeadTimeout_countsWhatTheKernelWaited: the time that the kernel waits for the first byte counts toward the timeout.
func TestHeadTimeout_countsWhatTheKernelWaited(t *testing.T) {
	const timeout = 2 * time.Second
	s := startServer(t, okay)
	tf := startTenfour(t, []string{s.addr}, "--head-timeout", timeout.String())
	await.Soon(t, timeout+500*time.Millisecond, "the end of a silent connection", func() {
		began := time.Now()
		silent := tf.dial(t)
		if got, _, err := (&peer{Conn: silent, in: silent.in}).ends(t); got != "" || err != nil {
			t.Errorf("got %q (%v), want a plain end", got, err)
		}
		if took := time.Since(began); took < timeout-100*time.Millisecond {
			t.Errorf("it ended after %v, want %v", took, timeout)
		}
	})
}

// TestDefer_anEndComesAtOnce: tenfour closes at once for a client that connects and leaves, such as a port scan.
func TestDefer_anEndComesAtOnce(t *testing.T) {
	s := startServer(t, okay)
	p := startProcess(t, plainly, nil, "--backend", s.addr)
	await.Soon(t, 500*time.Millisecond, "the end of a connection that has ended", func() {
		c := dialPeer(t, p.addr)
		if err := c.Conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if got, _, err := c.ends(t); got != "" || err != nil {
			t.Errorf("got %q (%v), want a plain end", got, err)
		}
	})
}
