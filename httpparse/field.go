package httpparse

// An outcome says how an attempt to read a line, or a part of it, has ended.
type outcome uint8

const (
	took       outcome = iota // the line, or the part of it, was read
	tookEnd                   // the empty line after the last field line was read
	metFold                   // the line begins with white space: it continues the line before (only with patience)
	incomplete                // more bytes are needed
	refused                   // the flaw is in fieldReader.flaw, its place in pos
)

// A fieldReader reads field lines (RFC 9112 §5), one after the other. It remembers its place in a half-read line.
// With patience, which is for responses, it reads some lines that are not as they should be, and says what they mean:
//   - a folded line: one SP stands for the fold (§5.2);
//   - white space between a name and its colon: it is no part of the name (§5.1);
//   - control bytes other than NUL in a value: each becomes SP (RFC 9110 §5.5).
//
// It does so for no field that says where the body ends: two readers of such a line could disagree about the end.
type fieldReader struct {
	start   int      // where the line begins
	pos     int      // the first byte of it that is not read yet
	blank   int      // where the white space after the name begins; 0 if there is none
	value   int      // where the value begins; 0 until the colon was read
	folding bool     // the line continues the one before it
	ends    lineEnds // which bytes end a line
	patient bool
	odd     bool // a name of the section has a byte that is no letter, no digit and no '-'
	flaw    *flaw
}

// begin makes s ready for a section that begins at pos.
func (s *fieldReader) begin(pos int, ends lineEnds, patient bool) {
	s.start, s.pos, s.blank, s.value, s.folding, s.ends, s.patient, s.odd = pos, pos, 0, 0, false, ends, patient, false
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
		end := i
		if i >= len(buf) || buf[i] != ':' || i == start || s.blank != 0 {
			var out outcome
			if end, out = s.oddName(buf, i); out != took {
				return out
			}
			i = s.pos
		}
		// The fields of f are set one by one, because building a Field and copying it costs more than all of the scanning.
		id := fieldID(buf, start, end)
		f.Name = Span{uint32(start), uint32(end)}
		f.ID = id
		f.Hop = id.ConnectionSpecific()
		i++
		s.value = i
	}
	i = scanValue(buf, i)
	if i+1 >= len(buf) || buf[i] != '\r' || buf[i+1] != '\n' || s.ends == lfEnds {
		return s.oddEnd(buf, i, f)
	}
	f.Value = trim(buf, s.value, i)
	i += 2
	s.start, s.pos, s.value = i, i, 0
	return took
}

// oddName reads on in a name that has other bytes than letters and '-' from i on, or none. It returns where the name ends, and
// leaves pos at its colon.
func (s *fieldReader) oddName(buf []byte, i int) (end int, out outcome) {
	if s.blank == 0 {
		end = scanToken(buf, i)
		s.odd = s.odd || hasOdd(buf[i:end])
		s.pos = end
		switch {
		case end == len(buf):
			return 0, incomplete
		case end == s.start || buf[end] != ':' && !(s.patient && isSpace(buf[end])):
			return 0, s.noName(buf, end)
		case buf[end] == ':':
			return end, took
		}
		s.blank = end
	}
	for s.pos < len(buf) && isSpace(buf[s.pos]) {
		s.pos++
	}
	switch {
	case s.pos == len(buf):
		return 0, incomplete
	case buf[s.pos] != ':':
		return 0, s.noName(buf, s.pos)
	case fieldID(buf, s.start, s.blank).framing():
		s.pos = s.blank
		return 0, s.refuse(spaceInFraming)
	}
	end, s.blank = s.blank, 0
	return end, took
}

// oddEnd reads on in a value from a control byte at i, or from the end of buf: it may be the end of the value in another form
// than CRLF.
func (s *fieldReader) oddEnd(buf []byte, i int, f *Field) outcome {
	i, next, out := s.valueEnd(buf, i, f.ID)
	if out == took {
		f.Value = trim(buf, s.value, i)
		s.start, s.pos, s.value = next, next, 0
	}
	return out
}

// valueEnd returns where a value ends that has no control byte before i, and where the next line begins.
func (s *fieldReader) valueEnd(buf []byte, i int, id FieldID) (end, next int, out outcome) {
	for i < len(buf) && buf[i] != '\r' && buf[i] != '\n' {
		if !s.patient || buf[i] == 0 || id.framing() {
			s.pos = i
			return 0, 0, s.refuse(controlInValue)
		}
		buf[i] = ' '
		i = scanValue(buf, i+1)
	}
	s.pos = i
	next, f := s.ends.end(buf, i)
	switch {
	case f != nil:
		return 0, 0, s.refuse(f)
	case next == 0:
		return 0, 0, incomplete
	}
	return i, next, took
}

// noName returns the outcome for a line that does not begin with a name and a colon. i is the first byte that no token
// may have, or a colon that the line begins with.
func (s *fieldReader) noName(buf []byte, i int) outcome {
	atStart := i == s.start
	s.pos = i
	switch c := buf[i]; {
	case c == '\r' || c == '\n':
		return s.noColon(buf, i)
	case isSpace(c) && atStart && s.patient:
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

// noColon returns the outcome for a line that ends at i, before a colon: it is the empty line, or no field line.
func (s *fieldReader) noColon(buf []byte, i int) outcome {
	next, f := s.ends.end(buf, i)
	switch {
	case f != nil:
		return s.refuse(f)
	case next == 0:
		return incomplete
	case i > s.start:
		return s.refuse(noColon)
	}
	s.start, s.pos = next, next
	return tookEnd
}

// fold reads a line that continues the value of f, the last field, and replaces the fold by one SP (RFC 9112 §5.2).
// It moves the continuation up to the value, not the value down, so that no byte moves twice.
func (s *fieldReader) fold(buf []byte, f *Field) outcome {
	i, next, out := s.valueEnd(buf, scanValue(buf, s.pos), f.ID)
	if out != took {
		return out
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
