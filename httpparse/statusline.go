package httpparse

// statusLine reads HTTP-version SP status-code [ SP reason-phrase ] and its line end (RFC 9112 §4). The SP after the
// code may be missing when there is no reason.
func (r *Response) statusLine(buf []byte) outcome {
	p := &r.private
	const form, codeAt = "HTTP/1.0 000", 9 // each 0 stands for a digit
	for ; p.pos < min(len(buf), len(form)); p.pos++ {
		switch c := buf[p.pos]; {
		case p.pos == codeAt && c == '0':
			return p.refuse(statusNotCode, p.pos)
		case c == form[p.pos] || form[p.pos] == '0' && isDigit(c):
		case p.pos < codeAt:
			return p.refuse(statusNotHTTP, p.pos)
		default:
			return p.refuse(statusNotCode, p.pos)
		}
	}
	if p.pos < len(form) {
		return incomplete
	}
	end, out := r.reason(buf, len(form))
	if out != took {
		return out
	}
	r.Minor = min(buf[7]-'0', 1)
	r.Status = int(buf[9]-'0')*100 + int(buf[10]-'0')*10 + int(buf[11]-'0')
	start := min(len(form)+1, end)
	r.Reason = Span{uint32(start), uint32(end)}
	p.phase = inFields
	p.fields.begin(p.pos, true)
	return took
}

// reason reads the rest of the line after the code, which ends at offset code. It returns where the reason-phrase ends.
func (r *Response) reason(buf []byte, code int) (end int, out outcome) {
	p := &r.private
	i := p.pos
	if i == code && i < len(buf) && buf[i] == ' ' {
		i++
	} else if i == code && i < len(buf) && buf[i] != '\r' && buf[i] != '\n' {
		return 0, p.refuse(statusNotCode, i)
	}
	for i < len(buf) && buf[i] != '\r' && buf[i] != '\n' {
		i++ // a control byte in the reason is harmless: AppendReason leaves it out
	}
	p.pos = i
	end = i
	switch {
	case i == len(buf) || buf[i] == '\r' && i+1 == len(buf):
		return 0, incomplete
	case buf[i] == '\r' && buf[i+1] != '\n':
		return 0, p.refuse(bareCR, i)
	case buf[i] == '\r':
		i++
	}
	p.pos = i + 1
	return end, took
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
