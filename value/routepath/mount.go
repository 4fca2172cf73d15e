package routepath

import "bytes"

// Mount says under which prefix clients see the paths of a backend that does not know it, because it was taken off. It puts the prefix
// back into what the backend says of its paths. The zero value puts nothing back.
//
// A path that begins with the prefix already is left alone: applications that are told X-Forwarded-Prefix write it themselves.
type Mount struct {
	Prefix  string    // without a slash at its end; "" for none
	Outer   []byte    // what a proxy in front of tenfour has taken off before; it stands before Prefix
	Backend string    // the backend's host and port, as it may name itself
	Own     [2][]byte // host and port that clients ask, as the backend was told; empty for unknown
}

// AppendURL appends a reference (RFC 3986 §4.1): the value of Location or Content-Location. The prefix is put before an absolute path, also
// in a URL of the client's own host. A URL of the backend becomes a path, because clients may not reach the backend. Relative paths and
// URLs of other hosts stay as they are.
func (m *Mount) AppendURL(dst, url []byte) []byte {
	scheme, rest, network := cutScheme(url)
	if !network {
		if len(url) > 0 && url[0] == '/' {
			return m.appendPath(dst, url)
		}
		return append(dst, url...)
	}
	end := bytes.IndexAny(rest, "/?#\\")
	if end < 0 {
		end = len(rest)
	}
	host, path := rest[:end], rest[end:]
	switch {
	case sameHost(host, m.Own[0], scheme), sameHost(host, m.Own[1], scheme):
		dst = append(dst, url[:len(url)-len(path)]...)
	case !sameHost(host, []byte(m.Backend), scheme):
		return append(dst, url...)
	}
	return m.appendPath(dst, path)
}

// appendPath appends a path, which is absolute or empty, with its query and fragment.
func (m *Mount) appendPath(dst, path []byte) []byte {
	if m.Prefix == "" || m.has(path) {
		return append(dst, path...)
	}
	dst = append(append(dst, m.Outer...), m.Prefix...)
	if len(path) == 0 || path[0] != '/' {
		dst = append(dst, '/')
	}
	return append(dst, path...)
}

// has reports whether a path begins with the prefix.
func (m *Mount) has(path []byte) bool {
	rest, ok := bytes.CutPrefix(path, m.Outer)
	if !ok || len(rest) < len(m.Prefix) || string(rest[:len(m.Prefix)]) != m.Prefix {
		return false
	}
	rest = rest[len(m.Prefix):]
	return len(rest) == 0 || bytes.IndexByte([]byte("/?#;, "), rest[0]) >= 0
}

// AppendRefresh appends the value of Refresh: "5; url=/page".
func (m *Mount) AppendRefresh(dst, value []byte) []byte {
	const key = "url="
	at := bytes.IndexByte(value, ';') + 1
	for at > 0 && at < len(value) && isBlank(value[at]) {
		at++
	}
	if at == 0 || len(value)-at < len(key) || !bytes.EqualFold(value[at:at+len(key)], []byte(key)) {
		return append(dst, value...)
	}
	at += len(key)
	end := len(value)
	if at < end && (value[at] == '"' || value[at] == '\'') {
		if quote := bytes.IndexByte(value[at+1:], value[at]); quote >= 0 {
			end = at + 1 + quote
		}
		at++
	}
	dst = append(dst, value[:at]...)
	dst = m.AppendURL(dst, value[at:end])
	return append(dst, value[end:]...)
}

// AppendCookie appends the value of Set-Cookie (RFC 6265 §4.1), with the prefix before the value of each Path that is absolute. Nothing
// else changes. Without such a Path a client takes that of its request, which has the prefix. A cookie stays as it is if its name begins
// with __Host-, because it needs the Path /, and if a quoted value has a semicolon, because clients read that differently.
func (m *Mount) AppendCookie(dst, value []byte) []byte {
	pair, attributes, _ := bytes.Cut(value, []byte(";"))
	name, content, _ := bytes.Cut(bytes.TrimLeft(pair, " \t"), []byte("="))
	const hostOnly = "__Host-"
	if len(name) >= len(hostOnly) && bytes.EqualFold(name[:len(hostOnly)], []byte(hostOnly)) || isOpen(content) {
		return append(dst, value...)
	}
	dst = append(dst, value[:len(value)-len(attributes)]...)
	for len(attributes) > 0 {
		end := bytes.IndexByte(attributes, ';') + 1
		if end == 0 {
			end = len(attributes)
		}
		dst = m.appendAttribute(dst, attributes[:end])
		attributes = attributes[end:]
	}
	return dst
}

// appendAttribute appends an attribute of a cookie, with the ; after it.
func (m *Mount) appendAttribute(dst, attribute []byte) []byte {
	name, value, _ := bytes.Cut(attribute, []byte("="))
	value = bytes.TrimLeft(value, " \t")
	if !bytes.EqualFold(bytes.TrimSpace(name), []byte("Path")) || len(value) == 0 || value[0] != '/' {
		return append(dst, attribute...)
	}
	dst = append(dst, attribute[:len(attribute)-len(value)]...)
	return m.appendPath(dst, value)
}

// isOpen reports whether a cookie's value begins with a quotation mark that does not end it.
func isOpen(value []byte) bool {
	value = bytes.TrimSpace(value)
	return len(value) > 0 && value[0] == '"' && (len(value) == 1 || value[len(value)-1] != '"')
}

// cutScheme cuts "http:" or "https:" and the two slashes off a URL, or the slashes alone (RFC 3986 §4.2).
func cutScheme(url []byte) (scheme string, rest []byte, ok bool) {
	for _, scheme := range []string{"http:", "https:", ""} {
		at := len(scheme)
		if len(url) >= at+2 && bytes.EqualFold(url[:at], []byte(scheme)) && url[at] == '/' && url[at+1] == '/' {
			return scheme, url[at+2:], true
		}
	}
	return "", nil, false
}

// sameHost reports whether two names of a host with a port are the same in URLs of a scheme.
func sameHost(a, b []byte, scheme string) bool {
	return len(b) > 0 && bytes.EqualFold(withoutPort(a, scheme), withoutPort(b, scheme))
}

// withoutPort cuts off the port that a scheme implies.
func withoutPort(host []byte, scheme string) []byte {
	switch scheme {
	case "http:":
		host = bytes.TrimSuffix(host, []byte(":80"))
	case "https:":
		host = bytes.TrimSuffix(host, []byte(":443"))
	}
	return bytes.TrimSuffix(host, []byte(":"))
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
