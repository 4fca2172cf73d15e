package httpparse

// An outcome is what became of an attempt to read a line.
type outcome uint8

const (
	took       outcome = iota // the line, or the part of it, that was asked for
	tookEnd                   // the empty line behind the last field line was read
	metFold                   // the line begins with white space, which a lenient reader leaves to its caller
	incomplete                // more bytes are needed
	refused                   // for fieldReader.flaw, at pos
)

// A fieldReader reads field lines (RFC 9112 §5), one after the other, and remembers how far it came in a half-read one.
type fieldReader struct {
	start   int  // where the line begins
	pos     int  // the first byte of it that is not read yet
	value   int  // where the value begins, once the colon was read; before, 0
	folding bool // the line continues the one before it
	lenient bool // a bare LF ends a line too: in responses
	flaw    *flaw
}

// begin makes s ready for a section that begins at pos.
func (s *fieldReader) begin(pos int, lenient bool) {
	s.start, s.pos, s.value, s.folding, s.lenient = pos, pos, 0, false, lenient
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
			i = scanToken(buf, i)
			if i == len(buf) {
				s.pos = i
				return incomplete
			}
			if buf[i] != ':' || i == start {
				return s.noName(buf, i)
			}
		}
		// One by one: a Field put together and then copied costs more than all of the scanning.
		id := fieldID(buf, start, i)
		f.Name = Span{uint32(start), uint32(i)}
		f.ID = id
		f.Hop = id.connectionSpecific()
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

// oddEnd goes on behind a value that does not end in CRLF.
func (s *fieldReader) oddEnd(buf []byte, i int, f *Field) outcome {
	next := s.lineEnd(buf, i)
	if next == 0 {
		return s.unended(buf, i)
	}
	f.Value = trim(buf, s.value, i)
	s.start, s.pos, s.value = next, next, 0
	return took
}

// lineEnd is where the next line begins if the control byte at i ends this one, else 0: see unended.
func (s *fieldReader) lineEnd(buf []byte, i int) int {
	if i+1 < len(buf) && buf[i] == '\r' && buf[i+1] == '\n' {
		return i + 2
	}
	if s.lenient && i < len(buf) && buf[i] == '\n' {
		return i + 1
	}
	return 0
}

// unended is the outcome when no line ends at i, where the value does.
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

// noName is the outcome of a line that has no name up to a colon: i is its first byte that no token has, or a colon
// in front.
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

// fold reads a line that continues the value of f, the last field, and puts one SP in place of the fold
// (RFC 9112 §5.2). The value stays where it is and the continuation moves up to it, so that no byte moves twice.
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
