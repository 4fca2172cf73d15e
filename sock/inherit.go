package sock

import (
	"errors"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Inherit makes a Listener of a socket that listens, of which tenfour was given a descriptor. The descriptor stays open, so that it
// can be inherited again. firstByte is as for Listen. The error says what the descriptor is instead.
func Inherit(fd int, firstByte time.Duration) (*Listener, error) {
	addr, err := ListensAt(fd)
	if err != nil {
		return nil, err
	}
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("dup", err)
	}
	if err := unix.SetNonblock(own, true); err != nil {
		unix.Close(own)
		return nil, os.NewSyscallError("fcntl", err)
	}
	return newListener(os.NewFile(uintptr(own), addr.String()), addr, firstByte)
}

// ListensAt returns the address on which a socket listens. It only looks: the descriptor may be any.
func ListensAt(fd int) (net.Addr, error) {
	kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil {
		return nil, notSocket(err)
	}
	listens, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	if err != nil || kind != unix.SOCK_STREAM || listens == 0 {
		return nil, errors.New("it is a socket that does not listen for connections: in a unit of systemd, write ListenStream= and Accept=no")
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return nil, os.NewSyscallError("getsockname", err)
	}
	if addr := netAddr(sa); addr != nil {
		return addr, nil
	}
	return nil, errors.New("it is a socket that is neither TCP nor unix")
}

func notSocket(err error) error {
	switch {
	case errors.Is(err, unix.EBADF):
		return errors.New("no such descriptor is open: start tenfour with one, as systemd does for a socket unit")
	case errors.Is(err, unix.ENOTSOCK):
		return errors.New("it is no socket: start tenfour with one that listens, as systemd does for a socket unit")
	}
	return err
}

func netAddr(sa unix.Sockaddr) net.Addr {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return &net.TCPAddr{IP: sa.Addr[:], Port: sa.Port}
	case *unix.SockaddrInet6:
		return &net.TCPAddr{IP: sa.Addr[:], Port: sa.Port}
	case *unix.SockaddrUnix:
		return &net.UnixAddr{Name: sa.Name, Net: "unix"}
	}
	return nil
}
