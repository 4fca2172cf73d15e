package forward

import (
	"net/netip"

	"tenfour/httpparse"
)

// proxySaid is what a request has of the fields that say for which client it came, and that tenfour adds when they are missing.
type proxySaid struct {
	first       int  // the first X-Forwarded-For; -1 for none
	proto, host bool // a trusted proxy has said X-Forwarded-Proto, X-Forwarded-Host
}

// trustsPeer reports whether the request came from a trusted proxy.
func (r *Request) trustsPeer() bool {
	trusted := r.Route.Settings.Trusted
	return trusted != nil && trusted(r.Remote)
}

// keepsForwarded reports whether field i, which tenfour adds when it is missing, goes on as it came: a trusted proxy knows what
// the client asked of it. X-Forwarded-For never does, because the peer's address is appended.
func (r *Request) keepsForwarded(i int, said *proxySaid) bool {
	f := &r.Head.Fields[i]
	switch {
	case f.ID == httpparse.FieldXForwardedFor:
		if said.first < 0 {
			said.first = i
		}
		return false
	case f.Value.Len() == 0 || !r.trustsPeer():
		return false
	case f.ID == httpparse.FieldXForwardedProto:
		said.proto = true
	default:
		said.host = true
	}
	return true
}

// dropsForwarded reports whether a name is one of the other fields that say for which client a request came, and the peer is not
// trusted to say so: frameworks believe some of them before X-Forwarded-For. A name that only passes for one is always dropped,
// because proxies hand those on as their clients wrote them.
func (r *Request) dropsForwarded(name []byte) bool {
	is, alias := httpparse.IsForwarded(name)
	switch {
	case !is:
		return false
	case r.Route.Settings.StripPrefix != "" && isNamed(name, forwardedPrefix): // appendPrefix has it
		return true
	}
	return alias || !r.trustsPeer()
}

// appendForwarded appends what tells the backend of the client: X-Forwarded-For with the peer at its end, -Proto and -Host as
// this connection shows them unless a trusted proxy has said them, and Via with the version that was received (RFC 9110 §7.6.3).
func (r *Request) appendForwarded(dst []byte, said proxySaid) []byte {
	req, buf := &r.Head, r.In.Head()
	dst = append(dst, "X-Forwarded-For: "...)
	for i := said.first; i >= 0 && i < len(req.Fields); i++ {
		if f := &req.Fields[i]; f.ID == httpparse.FieldXForwardedFor && f.Value.Len() > 0 {
			dst = append(dst, f.Value.In(buf)...)
			dst = append(dst, ", "...)
		}
	}
	dst = appendAddr(dst, r.Remote)
	dst = append(dst, "\r\n"...)
	switch {
	case said.proto:
	case r.Secure:
		dst = append(dst, "X-Forwarded-Proto: https\r\n"...)
	default:
		dst = append(dst, "X-Forwarded-Proto: http\r\n"...)
	}
	if req.HasHost && !said.host {
		dst = append(dst, "X-Forwarded-Host: "...)
		dst = append(dst, req.Host.In(buf)...)
		dst = append(dst, "\r\n"...)
	}
	if prefix := r.Route.Settings.StripPrefix; prefix != "" {
		dst = r.appendPrefix(dst, prefix)
	}
	return append(dst, via(req.Minor)...)
}

// appendAddr appends a peer's address; "unix:" for a peer over a unix socket, which has none, as nginx does.
func appendAddr(dst []byte, a netip.Addr) []byte {
	if !a.IsValid() {
		return append(dst, "unix:"...)
	}
	return a.AppendTo(dst)
}

func via(minor uint8) string {
	if minor == 0 {
		return "Via: 1.0 tenfour\r\n"
	}
	return "Via: 1.1 tenfour\r\n"
}
