package sock

import (
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"

	"tenfour/lot"
)

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
