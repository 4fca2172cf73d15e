package lab

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"syscall"
)

// door is a port that can be opened, shut and opened again, and that no other process can take meanwhile.
//
// A socket that is bound but does not listen holds the port: clients are refused, as at any port without a server, and the
// kernel gives the port to no other socket. Without it, an outgoing connection of any process could get this port as its own.
// A connection to this very port could even get connected to itself.
type door struct {
	addr  *net.TCPAddr
	where syscall.Sockaddr
	hold  *os.File // nil on a system that allows no second socket
}

func newDoor(addr string) (*door, error) {
	ln, err := net.Listen("tcp", addr) // resolves a name, picks a port, and fails if a server listens there
	if err != nil {
		return nil, err
	}
	d := &door{addr: ln.Addr().(*net.TCPAddr)}
	raw, err := ln.(*net.TCPListener).SyscallConn()
	if err == nil {
		var cerr error
		err = raw.Control(func(fd uintptr) { d.where, cerr = syscall.Getsockname(int(fd)) })
		err = errors.Join(err, cerr)
	}
	if err = errors.Join(err, ln.Close()); err != nil {
		return nil, err
	}
	if runtime.GOOS == "linux" {
		_, port, _ := net.SplitHostPort(addr)
		if err := d.holdPort(port == "0" || port == ""); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// holdPort binds the socket that holds the port: d's, or any free port if another is set, because another process may have
// taken d's meanwhile.
func (d *door) holdPort(another bool) error {
	port := func() *int {
		if w, ok := d.where.(*syscall.SockaddrInet6); ok {
			return &w.Port
		}
		return &d.where.(*syscall.SockaddrInet4).Port
	}
	if another {
		*port() = 0
	}
	fd, err := d.bound()
	if err != nil {
		return err
	}
	d.hold = os.NewFile(uintptr(fd), "hold")
	if d.where, err = syscall.Getsockname(fd); err != nil {
		d.hold.Close()
		return err
	}
	to := *d.addr
	to.Port = *port()
	d.addr = &to
	return nil
}

// open listens. It makes the socket itself, because net.Listen cannot set the backlog.
func (d *door) open(backlog int) (net.Listener, error) {
	fd, err := d.bound()
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "listener")
	defer f.Close() // FileListener has its own copy
	if err := syscall.Listen(fd, backlog); err != nil {
		return nil, fmt.Errorf("listen on %v: %w", d.addr, err)
	}
	return net.FileListener(f)
}

// bound returns a new socket with the door's address. With SO_REUSEADDR it may exist beside the hold and beside connections
// of earlier openings.
func (d *door) bound() (int, error) {
	family := syscall.AF_INET
	if _, ok := d.where.(*syscall.SockaddrInet6); ok {
		family = syscall.AF_INET6
	}
	syscall.ForkLock.RLock() // so that no child is started before the descriptor is marked
	fd, err := syscall.Socket(family, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return -1, fmt.Errorf("a socket: %w", err)
	}
	err = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
	if err == nil {
		err = syscall.Bind(fd, d.where)
	}
	if err != nil {
		syscall.Close(fd)
		return -1, fmt.Errorf("bind %v: %w", d.addr, err)
	}
	return fd, nil
}

// close gives the port up. It does not close a listener: the caller of open does.
func (d *door) close() error {
	if d.hold == nil {
		return nil
	}
	return d.hold.Close()
}
