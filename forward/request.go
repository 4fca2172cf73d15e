package forward

import (
	"net/netip"
	"slices"

	"tenfour/httpparse"
	"tenfour/sock"
	"tenfour/trace"
	"tenfour/value/choice"
)

// Request is what a client asked for: data only. Its owner fills it in before Enter. From then on it is read-only, until
// its owner is told the Result.
type Request struct {
	Head      httpparse.Request // the parsed head; its spans point into In.Head
	In        *sock.Input       // keeps the head. What arrived after it is the Upload's. nil before the head is complete
	Target    []byte            // what is asked for instead of the request's own target; nil for that
	Body      *Body             // content taken so far; nil for none. Enter takes it over
	BodyWhole bool              // Body is all of it
	Remote    netip.Addr        // the other end of its connection: the client, or a proxy in front of tenfour
	Secure    bool              // the client's connection is TLS
	Persists  bool              // the client wants its connection to persist, and it may
	Limits    *httpparse.Limits // of what is read; nil means httpparse.DefaultLimits
	Route     *Route            // where it goes
	Timed     bool              // fill in the result's Times
	Trace     *trace.Exchange   // records it as it passes; nil for not at all, or not yet
	Recorder  Recorder          // begins to record it, when it turns out to be worth that; nil while it is recorded, and for never
	Began     int64             // when the head was complete, in the lot's time; set only if Timed
}

// Recorder begins to record requests that were not recorded from their beginning.
type Recorder interface {
	// Record begins to record the request, which is the caller's at this moment, to be kept on that shelf. Request.Trace is set then, and
	// Request.Recorder is nil. Nothing happens if it is not its turn.
	Record(on trace.Shelf)
}

// reset makes r ready for another request. It clears each field where it is: a copy of the head over itself costs more than
// everything else at the end of an exchange.
func (r *Request) reset() {
	r.Head.Reset()
	r.In, r.Target, r.Body, r.BodyWhole = nil, nil, nil, false
	r.Remote, r.Secure, r.Persists = netip.Addr{}, false, false
	r.Limits, r.Route, r.Timed, r.Trace, r.Recorder, r.Began = nil, nil, false, nil, nil, 0
}

// whole reports whether all of the request is at hand for as long as the exchange lasts.
func (r *Request) whole() bool { return r.BodyWhole || r.Head.Framing == httpparse.NoBody }

// chunked reports whether the request's body goes out chunked: it came so, and is too large to be held.
func (r *Request) chunked() bool { return r.Head.Framing == httpparse.Chunked && !r.BodyWhole }

// framing returns how the body goes out to a backend, and its length if it has one. content is how many bytes are held of it.
func (r *Request) framing(content int) (httpparse.Framing, int64) {
	if r.BodyWhole && r.Head.Framing != httpparse.NoBody {
		return httpparse.Length, int64(content)
	}
	return r.Head.Framing, r.Head.ContentLength
}

// MustBeWhole reports whether the request, if there is no spool, cannot go out before all of its body has come: it is raced, or
// its body is chunked and a backend speaks HTTP/1.0, which needs the length first.
func (r *Request) MustBeWhole() bool {
	return r.Raced() || r.Head.Framing == httpparse.Chunked && r.Route.speaksHTTP10()
}

// Spools reports whether the request goes to a file if its body is too large for memory: it must be whole before it goes out,
// because it is raced, or because simple servers know no chunked bodies and lose them.
func (r *Request) Spools() bool {
	return r.Head.Framing == httpparse.Chunked || r.Head.Framing == httpparse.Length && r.Raced()
}

// Raced reports whether the request's route asks several backends for it.
func (r *Request) Raced() bool {
	racing := &r.Route.Settings.Racing
	if racing.Mode == choice.NoRace || len(r.Route.Entries) < 2 || r.Head.WebSocket {
		return false
	}
	switch r.Head.Verb {
	case httpparse.Get, httpparse.Head, httpparse.Options:
		return true
	}
	method := r.Head.Method.In(r.In.Head())
	for _, m := range racing.Methods {
		if string(method) == m {
			return true
		}
	}
	return false
}

// alone reports whether the connection that carries the request must carry no other after it, whatever the response
// says. What the backend ties to the connection, and what it leaves unread on it, would be the next client's.
func (r *Request) alone(framing httpparse.Framing, length int64) bool {
	s := r.Route.Settings
	content := framing == httpparse.Chunked || framing == httpparse.Length && length > 0
	switch {
	case s.KeepAlive == choice.KeepOff || s.KeepIdle <= 0:
		return true
	case content && (s.KeepAlive == choice.KeepBodyless || framing == httpparse.Chunked || !r.expectsContent()):
		return true
	}
	return r.Head.WebSocket || r.logsIn()
}

// expectsContent reports whether servers read the content of such a request. POST, PUT and PATCH alone are defined by it
// (RFC 9110 §9.3). With other methods, such as GET (RFC 9110 §9.3.1), simple servers leave it unread, and take it for their next request.
func (r *Request) expectsContent() bool {
	switch r.Head.Verb {
	case httpparse.Post, httpparse.Put:
		return true
	case httpparse.OtherVerb:
		return string(r.Head.Method.In(r.In.Head())) == "PATCH"
	}
	return false
}

// logsIn reports whether the request shows a login that belongs to its connection (RFC 4559).
func (r *Request) logsIn() bool {
	const proxys = "Proxy-Authorization"
	for i := range r.Head.Fields {
		switch f := &r.Head.Fields[i]; f.ID {
		case httpparse.FieldOther:
			if f.Name.Len() == len(proxys) && httpparse.SameField(f.Name.In(r.In.Head()), proxys) && httpparse.IsLogin(f.Value.In(r.In.Head())) {
				return true
			}
		case httpparse.FieldAuthorization:
			if httpparse.IsLogin(f.Value.In(r.In.Head())) {
				return true
			}
		}
	}
	return r.Route.Settings.Request.logsIn()
}

// Clone returns a copy of r without its body, which stays valid when the client goes on to its next request: racers that have
// lost may still read it then, and so may an exchange for several clients.
func (r *Request) Clone() *Request {
	c := *r
	c.Head.Fields = slices.Clone(r.Head.Fields)
	head := slices.Clone(r.In.Head())
	c.In = sock.InputOf(head)
	c.In.Keep(len(head))
	c.Target = slices.Clone(r.Target)
	c.Body, c.Recorder = nil, nil
	return &c
}

// leaveBody ends this request's use of the body that is held.
func (r *Request) leaveBody() {
	if r.Body != nil {
		r.Body.Leave()
		r.Body = nil
	}
}

// Upload is the part of a request's body that is not in Request.Body: the client has still to send it, and it streams to
// the backend. It belongs to the exchange's owner until Enter, then to the attempt that sends it.
type Upload struct {
	from     *sock.Conn       // the client, set by Enter; nil when nothing more comes. Request.In has what arrived of it already
	Chunks   httpparse.Chunks // of a chunked body, as far as Request.In was taken
	Continue bool             // the client waits for 100 Continue before its body
	BodyEnd  int64            // when the whole body must be there, in the lot's time; 0 is not decided yet, or never
}
