package sock

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"

	"golang.org/x/sys/unix"

	"tenfour/lot"
	"tenfour/tests/await"
)

// startPair returns a Conn and its peer, both closed at the test's end.
func startPair(t *testing.T) (*Conn, *net.TCPConn) {
	t.Helper()
	lot, err := lot.New()
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	to := ln.Addr().String()
	l, err := Listen(ln, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	peer, err := net.DialTimeout("tcp", to, await.Patience)
	if err != nil {
		t.Fatal(err)
	}
	c := &Conn{}
	err = l.SyscallConn().Read(func(socket uintptr) bool {
		fd, remote, err := l.Accept(socket)
		if err == nil {
			c.Init(lot, fd, remote)
		}
		return err != ErrWait
	})
	if err != nil || !c.Open() {
		t.Fatal("not accepted: ", err)
	}
	if c.Remote.String() != peer.LocalAddr().String() {
		t.Errorf("the peer is %v, want %v", c.Remote, peer.LocalAddr())
	}
	t.Cleanup(func() {
		c.Close()
		peer.Close()
		lot.Close()
	})
	return c, peer.(*net.TCPConn)
}

// unblocked calls f, after Retry, until it returns something other than ErrWait.
func unblocked(t *testing.T, c *Conn, f func() error) (err error) {
	t.Helper()
	await.Until(t, "it need not wait any more", func() bool {
		c.Retry()
		err = f()
		return err != ErrWait
	})
	return err
}

func TestRead_returnsBytesThenTheEnd(t *testing.T) {
	c, peer := startPair(t)
	buf := make([]byte, 10)
	if _, err := c.Read(buf); err != ErrWait || c.MayRead() {
		t.Errorf("with nothing there: %v, may read %t; want ErrWait and false", err, c.MayRead())
	}
	peer.Write([]byte("four"))
	var n int
	if err := unblocked(t, c, func() (err error) { n, err = c.Read(buf); return err }); err != nil || string(buf[:n]) != "four" {
		t.Errorf("got %q, %v", buf[:n], err)
	}
	if c.MayRead() {
		t.Error("a short read says that all was read")
	}
	peer.CloseWrite()
	if err := unblocked(t, c, func() error { _, err := c.Read(buf); return err }); err != io.EOF {
		t.Errorf("at the end: %v, want io.EOF", err)
	}
}

func TestRead_returnsAResetThatAWriteHasSeenFirst(t *testing.T) {
	c, peer := startPair(t)
	peer.SetLinger(0)
	peer.Close()
	// The write receives the only error by which the kernel reports the reset.
	err := unblocked(t, c, func() error { _, err := c.Write([]byte("x")); return orWait(err) })
	if !errors.Is(err, unix.ECONNRESET) {
		t.Skipf("this kernel tells a write %v", err)
	}
	for range 2 {
		c.Retry()
		if _, err := c.Read(make([]byte, 10)); !errors.Is(err, unix.ECONNRESET) {
			t.Errorf("the read after it: %v, want ECONNRESET: it is no clean end", err)
		}
	}
}

// orWait makes await go on while there is no error.
func orWait(err error) error {
	if err == nil {
		return ErrWait
	}
	return err
}

func TestWrite_stopsWhereTheKernelDoes(t *testing.T) {
	c, peer := startPair(t)
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	n, err := c.Write(sent)
	if err != ErrWait || n == 0 || n == len(sent) || c.MayWrite() {
		t.Fatalf("wrote %d of %d, %v; want a part and ErrWait", n, len(sent), err)
	}
	if m, err := c.Write(sent[n:]); m != 0 || err != ErrWait {
		t.Errorf("at once again: %d, %v; want nothing and ErrWait", m, err)
	}
	got := make([]byte, n)
	await.Within(peer, await.Patience)
	if _, err := io.ReadFull(peer, got); err != nil || !bytes.Equal(got, sent[:n]) {
		t.Errorf("the peer got something else: %v", err)
	}
}

func TestStale_afterUnaskedBytesOrTheEnd(t *testing.T) {
	for name, tc := range map[string]func(*net.TCPConn){
		"a byte":  func(p *net.TCPConn) { p.Write([]byte("x")) },
		"an end":  func(p *net.TCPConn) { p.CloseWrite() },
		"a reset": func(p *net.TCPConn) { p.SetLinger(0); p.Close() },
	} {
		c, peer := startPair(t)
		if c.Stale() {
			t.Errorf("before %s: stale", name)
		}
		tc(peer)
		unblocked(t, c, func() error {
			if c.Stale() {
				return nil
			}
			return ErrWait
		})
	}
}

func TestReset_isSeenByThePeer(t *testing.T) {
	c, peer := startPair(t)
	c.Reset()
	await.Within(peer, await.Patience)
	if _, err := peer.Read(make([]byte, 1)); !errors.Is(err, unix.ECONNRESET) {
		t.Errorf("got %v, want a reset", err)
	}
}

func TestPipe_movesBytes(t *testing.T) {
	if !CanSplice {
		t.Skip("there is no splice here")
	}
	from, source := startPair(t)
	to, sink := startPair(t)
	p, err := GetPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer p.Put()
	if _, err := p.Fill(from, 10); err != ErrWait {
		t.Errorf("with nothing there: %v, want ErrWait", err)
	}
	source.Write([]byte("0123456789"))
	var n int
	if err := unblocked(t, from, func() (err error) { n, err = p.Fill(from, 4); return err }); err != nil || n != 4 || p.Held() != 4 {
		t.Fatalf("took %d, %v, holds %d; want the 4 that were asked for", n, err, p.Held())
	}
	if n, err := p.Drain(to); n != 4 || err != nil || p.Held() != 0 {
		t.Fatalf("gave %d, %v, holds %d", n, err, p.Held())
	}
	got := make([]byte, 4)
	await.Within(sink, await.Patience)
	if _, err := io.ReadFull(sink, got); err != nil || string(got) != "0123" {
		t.Errorf("the sink got %q, %v", got, err)
	}
	source.CloseWrite()
	if err := unblocked(t, from, func() error { _, err := p.Fill(from, 100); return err }); err != nil {
		t.Error(err)
	}
	if n, err := p.Drain(to); n != 6 || err != nil {
		t.Errorf("gave %d, %v; want the other 6", n, err)
	}
	if err := unblocked(t, from, func() error { _, err := p.Fill(from, 100); return err }); err != io.EOF {
		t.Errorf("at the end: %v, want io.EOF", err)
	}
}
