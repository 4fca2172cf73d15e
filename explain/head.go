package explain

import "bytes"

// paintHead paints the lines of a head up to end. A head that is refused, or is not all there, is painted as far as it has lines.
func (m *message) paintHead(end int) {
	m.paintEmptyLines(end)
	if m.at == end {
		return
	}
	last, next := lineEnd(m.raw, m.at, end)
	if m.report.What == Response {
		m.paintStatusLine(last)
	} else {
		m.paintRequestLine(last)
	}
	m.paint(next, LineEnd)
	for first := true; m.at < end; first = false {
		m.paintFieldLine(end, first, Name, Value)
	}
}

// paintEmptyLines paints the empty lines in front of a start-line.
func (m *message) paintEmptyLines(end int) {
	for m.at < end && (m.raw[m.at] == '\n' || m.raw[m.at] == '\r' && (m.at+1 == end || m.raw[m.at+1] == '\n')) {
		_, next := lineEnd(m.raw, m.at, end)
		run := m.paint(next, LineEnd)
		run.Says, run.Section = "an empty line in front of the message: it is skipped", "RFC 9112 §2.2"
	}
}

// paintRequestLine paints method SP request-target SP HTTP-version.
func (m *message) paintRequestLine(last int) {
	m.paint(m.wordEnd(last), Method)
	m.paintSpaces(last)
	m.paint(m.wordEnd(last), Target)
	m.paintSpaces(last)
	m.paint(last, Version)
}

// paintStatusLine paints HTTP-version SP status-code SP reason-phrase. A tab is a part of the reason.
func (m *message) paintStatusLine(last int) {
	m.paint(m.wordEnd(last), Version)
	m.paintSpaces(last)
	m.paint(m.wordEnd(last), Status)
	m.paintSpaces(last)
	m.paint(last, Reason)
}

// wordEnd returns where the bytes from m.at on have their next space.
func (m *message) wordEnd(last int) int {
	if i := bytes.IndexByte(m.raw[m.at:last], ' '); i >= 0 {
		return m.at + i
	}
	return last
}

// paintSpaces paints the spaces from m.at on.
func (m *message) paintSpaces(last int) {
	i := m.at
	for i < last && m.raw[i] == ' ' {
		i++
	}
	m.paint(i, Blank)
}

// paintFieldLine paints a field line, a line that continues one, or the empty line that ends the section.
func (m *message) paintFieldLine(end int, first bool, name, value Kind) {
	b := m.raw
	last, next := lineEnd(b, m.at, end)
	switch colon := bytes.IndexByte(b[m.at:last], ':'); {
	case last == m.at:
		if run := m.paint(next, LineEnd); b[next-1] == '\n' && name == Name {
			run.Says, run.Section = "the end of the head", "RFC 9112 §2.1"
		}
	case isBlank(b[m.at]) && !first && m.report.What == Response:
		from := len(m.runs)
		m.paintTrimmed(b, last, value)
		m.runs[from].Says, m.runs[from].Section = "a folded line: one space replaces the fold", "RFC 9112 §5.2"
	case colon < 0:
		m.paint(last, name)
	default:
		colon += m.at
		from := len(m.runs)
		m.paintTrimmed(b, colon, name)
		m.nameField(from)
		m.paint(colon+1, Colon)
		m.paintTrimmed(b, last, value)
	}
	m.paint(next, LineEnd)
}

// nameField says what the field is whose name was painted after the first from runs.
func (m *message) nameField(from int) {
	for i := from; i < len(m.runs); i++ {
		if run := &m.runs[i]; run.Kind == Name {
			f := fieldNamed(string(m.raw[run.From:run.To]))
			run.Says, run.Section = f.says, f.section
		}
	}
}
