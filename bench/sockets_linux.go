package main

import (
	"context"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// lanSegment is the segment size of Ethernet. With loopback's 64 KiB segments the kernel holds 200 KiB for a client that does
// not read. On a network it holds much less, and the proxy must hold the rest.
const lanSegment = 1460

// listenSmall listens with buffers like those of a connection over a network.
func listenSmall() (net.Listener, error) {
	lc := net.ListenConfig{KeepAlive: -1, Control: func(_, _ string, rc syscall.RawConn) error {
		return onSocket(rc, func(fd int) error {
			return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_MAXSEG, lanSegment)
		})
	}}
	return lc.Listen(context.Background(), "tcp4", "127.0.0.1:0")
}

// dialSmall connects with small segments and a small receive buffer, as a slow reader.
func dialSmall(ctx context.Context, addr string) (net.Conn, error) {
	d := net.Dialer{KeepAlive: -1, Control: func(_, _ string, rc syscall.RawConn) error {
		return onSocket(rc, func(fd int) error {
			if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_MAXSEG, lanSegment); err != nil {
				return err
			}
			return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 4096)
		})
	}}
	return d.DialContext(ctx, "tcp4", addr)
}

func onSocket(rc syscall.RawConn, set func(fd int) error) error {
	var err error
	if cerr := rc.Control(func(fd uintptr) { err = set(int(fd)) }); cerr != nil {
		return cerr
	}
	return err
}
