package explain

import "bytes"

// painter gives each byte its kind, from the first one on.
type painter struct {
	runs []Run
	at   int // the first byte that has none yet
}

// paint makes the bytes up to to one run. No bytes are no run.
func (p *painter) paint(to int, kind Kind) *Run {
	if to <= p.at {
		return &Run{} // nothing keeps it
	}
	p.runs = append(p.runs, Run{From: p.at, To: to, Kind: kind})
	p.at = to
	return &p.runs[len(p.runs)-1]
}

// paintBlanks paints the spaces and tabs from p.at on.
func (p *painter) paintBlanks(b []byte, end int) {
	i := p.at
	for i < end && isBlank(b[i]) {
		i++
	}
	p.paint(i, Blank)
}

// paintTrimmed paints the bytes up to end, with the blanks around them apart.
func (p *painter) paintTrimmed(b []byte, end int, kind Kind) *Run {
	p.paintBlanks(b, end)
	last := end
	for last > p.at && isBlank(b[last-1]) {
		last--
	}
	run := p.paint(last, kind)
	if last < end {
		i := len(p.runs) - 1
		p.paint(end, Blank)
		if run.To > run.From {
			run = &p.runs[i] // append may have moved it
		}
	}
	return run
}

// spoil paints what is refused at byte offset of b, and what is not read because of it: the rest of the line, and all after it. The
// bytes at fault are the rest of the run that begins there, or the one byte inside another one.
func (p *painter) spoil(b []byte, offset int) {
	end := len(b)
	wrong := min(offset+1, end)
	var was Run
	for i, run := range p.runs {
		if run.To <= offset {
			continue
		}
		if run.From == offset {
			wrong, was = min(run.To, end), run
		}
		p.runs = p.runs[:i]
		p.at = run.From
		if run.From < offset {
			run.To = offset
			p.runs = append(p.runs, run)
			p.at = offset
		}
		break
	}
	p.paint(min(offset, end), Unread) // of a body, whose refused part has no lines yet
	run := p.paint(wrong, Wrong)
	run.Says, run.Section = was.Says, was.Section
	if b[wrong-1] != '\n' {
		_, next := lineEnd(b, wrong, end)
		p.paint(next, Unread)
	}
	p.paint(end, Unread)
}

// lineEnd returns where the line that begins at from has its end, and where the next one begins. A line whose end is not there ends at
// end; a CR in front of that counts as the beginning of its line end.
func lineEnd(b []byte, from, end int) (last, next int) {
	i := bytes.IndexByte(b[from:end], '\n')
	if i < 0 {
		last, next = end, end
	} else {
		last, next = from+i, from+i+1
	}
	if last > from && b[last-1] == '\r' {
		last--
	}
	return last, next
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
