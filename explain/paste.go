package explain

import (
	"bytes"
	"regexp"
)

// Pasted explains what "curl -v" has printed: the heads from its lines that begin with "> " and "< ", and the content between its own
// remarks. It reports false if raw is no such paste; say is then not called. Lines of curl's own are left out, and left is how many.
func Pasted(raw []byte, o Options, say func(*Report)) (left int, ok bool) {
	if !isPaste(raw) {
		return 0, false
	}
	p := paste{}
	raw = pastedMeter.ReplaceAllFunc(raw, func([]byte) []byte { p.left++; return nil })
	for line := range bytes.Lines(raw) {
		p.line(line)
	}
	p.flush()
	at := 0
	asked := asked{last: o.Method}
	for _, part := range p.parts {
		o.Method = asked.next()
		r := part.report(o)
		r.From = at
		at += r.Length
		asked.note(r)
		say(r)
	}
	return p.left, true
}

var (
	pastedHead = regexp.MustCompile(`(?m)^(> \S+ \S+ HTTP/|< HTTP/)`)
	pastedPlan = regexp.MustCompile(`^([*{}$]( |$)|Note: | +% Total | +Dload | *[0-9]+ .*--:--:--)`)
	// pastedMeter is a row of the progress meter. curl writes each over the one before, and ends no line until the transfer has ended: so it
	// stands in front of anything.
	pastedMeter = regexp.MustCompile(`\r *\d+( +[\d.]+[kMGTP]?){7}( +([-\d]+:[-\d]+:[-\d]+|\d+[hd] ?\d+[mh])){3} +[\d.]+[kMGTP]?\n?`)
	leftIntact  = regexp.MustCompile(`\* (Connection #|Closing connection|shutting down connection #)`)
)

// isPaste reports whether raw has heads as curl prints them, and does not begin with a message.
func isPaste(raw []byte) bool {
	first, _, _ := bytes.Cut(bytes.TrimLeft(raw, "\r\n"), []byte("\n"))
	marked := bytes.HasPrefix(first, []byte("> ")) || bytes.HasPrefix(first, []byte("< ")) || pastedPlan.Match(first)
	return marked && pastedHead.Match(raw)
}

// paste is what curl has printed, while it is parted.
type paste struct {
	parts []pastePart
	part  pastePart // the last one
	heads []string  // lines of heads of responses that "curl -i" and "curl -I" may print once more, as content
	left  int
}

// pastePart is a message of a paste.
type pastePart struct {
	mark    byte // '>' for a request, '<' for a response, 0 for none
	head    []byte
	ended   bool   // the head has its empty line
	content []byte // as curl shows it
}

func (p *paste) line(line []byte) {
	text := bytes.TrimRight(line, "\r\n")
	switch {
	case len(text) > 0 && (text[0] == '>' || text[0] == '<') && (len(text) == 1 || text[1] == ' '):
		p.headLine(text[0], bytes.TrimPrefix(text[1:], []byte(" ")))
	case pastedPlan.Match(text):
		p.left++
	case p.part.mark == '<' && len(p.part.content) == 0 && len(p.heads) > 0 && string(text) == p.heads[0]:
		p.heads = p.heads[1:]
		p.left++
	case p.part.mark == '<' && p.part.ended:
		if i := leftIntact.FindIndex(line); i != nil { // content without a line end, and curl's remark after it
			line = line[:i[0]]
			p.left++
		}
		p.part.content = append(p.part.content, line...)
	default:
		p.left++
	}
}

// headLine takes a line of a head.
func (p *paste) headLine(mark byte, text []byte) {
	if p.part.mark != mark || p.part.ended {
		p.flush()
		p.part.mark = mark
	}
	p.part.head = append(append(p.part.head, text...), "\r\n"...)
	p.part.ended = len(text) == 0
	if mark == '<' {
		p.heads = append(p.heads, string(text))
	} else {
		p.heads = nil
	}
}

func (p *paste) flush() {
	if p.part.mark != 0 {
		p.parts = append(p.parts, p.part)
	}
	p.part = pastePart{}
}

// report explains a message of a paste.
func (p *pastePart) report(o Options) *Report {
	o.Part = p.ended
	r := Message(p.head, o)
	if len(p.content) == 0 {
		return r
	}
	r.Runs = append(r.Runs, Run{
		From: r.Length, To: r.Length + len(p.content), Kind: Content, Says: "content as curl prints it: " + count(int64(len(p.content)), "byte") + ", without a transfer coding",
	})
	r.Bytes = append(bytes.Clone(p.head), p.content...)
	r.Length = len(r.Bytes)
	return r
}
