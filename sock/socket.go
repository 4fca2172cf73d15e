package sock

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"tenfour/lot"
)

// Listener accepts raw descriptors. It saves the system calls that package net makes for each connection.
type Listener struct {
	file     *os.File
	raw      syscall.RawConn
	addr     net.Addr
	deferral time.Duration
	from     unix.RawSockaddrAny // memory for Accept
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

// Close ends the waiting for connections. The kernel resets the connections that were not accepted.
func (l *Listener) Close() error { return l.file.Close() }

// SyscallConn returns the socket. Its Read calls a function each time connections may have arrived, until that returns true, or
// until l is closed. The function takes them with Accept.
func (l *Listener) SyscallConn() syscall.RawConn { return l.raw }

// Accept returns the descriptor of a connection that has arrived at fd, which is l's, and the address of its peer. It returns
// ErrWait if there is none, and the kernel's error if there is no descriptor or no memory: try again later. One goroutine calls it.
func (l *Listener) Accept(fd uintptr) (conn int, remote netip.AddrPort, err error) {
	for {
		conn, remote, err = accept(int(fd), &l.from)
		switch err {
		case nil, ErrWait:
			return conn, remote, err
		case unix.ECONNABORTED, unix.EINTR:
		default:
			return -1, remote, fmt.Errorf("accept: %w", err)
		}
	}
}

// backlog is how many connections may wait to be accepted: the kernel lowers it to what it allows (net.core.somaxconn).
const backlog = 65535

// ListenUnix makes a unix socket at a path where there is no file, with the given permissions, and listens on it. No client can
// connect before the permissions are set. The caller removes the file.
func ListenUnix(path string, mode fs.FileMode) (*Listener, error) {
	file, err := OpenUnix(path, mode)
	if err != nil {
		return nil, err
	}
	return newListener(file, &net.UnixAddr{Name: path, Net: "unix"}, 0)
}

// OpenUnix is ListenUnix for a caller that accepts connections by other means, such as net.FileListener.
func OpenUnix(path string, mode fs.FileMode) (*os.File, error) {
	fd, err := newSocket(unix.AF_UNIX)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	file := os.NewFile(uintptr(fd), path) // it does not block, so that the file waits in Go's poller
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		file.Close()
		return nil, os.NewSyscallError("bind", err)
	}
	err = os.Chmod(path, mode)
	if err == nil {
		err = os.NewSyscallError("listen", unix.Listen(fd, backlog))
	}
	if err != nil {
		file.Close()
		os.Remove(path)
		return nil, err
	}
	return file, nil
}

// Dial begins to connect c to an address. Over loopback it is mostly connected when Dial returns; Connected reports it.
func (c *Conn) Dial(lot *lot.Lot, to netip.AddrPort) error {
	family, sa := sockaddr(to)
	fd, err := newSocket(family)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	setNoDelay(fd)
	unpace(fd, to.Addr())
	if err := unix.Connect(fd, sa); err != nil && !errors.Is(err, unix.EINPROGRESS) && !errors.Is(err, unix.EINTR) {
		unix.Close(fd)
		return err
	}
	c.Init(lot, fd, to)
	c.canRead, c.dialling = false, true
	return nil
}

func sockaddr(at netip.AddrPort) (family int, sa unix.Sockaddr) {
	if at.Addr().Is4() || at.Addr().Is4In6() {
		return unix.AF_INET, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}
	}
	return unix.AF_INET6, &unix.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16()}
}

// Connected returns nil if the connection is established, ErrWait if that is not known yet, and else why it failed.
func (c *Conn) Connected() error {
	// getpeername succeeds as soon as the handshake is done, without waiting for the lot.
	if _, err := unix.Getpeername(c.fd); err == nil {
		return nil
	}
	code, err := unix.GetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	switch {
	case err != nil:
		return err
	case code != 0:
		return unix.Errno(code)
	}
	return ErrWait
}

// KeepAlive makes the kernel probe a peer that is silent (TCP keep-alive). A peer that has vanished ends c within a minute.
func (c *Conn) KeepAlive() {
	if c.open {
		setKeepAlive(c.fd)
	}
}

// Unsent returns the number of written bytes that the peer's kernel has not acknowledged yet, or 0 if the kernel does not
// say. It asks the kernel.
func (c *Conn) Unsent() int {
	if !c.open {
		return 0
	}
	n, err := unsent(c.fd)
	if err != nil {
		return 0
	}
	return n
}

// unpace turns pacing off for a connection on a loopback address, or for all that a listener there accepts. Over loopback
// there is no bandwidth to find out, and the timers cost a quarter of the throughput.
func unpace(fd int, at netip.Addr) {
	if at.IsLoopback() && paces() {
		useReno(fd)
	}
}

func setNoDelay(fd int) error { return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1) }

// A peer that says nothing is probed after 15 s, then every 15 s; after 3 probes without an answer the kernel ends the
// connection. So one that has vanished is gone within a minute. The kernels' own first probe comes after two hours.
const (
	probeAfter = 15 // seconds
	probeEvery = 15 // seconds
	probeMost  = 3
)

// setKeepAlive switches TCP keep-alive on (RFC 9293 §3.8.4).
func setKeepAlive(fd int) error {
	return errors.Join(
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, tcpKeepIdle, probeAfter),
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, probeEvery),
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPCNT, probeMost),
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1),
	)
}

// OutOfDescriptors reports whether err is that the process, or the machine, has no descriptor left. The resolver of package
// net has it in words only.
func OutOfDescriptors(err error) bool {
	return errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) || err != nil && strings.Contains(err.Error(), unix.EMFILE.Error())
}
