package httpparse

import "math"

// Chunks reads the chunked coding (RFC 9112 §7.1). Its zero value is ready for the body of a request; Reset makes it ready again.
//
//	for len(src) > 0 && !done && err == nil {
//		n, data, done, err = chunks.Next(src, &limits)
//		src = src[n:] // and use data, which is a part of the old src
//	}
type Chunks struct {
	// Patient is set for the body of a response. White space may then stand between a chunk-size and the end of its line, because
	// simple servers pad sizes; and the lines of the trailer section may be as odd as those of a response's head, because they
	// are dropped. Line ends stay strict. Reset keeps it.
	Patient bool

	phase    chunkPhase
	chunks   int    // chunk lines so far
	last     uint64 // the chunk-size of the last of them
	digits   int    // of the chunk-size so far
	size     uint64 // the chunk-size so far; in the data, the bytes of chunk-data that are still missing
	extLine  int    // bytes after the digits in this chunk line
	extTotal int    // the same in all chunk lines so far
	trailer  int    // bytes of the trailer section
	fields   int    // field lines of the trailer section
	offset   int    // where in the body src begins
	refusal  Refusal

	line    [excerptMost - excerptAfter]byte // for Excerpt: the end of the line of framing that earlier calls have begun
	lineLen uint8                            // how much of it there is
}

// A chunkPhase is the part of a chunked body that the next byte belongs to.
type chunkPhase uint8

const (
	inSize          chunkPhase = iota // the digits of a chunk-size
	inExtSpace                        // white space after them, up to a ';'
	inExt                             // a chunk-ext after its ';'
	inSizeLF                          // the LF of a chunk line
	inData                            // chunk-data
	inDataCR                          // the CR after it
	inDataLF                          // the LF after it
	inTrailerLine                     // the first byte of a line of the trailer section, or the CR of its empty line
	inTrailerName                     // a field name, up to its colon
	inTrailerBlanks                   // white space between name and colon
	inTrailerValue                    // a field value, up to its CR
	inTrailerLF                       // the LF after that
	inLastLF                          // the LF of the empty line
	chunksDone                        // none: the body has ended
	chunksRefused                     // none: the body was refused, see refusal
)

// Reset makes c ready for another body.
func (c *Chunks) Reset() { *c = Chunks{Patient: c.Patient} }

// Next reads src, which continues the bytes of the calls before: first framing, then at most one run of chunk-data. It
// returns the number of bytes of src that it has read, and the run of chunk-data, which is a part of src. done is true
// when the last-chunk and the trailer section were read; bytes after them are not read.
// After a *Refusal every further call returns the same one, with n 0 and no data. It does not depend on how the body was
// split over calls. A nil lim means DefaultLimits; the caller must pass the same limits until Reset.
func (c *Chunks) Next(src []byte, lim *Limits) (n int, data []byte, done bool, err error) {
	if lim == nil {
		lim = &DefaultLimits
	}
	i := 0
	for i < len(src) || c.phase >= chunksDone {
		var f *flaw
		switch c.phase {
		case inData:
			k := c.takeData(len(src) - i)
			c.offset += i + k
			c.lineLen = 0
			return i + k, src[i : i+k : i+k], false, nil
		case chunksDone:
			c.offset += i
			return i, nil, true, nil
		case chunksRefused:
			return 0, nil, false, &c.refusal
		default:
			i, f = c.readFraming(src, i, lim)
		}
		if f != nil {
			c.phase = chunksRefused
			return 0, nil, false, c.refusal.refuse(f, c.offset+i)
		}
	}
	c.offset += i
	c.remember(src)
	return i, nil, false, nil
}

// Lines returns how many chunk lines were read, and the chunk-size of the last one, in bytes; the last-chunk's is 0. One call of Next reads
// one at most, before its data.
func (c *Chunks) Lines() (n int, size int64) { return c.chunks, int64(c.last) }

// takeData counts up to n bytes as chunk-data, and returns how many of them are.
func (c *Chunks) takeData(n int) int {
	n = int(min(uint64(n), c.size))
	if c.size -= uint64(n); c.size == 0 {
		c.phase = inDataCR
	}
	return n
}

// readFraming reads bytes of the phase from src[i] on. Without a flaw it returns the index after them.
func (c *Chunks) readFraming(src []byte, i int, lim *Limits) (int, *flaw) {
	switch c.phase {
	case inSize:
		return c.readSize(src, i)
	case inExtSpace:
		return c.readExtSpace(src, i, lim)
	case inExt:
		return c.readExt(src, i, lim)
	case inSizeLF:
		if src[i] != '\n' {
			return i, bareCR
		}
		c.beginData()
		return i + 1, nil
	case inDataCR, inDataLF:
		return c.endData(src, i)
	}
	return c.readTrailer(src, i, lim)
}

// endData reads a byte of the CRLF after chunk-data. Both bytes are checked. To skip any two bytes would be to read another body than
// the peer wrote.
func (c *Chunks) endData(src []byte, i int) (int, *flaw) {
	switch {
	case c.phase == inDataCR && src[i] == '\r':
		c.phase = inDataLF
	case c.phase == inDataLF && src[i] == '\n':
		c.phase = inSize
	default:
		return i, chunkNotEnded
	}
	return i + 1, nil
}

// readSize reads the digits of a chunk-size and the byte after them.
func (c *Chunks) readSize(src []byte, i int) (int, *flaw) {
	for ; i < len(src); i++ {
		d := hexValues[src[i]]
		if d == notHex {
			break
		}
		// Checked before the shift, because a number that has wrapped around looks valid.
		if c.digits == 16 || c.size > math.MaxInt64>>4 {
			return i, chunkTooLarge
		}
		c.size = c.size<<4 | uint64(d)
		c.digits++
	}
	if i == len(src) {
		return i, nil
	}
	switch b := src[i]; {
	case b == '\n':
		return i, chunkLF
	case c.digits == 0:
		return i, chunkSize
	case b == '\r' && i+1 < len(src) && src[i+1] == '\n':
		c.beginData()
		return i + 2, nil
	case b == '\r':
		c.phase = inSizeLF
		return i + 1, nil
	case b == ';' || isSpace(b):
		c.phase = inExtSpace
		return i, nil
	}
	return i, chunkSize
}

// beginData begins the data of a chunk, or the trailer section after the last-chunk. The chunk line has ended.
func (c *Chunks) beginData() {
	c.phase = inData
	c.chunks, c.last = c.chunks+1, c.size
	if c.size == 0 {
		c.phase = inTrailerLine
	}
	c.digits, c.extLine = 0, 0
}

// readExtSpace reads the BWS between a chunk-size and its extensions, and the ';' that must follow. White space without
// an extension is refused in a request, because some readers end the size there and others the line.
func (c *Chunks) readExtSpace(src []byte, i int, lim *Limits) (int, *flaw) {
	end := i
	for end < len(src) && isSpace(src[end]) {
		end++
	}
	found := end < len(src) && src[end] == ';'
	if found {
		end++
		c.phase = inExt
	}
	if over, f := c.countExt(end-i, lim); f != nil {
		return end - over, f
	}
	switch {
	case found || end == len(src):
		return end, nil
	case src[end] == '\n':
		return end, chunkLF
	case src[end] == '\r' && c.Patient:
		c.phase = inSizeLF
		return end + 1, nil
	case src[end] == '\r':
		return end, chunkSpace
	}
	return end, chunkSize
}

// readExt skips extensions up to the CR, because tenfour knows none (RFC 9112 §7.1.1). A line end inside a quoted string
// is refused: where one reader ends the line and another does not, a request can be hidden.
func (c *Chunks) readExt(src []byte, i int, lim *Limits) (int, *flaw) {
	end := scanValue(src, i)
	if over, f := c.countExt(end-i, lim); f != nil {
		return end - over, f
	}
	switch {
	case end == len(src):
		return end, nil
	case src[end] == '\r':
		c.phase = inSizeLF
		return end + 1, nil
	case src[end] == '\n':
		return end, chunkLF
	}
	return end, chunkControl
}

// countExt counts n bytes of a chunk line beyond its size's digits. over is by how many bytes the limit is exceeded.
func (c *Chunks) countExt(n int, lim *Limits) (over int, f *flaw) {
	c.extLine += n
	c.extTotal += n
	overLine := c.extLine - orDefault(lim.ChunkLine, DefaultLimits.ChunkLine)
	overTotal := c.extTotal - orDefault(lim.ChunkExt, DefaultLimits.ChunkExt)
	switch {
	case overLine > 0 && overLine >= overTotal:
		return overLine, chunkExtLine
	case overTotal > 0:
		return overTotal, chunkExtTotal
	}
	return 0, nil
}

// AppendChunkSize appends the chunk line for n bytes of chunk-data. The caller writes the data and a CRLF after it.
func AppendChunkSize(dst []byte, n int) []byte {
	const digits = "0123456789abcdef"
	shift := 0
	for n>>shift > 15 {
		shift += 4
	}
	for ; shift >= 0; shift -= 4 {
		dst = append(dst, digits[n>>shift&15])
	}
	return append(dst, '\r', '\n')
}

// LastChunk is the end of a chunked body without a trailer section.
const LastChunk = "0\r\n\r\n"

const notHex = 0xff

var hexValues = func() (t [256]uint8) {
	for c := range t {
		switch c := byte(c); {
		case isDigit(c):
			t[c] = c - '0'
		case isHex(c):
			t[c] = (c | 0x20) - 'a' + 10
		default:
			t[c] = notHex
		}
	}
	return t
}()
