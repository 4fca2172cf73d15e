package console

import (
	"cmp"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// hosts are what a request's Host may be: the address that the client connected to, in any spelling, and what console_hosts lists. A browser
// that was led here by the name of another site (DNS rebinding) sends that name.
type hosts struct {
	at     net.Addr // where the client connected to
	listed []string
}

// hostsFor are those of a request.
func (s *Server) hostsFor(r *http.Request) hosts {
	at, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return hosts{at, s.now.Load().Hosts}
}

// allow reports whether host may be asked for.
func (h hosts) allow(host string) bool {
	name, port, ok := splitHost(host)
	return ok && (h.own(name, port) || h.lists(name, port))
}

// own reports whether a name and a port are those that the client connected to. For a client on this machine that includes localhost
// and each loopback address.
func (h hosts) own(name, port string) bool {
	if h.at == nil {
		return false
	}
	isLocalhost := strings.EqualFold(name, "localhost")
	if h.at.Network() == "unix" { // no browser comes by one
		return isLocalhost
	}
	at, err := netip.ParseAddrPort(h.at.String())
	if err != nil || strconv.Itoa(int(at.Port())) != cmp.Or(port, defaultPort) {
		return false
	}
	here := at.Addr().Unmap().WithZone("")
	if isLocalhost {
		return here.IsLoopback()
	}
	asked, err := netip.ParseAddr(name)
	if err != nil || asked.Zone() != "" {
		return false
	}
	asked = asked.Unmap()
	return asked == here || asked.IsLoopback() && here.IsLoopback()
}

// defaultPort is that of http (RFC 9110 §4.2.1).
const defaultPort = "80"

// lists reports whether console_hosts has a name: with this port, or without any, which is right for each.
func (h hosts) lists(name, port string) bool {
	return slices.ContainsFunc(h.listed, func(listed string) bool {
		mayName, mayPort, ok := splitHost(listed)
		return ok && strings.EqualFold(mayName, name) && (mayPort == "" || mayPort == cmp.Or(port, defaultPort))
	})
}

// splitHost returns the name of a Host, without the brackets of IPv6, and its port, which is "" if it has none (RFC 9110 §7.2).
func splitHost(host string) (name, port string, ok bool) {
	name, port, err := net.SplitHostPort(host)
	if err == nil {
		return name, port, name != "" && port != ""
	}
	bracketed := strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]")
	if bracketed {
		host = host[1 : len(host)-1]
	}
	return host, "", host != "" && bracketed == strings.Contains(host, ":")
}
