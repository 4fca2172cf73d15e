package httpparse

// statusLine reads HTTP-version SP status-code [ SP reason-phrase ] and its line end (RFC 9112 §4), after empty lines, if there are
// some. Each SP may be several; the one after the code may be missing when there is no reason.
func (r *Response) statusLine(buf []byte, lim *Limits) outcome {
	p := &r.private
	if p.phase == inEmptyLines && p.pos == 0 && isUsualStart(buf) { // a shortcut: the steps below would find the same
		r.Minor = min(buf[7]-'0', 1)
		r.Reason.Start = 13
		p.start, p.pos, p.phase = 9, 13, inReason
	}
	if p.phase == inEmptyLines {
		if out := r.emptyLines(buf, lim); out != took {
			return out
		}
	}
	if p.phase == inVersion {
		if out := r.version(buf); out != took {
			return out
		}
	}
	if p.phase == inCode {
		if out := r.code(buf); out != took {
			return out
		}
	}
	return r.reason(buf)
}

// isUsualStart reports whether buf begins with a status-line with single SPs, up to the first byte of the reason.
func isUsualStart(buf []byte) bool {
	return len(buf) > 13 && string(buf[:7]) == "HTTP/1." && isDigit(buf[7]) && buf[8] == ' ' &&
		buf[9] != '0' && isDigit(buf[9]) && isDigit(buf[10]) && isDigit(buf[11]) && buf[12] == ' ' && buf[13] > ' '
}

// emptyLines skips the empty lines in front of a status-line.
func (r *Response) emptyLines(buf []byte, lim *Limits) outcome {
	p := &r.private
	for p.pos < len(buf) {
		if buf[p.pos] != '\r' && buf[p.pos] != '\n' {
			p.phase, p.start = inVersion, p.pos
			return took
		}
		if p.skipped == orDefault(lim.EmptyLines, DefaultLimits.EmptyLines) {
			return p.refuse(emptyLines, p.pos)
		}
		next, f := eitherEnds.end(buf, p.pos)
		switch {
		case f != nil:
			return p.refuse(f, p.pos)
		case next == 0:
			return incomplete
		}
		p.skipped++
		p.pos = next
	}
	return incomplete
}

// version reads HTTP-version and the SP after it.
func (r *Response) version(buf []byte) outcome {
	p := &r.private
	const form = "HTTP/1.0 " // the 0 stands for a digit
	for ; p.pos < min(len(buf), p.start+len(form)); p.pos++ {
		want := form[p.pos-p.start]
		if c := buf[p.pos]; c != want && !(want == '0' && isDigit(c)) {
			return p.refuse(statusNotHTTP, p.pos)
		}
	}
	if p.pos < p.start+len(form) {
		return incomplete
	}
	r.Minor = min(buf[p.pos-2]-'0', 1)
	p.start, p.phase = p.pos, inCode
	return took
}

// code reads the status-code, after further SPs.
func (r *Response) code(buf []byte) outcome {
	p := &r.private
	for p.pos < len(buf) && p.pos == p.start && buf[p.pos] == ' ' {
		p.pos++
		p.start++
	}
	for ; p.pos < min(len(buf), p.start+3); p.pos++ {
		if c := buf[p.pos]; !isDigit(c) || c == '0' && p.pos == p.start {
			return p.refuse(statusNotCode, p.pos)
		}
	}
	if p.pos < p.start+3 || p.pos == len(buf) {
		return incomplete
	}
	if c := buf[p.pos]; c != ' ' && c != '\r' && c != '\n' {
		return p.refuse(statusNotCode, p.pos)
	}
	p.phase = inBlanks
	return took
}

// reason reads the reason-phrase and the line end, and with it ends the status-line.
func (r *Response) reason(buf []byte) outcome {
	p := &r.private
	i := p.pos
	if p.phase == inBlanks {
		for i < len(buf) && buf[i] == ' ' {
			i++
		}
		if i < len(buf) {
			p.phase = inReason
			r.Reason.Start = uint32(i)
		}
	}
	for i < len(buf) && buf[i] != '\r' && buf[i] != '\n' {
		i++ // a control byte in the reason is harmless: AppendReason leaves it out
	}
	p.pos = i
	next, f := eitherEnds.end(buf, i)
	switch {
	case f != nil:
		return p.refuse(f, i)
	case next == 0:
		return incomplete
	}
	code := buf[p.start:]
	r.Status = int(code[0]-'0')*100 + int(code[1]-'0')*10 + int(code[2]-'0')
	r.Reason.End = uint32(i)
	p.pos, p.phase = next, inFields
	p.fields.begin(next, eitherEnds, true)
	return took
}

// AppendReason appends the reason-phrase to dst, without control bytes. buf is the buffer that Parse read.
func (r *Response) AppendReason(dst, buf []byte) []byte {
	for _, c := range r.Reason.In(buf) {
		if c >= 0x20 && c != 0x7f || c == '\t' {
			dst = append(dst, c)
		}
	}
	return dst
}
