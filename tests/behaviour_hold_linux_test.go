package tests

import (
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"tenfour/tests/await"
)

// TestHold_costsLittle: 500 exchanges that are held, with a body of 10 KB each, in a program
// without the race detector.
func TestHold_costsLittle(t *testing.T) {
	const n, body, most = 500, 10_000, 40 << 10
	p := startProcess(t, plainly, nil, "--backend", refusing(t), "--hold", "10m", "--queue-timeout", "10m")
	pid := p.cmd.Process.Pid
	before := pss(t, pid)
	var held []*client
	for i := range n {
		c := p.dial(t)
		if err := c.sendAndAwaitRead(fmt.Sprintf("PUT /%d HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%0*d", i, body, body, i)); err != nil {
			t.Fatal(err)
		}
		held = append(held, c)
	}
	each := (pss(t, pid) - before) / n
	t.Logf("a held exchange with a body of %d bytes takes %d bytes", body, each)
	if each > most+body && !underRace {
		t.Errorf("a held exchange takes %d bytes, want %d and its body of %d", each, most, body)
	}
	for _, c := range held {
		c.Close()
	}
}

// corked makes the kernel send what is written together with the FIN after it.
func corked(t testing.TB, p *peer) {
	raw, err := p.Conn.(*net.TCPConn).SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) { unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_CORK, 1) })
	}
	if err != nil {
		t.Error(err)
	}
}

// TestHold_anEventStreamThatEndsWithItsHead: the request is sent again, and the second answer has the full timeout.
func TestHold_anEventStreamThatEndsWithItsHead(t *testing.T) {
	var visits atomic.Int32
	b := startServer(t, func(p *peer) {
		corked(t, p)
		if _, err := http.ReadRequest(p.in); err != nil {
			return
		}
		if visits.Add(1) > 1 {
			p.untilGone()
			return
		}
		p.say("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 4\r\n\r\n")
	})
	tf := startTenfour(t, []string{b.addr}, "--backend-timeout", "100ms")
	p := dialPeer(t, tf.addr)
	await.Within(p, patience)
	p.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	// The kernel may deliver the end with the head or after it; in the second case the head has gone out.
	if status, body, err := p.status("GET"); (status != 504 || err != nil) && (status != 200 || err == nil) {
		t.Errorf("got %d %q (%v) after %d attempts, want 504, or a 200 that is cut", status, body, err, visits.Load())
	}
	if status, _ := tf.get(t, "/"); status != 504 { // it is still there
		t.Errorf("then got %d, want 504", status)
	}
}

// TestRace_aWinnerThatEndsWithItsHead: if that happens on a kept connection, the backend is asked again, and still wins.
func TestRace_aWinnerThatEndsWithItsHead(t *testing.T) {
	var requests atomic.Int32
	b := startServer(t, func(p *peer) {
		for {
			if _, err := http.ReadRequest(p.in); err != nil {
				return
			}
			if requests.Add(1) == 2 {
				corked(t, p)
				p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
				return
			}
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nokay")
		}
	})
	tf := startTenfour(t, []string{b.addr, refusing(t)}, "--race", "parallel", "--workers", "1")
	for range 2 {
		if r, body := tf.ask(t, "GET", ""); r.StatusCode != 200 || body != "okay" {
			t.Errorf("got %d %q", r.StatusCode, body)
		}
	}
	if n := requests.Load(); n != 3 {
		t.Errorf("the backend had %d requests, want 3", n)
	}
}
