package sock

import (
	"net/netip"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

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

// unpace turns pacing off for a connection on a loopback address, or for all that a listener there accepts. Over loopback
// there is no bandwidth to find out, and the timers cost a quarter of the throughput. It chooses Reno because every kernel
// has it and lets every process use it.
func unpace(fd int, at netip.Addr) {
	if at.IsLoopback() && paces() {
		unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, "reno")
	}
}
