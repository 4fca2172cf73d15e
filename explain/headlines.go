package explain

import (
	"bytes"

	"tenfour/httpparse"
)

// head is what Changes has to know of a head.
type head struct {
	what  What
	start [3]string // the parts of its start-line
	lines []fieldLine
	verb  httpparse.Verb
	form  httpparse.TargetForm
	minor uint8
}

// fieldLine is a field line: its name and value as text in which a character is a byte.
type fieldLine struct {
	name, value string
	id          httpparse.FieldID
	hop         bool // connection-specific
}

// readHead reads a head. One that ends in its middle is read up to its last whole line, and one that is refused has no lines.
func readHead(raw []byte) *head {
	raw = bytes.Clone(raw) // the parser may write to it
	h, err := parseHead(raw)
	if err == httpparse.ErrPartial {
		whole := raw[:bytes.LastIndexByte(raw, '\n')+1]
		end := "\n"
		if bytes.HasSuffix(whole, []byte("\r\n")) {
			end = "\r\n"
		}
		h, _ = parseHead(append(bytes.Clone(whole), end...))
	}
	return h
}

func parseHead(raw []byte) (*head, error) {
	if isResponse(raw) {
		return parseResponse(raw)
	}
	return parseRequest(raw)
}

// roomy has no limit that a head which tenfour has taken or written could pass.
var roomy = httpparse.Limits{Head: 1 << 30, Fields: 1 << 20, ResponseHead: 1 << 30}

func parseRequest(raw []byte) (*head, error) {
	h := &head{what: Request}
	var req httpparse.Request
	req.Reset()
	if _, err := req.Parse(raw, &roomy); err != nil {
		return h, err
	}
	version := raw[int(req.Target.End)+1:]
	h.start = [3]string{latin(req.Method.In(raw)), latin(req.Target.In(raw)), latin(version[:len("HTTP/1.1")])}
	h.verb, h.form, h.minor = req.Verb, req.Form, req.Minor
	h.lines = linesOf(req.Fields, raw)
	return h, nil
}

func parseResponse(raw []byte) (*head, error) {
	h := &head{what: Response}
	var res httpparse.Response
	res.Reset()
	if _, err := res.Parse(raw, httpparse.OtherVerb, &roomy); err != nil {
		return h, err
	}
	start := bytes.TrimLeft(raw, "\r\n")
	h.start = [3]string{latin(start[:len("HTTP/1.1")]), latin(bytes.TrimLeft(start[len("HTTP/1.1"):], " ")[:3]), latin(res.Reason.In(raw))}
	h.minor = res.Minor
	h.lines = linesOf(res.Fields, raw)
	return h, nil
}

func linesOf(fields []httpparse.Field, raw []byte) []fieldLine {
	lines := make([]fieldLine, len(fields))
	for i, f := range fields {
		lines[i] = fieldLine{name: latin(f.Name.In(raw)), value: latin(f.Value.In(raw)), id: f.ID, hop: f.Hop}
	}
	return lines
}

// latin is bytes as text in which a character is a byte.
func latin(b []byte) string {
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return string(runes)
}

// has reports whether a head has a field.
func (h *head) has(id httpparse.FieldID) bool {
	for _, l := range h.lines {
		if l.id == id {
			return true
		}
	}
	return false
}
