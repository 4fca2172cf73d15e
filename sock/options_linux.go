package sock

import (
	"time"

	"golang.org/x/sys/unix"
)

func ackNow(fd int) { unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1) }

const deferral = time.Second

func deferAccept(fd int, d time.Duration) error {
	return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, int(d/time.Second))
}
