//go:build !linux || portable

package sock

import (
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

func recv(fd int, p []byte) (int, error) {
	return atOnce(func() (int, error) { return unix.Read(fd, p) })
}

func peek(fd int, p []byte) (int, error) {
	return atOnce(func() (int, error) {
		n, _, err := unix.Recvfrom(fd, p, unix.MSG_PEEK)
		return n, err
	})
}

func send(fd int, p []byte, _ bool) (int, error) {
	return atOnce(func() (int, error) { return unix.Write(fd, p) })
}

// atOnce makes a call that does not block, again if a signal interrupts it. It returns ErrWait if the call would block.
func atOnce(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		switch err {
		case unix.EAGAIN:
			return 0, ErrWait
		case unix.EINTR:
		case nil:
			return n, nil
		default:
			return 0, err
		}
	}
}

// newSocket holds syscall.ForkLock, so that no child process is started between the two calls and inherits the socket.
func newSocket(family int) (int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fd, err := unix.Socket(family, unix.SOCK_STREAM, 0)
	if err != nil {
		return -1, err
	}
	return fd, prepare(fd)
}

func accept(fd int, _ *unix.RawSockaddrAny) (int, netip.AddrPort, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	nfd, sa, err := unix.Accept(fd)
	switch {
	case err == unix.EAGAIN:
		return -1, netip.AddrPort{}, ErrWait
	case err != nil:
		return -1, netip.AddrPort{}, err
	}
	return nfd, addrPort(sa), prepare(nfd)
}

func prepare(fd int) error {
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return err
	}
	return nil
}

func addrPort(sa unix.Sockaddr) netip.AddrPort {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), uint16(sa.Port))
	}
	return netip.AddrPort{}
}
