package httpparse

// An outcome says how an attempt to read a line, or a part of it, has ended.
type outcome uint8

const (
	took       outcome = iota // the line, or the part of it, was read
	tookEnd                   // the empty line after the last field line was read
	metFold                   // the line begins with white space: it continues the line before (only if lenient)
	incomplete                // more bytes are needed
	refused                   // the flaw is in fieldReader.flaw, its place in pos
)

// A fieldReader reads field lines (RFC 9112 §5), one after the other. It remembers its place in a half-read line.
type fieldReader struct {
	start   int  // where the line begins
	pos     int  // the first byte of it that is not read yet
	value   int  // where the value begins; 0 until the colon was read
	folding bool // the line continues the one before it
	lenient bool // for responses: a bare LF ends a line too
	odd     bool // a name of the section has a byte that is no letter, no digit and no '-'
	flaw    *flaw
}

// begin makes s ready for a section that begins at pos.
func (s *fieldReader) begin(pos int, lenient bool) {
	s.start, s.pos, s.value, s.folding, s.lenient, s.odd = pos, pos, 0, false, lenient, false
}

// next reads the field line that begins at s.start into f, which must be the same one until the line is read.
func (s *fieldReader) next(buf []byte, f *Field) outcome {
	i := s.pos
	last := len(buf) - 8 // where the last whole word begins
	if s.value == 0 {
		start := s.start
		for ; i <= last; i += 8 {
			if marks := nameStops(load64(buf, i)); marks != 0 {
				i += firstMark(marks)
				break
			}
		}
		if i >= len(buf) || buf[i] != ':' || i == start {
			from := i
			i = scanToken(buf, i)
			s.odd = s.odd || hasOdd(buf[from:i])
			if i == len(buf) {
				s.pos = i
				return incomplete
			}
			if buf[i] != ':' || i == start {
				return s.noName(buf, i)
			}
		}
		// The fields of f are set one by one, because building a Field and copying it costs more than all of the scanning.
		id := fieldID(buf, start, i)
		f.Name = Span{uint32(start), uint32(i)}
		f.ID = id
		f.Hop = id.ConnectionSpecific()
		i++
		s.value = i
	}
	i = scanValue(buf, i)
	if i+1 >= len(buf) || buf[i] != '\r' || buf[i+1] != '\n' {
		return s.oddEnd(buf, i, f)
	}
	f.Value = trim(buf, s.value, i)
	i += 2
	s.start, s.pos, s.value = i, i, 0
	return took
}

// oddEnd handles a value that does not end in CRLF.
func (s *fieldReader) oddEnd(buf []byte, i int, f *Field) outcome {
	next := s.lineEnd(buf, i)
	if next == 0 {
		return s.unended(buf, i)
	}
	f.Value = trim(buf, s.value, i)
	s.start, s.pos, s.value = next, next, 0
	return took
}

// lineEnd returns where the next line begins, if the control byte at i ends this one. Else it returns 0, and unended gives
// the outcome.
func (s *fieldReader) lineEnd(buf []byte, i int) int {
	if i+1 < len(buf) && buf[i] == '\r' && buf[i+1] == '\n' {
		return i + 2
	}
	if s.lenient && i < len(buf) && buf[i] == '\n' {
		return i + 1
	}
	return 0
}

// unended returns the outcome for a value that ends at i, where the line does not end.
func (s *fieldReader) unended(buf []byte, i int) outcome {
	s.pos = i
	switch {
	case i == len(buf) || buf[i] == '\r' && i+1 == len(buf):
		return incomplete
	case buf[i] == '\r':
		return s.refuse(bareCR)
	case buf[i] == '\n':
		return s.refuse(bareLF)
	}
	return s.refuse(controlInValue)
}

// noName returns the outcome for a line that does not begin with a name and a colon. i is the first byte that no token
// may have, or a colon that the line begins with.
func (s *fieldReader) noName(buf []byte, i int) outcome {
	atStart := i == s.start
	s.pos = i
	if atStart {
		if next := s.lineEnd(buf, i); next != 0 {
			s.start, s.pos = next, next
			return tookEnd
		}
	}
	switch c := buf[i]; {
	case c == '\r' && i+1 == len(buf):
		return incomplete
	case c == '\r' && buf[i+1] != '\n':
		return s.refuse(bareCR)
	case c == '\r':
		return s.refuse(noColon)
	case c == '\n' && !s.lenient:
		return s.refuse(bareLF)
	case c == '\n':
		return s.refuse(noColon)
	case isSpace(c) && atStart && s.lenient:
		return metFold
	case isSpace(c) && atStart:
		return s.refuse(folded)
	case isSpace(c):
		return s.refuse(spaceInName)
	case c == ':':
		return s.refuse(emptyName)
	}
	return s.refuse(notAName)
}

// fold reads a line that continues the value of f, the last field, and replaces the fold by one SP (RFC 9112 §5.2).
// It moves the continuation up to the value, not the value down, so that no byte moves twice.
func (s *fieldReader) fold(buf []byte, f *Field) outcome {
	i := scanValue(buf, s.pos)
	next := s.lineEnd(buf, i)
	if next == 0 {
		return s.unended(buf, i)
	}
	more := trim(buf, s.start, i)
	switch {
	case more.Len() == 0: // a line that only looks empty
	case f.Value.Len() == 0:
		f.Value = more
	default:
		end := f.Value.End
		buf[end] = ' '
		f.Value.End = end + 1 + uint32(copy(buf[end+1:], more.In(buf)))
	}
	s.start, s.pos, s.folding = next, next, false
	return took
}

func (s *fieldReader) refuse(f *flaw) outcome {
	s.flaw = f
	return refused
}
