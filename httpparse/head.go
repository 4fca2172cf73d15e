package httpparse

import "math"

// headState is what a Request and a Response remember alike between two calls of Parse.
type headState struct {
	phase   phase
	pos     int // the first byte that is not read yet; used up to the first field line
	skipped int // empty lines before the start-line
	fields  fieldReader
	flaw    *flaw
	refusal Refusal
}

// refuse notes a flaw at offset pos.
func (p *headState) refuse(f *flaw, pos int) outcome {
	p.flaw, p.pos = f, pos
	return refused
}

// within returns the bytes of buf up to the limit of a head. Bytes after the limit are not read. Otherwise a flaw there could be
// reported instead of the limit.
func within(buf []byte, limit int) []byte { return buf[:min(len(buf), limit, math.MaxInt32)] }

// ended returns what Parse returns after an outcome. head is what was read, and tooLarge the flaw if it was cut at the limit; else nil.
func (p *headState) ended(out outcome, head []byte, tooLarge *flaw) (n int, err error) {
	switch {
	case out == tookEnd:
		p.phase = parsed
		return p.pos, nil
	case out == incomplete && tooLarge == nil:
		return 0, ErrPartial
	case out == incomplete:
		p.refuse(tooLarge, len(head))
	}
	p.phase = failed
	return 0, p.refusal.refuseIn(head, p.flaw, p.pos)
}
