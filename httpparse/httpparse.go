// Package httpparse turns bytes into HTTP/1.0 and 1.1 heads and framing. It does no I/O, allocates nothing, sets no policy.
//
//	n, err := req.Parse(buf, &limits)
//	switch {
//	case err == httpparse.ErrPartial: // nothing taken: read more behind buf, call again with the longer buf
//	case err != nil:                  // a *Refusal: answer its Status, then close
//	default:                          // buf[:n] was the head; req's spans are places in buf
//	}
//
// A head is parsed once however it comes: Parse remembers how far it came, so that no byte of a head that is sent byte
// by byte is scanned again and again. Spans are offsets, so the caller may move the bytes (a growing buffer)
// between calls, as long as buf starts at the same byte.
//
// Response is for the heads of responses what Request is for those of requests, and Chunks takes the chunked coding off
// a body.
//
// What it does not do: it decodes no request-target, joins no field lines, and knows nothing of routes or timeouts.
package httpparse

import "errors"

// ErrPartial says that the bytes so far are a good beginning and no more than that.
var ErrPartial = errors.New("incomplete: more bytes are needed")

// A Refusal is a head or a body that tenfour will not forward, and the answer that it earns when it came from a client.
// What came from a backend earns 502 whatever Status says. It belongs to the value that returned it, until its next Reset.
type Refusal struct {
	Status int    // 400, 405, 414, 417, 431, 501 or 505
	Rule   string // what it broke, for people: "RFC 9112 §6.1: both Content-Length and Transfer-Encoding"
	Offset int    // at which byte it was noticed, from the start of the head or the body
}

func (r *Refusal) Error() string { return r.Rule }

// Span is a place in the buffer that was parsed: bytes Start up to, not including, End.
type Span struct{ Start, End uint32 }

// Len is the number of bytes in s.
func (s Span) Len() int { return int(s.End - s.Start) }

// In returns the bytes of s in the buffer that it was parsed from. They live as long as buf is left alone.
func (s Span) In(buf []byte) []byte { return buf[s.Start:s.End:s.End] }

// Field is one field line (RFC 9110 §5): its name as it was written, its value without the white space around it.
type Field struct {
	Name, Value Span
	ID          FieldID // which of the fields that a proxy must know it is, or FieldOther
	Hop         bool    // connection-specific (RFC 9110 §7.6.1): goes no further than this connection
}

// Framing is how the end of a message body is known (RFC 9112 §6.3).
type Framing uint8

const (
	NoBody     Framing = iota // there is none
	Length                    // Content-Length bytes
	Chunked                   // chunks up to the last-chunk and its trailer section
	UntilClose                // everything up to a clean end of the connection; responses only
)

// TargetForm is the form of a request-target (RFC 9112 §3.2). The authority-form is refused with its method, CONNECT.
type TargetForm uint8

const (
	OriginForm   TargetForm = iota // /path?query
	AbsoluteForm                   // http://host/path?query
	AsteriskForm                   // *, of OPTIONS
)

// Limits bounds what is read. The zero value of each field means its default, the one in DefaultLimits.
type Limits struct {
	Head         int // bytes in a request's head with its start-line, else 431 (414 while in the request-line)
	Fields       int // field lines in a head or a trailer section, else 431
	Method       int // bytes in a method, else 501
	EmptyLines   int // CRLFs before a request-line that are skipped, else 400
	ResponseHead int // bytes in a response's head
	ChunkLine    int // bytes in one chunk line beyond the size's digits
	ChunkExt     int // bytes in all chunk lines of a message beyond the sizes' digits
	Trailer      int // bytes in a trailer section
}

// DefaultLimits is what tenfour uses when nobody says otherwise.
var DefaultLimits = Limits{
	Head: 32 << 10, Fields: 200, Method: 32, EmptyLines: 4,
	ResponseHead: 64 << 10, ChunkLine: 4 << 10, ChunkExt: 16 << 10, Trailer: 8 << 10,
}

// Request is a request's head (RFC 9112 §3). Its zero value is ready; Reset makes it ready again and keeps the memory
// of Fields. Give Fields a capacity of Limits.Fields and nothing is ever allocated.
// Before Parse has returned nil none of it means anything.
type Request struct {
	Method Span // a token, in the case it came in
	Target Span // the request-target as it came
	Form   TargetForm

	// Origin is what a backend is asked for: the target itself in origin- and asterisk-form, in absolute-form the
	// part behind the authority. It is empty for an absolute-form without a path: then "/" goes before it, "*" for
	// OPTIONS without a query. An absolute-form with a query and no path has Origin at its "?", and "/" goes before it.
	Origin Span
	// Host is the authority that the request is for: of the target in absolute-form, else the value of Host.
	// HasHost is false for a 1.0 request that named none.
	Host    Span
	HasHost bool

	Minor  uint8 // 1 for HTTP/1.1 to 1.9, 0 for 1.0
	Verb   Verb  // which of the methods that a proxy must know, or OtherVerb
	Fields []Field

	Framing       Framing // NoBody, Length or Chunked
	ContentLength int64   // with Length, 0 or more

	KeepAlive   bool  // the client lets the connection persist (RFC 9112 §9.3)
	Expect100   bool  // 1.1, a body announced, and Expect: 100-continue
	WebSocket   bool  // a GET of 1.1 without a body (Content-Length: 0 is none), one Upgrade: websocket, Connection: upgrade
	MaxForwards int64 // of OPTIONS and TRACE; -1 without the field and for other methods
	ViaSelf     int   // how often a Via field names "tenfour" already
	AcceptsJSON bool  // an Accept field names application/json
	private     requestState
}

// Verb is a method that a proxy treats in its own way.
type Verb uint8

const (
	OtherVerb Verb = iota
	Get
	Head
	Options
	Put
	Delete
	Trace
	Post
)

// Idempotent reports whether the same request may be sent again with no other effect (RFC 9110 §9.2.2).
func (v Verb) Idempotent() bool {
	switch v {
	case Get, Head, Options, Put, Delete, Trace:
		return true
	}
	return false
}

// Response is a response's head (RFC 9112 §4). Its zero value is ready; see Request for Reset, Fields and Limits.
type Response struct {
	Status int  // 100 to 999, as it came
	Reason Span // without control bytes only after AppendReason; may be empty
	Minor  uint8
	Fields []Field

	Framing       Framing
	ContentLength int64 // what Content-Length says, also without a body (HEAD, 304); -1 without the field

	KeepAlive   bool // the backend lets the connection persist; says nothing of what framing demands
	HasDate     bool
	WebSocket   bool // 101 with Upgrade: websocket
	EventStream bool // Content-Type: text/event-stream
	private     responseState
}
