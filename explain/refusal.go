package explain

import "tenfour/httpparse"

// refuse reports a refusal of the part of the message that begins at from: 0 for the head, else the body.
func (m *message) refuse(refusal *httpparse.Refusal, from int) {
	r := &Refusal{
		Status: refusal.Status, Section: refusal.Section(), Rule: refusal.Words(), Place: refusal.Place(),
		Offset: from + refusal.Offset, Line: refusal.Line, Means: meaningOf(refusal.Words()),
	}
	if m.report.What == Response {
		r.Status = 502 // whatever it would be for a request
	}
	r.Excerpt, r.Caret = refusal.Excerpt(m.raw[from:], nil)
	m.spoil(m.raw, r.Offset)
	m.report.Refusal, m.report.closes = r, true
}
