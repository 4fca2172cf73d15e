package callback

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"tenfour/jobs"
)

// bodyMost is how many bytes of a result's body are in a callback. A larger one is to be read at the job's location.
const bodyMost = 64 << 10

// message is one callback, the same at each attempt.
type message struct {
	id   string // webhook-id: what a receiver knows a repetition by
	body []byte
}

// report is a message's body, in JSON. Its names stay as they are.
type report struct {
	Type      string    `json:"type"`      // "job.done", "job.failed", "job.cancelled" or "job.interrupted"
	Timestamp time.Time `json:"timestamp"` // of the job's end
	jobs.View
	Route    string      `json:"route"`
	Location string      `json:"location"` // where the result is. A path: which host a receiver reaches tenfour by, only the receiver knows
	Fields   [][2]string `json:"fields"`   // of the response: name and value, in their order
	Body     *string     `json:"body"`     // of the response; null if it is linked, or if there is no response
	Encoding string      `json:"body_encoding,omitempty"`
	Bytes    int64       `json:"body_bytes"`
}

// The encodings of a body.
const (
	asText   = "text"
	asBase64 = "base64" // it is no text
	asLink   = "link"   // it is large: read it at location
)

// message returns what is told of a job's end.
func (s *Sender) message(j jobs.Job) (message, error) {
	p := report{
		Type: "job." + j.State.String(), Timestamp: j.Ended, View: j.View(), Route: j.Request.Route, Location: "/.tenfour/jobs/" + j.ID.String(),
		Fields: fieldsOf(j.Result.Fields), Bytes: j.Result.Body.Size,
	}
	p.Callback = nil // it is this one
	if err := s.addBody(&p, j.Result); err != nil {
		return message{}, fmt.Errorf("the result's body cannot be read from the store: %w", err)
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(p); err != nil {
		return message{}, err
	}
	return message{messageID(j), bytes.TrimSuffix(text.Bytes(), []byte("\n"))}, nil
}

// messageID is the same for each attempt to tell of one end of a job, and another for the next end of a job that was run again. The
// handle cannot be learned from it: receivers write it into logs.
func messageID(j jobs.Job) string {
	text := binary.BigEndian.AppendUint64(j.ID[:], uint64(j.Callback.Since.UnixNano()))
	sum := sha256.Sum256(text)
	return "msg_" + hex.EncodeToString(sum[:16])
}

func (s *Sender) addBody(p *report, r jobs.Result) error {
	if r.Status == 0 {
		return nil
	}
	if r.Body.Size > bodyMost {
		p.Encoding = asLink
		return nil
	}
	var content []byte
	if r.Body.Size > 0 {
		from, err := s.c.Store.OpenBody(r.Body)
		if err != nil {
			return err
		}
		defer from.Close()
		if content, err = io.ReadAll(io.LimitReader(from, bodyMost)); err != nil {
			return err
		}
	}
	text := string(content)
	p.Encoding = asText
	if !isText(text) {
		text, p.Encoding = base64.StdEncoding.EncodeToString(content), asBase64
	}
	p.Body = &text
	return nil
}

// isText reports whether a string of JSON has a body as it is, and not mostly as escapes.
func isText(body string) bool {
	return utf8.ValidString(body) && !strings.ContainsFunc(body, func(r rune) bool { return r < ' ' && r != '\t' && r != '\r' && r != '\n' })
}

// fieldsOf reads field lines, each with its CRLF.
func fieldsOf(lines []byte) [][2]string {
	fields := [][2]string{}
	for line := range bytes.SplitSeq(lines, []byte("\r\n")) {
		name, value, ok := bytes.Cut(line, []byte(":"))
		if ok {
			fields = append(fields, [2]string{string(name), plain(bytes.Trim(value, " \t"))})
		}
	}
	return fields
}

// plain is a field's value as a string of JSON. Bytes that are no UTF-8 are read as ISO-8859-1, which they once were (RFC 9110 §5.5).
func plain(value []byte) string {
	if utf8.Valid(value) {
		return string(value)
	}
	runes := make([]rune, len(value))
	for i, b := range value {
		runes[i] = rune(b)
	}
	return string(runes)
}
