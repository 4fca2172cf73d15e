package forward

import (
	"bytes"

	"tenfour/httpparse"
)

// Sameness says which requests of a route may have one response (docs/joined.md). All that goes to the backend is compared, but for
// a few fields that tell one request from another and change no response. nil is that no request shares a response.
type Sameness struct {
	Also []string // fields that are compared too, in any case
}

// apartFields are those that are not compared: they number requests, or say over which machines one came.
var apartFields = []string{"X-Forwarded-For", "X-Real-IP", "Via", "X-Request-Id", "X-Correlation-Id", "Traceparent", "Tracestate"}

// MayShare reports whether r may be answered with the response to another request: a GET without content, whose client does not
// ask for a response of its own, and is not logged in by its connection.
func (s *Sameness) MayShare(r *Request) bool {
	if r.Head.Verb != httpparse.Get || r.Head.Framing != httpparse.NoBody || r.Head.WebSocket || r.logsIn() {
		return false
	}
	for i := range r.Head.Fields {
		f := &r.Head.Fields[i]
		if f.ID != httpparse.FieldOther {
			continue
		}
		switch name := f.Name.In(r.In.Head()); {
		case isNamed(name, "Cache-Control") && hasDirective(f.Value.In(r.In.Head()), "no-cache", "no-store"): // RFC 9111 §5.2.1.4, §5.2.1.5
			return false
		case isNamed(name, "Pragma") && hasDirective(f.Value.In(r.In.Head()), "no-cache"): // RFC 9111 §5.4
			return false
		}
	}
	return true
}

// AppendKey appends what is compared of r. Two requests of a route with equal keys reach the backend as the same request, but for
// the fields that are not compared. Authorization and Cookie are compared even if the route removes them.
func (s *Sameness) AppendKey(dst []byte, r *Request) []byte {
	head, edits := r.In.Head(), r.Route.Settings.Request
	dst = append(r.AppendTarget(dst), "\r\n"...)
	if r.Secure {
		dst = append(dst, "https\r\n"...)
	}
	if r.Head.HasHost {
		dst = appendLine(dst, host, r.Head.Host.In(head))
	}
	if s.has([]byte("X-Forwarded-For")) {
		dst = append(appendAddr(dst, r.Remote), "\r\n"...)
	}
	said := proxySaid{first: -1}
	for i := range r.Head.Fields {
		f := &r.Head.Fields[i]
		name := f.Name.In(head)
		switch {
		case f.Hop || f.ID == httpparse.FieldHost:
			continue
		case f.ID == httpparse.FieldAuthorization, f.ID == httpparse.FieldCookie, s.has(name):
		case edits.drops(name), !s.compares(name), !r.passes(i, name, &said):
			continue
		}
		dst = appendLine(dst, name, f.Value.In(head))
	}
	if r.Route.Settings.StripPrefix != "" {
		dst = append(dst, r.TrustedPrefix()...)
	}
	return dst
}

// compares reports whether requests that differ in a field of that name are not the same.
func (s *Sameness) compares(name []byte) bool {
	for _, apart := range apartFields {
		if httpparse.SameField(name, apart) {
			return s.has(name)
		}
	}
	return true
}

// has reports whether the route names a field to be compared too.
func (s *Sameness) has(name []byte) bool {
	for _, also := range s.Also {
		if isNamed(name, also) {
			return true
		}
	}
	return false
}

// allows reports whether a response, whose head is in buf, may be that of several requests that are the same. Not so one that the
// backend made for one client (RFC 9111 §5.2.2.4, §5.2.2.5, §5.2.2.7, §7.3), or by something that was not compared (RFC 9110 §12.5.5), nor
// one without an end.
func (s *Sameness) allows(res *httpparse.Response, buf []byte) bool {
	if res.EventStream || res.LoggedIn || res.Status == 101 {
		return false
	}
	for i := range res.Fields {
		name, value := res.Fields[i].Name.In(buf), res.Fields[i].Value.In(buf)
		switch {
		case httpparse.SameField(name, "Set-Cookie"):
			return false
		case isNamed(name, "Cache-Control") && hasDirective(value, "private", "no-store", "no-cache"):
			return false
		case isNamed(name, "Vary") && !s.comparesAll(value):
			return false
		}
	}
	return true
}

// comparesAll reports whether the requests were compared by all fields that a Vary names.
func (s *Sameness) comparesAll(vary []byte) bool {
	for name := range bytes.SplitSeq(vary, []byte(",")) {
		name = bytes.TrimSpace(name)
		if string(name) == "*" || !s.compares(name) {
			return false
		}
	}
	return true
}

// hasDirective reports whether a list has one of some directives, with or without an argument (RFC 9111 §5.2). A word inside a quoted
// argument counts too, which only costs a request.
func hasDirective(list []byte, directives ...string) bool {
	for d := range bytes.SplitSeq(list, []byte(",")) {
		d, _, _ = bytes.Cut(d, []byte("="))
		for _, one := range directives {
			if isNamed(bytes.TrimSpace(d), one) {
				return true
			}
		}
	}
	return false
}
