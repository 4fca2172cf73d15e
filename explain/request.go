package explain

import (
	"fmt"

	"tenfour/httpparse"
)

// request explains a request.
func (m *message) request() {
	var req httpparse.Request
	req.Reset()
	n, err := req.Parse(m.raw, m.o.Limits)
	if !m.headRead(n, err) {
		return
	}
	m.report.method, m.report.closes, m.report.tunnels = req.Verb, !req.KeepAlive || req.Verb == httpparse.Trace, req.WebSocket
	m.decideRequestLine(&req)
	m.decideRequestFields(&req)
	m.decideRequestEnd(&req, n)
	m.body(req.Framing, req.ContentLength, false)
}

// headRead paints a head, and reports whether it is whole and good.
func (m *message) headRead(n int, err error) bool {
	if err == nil {
		m.paintHead(n)
		m.report.Head = n
		return true
	}
	m.paintHead(len(m.raw))
	if refusal, ok := err.(*httpparse.Refusal); ok {
		m.refuse(refusal, 0)
		return false
	}
	switch {
	case m.o.Part:
	case len(m.raw) == 0:
		m.report.Incomplete = "there are no bytes"
	default:
		m.report.Incomplete = "the head's end is missing: an empty line"
	}
	return false
}

// decideRequestLine decides what follows from the request-line.
func (m *message) decideRequestLine(req *httpparse.Request) {
	method, target := int(req.Method.Start), int(req.Target.Start)
	switch {
	case req.Verb == httpparse.Trace:
		m.decide(AboutMethod, method, "RFC 9110 §9.3.8", "answered 405 here: a gateway echoes no credentials")
	case req.Verb.Idempotent():
		m.decide(AboutMethod, method, "RFC 9110 §9.2.2", "idempotent: it may go out again if a backend fails before it answers")
	default:
		m.decide(AboutMethod, method, "RFC 9110 §9.2.2", "not idempotent: once a backend has a byte of it, it never goes out again by itself")
	}
	switch req.Form {
	case httpparse.OriginForm:
		m.decide(AboutTarget, target, "RFC 9112 §3.2.1", "origin-form: it goes on byte for byte")
	case httpparse.AsteriskForm:
		m.decide(AboutTarget, target, "RFC 9112 §3.2.4", "asterisk-form, of OPTIONS: about the server as a whole")
	default:
		m.decide(AboutTarget, target, "RFC 9112 §3.2.2",
			fmt.Sprintf("absolute-form: it goes on in origin-form, and Host becomes %s", Escaped(req.Host.In(m.raw))))
	}
	version := int(req.Target.End) + 1
	switch text := string(m.raw[version : version+len("HTTP/1.1")]); {
	case req.Minor == 0:
		m.decide(AboutVersion, version, "RFC 9112 §2.3", "the backend is sent HTTP/1.1; what comes back has no chunks")
	case text != "HTTP/1.1":
		m.decide(AboutVersion, version, "RFC 9110 §2.5", "as 1.1: minor versions are compatible")
	}
}

// decideRequestFields decides what follows from each field line.
func (m *message) decideRequestFields(req *httpparse.Request) {
	for i := range req.Fields {
		f := &req.Fields[i]
		at := int(f.Name.Start)
		name := string(f.Name.In(m.raw))
		if says, section, ok := m.ofRequestField(req, f); ok {
			m.decide(AboutField, at, section, says)
			continue
		}
		if says, section, ok := aboutForwarded(name); ok {
			m.decide(AboutField, at, section, says)
		}
	}
}

// ofRequestField is what tenfour does with a field of a request, where that is more than to forward it.
func (m *message) ofRequestField(req *httpparse.Request, f *httpparse.Field) (says, section string, ok bool) {
	switch f.ID {
	case httpparse.FieldHost:
		return m.ofHost(req, f)
	case httpparse.FieldConnection, httpparse.FieldTransferEncoding, httpparse.FieldContentLength:
		return "", "", false // decideRequestEnd
	case httpparse.FieldExpect:
		if req.Expect100 {
			return "tenfour answers 100 Continue when it takes the body; the field goes no further", "RFC 9110 §10.1.1", true
		}
		return "dropped: it asks nothing without a body, and in HTTP/1.0", "RFC 9110 §10.1.1", true
	case httpparse.FieldUpgrade:
		if req.WebSocket {
			return "forwarded: if the backend answers 101, the connection is a tunnel", "RFC 9110 §7.8", true
		}
		return "dropped, and the request forwarded: only a WebSocket upgrade goes on", "RFC 9110 §7.8", true
	case httpparse.FieldMaxForwards:
		return ofMaxForwards(req)
	case httpparse.FieldVia:
		if req.ViaSelf > mostVia {
			return fmt.Sprintf("answered 508 here: it has passed tenfour %d times, a loop", req.ViaSelf), "RFC 9110 §7.6.3", true
		}
		return "kept; tenfour adds itself", "RFC 9110 §7.6.3", true
	case httpparse.FieldAccept:
		return "answers of tenfour's own are JSON", "RFC 9110 §12.5.1", req.AcceptsJSON
	case httpparse.FieldAuthorization:
		return "the backend's connection is not kept: this login belongs to the connection", "RFC 4559 §5", httpparse.IsLogin(f.Value.In(m.raw))
	}
	return ofAny(f, string(f.Name.In(m.raw)))
}

// mostVia is how often tenfour may be in Via.
const mostVia = 5

// ofHost is what becomes of a Host.
func (m *message) ofHost(req *httpparse.Request, f *httpparse.Field) (says, section string, ok bool) {
	switch end := int(f.Value.End); {
	case req.Form == httpparse.AbsoluteForm:
		return "ignored: the request-target has the host", "RFC 9112 §3.2.2", true
	case f.Value.Len() == 0:
		return "empty: it goes on as it is", "RFC 9110 §7.2", true
	case end < len(m.raw) && m.raw[end] == ':':
		return "it goes on without the colon: a port that is empty names the same host", "RFC 3986 §6.2.3", true
	}
	return "it goes on as it is: the backend may serve several hosts", "RFC 9110 §7.2", true
}

func ofMaxForwards(req *httpparse.Request) (says, section string, ok bool) {
	switch {
	case req.MaxForwards < 0 || req.Verb == httpparse.Trace:
		return "ignored and forwarded: it is for OPTIONS and TRACE", "RFC 9110 §7.6.2", req.Verb != httpparse.Trace
	case req.MaxForwards == 0:
		return "answered here: it may go no further", "RFC 9110 §7.6.2", true
	}
	return "it goes on with one less", "RFC 9110 §7.6.2", true
}

// ofAny is what tenfour does with a field of either kind of message that it does not forward.
func ofAny(f *httpparse.Field, name string) (says, section string, ok bool) {
	switch {
	case f.ID.ConnectionSpecific():
		return "dropped: connection-specific", "RFC 9110 §7.6.1", true
	case f.Hop:
		return "dropped: Connection names it", "RFC 9110 §7.6.1", true
	}
	return "", "", false
}

// decideRequestEnd decides where the body ends, and whether the connection persists.
func (m *message) decideRequestEnd(req *httpparse.Request, n int) {
	end := n - 1
	if !req.HasHost && req.Form != httpparse.AbsoluteForm {
		m.decide(AboutHost, end, "RFC 9112 §3.2", "no Host, in HTTP/1.0: the backend's own address is sent")
	}
	switch req.Framing {
	case httpparse.Length:
		m.decide(AboutFraming, atField(req.Fields, httpparse.FieldContentLength, end), "RFC 9112 §6.2",
			fmt.Sprintf("the body is the next %s", count(req.ContentLength, "byte")))
	case httpparse.Chunked:
		m.decide(AboutFraming, atField(req.Fields, httpparse.FieldTransferEncoding, end), "RFC 9112 §7.1",
			"the body is chunks, up to the chunk of size 0; the framing towards the backend is chosen anew")
	default:
		m.decide(AboutFraming, end, "RFC 9112 §6.3", "no body: neither Content-Length nor Transfer-Encoding")
	}
	at := atField(req.Fields, httpparse.FieldConnection, end)
	switch {
	case req.Verb == httpparse.Trace:
		m.decide(AboutConnection, end, "RFC 9112 §9.6", "the connection ends after the answer")
	case req.KeepAlive && req.Minor == 0:
		m.decide(AboutConnection, at, "RFC 9112 §9.3", "keep-alive: the connection persists if the response has a length")
	case req.KeepAlive:
		m.decide(AboutConnection, at, "RFC 9112 §9.3", "the connection persists: HTTP/1.1 without close")
	case req.Minor == 0 && at == end:
		m.decide(AboutConnection, at, "RFC 9112 §9.3", "the connection ends after the response: HTTP/1.0 without keep-alive")
	default:
		m.decide(AboutConnection, at, "RFC 9112 §9.6", "close: the connection ends after the response")
	}
}

// atField returns where the first field of that kind has its name; otherwise for none.
func atField(fields []httpparse.Field, id httpparse.FieldID, otherwise int) int {
	for i := range fields {
		if fields[i].ID == id {
			return int(fields[i].Name.Start)
		}
	}
	return otherwise
}

// count is a number with its noun.
func count(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
