package sock

import (
	"net/netip"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// paces reports whether new connections send by a clock (BBR), rather than as fast as their peer takes.
var paces = sync.OnceValue(func() bool {
	fd, err := newSocket(unix.AF_INET)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	name, err := unix.GetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION)
	return err == nil && strings.HasPrefix(name, "bbr")
})

// unpace takes the clock away from a connection, or from a listener for those that it accepts, on a loopback address.
// There is no path whose bandwidth would have to be found out: the timers cost a quarter of the throughput, and bring
// nothing. Reno is what every kernel has and lets everybody use.
func unpace(fd int, at netip.Addr) {
	if at.IsLoopback() && paces() {
		unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, "reno")
	}
}
