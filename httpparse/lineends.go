package httpparse

// lineEnds says which bytes end a line of a head (RFC 9112 §2.2). In a request the first line end decides for all: a reader that
// takes an LF for a line end and one that does not would find other lines in a head that has both.
type lineEnds uint8

const (
	unknownEnds lineEnds = iota // either: no line has ended yet
	crlfEnds                    // CRLF
	lfEnds                      // a bare LF
	eitherEnds                  // either, line by line: in a response
)

// end reads the line end at i, which is the end of buf, a CR or an LF. It returns where the next line begins; 0 if more bytes are
// needed.
func (e lineEnds) end(buf []byte, i int) (next int, _ *flaw) {
	switch {
	case i == len(buf):
		return 0, nil
	case buf[i] == '\n' && e == crlfEnds:
		return 0, mixedEnds
	case buf[i] == '\n':
		return i + 1, nil
	case i+1 == len(buf):
		return 0, nil
	case buf[i+1] != '\n':
		return 0, bareCR
	case e == lfEnds:
		return 0, mixedEnds
	}
	return i + 2, nil
}

// endsLike returns the line ends of a head in which a line end begins with c, a CR or an LF.
func endsLike(c byte) lineEnds {
	if c == '\n' {
		return lfEnds
	}
	return crlfEnds
}
