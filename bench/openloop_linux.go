package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// generator is one thread with one epoll. Goroutines and their timers would now and then add a millisecond that is not the
// proxy's.
type generator struct {
	*OpenLoop
	to      unix.SockaddrInet4
	request []byte
	epoll   int
	began   time.Time
	conns   map[int]*openConn // all open connections, by descriptor
	idle    []*openConn       // persistent connections without a request
	next    int               // the number of the request that is due next
	done    int               // how many were answered, or have failed
	result  *OpenResult
	buf     []byte
}

// Run sends all requests. It fails only if it cannot send at all. The failures of single requests are in the result.
func (o *OpenLoop) Run(ctx context.Context) (*OpenResult, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	addr, err := netip.ParseAddrPort(o.Addr)
	if err != nil {
		return nil, fmt.Errorf("open loop: %w", err)
	}
	persistence := "keep-alive"
	if o.Close {
		persistence = "close"
	}
	g := &generator{
		OpenLoop: o,
		to:       unix.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()},
		request:  fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: %s\r\n\r\n", o.Target, o.Addr, persistence),
		conns:    map[int]*openConn{},
		result:   newOpenResult(o),
		buf:      make([]byte, 64<<10),
	}
	if g.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("open loop: epoll: %w", err)
	}
	defer g.closeAll()
	g.began = time.Now()
	return g.result, g.loop(ctx)
}

func (g *generator) closeAll() {
	for fd := range g.conns {
		unix.Close(fd)
	}
	unix.Close(g.epoll)
}

func (g *generator) now() time.Duration { return time.Since(g.began) }

// dueAt returns when request n is due.
func (g *generator) dueAt(n int) time.Duration {
	return time.Duration(float64(n) / g.Rate * float64(time.Second))
}

func (g *generator) loop(ctx context.Context) error {
	events := make([]unix.EpollEvent, 128)
	end := g.Time + g.Patience
	for g.done < g.result.Due {
		now := g.now()
		if now > end || ctx.Err() != nil {
			break
		}
		for g.next < g.result.Due && g.dueAt(g.next) <= now && g.mayStart() {
			g.start(g.dueAt(g.next))
			g.next++
		}
		wait := 50 * time.Millisecond // how often to check ctx and the end
		if g.next < g.result.Due && g.mayStart() {
			wait = max(0, min(wait, g.dueAt(g.next)-g.now()))
		}
		n, err := epollWait(g.epoll, events, wait)
		if err != nil {
			return fmt.Errorf("open loop: epoll: %w", err)
		}
		for _, e := range events[:n] {
			if c := g.conns[int(e.Fd)]; c != nil {
				g.advance(c)
			}
		}
	}
	g.giveUp()
	return ctx.Err()
}

// giveUp counts the requests that still wait, with the time that they have waited. Without them the result would be too good.
func (g *generator) giveUp() {
	now := g.now()
	for _, c := range g.conns {
		if c.busy {
			g.result.Missing++
			g.result.record(c.due, now-c.due)
		}
	}
	for ; g.next < g.result.Due; g.next++ {
		g.result.Missing++
		g.result.record(g.dueAt(g.next), now-g.dueAt(g.next))
	}
}

func (g *generator) mayStart() bool { return len(g.idle) > 0 || len(g.conns) < g.Conns }

// start sends a request on an idle connection or a new one.
func (g *generator) start(due time.Duration) {
	var c *openConn
	if n := len(g.idle); n > 0 {
		c, g.idle = g.idle[n-1], g.idle[:n-1]
	} else {
		fd, err := g.connect()
		if err != nil {
			g.failed(err)
			return
		}
		c = &openConn{fd: fd}
		g.conns[fd] = c
	}
	c.busy, c.due, c.sent, c.bad, c.head, c.body = true, due, false, false, c.head[:0], -1
	g.advance(c)
}

func (g *generator) connect() (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if err := unix.Connect(fd, &g.to); err != nil && err != unix.EINPROGRESS {
		unix.Close(fd)
		return 0, err
	}
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLET, Fd: int32(fd)}
	if err := unix.EpollCtl(g.epoll, unix.EPOLL_CTL_ADD, fd, &event); err != nil {
		unix.Close(fd)
		return 0, err
	}
	return fd, nil
}

// advance writes and reads on c as far as possible without waiting.
func (g *generator) advance(c *openConn) {
	if c.busy && !c.sent {
		n, err := unix.Write(c.fd, g.request)
		switch {
		case err == unix.EAGAIN || err == unix.ENOTCONN:
			return
		case err != nil || n < len(g.request): // so small a write is complete or fails
			g.drop(c, fmt.Errorf("write: %w", err))
			return
		}
		c.sent = true
	}
	for {
		n, err := unix.Read(c.fd, g.buf)
		switch {
		case err == unix.EAGAIN || err == unix.EINTR:
			return
		case err != nil:
			g.drop(c, fmt.Errorf("read: %w", err))
			return
		case n == 0:
			g.drop(c, errClosedEarly)
			return
		}
		if !c.busy || !c.take(g.buf[:n]) {
			continue
		}
		g.answered(c)
		if !g.Close && n < len(g.buf) {
			return // no more bytes can have arrived
		}
	}
}

func (g *generator) answered(c *openConn) {
	if c.bad {
		line, _, _ := bytes.Cut(c.head, []byte("\r\n"))
		g.failed(errors.New(string(line)))
	} else {
		g.result.record(c.due, g.now()-c.due)
		g.done++
	}
	c.busy = false
	if g.Close {
		c.finished = true
	} else {
		g.idle = append(g.idle, c)
	}
}

func (g *generator) failed(err error) {
	g.done++
	g.result.Bad++
	if g.result.First == "" {
		g.result.First = err.Error()
	}
}

// drop closes c, whose peer has ended it. It is a failure only if an answer was missing: a peer may end an idle connection.
func (g *generator) drop(c *openConn, err error) {
	if c.busy {
		g.failed(err)
	}
	for i, idle := range g.idle {
		if idle == c {
			g.idle = append(g.idle[:i], g.idle[i+1:]...)
			break
		}
	}
	delete(g.conns, c.fd)
	unix.Close(c.fd)
}

// epollWait calls epoll_pwait2, because its timeout is in nanoseconds; that of epoll_wait is in milliseconds.
func epollWait(fd int, events []unix.EpollEvent, wait time.Duration) (int, error) {
	ts := unix.NsecToTimespec(int64(wait))
	n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(fd), uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), uintptr(unsafe.Pointer(&ts)), 0, 0)
	if errno == unix.EINTR {
		return 0, nil
	}
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
