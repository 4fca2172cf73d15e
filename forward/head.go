package forward

import (
	"strconv"

	"tenfour/httpparse"
	"tenfour/value/routepath"
)

// appendRequestHead appends the request's head as a backend gets it: always HTTP/1.1, the client's field lines in
// their order and case less the connection-specific ones, and ours. length is the content's, or -1 for chunked, or
// noBody. Nothing of the client's head is copied as it came: a field line is written from its parsed name and value.
// single says that the connection carries no other request after it.
func (r *Request) appendRequestHead(dst []byte, o *Origin, framing httpparse.Framing, length int64, single bool) []byte {
	edits := r.Route.Settings.Request
	dst = r.appendStart(dst, o)
	dst, said, lengthDone := r.appendFields(dst, framing, length)
	if edits == nil || !edits.ours {
		dst = r.appendForwarded(dst, said)
	} else {
		dst = edits.appendOurs(dst, string(r.appendForwarded(nil, said)))
	}
	dst = edits.appendLines(dst)
	switch {
	case framing == httpparse.Chunked:
		dst = append(dst, "Transfer-Encoding: chunked\r\n"...)
	case framing == httpparse.NoBody && r.expectsContent(): // some servers answer 411 otherwise (RFC 9110 §8.6)
		dst = append(dst, "Content-Length: 0\r\n"...)
	case framing == httpparse.Length && !lengthDone:
		dst = appendNumber(dst, contentLength, length)
	}
	switch {
	case r.Head.WebSocket:
		dst = append(dst, "Connection: Upgrade\r\nUpgrade: websocket\r\n"...)
	case single:
		dst = append(dst, "Connection: close\r\n"...)
	}
	return append(dst, "\r\n"...)
}

// appendStart appends the request-line, and Host if it is not the client's line.
func (r *Request) appendStart(dst []byte, o *Origin) []byte {
	dst = append(dst, r.Head.Method.In(r.In.Head())...)
	dst = append(dst, ' ')
	dst = r.AppendTarget(dst)
	dst = append(dst, " HTTP/1.1\r\n"...)
	switch {
	case !r.Head.HasHost || r.Route.Settings.HostBackend:
		dst = appendField(dst, "Host", o.Host)
	case r.Head.Form == httpparse.AbsoluteForm: // its authority stands for whatever Host said (RFC 9112 §3.2.2)
		dst = appendLine(dst, host, r.Head.Host.In(r.In.Head()))
	}
	return dst
}

// appendFields appends the client's field lines that go on. It returns what they say of the client, and whether the length of
// the content is among them.
func (r *Request) appendFields(dst []byte, framing httpparse.Framing, length int64) (_ []byte, said proxySaid, lengthDone bool) {
	req, buf, edits := &r.Head, r.In.Head(), r.Route.Settings.Request
	said.first = -1
	for i := range req.Fields {
		f := &req.Fields[i]
		name := f.Name.In(buf)
		switch {
		case f.Hop || edits.drops(name):
		case f.ID == httpparse.FieldContentLength:
			if framing == httpparse.Length && !lengthDone {
				lengthDone = true
				dst = appendNumber(dst, name, length)
			}
		case f.ID == httpparse.FieldMaxForwards && req.Verb == httpparse.Options && req.MaxForwards > 0:
			dst = appendNumber(dst, name, req.MaxForwards-1)
		case r.passes(i, name, &said):
			dst = appendLine(dst, name, f.Value.In(buf))
		}
	}
	return dst, said, lengthDone
}

// passes reports whether field i goes on as it came.
func (r *Request) passes(i int, name []byte, said *proxySaid) bool {
	switch r.Head.Fields[i].ID {
	case httpparse.FieldHost:
		return r.Head.Form != httpparse.AbsoluteForm && !r.Route.Settings.HostBackend
	case httpparse.FieldXForwardedFor, httpparse.FieldXForwardedProto, httpparse.FieldXForwardedHost:
		return r.keepsForwarded(i, said)
	case httpparse.FieldExpect:
		return false
	case httpparse.FieldOther:
		return !(r.Head.OddNames && passesForOurs(name)) && !r.dropsForwarded(name)
	}
	return true
}

// passesForOurs reports whether a name passes for a field that tenfour sets, replaces or frames by, at a server that reads
// Content_Length as Content-Length. X_Forwarded_For and its like are dropsForwarded's.
func passesForOurs(name []byte) bool {
	switch id := httpparse.Alias(name); id {
	case httpparse.FieldHost, httpparse.FieldContentLength, httpparse.FieldExpect, httpparse.FieldVia, httpparse.FieldMaxForwards:
		return true
	default:
		return id.ConnectionSpecific()
	}
}

// AppendTarget appends the request-target as a backend gets it: in origin-form, or "*" (RFC 9112 §3.2.1, §3.2.4).
func (r *Request) AppendTarget(dst []byte) []byte {
	if r.Target != nil {
		return append(dst, r.Target...)
	}
	origin := r.Head.Origin.In(r.In.Head())
	if len(origin) == 0 || origin[0] == '?' {
		if r.Head.Verb == httpparse.Options && len(origin) == 0 {
			return append(dst, '*')
		}
		dst = append(dst, '/')
	}
	return append(dst, origin...)
}

// appendResponseHead appends the final response's head as the client gets it, in the framing that was chosen for it.
func (a *Attempt) appendResponseHead(dst []byte) []byte {
	res, buf := &a.res, a.link.in.Head()
	dst = append(dst, "HTTP/1.1 "...)
	dst = strconv.AppendInt(dst, int64(res.Status), 10)
	dst = append(dst, ' ')
	dst = res.AppendReason(dst, buf)
	dst = append(dst, "\r\n"...)
	edits := a.req.Route.Settings.Response
	var mount *routepath.Mount
	if a.req.Route.Settings.StripPrefix != "" {
		m := a.req.mount(a.origin)
		mount = &m
	}
	dst = appendResponseFields(dst, res, buf, edits, mount)
	if !res.HasDate {
		dst = AppendDate(dst)
	}
	dst = edits.appendOurs(dst, via(res.Minor))
	dst = edits.appendOurs(dst, a.origin.Header)
	dst = a.decider.appendFields(dst)
	dst = edits.appendLines(dst)
	switch {
	case a.down.chunked:
		dst = append(dst, "Transfer-Encoding: chunked\r\n"...)
	case a.sink.record > 0 && res.Framing == httpparse.Length: // the record has the content itself
	case res.ContentLength >= 0 && (res.Framing == httpparse.Length || a.req.lengthOnly(res.Status)):
		dst = appendNumber(dst, contentLength, res.ContentLength)
	}
	if res.Status == 101 {
		dst = append(dst, "Connection: Upgrade\r\nUpgrade: websocket\r\n"...)
	} else {
		dst = a.sink.appendConnection(dst)
	}
	return append(dst, "\r\n"...)
}

// lengthOnly reports whether a response to r has no body and may still name the length that one would have had
// (RFC 9110 §8.6).
func (r *Request) lengthOnly(status int) bool {
	return status == 304 || r.Head.Verb == httpparse.Head && status != 204
}

// appendResponseFields appends the field lines that go on, in their order and case. mount has the prefix to put back; nil for none.
func appendResponseFields(dst []byte, res *httpparse.Response, buf []byte, edits *Edits, mount *routepath.Mount) []byte {
	for i := range res.Fields {
		f := &res.Fields[i]
		if f.Hop || f.ID == httpparse.FieldContentLength || f.ID == httpparse.FieldXBackend || edits.drops(f.Name.In(buf)) {
			continue
		}
		if mount != nil {
			dst = appendMounted(dst, f.Name.In(buf), f.Value.In(buf), mount)
			continue
		}
		dst = appendLine(dst, f.Name.In(buf), f.Value.In(buf))
	}
	return dst
}

// appendInterim appends an interim response's head: no framing fields, none of ours. What edits would remove from a final response, or
// replace, does not go on; nothing is added.
func appendInterim(dst []byte, res *httpparse.Response, buf []byte, edits *Edits) []byte {
	dst = append(dst, "HTTP/1.1 "...)
	dst = strconv.AppendInt(dst, int64(res.Status), 10)
	dst = append(dst, ' ')
	dst = res.AppendReason(dst, buf)
	dst = append(dst, "\r\n"...)
	dst = appendResponseFields(dst, res, buf, edits, nil)
	return append(dst, "\r\n"...)
}

// appendLine appends a field line.
func appendLine(dst, name, value []byte) []byte {
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = append(dst, value...)
	return append(dst, "\r\n"...)
}

// appendField is appendLine of strings.
func appendField(dst []byte, name, value string) []byte {
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = append(dst, value...)
	return append(dst, "\r\n"...)
}

// appendNumber appends a field line whose value is a number.
func appendNumber(dst, name []byte, value int64) []byte {
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = strconv.AppendInt(dst, value, 10)
	return append(dst, "\r\n"...)
}

// Names of field lines that tenfour writes, which nothing changes.
var (
	host          = []byte("Host")
	contentLength = []byte("Content-Length")
)
