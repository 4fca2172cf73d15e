package httpparse

// IsHost reports whether text may be the value of a Host: a name or an address, and a port if there is one (RFC 9110 §7.2).
func IsHost(text []byte) bool {
	f, _ := authority(text, 0, len(text))
	return f == nil
}

// authority judges buf[start:end] as uri-host [":" port] (RFC 9110 §7.2): a reg-name, an IPv4 address or an IPv6 address
// in brackets. Userinfo and an empty host are refused (RFC 9110 §4.2.1, §4.2.4). A comma is refused too, although a
// reg-name may have one, because some readers would take it for a list of two hosts. It returns a flaw with its place in buf.
func authority(buf []byte, start, end int) (_ *flaw, at int) {
	if start == end {
		return hostEmpty, start
	}
	if buf[start] == '[' {
		i := start + 1
		for i < end && buf[i] != ']' {
			i++
		}
		if i == end || !isIPv6(buf[start+1:i]) {
			return hostMalformed, notIPv6(buf, start, end)
		}
		return port(buf, i+1, end)
	}
	i := start
	for ; i+8 <= len(buf) && i < end; i += 8 {
		if marks := hostStops(load64(buf, i)); marks != 0 {
			i += firstMark(marks)
			break
		}
	}
	if i >= end {
		return nil, 0 // the usual host without a port
	}
	for i < end && buf[i] != ':' {
		switch c := buf[i]; {
		case classes[c]&classHost != 0:
			i++
		case c == '%' && i+2 < end && isHex(buf[i+1]) && isHex(buf[i+2]): // RFC 3986 §2.1
			i += 3
		default:
			return hostMalformed, i
		}
	}
	if i == start {
		return hostEmpty, start
	}
	return port(buf, i, end)
}

// notIPv6 returns where buf[start:end], which begins with a bracket, has a byte that no address in brackets has; else start.
func notIPv6(buf []byte, start, end int) int {
	for i := start + 1; i < end && buf[i] != ']'; i++ {
		if !isHex(buf[i]) && buf[i] != ':' && buf[i] != '.' {
			return i
		}
	}
	return start
}

// withoutEmptyPort returns where the authority that ends at end, which authority accepts, would end without a port that is empty.
// "a:" means "a" (RFC 3986 §6.2.3).
func withoutEmptyPort(buf []byte, end uint32) uint32 {
	if buf[end-1] == ':' {
		return end - 1
	}
	return end
}

// port judges buf[start:end], the bytes after a host: none, or a colon and a number up to 65535, which may be empty
// (RFC 3986 §3.2.3).
func port(buf []byte, start, end int) (_ *flaw, at int) {
	if start == end {
		return nil, 0
	}
	if buf[start] != ':' {
		return hostMalformed, start
	}
	n := 0
	for i := start + 1; i < end; i++ {
		c := buf[i]
		n = n*10 + int(c-'0')
		if c-'0' > 9 || n > 65535 {
			return portMalformed, i
		}
	}
	return nil, 0
}

// isIPv6 reports whether b is an IPv6 address (RFC 3986 §3.2.2): eight groups of up to four hexadecimal digits, where
// "::" stands for one or more that are 0, and an IPv4 address may stand for the last two.
func isIPv6(b []byte) bool {
	groups, gap := 0, false
	if len(b) >= 2 && b[0] == ':' && b[1] == ':' {
		b, gap = b[2:], true
		if len(b) == 0 {
			return true
		}
	}
	for {
		n := 0
		for n < len(b) && isHex(b[n]) {
			n++
		}
		if n < len(b) && b[n] == '.' {
			groups += 2
			return isIPv4(b) && (groups == 8 && !gap || groups < 8 && gap)
		}
		if n == 0 || n > 4 {
			return false
		}
		groups++
		b = b[n:]
		switch {
		case len(b) == 0:
			return groups == 8 && !gap || groups < 8 && gap
		case b[0] != ':' || groups == 8:
			return false
		}
		b = b[1:]
		if len(b) > 0 && b[0] == ':' {
			if gap {
				return false
			}
			b, gap = b[1:], true
			if len(b) == 0 {
				return groups < 8
			}
		}
	}
}

// isIPv4 reports whether b is four numbers up to 255, without leading zeros, between dots.
func isIPv4(b []byte) bool {
	for part := 0; ; part++ {
		n, digits := 0, 0
		for digits < len(b) && isDigit(b[digits]) && digits < 4 {
			n = n*10 + int(b[digits]-'0')
			digits++
		}
		if digits == 0 || n > 255 || digits > 1 && b[0] == '0' {
			return false
		}
		b = b[digits:]
		if part == 3 {
			return len(b) == 0
		}
		if len(b) == 0 || b[0] != '.' {
			return false
		}
		b = b[1:]
	}
}

func isHex(c byte) bool { return isDigit(c) || (c|0x20)-'a' < 6 }
