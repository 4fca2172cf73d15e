package tests

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tenfour/tests/await"
)

// flood opens a connection that says first, and then sends requests without a pause, each of which tenfour answers by
// itself. It returns when the first answers have come; stop ends it.
func flood(t testing.TB, addr, first, request string) (stop func()) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	block := []byte(strings.Repeat(request, 64<<10/len(request)))
	came := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() { // ends when c closes
		if _, err := io.WriteString(c, first); err != nil {
			return
		}
		for {
			if _, err := c.Write(block); err != nil {
				return
			}
		}
	})
	running.Go(func() { // likewise
		buf := make([]byte, 256<<10)
		for total, told := 0, false; ; {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			if total += n; total > 4096 && !told {
				told = true
				close(came)
			}
		}
	})
	stop = sync.OnceFunc(func() {
		c.Close()
		running.Wait()
	})
	t.Cleanup(stop)
	select {
	case <-came:
	case <-time.After(patience):
		t.Fatal("nothing of the flood is answered")
	}
	return stop
}

// TestPipelining_keepsNoOtherWaiting: a connection whose requests tenfour answers by itself, one after the other without
// a pause, gets its turns like any other. It holds neither the only worker nor the lot.
func TestPipelining_keepsNoOtherWaiting(t *testing.T) {
	const notFound = "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n"
	for name, first := range map[string]string{
		"in the lot":        "",
		"after an exchange": "GET /served HTTP/1.1\r\nHost: a\r\n\r\n", // its worker finds the next requests there
	} {
		t.Run(name, func(t *testing.T) {
			s := startServer(t, okay)
			tf := startTenfour(t, []string{s.addr}, "--workers", "1", "--path", "/served")
			idle := dialPeer(t, tf.addr)
			await.Within(idle, 4*patience)
			ask := func() time.Duration {
				begun := time.Now()
				idle.say("GET /served HTTP/1.1\r\nHost: a\r\n\r\n")
				if status, _, err := idle.status("GET"); status != 200 || err != nil {
					t.Fatalf("beside the flood a client got %d (%v) after %v", status, err, time.Since(begun))
				}
				return time.Since(begun)
			}
			ask()
			for range 3 {
				flood(t, tf.addr, first, notFound)
			}
			await.Soon(t, 4*time.Second, "40 exchanges beside it", func() {
				for range 40 {
					ask()
				}
			})
			begun := time.Now()
			c := dialPeer(t, tf.addr)
			fmt.Fprint(c, "GET /served HTTP/1.1\r\nHost: a\r\n\r\n")
			if status, _, err := c.status("GET"); status != 200 || err != nil {
				t.Errorf("a new connection got %d (%v) after %v", status, err, time.Since(begun))
			}
		})
	}
}

// hasEnded reports whether the peer's end of c has come.
func hasEnded(c *net.TCPConn) (ended bool) {
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	raw.Control(func(fd uintptr) {
		var b [1]byte
		n, _, err := unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		ended = n == 0 && err == nil
	})
	return ended
}

// TestIdleTimeout_aRequestThatCameBeforeTheEndIsServed: the kernel has a request when the idle timeout of its connection ends. tenfour
// reads and serves it before it closes.
func TestIdleTimeout_aRequestThatCameBeforeTheEndIsServed(t *testing.T) {
	t.Parallel()
	const timeout, tries = 100 * time.Millisecond, 60
	s := startServer(t, okay)
	tf := startTenfour(t, []string{s.addr}, "--idle-timeout", timeout.String())
	var mu sync.Mutex // guards the counts
	served, late, lost := 0, 0, 0
	var asking sync.WaitGroup
	for i := range tries {
		asking.Go(func() {
			await.Pace(time.Duration(i) * 3 * time.Millisecond)
			p := dialPeer(t, tf.addr)
			await.Within(p, patience)
			p.say(plainHTTP)
			p.status("GET")
			await.Pace(timeout + time.Duration(i%8)*time.Millisecond) // into the tick that ends the wait
			ended := hasEnded(p.Conn.(*net.TCPConn))
			p.say(plainHTTP)
			status, _, err := p.status("GET")
			mu.Lock()
			defer mu.Unlock()
			switch {
			case status == 200 && err == nil:
				served++
			case ended:
				late++
			default:
				lost++
			}
		})
	}
	asking.Wait()
	t.Logf("of %d requests %d were served, %d came too late, %d were lost", tries, served, late, lost)
	if lost > tries/3 {
		t.Errorf("of %d requests %d were lost: the connection ended though they were there", tries, lost)
	}
}

// TestIdleTimeout_asksTheKernelFirst: tenfour is stopped while requests come in and the idle timeout passes. When it goes on, event
// and deadline are there together, and all requests are served, whichever it meets first.
func TestIdleTimeout_asksTheKernelFirst(t *testing.T) {
	t.Parallel()
	s := startServer(t, okay)
	for timeout := 3 * time.Second; ; timeout *= 2 { // longer if the machine is too slow to be ready in half of it
		tf := startProgram(t, []string{"GOMAXPROCS=1"}, []string{s.addr}, "--idle-timeout", timeout.String())
		peers, ready := idlePeers(t, tf, 400, timeout)
		if !ready && timeout < 40*time.Second {
			continue
		}
		if !ready {
			t.Fatalf("the machine is too slow: %d requests took more than %v", len(peers), timeout/2)
		}
		for _, p := range peers {
			p.say(plainHTTP)
		}
		await.Pace(timeout) // tenfour stands still, and its deadlines pass
		tf.cmd.Process.Signal(syscall.SIGCONT)
		for i, p := range peers {
			if status, _, err := p.status("GET"); status != 200 || err != nil {
				t.Errorf("client %d got %d (%v), want 200", i, status, err)
			}
		}
		return
	}
}

// idlePeers returns n clients that have had an answer, and stops tenfour. ready is false if half of the idle timeout was over by then:
// tenfour then goes on.
func idlePeers(t *testing.T, tf *ownProcess, n int, timeout time.Duration) (peers []*peer, ready bool) {
	t.Helper()
	begun := time.Now()
	for range n {
		p := dialPeer(t, tf.addr)
		p.SetDeadline(begun.Add(2*timeout + 2*patience))
		p.say(plainHTTP)
		if status, _, err := p.status("GET"); status != 200 || err != nil {
			t.Fatalf("got %d (%v)", status, err)
		}
		peers = append(peers, p)
	}
	tf.cmd.Process.Signal(syscall.SIGSTOP)
	t.Cleanup(func() { tf.cmd.Process.Signal(syscall.SIGCONT) })
	if ready = time.Since(begun) <= timeout/2; !ready {
		tf.cmd.Process.Signal(syscall.SIGCONT)
	}
	return peers, ready
}
