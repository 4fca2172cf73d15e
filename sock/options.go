package sock

import (
	"errors"
	"net/netip"

	"golang.org/x/sys/unix"
)

func setNoDelay(fd int) error { return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1) }

// A peer that says nothing is probed after 15 s, then every 15 s; after 3 probes without an answer the kernel ends the
// connection. So one that has vanished is gone within a minute. The kernels' own first probe comes after two hours.
const (
	probeAfter = 15 // seconds
	probeEvery = 15 // seconds
	probeMost  = 3
)

// setKeepAlive switches TCP keep-alive on (RFC 9293 §3.8.4).
func setKeepAlive(fd int) error {
	return errors.Join(
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, tcpKeepIdle, probeAfter),
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, probeEvery),
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPCNT, probeMost),
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1),
	)
}

func setLinger0(fd int) error {
	return unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
}

func shutdownWrite(fd int) error { return unix.Shutdown(fd, unix.SHUT_WR) }

func sockaddr(at netip.AddrPort) (family int, sa unix.Sockaddr) {
	if at.Addr().Is4() || at.Addr().Is4In6() {
		return unix.AF_INET, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}
	}
	return unix.AF_INET6, &unix.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16()}
}
