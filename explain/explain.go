// Package explain says what each run of bytes of a message is, and what follows from it.
//
//	r := explain.Message(raw, explain.Options{})
//	for _, run := range r.Runs { … }    // every byte of raw[:r.Length] once, in order
//	r.Decisions                         // what tenfour decides from them, each with its section
//	r.Refusal                           // the byte at which httpparse refuses the message; nil if it does not
//	explain.Changes(in, out)            // what differs between a head that came and the one that tenfour sent
//
// Package httpparse decides what is valid, and what a message means. Where it refuses, the report is that refusal, at its byte. The
// runs are the lines of the message, parted where httpparse parts them: a test compares them with its spans.
//
// Its users print (program, wire) or show (console) what it says. It does no I/O, and it is called after an exchange: recording
// costs nothing because of it.
package explain

import "tenfour/httpparse"

// Report is what is to be said about one message.
type Report struct {
	What       What       `json:"what"`
	From       int        `json:"from"`   // where it begins in the bytes that were given
	Length     int        `json:"length"` // its bytes, those that are not read because of it among them
	Head       int        `json:"head"`   // bytes of its head; 0 if that is refused, or not all there
	Bytes      Bytes      `json:"bytes"`  // the message itself
	Runs       []Run      `json:"runs"`   // of Bytes: each byte once, in order
	Decisions  []Decision `json:"decisions"`
	Refusal    *Refusal   `json:"refusal"`    // nil for none
	Incomplete string     `json:"incomplete"` // what is missing, in words; "" for nothing

	method  httpparse.Verb // of a request
	closes  bool           // of a request: no further one is read after it
	tunnels bool           // what follows may be a tunnel's
	interim bool           // of a response: another one follows for the same request
}

// Content returns how many bytes there are of its content: of its body without the chunked coding.
func (r *Report) Content() (n int) {
	for _, run := range r.Runs {
		if run.Kind == Content || run.Kind == ChunkData {
			n += run.To - run.From
		}
	}
	return n
}

// Interim reports whether a message is an interim response, after which the final one comes.
func (r *Report) Interim() bool { return r.interim }

// What says whether a message is a request or a response.
type What string

// The kinds of message.
const (
	Request  What = "request"
	Response What = "response"
)

// Run is bytes that are one thing: those from From up to, but not including, To.
type Run struct {
	From    int    `json:"from"`
	To      int    `json:"to"`
	Kind    Kind   `json:"kind"`
	Says    string `json:"says,omitempty"`    // what it is, where Kind does not say enough
	Section string `json:"section,omitempty"` // of the RFC that says so
}

// Decision is something that tenfour decides from a message.
type Decision struct {
	About   Topic  `json:"about"`
	At      int    `json:"at"` // the first byte of the run that it follows from
	Says    string `json:"says"`
	Section string `json:"section,omitempty"`
}

// Topic is what a decision is about.
type Topic string

// The topics.
const (
	AboutMethod     Topic = "method"
	AboutTarget     Topic = "target"
	AboutHost       Topic = "host"
	AboutVersion    Topic = "version"
	AboutFraming    Topic = "framing"    // where the body ends; each message that is whole has one
	AboutConnection Topic = "connection" // whether it persists; each final message that is whole has one
	AboutField      Topic = "field"
	AboutStatus     Topic = "status"
)

// Refusal is why a message goes no further.
type Refusal struct {
	Status  int    `json:"status"`  // of the answer: 400 and the like for a request, 502 for a response
	Rule    string `json:"rule"`    // that is broken, in words, without its section
	Section string `json:"section"` // "RFC 9112 §6.1"
	Offset  int    `json:"offset"`  // the byte of the message at which what is wrong begins
	Line    int    `json:"line"`    // the line of the head with that byte, from 1; 0 in a body
	Place   string `json:"place"`   // the same in words: "at byte 21, in line 2", "at byte 5 of the body"
	Excerpt string `json:"excerpt"` // that line, escaped
	Caret   string `json:"caret"`   // a ^ below the byte
	Means   string `json:"means"`   // which attack or mistake it is
}

// Options say what is known about bytes besides themselves. The zero value is for a whole stream.
type Options struct {
	What   What              // Request or Response; "" for what the first line looks like
	Limits *httpparse.Limits // nil for the defaults
	Method httpparse.Verb    // of the request that a response answers
	Part   bool              // the bytes are what was recorded of a message: that its body is not all there is nothing to tell
}

// Message explains the message that raw begins with. Unless o says it, it is a response if its first line begins with "HTTP/". raw is not
// changed.
func Message(raw []byte, o Options) *Report {
	if o.Limits == nil {
		o.Limits = &httpparse.DefaultLimits
	}
	m := message{raw: raw, o: o, report: Report{Decisions: []Decision{}}}
	m.runs = []Run{}
	if o.What == Response || o.What == "" && isResponse(raw) {
		m.report.What = Response
		m.response()
	} else {
		m.report.What = Request
		m.request()
	}
	r := &m.report
	r.Runs, r.Length = m.runs, m.at
	r.Bytes = raw[:m.at:m.at]
	return r
}

// message is a message while it is explained.
type message struct {
	painter
	o      Options
	raw    []byte
	report Report
}

// isResponse reports whether bytes begin like a response, after empty lines.
func isResponse(raw []byte) bool {
	for len(raw) > 0 && (raw[0] == '\r' || raw[0] == '\n') {
		raw = raw[1:]
	}
	return len(raw) >= len("HTTP/") && string(raw[:len("HTTP/")]) == "HTTP/"
}

// decide adds a decision.
func (m *message) decide(about Topic, at int, section, says string) {
	m.report.Decisions = append(m.report.Decisions, Decision{About: about, At: at, Says: says, Section: section})
}
