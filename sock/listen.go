package sock

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Listener accepts raw descriptors: without the calls with which package net makes each connection its own.
type Listener struct {
	file *os.File
	raw  syscall.RawConn
	from unix.RawSockaddrAny // of the last peer

	// Of the Accept under way, for ready: kept here, and not made anew for each.
	ready  func(fd uintptr) bool
	take   func(fd int, remote netip.AddrPort) (more bool)
	failed error
}

// Listen makes a Listener of ln, a TCP listener, and closes ln: the socket is the Listener's. What is accepted sends
// small segments at once (TCP_NODELAY): on Linux a connection inherits that from its listener. A client has firstByte
// for its first byte.
func Listen(ln net.Listener, firstByte time.Duration) (*Listener, error) {
	dup, ok := ln.(interface{ File() (*os.File, error) })
	if !ok {
		return nil, fmt.Errorf("listener %s: a %T has no descriptor", ln.Addr(), ln)
	}
	file, err := dup.File()
	if err != nil {
		return nil, fmt.Errorf("listener %s: %w", ln.Addr(), err)
	}
	ln.Close()
	raw, err := file.SyscallConn()
	if err == nil {
		err = Control(firstByte)("", "", raw)
	}
	if at, ok := ln.Addr().(*net.TCPAddr); ok && err == nil {
		err = raw.Control(func(fd uintptr) { unpace(int(fd), at.AddrPort().Addr()) })
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listener %s: %w", ln.Addr(), err), file.Close())
	}
	l := &Listener{file: file, raw: raw}
	l.ready = l.takeReady
	return l, nil
}

// Control is for a net.ListenConfig: it prepares a listener for Listen before the very first connection comes.
func Control(firstByte time.Duration) func(network, address string, c syscall.RawConn) error {
	return func(_, _ string, c syscall.RawConn) error {
		var failed error
		err := c.Control(func(fd uintptr) {
			failed = errors.Join(setNoDelay(int(fd)), deferAccept(int(fd), Deferral(firstByte)))
		})
		return errors.Join(err, failed)
	}
}

// Deferral is for how long, of the time that a client has for its first byte, the kernel keeps a new connection to
// itself: it is accepted when bytes are there, or the client's end, or that time is over. So nobody accepts it, reads in
// vain, and waits. The kernel counts in seconds: a time too short for that is not shared with it.
func Deferral(firstByte time.Duration) time.Duration {
	if firstByte >= 2*deferral {
		return deferral
	}
	return 0
}

// Close ends Accept. The connections that nobody has accepted are reset by the kernel.
func (l *Listener) Close() error { return l.file.Close() }

// acceptMost is how many connections are taken before the next are asked for again, so that the goroutine yields.
const acceptMost = 64

// Accept waits for connections and gives each to take, several at a time, until take wants no more. It returns net.ErrClosed when the listener
// was closed, and the kernel's error when it has no descriptor or no memory: try again later. One goroutine calls it.
func (l *Listener) Accept(take func(fd int, remote netip.AddrPort) (more bool)) error {
	l.take, l.failed = take, nil
	if err := l.raw.Read(l.ready); err != nil {
		return net.ErrClosed
	}
	return l.failed
}

// takeReady takes the connections that have come, and reports whether Accept is to return: else there will be more.
func (l *Listener) takeReady(fd uintptr) bool {
	for range acceptMost {
		nfd, remote, err := accept(int(fd), &l.from)
		switch {
		case err == nil:
			if !l.take(nfd, remote) {
				return true
			}
		case errors.Is(err, unix.EAGAIN):
			return false
		case errors.Is(err, unix.ECONNABORTED), errors.Is(err, unix.EINTR):
		default:
			l.failed = fmt.Errorf("accept: %w", err)
			return true
		}
	}
	return true
}
