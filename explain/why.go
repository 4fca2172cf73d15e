package explain

import (
	"strings"

	"tenfour/httpparse"
)

// whyRemoved says why a field that came was not sent on.
func (h *head) whyRemoved(l fieldLine, sent *head) (why, section string) {
	switch l.id {
	case httpparse.FieldTransferEncoding:
		return "the body's framing is chosen anew for the next connection", "RFC 9112 §6.1"
	case httpparse.FieldUpgrade:
		return "connection-specific; only a WebSocket upgrade goes on", "RFC 9110 §7.8"
	case httpparse.FieldConnection:
		return "it is about the connection on which it came", "RFC 9110 §7.6.1"
	case httpparse.FieldExpect:
		return "tenfour answers it itself", "RFC 9110 §10.1.1"
	case httpparse.FieldContentLength:
		return h.whyNoLength(sent)
	case httpparse.FieldXForwardedFor:
		return "joined to the one field that goes on", "RFC 7239 §7.4"
	case httpparse.FieldXBackend:
		return "tenfour says itself which backend answered", ""
	}
	switch {
	case l.id.ConnectionSpecific():
		return "connection-specific", "RFC 9110 §7.6.1"
	case l.hop:
		return "Connection names it: it goes no further than this connection", "RFC 9110 §7.6.1"
	case h.what == Response:
		return "the route's settings remove it", ""
	}
	return whyRequestDropped(l.name)
}

// whyRequestDropped says why a field of a request was not sent on that is not connection-specific.
func whyRequestDropped(name string) (why, section string) {
	is, alias := httpparse.IsForwarded([]byte(name))
	switch {
	case alias, passesForOurs(name):
		return "CGI and WSGI read it as " + dashed(name), "RFC 3875 §4.1.18"
	case is:
		return "the client is no trusted proxy, and frameworks would believe it", "RFC 7239 §8.1"
	case strings.EqualFold(name, "Prefer"):
		return "tenfour acts on it itself", "RFC 7240 §2"
	case strings.EqualFold(name, "Callback-URL"):
		return "it is for tenfour: the job's end is told there", ""
	case strings.EqualFold(name, "Authorization"):
		return "it is the client's token for tenfour, or the route's settings remove it", "RFC 9110 §11.6.2"
	}
	return "the route's settings remove it", ""
}

// whyNoLength says why a Content-Length was not sent on.
func (h *head) whyNoLength(sent *head) (why, section string) {
	switch {
	case h.what == Request:
		return "the body's framing is chosen anew", "RFC 9112 §6.2"
	case h.has(httpparse.FieldTransferEncoding):
		return "the chunked coding decides", "RFC 9112 §6.3"
	case sent.has(httpparse.FieldContentLength):
		return "repeated: one is enough", "RFC 9110 §8.6"
	case strings.HasPrefix(h.start[1], "1"), h.start[1] == "204":
		return "a " + h.start[1] + " has no body and no length", "RFC 9110 §8.6"
	}
	return "the body's framing is chosen anew", "RFC 9112 §6.2"
}

// whyChanged says why a field was sent on with another value.
func (h *head) whyChanged(l fieldLine, now string) (why, section string) {
	switch l.id {
	case httpparse.FieldXForwardedFor:
		return "the client's address is put at its end", "RFC 7239 §7.4"
	case httpparse.FieldXForwardedProto, httpparse.FieldXForwardedHost:
		return "the client is no trusted proxy: it says what this connection shows", "RFC 7239 §8.1"
	case httpparse.FieldMaxForwards:
		return "one less", "RFC 9110 §7.6.2"
	case httpparse.FieldContentLength:
		return "written anew as a plain number, of the body that goes on", "RFC 9110 §8.6"
	case httpparse.FieldDate:
		return "the route's settings set it", ""
	case httpparse.FieldConnection:
		return "it is about the connection on which it goes out", "RFC 9110 §7.6.1"
	case httpparse.FieldXBackend:
		return "tenfour says itself which backend answered", ""
	case httpparse.FieldHost:
		return h.whyHost(l.value, now)
	case httpparse.FieldAuthorization:
		return "the route's credential", "RFC 9110 §11.6.2"
	}
	if h.what == Response {
		switch strings.ToLower(l.name) {
		case "location", "content-location", "set-cookie", "refresh":
			return "the prefix that the route takes off is put back, or the route's settings set it", ""
		}
	}
	return "the route's settings set it", ""
}

func (h *head) whyHost(was, now string) (why, section string) {
	switch {
	case h.form == httpparse.AbsoluteForm:
		return "the request-target had the host", "RFC 9112 §3.2.2"
	case was == now+":":
		return "a port that is empty is left out", "RFC 3986 §6.2.3"
	}
	return "the route has its backend's own host", "RFC 9110 §7.2"
}

// whyAdded says why a field was sent that did not come.
func (h *head) whyAdded(l fieldLine, sent *head) (why, section string) {
	switch l.id {
	case httpparse.FieldVia:
		return "tenfour has passed it on, as received in this version", "RFC 9110 §7.6.3"
	case httpparse.FieldTransferEncoding:
		return "the body goes out in chunks: its length is not known", "RFC 9112 §7.1"
	case httpparse.FieldConnection:
		return h.whyConnection(l.value)
	case httpparse.FieldUpgrade:
		return "the WebSocket upgrade goes on", "RFC 9110 §7.8"
	}
	if h.what == Request {
		return h.whyRequestAdded(l)
	}
	switch l.id {
	case httpparse.FieldDate:
		return "the response had none", "RFC 9110 §6.6.1"
	case httpparse.FieldXBackend:
		return "the backend that answered", ""
	case httpparse.FieldContentLength:
		return "the length of the body that goes out", "RFC 9110 §8.6"
	}
	if strings.EqualFold(l.name, "X-Race") {
		return "a race: how many backends were asked, of how many", ""
	}
	return "the route's settings add it", ""
}

// whyRequestAdded is whyAdded for a request alone.
func (h *head) whyRequestAdded(l fieldLine) (why, section string) {
	switch l.id {
	case httpparse.FieldHost:
		if h.form == httpparse.AbsoluteForm {
			return "the request-target had the host", "RFC 9112 §3.2.2"
		}
		return "HTTP/1.0 had none: the backend's own address", "RFC 9112 §3.2"
	case httpparse.FieldXForwardedFor:
		return "the client's address", "RFC 7239 §7.4"
	case httpparse.FieldXForwardedProto:
		return "whether the client's connection has TLS", "RFC 7239 §5.4"
	case httpparse.FieldXForwardedHost:
		return "the host that the client asked for", "RFC 7239 §5.3"
	case httpparse.FieldContentLength:
		if l.value == "0" && !h.has(httpparse.FieldTransferEncoding) {
			return "no body: some servers answer 411 to " + h.start[0] + " without a length", "RFC 9110 §8.6"
		}
		return "the body was taken whole, and has its length", "RFC 9112 §6.2"
	case httpparse.FieldAuthorization:
		return "the route's credential", "RFC 9110 §11.6.2"
	}
	if strings.EqualFold(l.name, "X-Forwarded-Prefix") {
		return "what the route takes off the path", ""
	}
	return "the route's settings add it", ""
}

// whyConnection says why tenfour says something of a connection.
func (h *head) whyConnection(value string) (why, section string) {
	switch strings.ToLower(value) {
	case "upgrade":
		return "the WebSocket upgrade goes on", "RFC 9110 §7.8"
	case "keep-alive":
		return "the client of HTTP/1.0 asked for it, and the response has a length", "RFC 9112 §9.3"
	}
	if h.what == Request {
		return "no other request follows on this connection", "RFC 9112 §9.6"
	}
	return "tenfour ends the connection after this response", "RFC 9112 §9.6"
}
