package admit

import (
	"bytes"
	"net/netip"

	"tenfour/httpparse"
)

// Networks are ranges of addresses. nil contains no address.
type Networks []netip.Prefix

// OverUnix is the range of the clients over a unix socket, which have no address.
var OverUnix netip.Prefix

// Has reports whether a is in one of the ranges. An IPv4 address in IPv6 form counts as IPv4. The zero address is that of a client
// over a unix socket.
func (n Networks) Has(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, p := range n {
		if p.Contains(a) || p == OverUnix && !a.IsValid() {
			return true
		}
	}
	return false
}

// ClientAddr returns the address of the client of a request that came from peer. If peer is not a trusted proxy, it is peer.
// Otherwise it is the last address in X-Forwarded-For that is not a trusted proxy, because a client could have written the
// elements before it. If an element is no address, the trusted proxy that wrote it counts as the client.
func ClientAddr(peer netip.Addr, trusted Networks, req *httpparse.Request, buf []byte) netip.Addr {
	client := peer.Unmap()
	for i := len(req.Fields) - 1; i >= 0 && trusted.Has(client); i-- {
		f := &req.Fields[i]
		if f.ID != httpparse.FieldXForwardedFor {
			continue
		}
		for rest := f.Value.In(buf); len(rest) > 0 && trusted.Has(client); {
			element := rest
			if comma := bytes.LastIndexByte(rest, ','); comma >= 0 {
				rest, element = rest[:comma], rest[comma+1:]
			} else {
				rest = nil
			}
			a, ok := forwardedAddr(bytes.TrimSpace(element))
			if !ok {
				return client
			}
			client = a
		}
	}
	return client
}

// forwardedAddr reads an element of X-Forwarded-For: an address, with or without a port.
func forwardedAddr(element []byte) (netip.Addr, bool) {
	const longest = len("[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535")
	if len(element) > longest {
		return netip.Addr{}, false
	}
	s := string(element)
	if len(s) > 1 && s[0] == '[' && s[len(s)-1] == ']' {
		s = s[1 : len(s)-1]
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return a.Unmap().WithZone(""), true
	}
	ap, err := netip.ParseAddrPort(s)
	return ap.Addr().Unmap().WithZone(""), err == nil
}
