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

// Listener accepts raw descriptors. It saves the system calls that package net makes for each connection.
type Listener struct {
	file     *os.File
	raw      syscall.RawConn
	addr     net.Addr
	deferral time.Duration
	from     unix.RawSockaddrAny // the address of the last peer

	// The state of the running Accept. It is kept here so that Accept allocates nothing.
	ready  func(fd uintptr) bool
	take   func(fd int, remote netip.AddrPort) (more bool)
	failed error
}

// Listen makes a Listener of ln, a TCP listener, and closes ln: the Listener owns the socket. Accepted connections send
// small segments at once (TCP_NODELAY), which on Linux they inherit from the listener. firstByte is how long a client may
// take for its first byte, see Deferral.
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
	return newListener(file, ln.Addr(), firstByte)
}

// newListener makes a Listener of a socket that listens, and owns file.
func newListener(file *os.File, addr net.Addr, firstByte time.Duration) (*Listener, error) {
	l := &Listener{file: file, addr: addr}
	l.ready = l.takeReady
	var err error
	l.raw, err = file.SyscallConn()
	if at, ok := addr.(*net.TCPAddr); ok && err == nil {
		l.deferral = Deferral(firstByte)
		err = Control(firstByte)("", "", l.raw)
		if err == nil {
			err = l.raw.Control(func(fd uintptr) { unpace(int(fd), at.AddrPort().Addr()) })
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listener %s: %w", addr, err), file.Close())
	}
	return l, nil
}

// Addr returns where l listens.
func (l *Listener) Addr() net.Addr { return l.addr }

// Deferral returns how long the kernel keeps a silent connection of l to itself; 0 for a unix socket.
func (l *Listener) Deferral() time.Duration { return l.deferral }

// Control is for a net.ListenConfig: it sets the socket options of Listen before the first connection can arrive.
func Control(firstByte time.Duration) func(network, address string, c syscall.RawConn) error {
	return func(_, _ string, c syscall.RawConn) error {
		var failed error
		err := c.Control(func(fd uintptr) {
			failed = errors.Join(setNoDelay(int(fd)), deferAccept(int(fd), Deferral(firstByte)))
		})
		return errors.Join(err, failed)
	}
}

// Deferral returns how long the kernel keeps a silent new connection to itself (TCP_DEFER_ACCEPT), which is a part of the
// time that a client has for its first byte. The connection is accepted when bytes have arrived, or the client's end, or
// that time is over. This saves a read that finds nothing, and a wait. The kernel counts in whole seconds, so that Deferral is
// 0 if firstByte is too short to give it one.
func Deferral(firstByte time.Duration) time.Duration {
	if firstByte >= 2*deferral {
		return deferral
	}
	return 0
}

// Close ends Accept. The kernel resets the connections that were not accepted.
func (l *Listener) Close() error { return l.file.Close() }

// acceptMost is how many connections Accept takes before it returns, so that the goroutine yields to others.
const acceptMost = 64

// Accept waits for connections and gives each of them to take. It returns nil after some of them, or when take returns
// false: call it again. It returns net.ErrClosed if the listener is closed, and the kernel's error if there is no
// descriptor or no memory: try again later. One goroutine calls it.
func (l *Listener) Accept(take func(fd int, remote netip.AddrPort) (more bool)) error {
	l.take, l.failed = take, nil
	if err := l.raw.Read(l.ready); err != nil {
		return net.ErrClosed
	}
	return l.failed
}

// takeReady takes the connections that have arrived, and reports whether Accept returns. If not, Accept waits for more.
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
