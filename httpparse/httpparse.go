// Package httpparse turns bytes into message heads and framing: incremental, no I/O, no allocation, no policy. It reads HTTP/1.0
// and HTTP/1.1.
//
//	n, err := req.Parse(buf, &limits)
//	switch {
//	case err == httpparse.ErrPartial: // nothing taken: append more bytes to buf, call again
//	case err != nil:                  // a *Refusal: answer its Status, then close
//	default:                          // buf[:n] was the head; req's spans are places in buf
//	}
//
// Each byte of a head is scanned once, even if the head is sent byte by byte: Parse remembers how far it has come.
// Spans are offsets. The caller may therefore move the bytes between calls (a growing buffer), as long as buf starts at
// the same byte.
//
// Request parses the heads of requests, Response the heads of responses. Chunks takes the chunked coding off a body.
//
// A request is read strictly: an odd one may be an attack on a server that reads it otherwise. Only its lines may end in a
// bare LF, if all of them do. A response is read with patience: where an odd one has one meaning, it is read, and the spans
// give that meaning. Patience is a mode of the one reader of field lines, and of Chunks.
//
// The package decodes no request-target, joins no field lines, and knows nothing of routes or timeouts.
package httpparse

import "errors"

// ErrPartial means that the bytes are valid so far, but incomplete.
var ErrPartial = errors.New("incomplete: more bytes are needed")

// A Refusal says why a head or a body is not forwarded, and with which status a client is answered. For bytes that came
// from a backend the client is answered 502, whatever Status says. The next Reset of the Request, Response or Chunks that
// returned it overwrites it; copy it to keep it.
type Refusal struct {
	Status int    // 400, 405, 414, 417, 431, 501 or 505
	Rule   string // the broken rule, in words: "RFC 9112 §6.1: both Content-Length and Transfer-Encoding"
	Offset int    // the byte at which what is wrong begins, counted from 0 at the start of the head or the body
	Line   int    // the line of the head that has this byte, from 1; 0 in a body
	Passed Limit  // the limit that was passed; NoLimit if it is about something else
}

// Span is a range of the buffer that was parsed: the bytes from Start up to, but not including, End.
type Span struct {
	Start uint32 // offset of the first byte, from 0
	End   uint32 // offset after the last byte; Start for an empty span
}

// Len is the number of bytes in s.
func (s Span) Len() int { return int(s.End - s.Start) }

// In returns the bytes of s in buf, the buffer that was parsed. They are a part of buf: they change when buf does.
func (s Span) In(buf []byte) []byte { return buf[s.Start:s.End:s.End] }

// Field is one field line (RFC 9110 §5): its name as it was written, its value without the white space around it.
type Field struct {
	Name  Span    // a token of 1 byte or more (RFC 9110 §5.1)
	Value Span    // may be empty, and may have any byte but NUL, CR and LF (RFC 9110 §5.5)
	ID    FieldID // one of the fields that a proxy must know, or FieldOther
	Hop   bool    // connection-specific (RFC 9110 §7.6.1): not to be forwarded
}

// Framing is how the end of a message body is known (RFC 9112 §6.3).
type Framing uint8

// The framings.
const (
	NoBody     Framing = iota // there is no body
	Length                    // Content-Length bytes
	Chunked                   // chunks up to the last-chunk and its trailer section
	UntilClose                // everything up to a clean end of the connection; responses only
)

// TargetForm is the form of a request-target (RFC 9112 §3.2). The authority-form has no constant: only CONNECT uses it,
// and CONNECT is refused.
type TargetForm uint8

// The forms of a request-target.
const (
	OriginForm   TargetForm = iota // /path?query
	AbsoluteForm                   // http://host/path?query
	AsteriskForm                   // *, of OPTIONS
)

// Limits bounds what is read. A field that is 0 means its default, which is in DefaultLimits.
type Limits struct {
	Head         int // bytes in a request's head with its start-line; above it 431, or 414 within the request-line
	Fields       int // field lines in a request's head or a trailer section; above it 431. Names in Connection: the same, but 200 at most
	Method       int // bytes in a method; above it 501
	EmptyLines   int // empty lines before a start-line that are skipped; above it 400
	ResponseHead int // bytes in a response's head, which has no limit in lines
	ChunkLine    int // bytes in one chunk line beyond the size's digits
	ChunkExt     int // bytes in all chunk lines of a message beyond the sizes' digits
	Trailer      int // bytes in a trailer section
}

// DefaultLimits has the value that each limit has by default.
var DefaultLimits = Limits{
	Head: 32 << 10, Fields: 200, Method: 32, EmptyLines: 4,
	ResponseHead: 64 << 10, ChunkLine: 4 << 10, ChunkExt: 16 << 10, Trailer: 8 << 10,
}

// Of returns what the limit is: its default if it is 0.
func (l *Limits) Of(which Limit) int {
	switch which {
	case HeadLimit:
		return orDefault(l.Head, DefaultLimits.Head)
	case FieldsLimit:
		return orDefault(l.Fields, DefaultLimits.Fields)
	case ResponseHeadLimit:
		return orDefault(l.ResponseHead, DefaultLimits.ResponseHead)
	}
	return 0
}

// Limit is one of the Limits that a user of the package may let people set: a Refusal names the one that was passed.
type Limit uint8

// The limits.
const (
	NoLimit           Limit = iota // none was passed
	HeadLimit                      // Limits.Head
	FieldsLimit                    // Limits.Fields
	ResponseHeadLimit              // Limits.ResponseHead
)

// Request is a request's head (RFC 9112 §3). Its zero value is ready to use. Reset makes it ready for the next head and
// keeps the memory of Fields. With a capacity of Limits.Fields in Fields, Parse never allocates.
// The fields are valid only after Parse has returned nil. A Request is for one goroutine at a time.
type Request struct {
	Method Span       // a token, in its original case (RFC 9110 §9.1)
	Target Span       // the request-target, unchanged (RFC 9112 §3.2)
	Form   TargetForm // of Target

	// Origin is the request-target to send to a backend: the target itself in origin- and asterisk-form, the part
	// after the authority in absolute-form. An absolute-form may have no path. Then Origin is empty, or begins at the
	// "?" of a query, and the sender writes "/" in front of it; for OPTIONS without a query it writes "*" instead.
	Origin Span
	// Host is the authority that the request is for: the target's in absolute-form, else the value of the Host field.
	// HasHost is false for an HTTP/1.0 request that names none. A port that is empty, as in "a:", is left out (RFC 3986 §6.2.3),
	// here and in the value of the Host field.
	Host    Span
	HasHost bool // Host is there; it may be empty

	Minor  uint8   // 1 for HTTP/1.1 to 1.9, 0 for 1.0
	Verb   Verb    // one of the methods that a proxy must know, or OtherVerb
	Fields []Field // the field lines in their order, each once

	Framing       Framing // NoBody, Length or Chunked (RFC 9112 §6.3)
	ContentLength int64   // bytes, 0 or more; meaningful only if Framing is Length

	KeepAlive   bool  // the client lets the connection persist (RFC 9112 §9.3)
	Expect100   bool  // HTTP/1.1, a body is announced, and Expect: 100-continue (RFC 9110 §10.1.1)
	WebSocket   bool  // a GET of HTTP/1.1 without a body (or of length 0), one Upgrade: websocket, Connection: upgrade
	MaxForwards int64 // of OPTIONS and TRACE; -1 without the field and for other methods
	ViaSelf     int   // how many members of Via name "tenfour"
	AcceptsJSON bool  // an Accept field names application/json
	OddNames    bool  // a field's name has a byte that is no letter, no digit and no '-': Alias may say which field it passes for
	private     requestState
}

// Verb is a method that a proxy must know, because it treats it differently from others.
type Verb uint8

// The verbs. OtherVerb is every other method.
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

// Idempotent reports whether sending the same request twice has the same effect as sending it once (RFC 9110 §9.2.2).
func (v Verb) Idempotent() bool {
	switch v {
	case Get, Head, Options, Put, Delete, Trace:
		return true
	}
	return false
}

// Response is a response's head (RFC 9112 §4). Its zero value is ready to use; Reset, Fields and Limits work as those of
// Request, but Fields grows with the lines of the head. Its fields are valid only after Parse has returned nil.
type Response struct {
	Status int     // 100 to 999; 0 until the status-line was read
	Reason Span    // the reason-phrase; may be empty, may have control bytes (AppendReason leaves them out)
	Minor  uint8   // 1 for HTTP/1.1 to 1.9, 0 for 1.0
	Fields []Field // the field lines in their order, each once

	Framing       Framing // any of them; NoBody for 1xx, 204, 304 and what answers HEAD (RFC 9112 §6.3)
	ContentLength int64   // the value of Content-Length, also if there is no body (HEAD, 304); -1 without the field, and with chunked

	KeepAlive   bool // the backend lets the connection persist, and there is no doubt about the body's end; with UntilClose it still cannot
	HasDate     bool // it has a Date; a proxy adds one otherwise (RFC 9110 §6.6.1)
	WebSocket   bool // 101 with Upgrade: websocket
	EventStream bool // Content-Type: text/event-stream
	Announced   bool // no body (1xx, 204, 304, to HEAD), and yet a length or a coding: some servers send a body all the same
	LoggedIn    bool // its fields show a login that belongs to the connection: see IsLogin
	private     responseState
}
