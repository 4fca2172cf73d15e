package program

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"tenfour/value/listen"
)

// blame returns why a socket cannot be opened at an address. If the reason is that it is in use, and one of all uses it, the error says so:
// else the operator would look for another program.
func (all sockets) blame(at listen.Address, err error) error {
	if !errors.Is(err, syscall.EADDRINUSE) {
		return err
	}
	for _, s := range all {
		if s.overlaps(at) {
			return fmt.Errorf("tenfour itself listens there, by %s: name one of the two. From one to the other takes a restart", s.at)
		}
	}
	return err
}

// overlaps reports whether s has the address, or a part of it, as 0.0.0.0:8000 has 127.0.0.1:8000.
func (s *socket) overlaps(at listen.Address) bool {
	if at.Kind == listen.Unix {
		return s.at.Kind == listen.Unix && place(s.at.Where) == place(at.Where)
	}
	if s.socket == nil || s.socket.Addr().Network() != "tcp" {
		return false
	}
	own, ownPort, _ := net.SplitHostPort(s.socket.Addr().String())
	host, port, _ := net.SplitHostPort(at.Where)
	return port == ownPort && (isAny(own) || isAny(host) || ip(own).Equal(ip(host)))
}

// isAny reports whether a host is all addresses of the machine.
func isAny(host string) bool { return host == "" || net.ParseIP(host).IsUnspecified() }

// ip is the address of a host; nil for a name other than localhost.
func ip(host string) net.IP {
	if host == "localhost" {
		host = "127.0.0.1"
	}
	return net.ParseIP(host)
}
