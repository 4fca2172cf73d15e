package sock

import "golang.org/x/sys/unix"

func ackNow(fd int) { unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1) }
