package explain

import (
	"bytes"
	"fmt"

	"tenfour/httpparse"
)

// response explains a response. A copy is parsed, because the parser writes spaces over what it reads with patience.
func (m *message) response() {
	var res httpparse.Response
	res.Reset()
	head := bytes.Clone(m.raw)
	n, err := res.Parse(head, m.o.Method, m.o.Limits)
	if !m.headRead(n, err) {
		return
	}
	m.report.tunnels, m.report.interim = res.Status == 101, res.Status < 200 && res.Status != 101
	m.decideStatus(&res)
	m.decideResponseFields(&res, head)
	m.decideResponseEnd(&res, n)
	m.body(res.Framing, res.ContentLength, true)
}

// decideStatus decides what follows from the status-line.
func (m *message) decideStatus(res *httpparse.Response) {
	at := 0
	for _, run := range m.runs {
		if run.Kind == Status {
			at = run.From
		}
	}
	switch {
	case res.Status == 101 && res.WebSocket:
		m.decide(AboutStatus, at, "RFC 9110 §15.2.2", "a tunnel from here on, if the request asked for a WebSocket; else 502")
	case res.Status == 101:
		m.decide(AboutStatus, at, "RFC 9110 §15.2.2", "answered 502: no request that tenfour forwards asks for this upgrade")
	case res.Status == 100:
		m.decide(AboutStatus, at, "RFC 9110 §15.2.1", "interim: it is not passed on, because tenfour sends 100 Continue itself")
	case res.Status < 200:
		m.decide(AboutStatus, at, "RFC 9110 §15.2", "interim: clients of HTTP/1.1 get it, those of 1.0 do not; the final response follows")
	default:
		m.decide(AboutStatus, at, "RFC 9110 §15", classes[min(res.Status/100, 6)])
	}
	if res.Minor == 0 {
		m.decide(AboutVersion, m.runs[0].From, "RFC 9112 §2.3", "the client is sent HTTP/1.1 all the same; the backend is not sent chunks")
	}
}

var classes = [...]string{
	2: "success: forwarded",
	3: "redirection: forwarded, tenfour follows none",
	4: "the client's error: forwarded",
	5: "the server's error: forwarded; a race asks another backend",
	6: "of no class: forwarded, and a client reads it as 5xx",
}

// decideResponseFields decides what follows from each field line. head is what was parsed.
func (m *message) decideResponseFields(res *httpparse.Response, head []byte) {
	for i := range res.Fields {
		f := &res.Fields[i]
		if says, section, ok := ofResponseField(res, f, head); ok {
			m.decide(AboutField, int(f.Name.Start), section, says)
		}
	}
}

func ofResponseField(res *httpparse.Response, f *httpparse.Field, head []byte) (says, section string, ok bool) {
	switch f.ID {
	case httpparse.FieldContentLength:
		if res.Framing == httpparse.Chunked {
			return "dropped: the chunked coding decides", "RFC 9112 §6.3", true
		}
		return "ignored: an interim response has no body", "RFC 9110 §15.2", res.Status < 200
	case httpparse.FieldTransferEncoding, httpparse.FieldConnection:
		return "", "", false // decideResponseEnd
	case httpparse.FieldXBackend:
		return "dropped: tenfour says itself which backend answered", "", true
	case httpparse.FieldContentType:
		return "an event stream: it leaves its worker, and is not held", "", res.EventStream
	case httpparse.FieldWWWAuthenticate:
		return "the backend's connection is not kept: this login belongs to the connection", "RFC 4559 §5", httpparse.IsLogin(f.Value.In(head))
	case httpparse.FieldUpgrade:
		if res.WebSocket {
			return "forwarded with 101", "RFC 9110 §7.8", true
		}
	}
	return ofAny(f, string(f.Name.In(head)))
}

// decideResponseEnd decides where the body ends, and whether the backend's connection is kept.
func (m *message) decideResponseEnd(res *httpparse.Response, n int) {
	end := n - 1
	length := atField(res.Fields, httpparse.FieldContentLength, end)
	switch res.Framing {
	case httpparse.Length:
		m.decide(AboutFraming, length, "RFC 9112 §6.2", fmt.Sprintf("the body is the next %s", count(res.ContentLength, "byte")))
	case httpparse.Chunked:
		m.decide(AboutFraming, atField(res.Fields, httpparse.FieldTransferEncoding, end), "RFC 9112 §7.1",
			"the body is chunks, up to the chunk of size 0; a client of HTTP/1.0 gets it without them")
	case httpparse.UntilClose:
		m.decide(AboutFraming, end, "RFC 9112 §6.3", "the body is everything up to the end of the connection; a client of HTTP/1.1 gets it in chunks")
	default:
		m.decide(AboutFraming, end, "RFC 9112 §6.3", "no body: "+whyNoBody(res, m.o.Method))
	}
	if !res.HasDate && res.Status >= 200 {
		m.decide(AboutField, end, "RFC 9110 §6.6.1", "no Date: tenfour adds one")
	}
	if res.Status < 200 {
		return
	}
	says, section := keptOrNot(res)
	m.decide(AboutConnection, atField(res.Fields, httpparse.FieldConnection, end), section, says)
}

// whyNoBody says why a response has none, whatever its fields say.
func whyNoBody(res *httpparse.Response, method httpparse.Verb) string {
	switch {
	case res.Status < 200:
		return "an interim response has none"
	case res.Status == 204 || res.Status == 304:
		return fmt.Sprintf("a %d has none", res.Status)
	case method == httpparse.Head:
		return "it answers a HEAD"
	}
	return "there is none"
}

// keptOrNot says whether the backend's connection may serve another request, and why.
func keptOrNot(res *httpparse.Response) (says, section string) {
	switch {
	case res.Framing == httpparse.UntilClose:
		return "the backend's connection ends with the body", "RFC 9112 §9.3"
	case res.Announced:
		return "the backend's connection is not kept: some servers send the body all the same that the fields announce", "RFC 9112 §6.3"
	case res.LoggedIn:
		return "the backend's connection is not kept: a login belongs to it", "RFC 4559 §5"
	case res.KeepAlive:
		return "the backend's connection may be kept", "RFC 9112 §9.3"
	case res.Framing == httpparse.Chunked && atField(res.Fields, httpparse.FieldContentLength, -1) >= 0:
		return "the backend's connection is not kept: with two lengths the end is in doubt", "RFC 9112 §6.1"
	case res.Framing == httpparse.Chunked && res.Minor == 0:
		return "the backend's connection is not kept: HTTP/1.0 has no chunks, so the end is in doubt", "RFC 9112 §6.1"
	case atField(res.Fields, httpparse.FieldConnection, -1) < 0:
		return "the backend's connection is not kept: HTTP/1.0 without keep-alive", "RFC 9112 §9.3"
	}
	return "the backend's connection is not kept: it says so. The client's connection stays", "RFC 9110 §7.6.1"
}
