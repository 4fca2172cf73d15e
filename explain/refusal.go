package explain

import (
	"strings"

	"tenfour/httpparse"
)

// refuse reports a refusal of the part of the message that begins at from.
func (m *message) refuse(refusal *httpparse.Refusal, from int) {
	section, words, _ := strings.Cut(refusal.Rule, ": ")
	r := &Refusal{
		Status: refusal.Status, Section: section, Rule: words, Offset: from + refusal.Offset, Line: refusal.Line, Means: meaningOf(words),
	}
	if m.report.What == Response {
		r.Status = 502 // whatever it would be for a request
	}
	r.Excerpt, r.Caret = excerpt(m.raw, r.Offset)
	m.spoil(r.Offset, len(m.raw))
	m.report.Refusal, m.report.closes = r, true
}

// excerptMost is how many characters of a line an excerpt has on each side of the byte.
const excerptMost = 40

// excerpt returns the line with byte at, escaped, and a line with a caret below that byte.
func excerpt(raw []byte, at int) (line, caret string) {
	from, to := at, at
	for from > 0 && raw[from-1] != '\n' {
		from--
	}
	for to < len(raw) && (to == at || raw[to-1] != '\n') {
		to++
	}
	before, after := Escaped(raw[from:at]), Escaped(raw[at:to])
	if len(before) > excerptMost {
		before = "…" + before[len(before)-excerptMost+1:]
	}
	if len(after) > excerptMost {
		after = after[:excerptMost-1] + "…"
	}
	return before + after, strings.Repeat(" ", len([]rune(before))) + "^"
}
