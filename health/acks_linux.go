package health

import (
	"net"
	"syscall"
)

// ackNow makes the kernel acknowledge at once what has arrived.
func ackNow(c *net.TCPConn) {
	if raw, err := c.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) { syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1) })
	}
}
