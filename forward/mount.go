package forward

import (
	"bytes"

	"tenfour/httpparse"
	"tenfour/value/routepath"
)

// mount says under which prefix the client sees the paths of o, for a route that takes one off.
func (r *Request) mount(o *Origin) routepath.Mount {
	m := routepath.Mount{Prefix: r.Route.Settings.StripPrefix, Outer: r.TrustedPrefix(), Backend: o.Host}
	if r.Head.HasHost {
		m.Own[0] = r.Head.Host.In(r.In.Head())
	}
	m.Own[1] = r.trustedHost()
	return m
}

// appendMounted appends a field line of a response, with the prefix put back.
func appendMounted(dst, name, value []byte, m *routepath.Mount) []byte {
	dst = append(append(dst, name...), ": "...)
	switch {
	case isNamed(name, "Location"), isNamed(name, "Content-Location"):
		dst = m.AppendURL(dst, value)
	case isNamed(name, "Set-Cookie"):
		dst = m.AppendCookie(dst, value)
	case isNamed(name, "Refresh"):
		dst = m.AppendRefresh(dst, value)
	default:
		dst = append(dst, value...)
	}
	return append(dst, "\r\n"...)
}

func isNamed(name []byte, field string) bool {
	return len(name) == len(field) && bytes.EqualFold(name, []byte(field))
}

// forwardedPrefix is the name of the field that says what was taken off the path.
const forwardedPrefix = "X-Forwarded-Prefix"

// appendPrefix appends what was taken off the path, so that the backend can write links: by a trusted proxy, and by the route, which
// took off prefix.
func (r *Request) appendPrefix(dst []byte, prefix string) []byte {
	dst = append(append(dst, forwardedPrefix...), ": "...)
	dst = append(append(dst, r.TrustedPrefix()...), prefix...)
	return append(dst, "\r\n"...)
}

// TrustedPrefix returns what a trusted proxy in front has taken off the path (X-Forwarded-Prefix), without a slash at its end; nil for
// nothing, and for what is no plain path.
func (r *Request) TrustedPrefix() []byte {
	if !r.trustsPeer() {
		return nil
	}
	for i := range r.Head.Fields {
		f := &r.Head.Fields[i]
		if f.ID == httpparse.FieldOther && isNamed(f.Name.In(r.In.Head()), forwardedPrefix) {
			return plainPrefix(f.Value.In(r.In.Head()))
		}
	}
	return nil
}

// plainPrefix returns a prefix without a slash at its end; nil for one that could be read as anything but a path.
func plainPrefix(prefix []byte) []byte {
	prefix = bytes.TrimRight(prefix, "/")
	if len(prefix) < 2 || prefix[0] != '/' || prefix[1] == '/' || bytes.ContainsAny(prefix, " \t,;?#\\\"<>") {
		return nil
	}
	return prefix
}

// trustedHost returns the host that a client has asked of a trusted proxy in front; nil if it has not said one.
func (r *Request) trustedHost() []byte {
	for i := range r.Head.Fields {
		if f := &r.Head.Fields[i]; f.ID == httpparse.FieldXForwardedHost && r.trustsPeer() {
			return f.Value.In(r.In.Head())
		}
	}
	return nil
}
