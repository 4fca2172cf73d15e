package sock

import "golang.org/x/sys/unix"

const tcpKeepIdle = unix.TCP_KEEPALIVE

// unsent is the number of bytes that were written to fd and that the peer's kernel has not acknowledged yet.
func unsent(fd int) (int, error) { return unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_NWRITE) }
