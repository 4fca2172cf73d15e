package lab

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// echo is a mirror: it answers with the bytes that it received, and with what they are.
type echo struct {
	size size
}

func newEcho(o *options) fault {
	f := new(echo)
	o.size(&f.size, "size", "64KiB", 1, "bytes of a request that it keeps and shows; the rest is only counted")
	return f
}

func (f *echo) does() string {
	return "answers with the bytes that it received, line by line, and with what each line is"
}

func (f *echo) backlog() int  { return roomy }
func (f *echo) run(b *Faulty) { b.each(f.meet) }

func (f *echo) meet(v *visit) {
	v.recorded(f.size)
	for count := 1; ; count++ {
		r, m, err := v.hear()
		if errors.Is(err, io.EOF) {
			return
		}
		echoed := v.echoed(m, count, err)
		reply := echoed.as(r)
		if _, err := v.Write(reply.bytes(r)); err != nil {
			return
		}
		if err != nil || r.Close {
			v.endAfterReading()
			return
		}
	}
}

// Explanation is what is known about the bytes of a request.
type Explanation struct {
	Lines []Line // all the bytes, in their order
	Note  string // about the whole request, as text for people; "" for nothing
	Value any    // all of it, for encoding/json; nil for nothing
}

// Line is a line of a request, or a run of its content.
type Line struct {
	Bytes []byte
	Is    string // what it is, in plain words
}

// echoed is what echo has to say of a request. In JSON a byte of the request is the character of the same number, U+0000 to
// U+00FF.
type echoed struct {
	Connection int          `json:"connection"` // its number, from 1
	Request    int          `json:"request"`    // its number on this connection, from 1
	Size       int64        `json:"size"`       // of all that came
	Bytes      string       `json:"bytes"`      // of which these are the first
	Wrong      string       `json:"wrong,omitempty"`
	Lines      []echoedLine `json:"lines"`
	Meaning    any          `json:"meaning,omitempty"`

	raw         []byte
	explanation Explanation
}

type echoedLine struct {
	Bytes string `json:"bytes"`
	Is    string `json:"is,omitempty"`
}

func (v *visit) echoed(m message, count int, err error) *echoed {
	e := &echoed{Connection: v.number, Request: count, Size: m.size, Bytes: latin1(m.bytes), raw: m.bytes}
	if err != nil {
		e.Wrong = err.Error()
	}
	e.explanation = unexplained(m.bytes)
	if explain := v.backend.explain; explain != nil {
		e.explanation = explain(m.bytes)
	}
	for _, l := range e.explanation.Lines {
		e.Lines = append(e.Lines, echoedLine{latin1(l.Bytes), l.Is})
	}
	e.Meaning = e.explanation.Value
	return e
}

// unexplained is the lines of raw, of which nothing is known.
func unexplained(raw []byte) (e Explanation) {
	for text := range bytes.Lines(raw) {
		e.Lines = append(e.Lines, Line{Bytes: text})
	}
	return e
}

// as returns the reply in the form that r asks for: its exact bytes as message/http, JSON, or text.
func (e *echoed) as(r request) reply {
	status := http.StatusOK
	if r.Request == nil {
		return reply{http.StatusBadRequest, "text/plain; charset=utf-8", e.inText()}
	}
	accept := strings.Join(r.Header.Values("Accept"), ",")
	switch {
	case strings.Contains(accept, "message/http"):
		return reply{status, "message/http", e.raw}
	case strings.Contains(accept, "application/json"):
		text, err := json.MarshalIndent(e, "", "  ")
		if err != nil {
			return reply{http.StatusInternalServerError, "text/plain; charset=utf-8", []byte(err.Error() + "\n")}
		}
		return reply{status, "application/json", append(text, '\n')}
	}
	return reply{status, "text/plain; charset=utf-8", e.inText()}
}

func (e *echoed) inText() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s came, as request %d of connection %d:\n\n", inBytes(e.Size), e.Request, e.Connection)
	e.writeLines(&b)
	if more := e.Size - int64(len(e.raw)); more > 0 {
		fmt.Fprintf(&b, "… and %s more, which are not shown (size=)\n", inBytes(more))
	}
	if e.Wrong != "" {
		fmt.Fprintf(&b, "\nThis is no whole request: %s.\n", e.Wrong)
	}
	if e.explanation.Note != "" {
		fmt.Fprintf(&b, "\n%s\n", e.explanation.Note)
	}
	return b.Bytes()
}

// writeLines writes a line of text for each line of the request: its bytes, and what it is.
func (e *echoed) writeLines(w io.Writer) {
	width := 0
	for _, l := range e.explanation.Lines {
		if shown := visible(l.Bytes); l.Is != "" && len(shown) <= widest {
			width = max(width, len(shown))
		}
	}
	for _, l := range e.explanation.Lines {
		fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("%-*s  %s", width, visible(l.Bytes), l.Is), " "))
	}
}

// widest is the longest line that the column of bytes is made wide for.
const widest = 60

func inBytes(n int64) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}

// latin1 returns a text in which each byte is the character with its number.
func latin1(raw []byte) string {
	runes := make([]rune, len(raw))
	for i, c := range raw {
		runes[i] = rune(c)
	}
	return string(runes)
}

// visible returns bytes with those that cannot be seen written as escapes: \r, \n, \t, \\ and \x00.
func visible(raw []byte) string {
	var b strings.Builder
	for _, c := range raw {
		switch {
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t':
			b.WriteString(`\t`)
		case c == '\\':
			b.WriteString(`\\`)
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
