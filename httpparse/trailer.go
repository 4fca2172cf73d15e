package httpparse

// readTrailer reads a trailer section (RFC 9112 §7.1.2), by the rules of a head's field lines; but a line ends in CRLF. Its fields
// are not kept, because a trailer field that is merged into the head could change what was already decided.
func (c *Chunks) readTrailer(src []byte, i int, lim *Limits) (int, *flaw) {
	b := src[i]
	switch c.phase {
	case inTrailerLine:
		return c.beginTrailerLine(i, b, lim)
	case inTrailerName:
		return c.readTrailerName(src, i, lim)
	case inTrailerBlanks:
		return c.readTrailerBlanks(src, i, lim)
	case inTrailerValue:
		return c.readTrailerValue(src, i, lim)
	}
	// inTrailerLF or inLastLF
	if b != '\n' {
		return i, bareCR
	}
	if c.phase == inLastLF {
		c.phase = chunksDone
		return i + 1, nil
	}
	c.phase = inTrailerLine
	if _, f := c.countTrailer(len("\r\n"), lim); f != nil {
		return i, f
	}
	return i + 1, nil
}

// beginTrailerLine judges the first byte of a line.
func (c *Chunks) beginTrailerLine(i int, b byte, lim *Limits) (int, *flaw) {
	switch {
	case b == '\r':
		c.phase = inLastLF
		return i + 1, nil
	case b == '\n':
		return i, chunkLF
	case isSpace(b) && c.Patient && c.fields > 0:
		c.phase = inTrailerValue
		return i, nil
	case isSpace(b):
		return i, folded
	case b == ':':
		return i, emptyName
	case !isToken(b):
		return i, notAName
	}
	if c.fields++; c.fields > lim.Of(FieldsLimit) {
		return i, trailerFields
	}
	c.phase = inTrailerName
	return i, nil
}

// readTrailerName reads a name and its colon.
func (c *Chunks) readTrailerName(src []byte, i int, lim *Limits) (int, *flaw) {
	end := scanToken(src, i)
	colon := end < len(src) && src[end] == ':'
	if colon {
		end++
		c.phase = inTrailerValue
	}
	if over, f := c.countTrailer(end-i, lim); f != nil {
		return end - over, f
	}
	switch {
	case colon || end == len(src):
		return end, nil
	case src[end] == '\n':
		return end, chunkLF
	case src[end] == '\r':
		return end, noColon
	case isSpace(src[end]) && c.Patient:
		c.phase = inTrailerBlanks
		return end, nil
	case isSpace(src[end]):
		return end, spaceInName
	}
	return end, notAName
}

// readTrailerBlanks skips white space between a name and its colon.
func (c *Chunks) readTrailerBlanks(src []byte, i int, lim *Limits) (int, *flaw) {
	end := i
	for end < len(src) && isSpace(src[end]) {
		end++
	}
	if over, f := c.countTrailer(end-i, lim); f != nil {
		return end - over, f
	}
	switch {
	case end == len(src):
		return end, nil
	case src[end] == '\n':
		return end, chunkLF
	case src[end] != ':':
		return end, noColon
	}
	c.phase = inTrailerValue
	return end, nil
}

// readTrailerValue reads a value and the CR after it.
func (c *Chunks) readTrailerValue(src []byte, i int, lim *Limits) (int, *flaw) {
	end := scanValue(src, i)
	if over, f := c.countTrailer(end-i, lim); f != nil {
		return end - over, f
	}
	switch {
	case end == len(src):
		return end, nil
	case src[end] == '\n':
		return end, chunkLF
	case src[end] == '\r':
		c.phase = inTrailerLF
		return end + 1, nil
	case c.Patient && src[end] != 0: // a control byte, where a response's head would get SP
		if _, f := c.countTrailer(1, lim); f != nil {
			return end, f
		}
		return end + 1, nil
	}
	return end, controlInValue
}

// countTrailer counts n bytes of a trailer section, without the CRLF that ends the section. over is by how many bytes the
// limit is exceeded.
func (c *Chunks) countTrailer(n int, lim *Limits) (over int, f *flaw) {
	c.trailer += n
	if over = c.trailer - orDefault(lim.Trailer, DefaultLimits.Trailer); over > 0 {
		return over, trailerTooLong
	}
	return 0, nil
}
