package sock

import (
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

func ackNow(fd int) { unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1) }

const deferral = time.Second

func deferAccept(fd int, d time.Duration) error {
	return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, int(d/time.Second))
}

// paces reports whether new connections are paced by a timer (BBR), rather than sending as fast as their peer reads.
var paces = sync.OnceValue(func() bool {
	fd, err := newSocket(unix.AF_INET)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	name, err := unix.GetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION)
	return err == nil && strings.HasPrefix(name, "bbr")
})

// useReno chooses a congestion control that does not pace. Every kernel has Reno and lets every process use it.
func useReno(fd int) { unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, "reno") }
