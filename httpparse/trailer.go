package httpparse

// readTrailer reads a trailer section (RFC 9112 §7.1.2), by the rules of a request's head. Its fields are not kept,
// because a trailer field that is merged into the head could change what was already decided.
func (c *Chunks) readTrailer(src []byte, i int, lim *Limits) (int, *flaw) {
	switch c.phase {
	case inTrailerLine:
		return c.beginTrailerLine(src, i, lim)
	case inTrailerName:
		return c.readTrailerName(src, i, lim)
	case inTrailerValue:
		return c.readTrailerValue(src, i, lim)
	}
	return c.endTrailerLine(src, i, lim)
}

// beginTrailerLine looks at the first byte of a line. It reads the byte only if it is the CR of the empty line.
func (c *Chunks) beginTrailerLine(src []byte, i int, lim *Limits) (int, *flaw) {
	switch b := src[i]; {
	case b == '\r':
		c.phase = inLastLF
		return i + 1, nil
	case b == '\n':
		return i, bareLF
	case isSpace(b):
		return i, folded
	case b == ':':
		return i, emptyName
	case !isToken(b):
		return i, notAName
	}
	if c.fields++; c.fields > orDefault(lim.Fields, DefaultLimits.Fields) {
		return i, trailerFields
	}
	c.phase = inTrailerName
	return i, nil
}

// readTrailerName reads a field name, or what src has of it, and the colon after it.
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
		return end, bareLF
	case src[end] == '\r':
		return end, noColon
	case isSpace(src[end]):
		return end, spaceInName
	}
	return end, notAName
}

// readTrailerValue reads a field value, or what src has of it, and the CR after it.
func (c *Chunks) readTrailerValue(src []byte, i int, lim *Limits) (int, *flaw) {
	end := scanValue(src, i)
	if over, f := c.countTrailer(end-i, lim); f != nil {
		return end - over, f
	}
	switch {
	case end == len(src):
		return end, nil
	case src[end] == '\n':
		return end, bareLF
	case src[end] != '\r':
		return end, controlInValue
	}
	c.phase = inTrailerLF
	return end + 1, nil
}

// endTrailerLine reads the LF of a field line, or of the empty line that ends the body.
func (c *Chunks) endTrailerLine(src []byte, i int, lim *Limits) (int, *flaw) {
	if src[i] != '\n' {
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

// countTrailer counts n bytes of a trailer section, without the CRLF that ends the section. over is by how many bytes the
// limit is exceeded.
func (c *Chunks) countTrailer(n int, lim *Limits) (over int, f *flaw) {
	c.trailer += n
	if over = c.trailer - orDefault(lim.Trailer, DefaultLimits.Trailer); over > 0 {
		return over, trailerTooLong
	}
	return 0, nil
}
