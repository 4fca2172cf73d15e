package forward

import (
	"bytes"

	"tenfour/sock"
)

// What would go out is shown here without an exchange, by the same functions that write it. It is for people, not for the path of a
// request, and allocates.

// Preview returns the head of r as o would get it on a connection of its own. content is how many bytes of content there are if BodyWhole
// is set, and 0 otherwise.
func (r *Request) Preview(o *Origin, content int) []byte {
	framing, length := r.framing(content)
	return r.appendRequestHead(nil, o, framing, length, r.alone(framing, length))
}

// PreviewResponse returns the head that a client of HTTP/1.minor would get for a response of o to r whose head is head. persists says that
// the client's connection may stay open. It returns no head, and no error, for an interim response that such a client does not get;
// a *httpparse.Refusal for a head that is malformed; and an error for a 101 that r did not ask for.
func (r *Request) PreviewResponse(o *Origin, head []byte, minor uint8, persists bool) ([]byte, error) {
	a := &Attempt{decider: new(Exchange), req: r, origin: o, link: new(link), sink: Sink{minor: minor, persists: persists}}
	head = bytes.Clone(head) // the parser may write to it
	a.res.Reset()
	n, err := a.res.Parse(head, r.Head.Verb, r.Limits)
	if err != nil {
		return nil, err
	}
	switch status := a.res.Status; {
	case status == 101 && !r.Head.WebSocket:
		return nil, errSurplus
	case status == 100, status < 200 && status != 101 && minor == 0:
		return nil, nil
	case status < 200 && status != 101:
		return appendInterim(nil, &a.res, head, r.Route.Settings.Response), nil
	}
	a.link.in = *sock.InputOf(head)
	a.link.in.Keep(n)
	a.down.chunked = a.sink.frame(&a.res, true)
	return a.appendResponseHead(nil), nil
}
