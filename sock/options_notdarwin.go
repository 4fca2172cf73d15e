//go:build !darwin

package sock

import "golang.org/x/sys/unix"

const tcpKeepIdle = unix.TCP_KEEPIDLE

// unsent is the number of bytes that were written to fd and that the peer's kernel has not acknowledged yet.
func unsent(fd int) (int, error) { return unix.IoctlGetInt(fd, unix.TIOCOUTQ) }
