package forward

import (
	"strconv"

	"tenfour/httpparse"
)

// appendRequestHead appends the request's head as a backend gets it: always HTTP/1.1, the client's field lines in
// their order and case less the connection-specific ones, and ours. length is the content's, or -1 for chunked, or
// noBody. Nothing of the client's head is copied as it came: a field line is written from its parsed name and value.
func (x *Exchange) appendRequestHead(dst []byte, o *Origin, framing httpparse.Framing, length int64) []byte {
	req, buf, edits := &x.Req, x.In.B, x.Route.Settings.Request
	dst = append(dst, req.Method.In(buf)...)
	dst = append(dst, ' ')
	dst = x.appendTarget(dst)
	dst = append(dst, " HTTP/1.1\r\n"...)
	ownHost := x.Route.Settings.HostBackend
	switch {
	case !req.HasHost || ownHost:
		dst = appendField(dst, "Host", o.Host)
	case req.Form == httpparse.AbsoluteForm: // its authority stands for whatever Host said (RFC 9112 §3.2.2)
		dst = append(append(append(dst, "Host: "...), req.Host.In(buf)...), "\r\n"...)
	}
	said := proxySaid{first: -1}
	lengthDone := false
	for i := range req.Fields {
		f := &req.Fields[i]
		if f.Hop || edits.drops(f.Name.In(buf)) {
			continue
		}
		switch f.ID {
		case httpparse.FieldHost:
			if req.Form == httpparse.AbsoluteForm || ownHost {
				continue
			}
		case httpparse.FieldContentLength:
			if framing == httpparse.Length && !lengthDone {
				lengthDone = true
				dst = append(dst, f.Name.In(buf)...)
				dst = append(dst, ": "...)
				dst = strconv.AppendInt(dst, length, 10)
				dst = append(dst, "\r\n"...)
			}
			continue
		case httpparse.FieldXForwardedFor, httpparse.FieldXForwardedProto, httpparse.FieldXForwardedHost:
			if !x.keepsForwarded(i, &said) {
				continue
			}
		case httpparse.FieldExpect:
			continue
		case httpparse.FieldOther:
			name := f.Name.In(buf)
			if req.OddNames && passesForOurs(name) || x.dropsForwarded(name) {
				continue
			}
		case httpparse.FieldMaxForwards:
			if req.Verb == httpparse.Options && req.MaxForwards > 0 {
				dst = append(dst, f.Name.In(buf)...)
				dst = append(dst, ": "...)
				dst = strconv.AppendInt(dst, req.MaxForwards-1, 10)
				dst = append(dst, "\r\n"...)
				continue
			}
		}
		dst = appendLine(dst, f.Name.In(buf), f.Value.In(buf))
	}
	if edits == nil || !edits.ours {
		dst = x.appendForwarded(dst, said)
	} else {
		dst = edits.appendOurs(dst, string(x.appendForwarded(nil, said)))
	}
	dst = edits.appendLines(dst)
	switch {
	case framing == httpparse.Chunked:
		dst = append(dst, "Transfer-Encoding: chunked\r\n"...)
	case framing == httpparse.Length && !lengthDone:
		dst = append(dst, "Content-Length: "...)
		dst = strconv.AppendInt(dst, length, 10)
		dst = append(dst, "\r\n"...)
	}
	switch {
	case req.WebSocket:
		dst = append(dst, "Connection: Upgrade\r\nUpgrade: websocket\r\n"...)
	case x.single:
		dst = append(dst, "Connection: close\r\n"...)
	}
	return append(dst, "\r\n"...)
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

// appendTarget appends the request-target in origin-form, or "*" (RFC 9112 §3.2.1, §3.2.4).
func (x *Exchange) appendTarget(dst []byte) []byte {
	if x.Target != nil {
		return append(dst, x.Target...)
	}
	origin := x.Req.Origin.In(x.In.B)
	if len(origin) == 0 || origin[0] == '?' {
		if x.Req.Verb == httpparse.Options && len(origin) == 0 {
			return append(dst, '*')
		}
		dst = append(dst, '/')
	}
	return append(dst, origin...)
}

// appendResponseHead appends the final response's head as the client gets it, in the framing that was chosen for it.
func (x *Exchange) appendResponseHead(dst []byte) []byte {
	res, buf := &x.Res, x.back.in.B
	dst = append(dst, "HTTP/1.1 "...)
	dst = strconv.AppendInt(dst, int64(res.Status), 10)
	dst = append(dst, ' ')
	dst = res.AppendReason(dst, buf)
	dst = append(dst, "\r\n"...)
	edits := x.Route.Settings.Response
	dst = appendResponseFields(dst, res, buf, edits)
	if !res.HasDate {
		dst = AppendDate(dst)
	}
	dst = edits.appendOurs(dst, via(res.Minor))
	dst = edits.appendOurs(dst, x.origin.Header)
	if x.entry != nil {
		dst = x.entry.appendHeader(dst)
	}
	dst = edits.appendLines(dst)
	switch {
	case x.down.chunked:
		dst = append(dst, "Transfer-Encoding: chunked\r\n"...)
	case res.ContentLength >= 0 && (res.Framing == httpparse.Length || x.lengthOnly()):
		dst = append(dst, "Content-Length: "...)
		dst = strconv.AppendInt(dst, res.ContentLength, 10)
		dst = append(dst, "\r\n"...)
	}
	switch {
	case res.Status == 101:
		dst = append(dst, "Connection: Upgrade\r\nUpgrade: websocket\r\n"...)
	case !x.persists:
		dst = append(dst, "Connection: close\r\n"...)
	case x.Req.Minor == 0:
		dst = append(dst, "Connection: keep-alive\r\n"...)
	}
	return append(dst, "\r\n"...)
}

// lengthOnly reports whether the response has no body and may still name the length that one would have had
// (RFC 9110 §8.6).
func (x *Exchange) lengthOnly() bool {
	return x.Res.Status == 304 || (x.Req.Verb == httpparse.Head && x.Res.Status != 204)
}

// appendResponseFields appends the field lines that go on, in their order and case.
func appendResponseFields(dst []byte, res *httpparse.Response, buf []byte, edits *Edits) []byte {
	for i := range res.Fields {
		f := &res.Fields[i]
		if f.Hop || f.ID == httpparse.FieldContentLength || f.ID == httpparse.FieldXBackend || edits.drops(f.Name.In(buf)) {
			continue
		}
		dst = appendLine(dst, f.Name.In(buf), f.Value.In(buf))
	}
	return dst
}

// appendInterim appends an interim response's head: no framing fields, none of ours.
func appendInterim(dst []byte, res *httpparse.Response, buf []byte) []byte {
	dst = append(dst, "HTTP/1.1 "...)
	dst = strconv.AppendInt(dst, int64(res.Status), 10)
	dst = append(dst, ' ')
	dst = res.AppendReason(dst, buf)
	dst = append(dst, "\r\n"...)
	dst = appendResponseFields(dst, res, buf, nil)
	return append(dst, "\r\n"...)
}

func appendLine(dst, name, value []byte) []byte {
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = append(dst, value...)
	return append(dst, "\r\n"...)
}

func appendField(dst []byte, name, value string) []byte {
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = append(dst, value...)
	return append(dst, "\r\n"...)
}
