package explain

import (
	"fmt"

	"tenfour/httpparse"
)

// body paints what there is of a body. The head was painted.
func (m *message) body(framing httpparse.Framing, length int64, response bool) {
	switch framing {
	case httpparse.Length:
		m.contentOf(length)
	case httpparse.Chunked:
		m.chunks(response)
	case httpparse.UntilClose:
		run := m.paint(len(m.raw), Content)
		run.Says = fmt.Sprintf("the content: %s, and what follows up to the end of the connection", count(int64(run.To-run.From), "byte"))
	}
}

// contentOf paints content of a length.
func (m *message) contentOf(length int64) {
	there := min(length, int64(len(m.raw)-m.at))
	run := m.paint(m.at+int(there), Content)
	run.Says = fmt.Sprintf("the content: %s", count(length, "byte"))
	if missing := length - there; missing > 0 {
		run.Says = fmt.Sprintf("the content: %d of %s", there, count(length, "byte"))
		m.missing("the content is incomplete: %s missing", count(missing, "byte"))
	}
}

// missing notes what is not there, unless the bytes are only a part.
func (m *message) missing(format string, args ...any) {
	if !m.o.Part {
		m.report.Incomplete = fmt.Sprintf(format, args...)
	}
}

// chunks paints a chunked body.
func (m *message) chunks(response bool) {
	c := httpparse.Chunks{Patient: response}
	body := m.at
	line := chunkLines{m: m}
	for {
		n, data, done, err := c.Next(m.raw[m.at:], m.o.Limits)
		if refusal, ok := err.(*httpparse.Refusal); ok {
			line.paint(len(m.raw))
			m.refuse(refusal, body)
			return
		}
		line.paint(m.at + n - len(data))
		if done {
			return
		}
		if len(data) == 0 {
			m.missing("the body is incomplete: %s", line.next())
			return
		}
		run := m.paint(m.at+len(data), ChunkData)
		run.Says = count(int64(len(data)), "byte") + " of content"
		line.state = afterData
	}
}

// chunkLines paints the lines of a chunked body between runs of data.
type chunkLines struct {
	m     *message
	state chunkState
}

// chunkState is the line that comes next.
type chunkState uint8

const (
	atSize    chunkState = iota
	afterData            // the CRLF after it
	inTrailer
	atEnd // after the empty line
)

// next says what is missing.
func (l *chunkLines) next() string {
	switch l.state {
	case afterData:
		return "the rest of a chunk is missing"
	case inTrailer:
		return "the empty line after the last chunk is missing"
	}
	return "the next chunk is missing"
}

// paint paints lines up to end.
func (l *chunkLines) paint(end int) {
	m := l.m
	for m.at < end {
		last, next := lineEnd(m.raw, m.at, end)
		switch l.state {
		case afterData:
			l.paintAfterData(last, next)
		case atSize:
			l.paintSize(last, next)
		case inTrailer:
			if last == m.at {
				l.paintEnd(next)
				continue
			}
			m.paintFieldLine(end, false, TrailerName, TrailerValue)
		default:
			m.paint(end, Unread)
		}
	}
}

// paintEnd paints the empty line after the last chunk and its trailer section, or the first byte of it.
func (l *chunkLines) paintEnd(next int) {
	if run := l.m.paint(next, LineEnd); l.m.raw[next-1] == '\n' {
		run.Says, run.Section = "the end of the body", "RFC 9112 §7.1"
		l.state = atEnd
	}
}

// paintAfterData paints the line end after chunk-data. Other bytes there are refused.
func (l *chunkLines) paintAfterData(last, next int) {
	l.m.paint(last, ChunkData)
	l.m.paint(next, LineEnd)
	l.state = atSize
}

// paintSize paints a chunk line.
func (l *chunkLines) paintSize(last, next int) {
	m := l.m
	from := m.at
	size, isLast := from, true
	for size < last && isHex(m.raw[size]) {
		isLast = isLast && m.raw[size] == '0'
		size++
	}
	kind := ChunkSize
	if isLast {
		kind = LastChunk
	}
	if size < last && m.raw[size] != ';' && !isBlank(m.raw[size]) {
		kind, size, isLast = ChunkSize, last, false // it is refused
	}
	run := m.paint(size, kind)
	run.Section = "RFC 9112 §7.1"
	if run.Says = "a chunk-size, hexadecimal"; isLast {
		run.Says = "the last chunk"
	}
	m.paintBlanks(m.raw, last)
	ext := m.paint(last, ChunkExtension)
	ext.Says, ext.Section = "an extension, ignored", "RFC 9112 §7.1.1"
	m.paint(next, LineEnd)
	if l.state = atSize; isLast && size > from {
		l.state = inTrailer
	}
}

func isHex(c byte) bool { return c-'0' < 10 || (c|0x20)-'a' < 6 }
