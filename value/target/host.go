package target

import (
	"errors"
	"net/netip"
	"strings"
)

// readHost reads a name, or an address: in brackets if it is one of IPv6. text is in lower case. Whatever the system's resolver, or a
// browser, would read as an address is refused unless it is written as one: "127.1", "0x7f.0.0.1", "2130706433", "::ffff:127.0.0.1".
func readHost(text string) (host string, addr netip.Addr, err error) {
	inside, bracketed := strings.CutPrefix(text, "[")
	if bracketed {
		inside, bracketed = strings.CutSuffix(inside, "]")
		addr, err = netip.ParseAddr(inside)
		if !bracketed || err != nil || !addr.Is6() || addr.Zone() != "" {
			return "", netip.Addr{}, errors.New("its host is no address of IPv6, such as [2001:db8::1]")
		}
		if addr.Is4In6() {
			return "", netip.Addr{}, errors.New("its host is an address of IPv4 in a form for IPv6: write it as 192.0.2.1")
		}
		return addr.String(), addr, nil
	}
	if addr, err = netip.ParseAddr(text); err == nil && addr.Is4() {
		return text, addr, nil
	}
	return text, netip.Addr{}, checkName(text)
}

// checkName returns why a text is not the name of a host, or nil: letters, digits, - and _ in parts of 1 to 63 bytes (RFC 1123 §2.1).
func checkName(text string) error {
	if text == "" || len(text) > 253 {
		return errors.New("it has no host")
	}
	if strings.HasSuffix(text, ".") {
		return errors.New("its host ends in a dot: leave it away")
	}
	parts := strings.Split(text, ".")
	for _, p := range parts {
		if p == "" || len(p) > 63 || p[0] == '-' || p[len(p)-1] == '-' || strings.Trim(p, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return errors.New("its host is neither a name nor an address")
		}
	}
	if last := parts[len(parts)-1]; strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x") {
		return errors.New("its host ends in a number, and is no address: write one as 192.0.2.1")
	}
	return nil
}

// isLocalhost reports whether a name is one of this machine (RFC 6761 §6.3).
func isLocalhost(name string) bool {
	return name == "localhost" || strings.HasSuffix(name, ".localhost")
}
