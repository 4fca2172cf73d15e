package httpparse

// A phase is the part of a head that the next byte belongs to. A response begins with inVersion: its status-line.
type phase uint8

const (
	inEmptyLines phase = iota
	inMethod
	inTarget
	inVersion
	inFields
	parsed
	failed
)

// requestLine reads up to the end of the request-line (RFC 9112 §3): its CRLF.
func (r *Request) requestLine(buf []byte, lim *Limits) outcome {
	p := &r.private
	if p.phase == inEmptyLines {
		if out := r.emptyLines(buf, lim); out != took {
			return out
		}
	}
	if p.phase == inMethod {
		if out := r.method(buf, lim); out != took {
			return out
		}
	}
	if p.phase == inTarget {
		if out := r.target(buf); out != took {
			return out
		}
	}
	return r.version(buf)
}

// emptyLines skips the empty lines that old clients send after the body of a POST (RFC 9112 §2.2).
func (r *Request) emptyLines(buf []byte, lim *Limits) outcome {
	p := &r.private
	for p.pos < len(buf) {
		switch {
		case buf[p.pos] == '\n':
			return p.refuse(bareLF, p.pos)
		case buf[p.pos] != '\r':
			p.phase = inMethod
			r.Method.Start = uint32(p.pos)
			return took
		case p.skipped == orDefault(lim.EmptyLines, DefaultLimits.EmptyLines):
			return p.refuse(emptyLines, p.pos)
		case p.pos+1 == len(buf):
			return incomplete
		case buf[p.pos+1] != '\n':
			return p.refuse(bareCR, p.pos)
		}
		p.skipped++
		p.pos += 2
	}
	return incomplete
}

// method reads a token and the SP after it. Binary bytes, such as a TLS hello, are refused here.
func (r *Request) method(buf []byte, lim *Limits) outcome {
	p := &r.private
	start := int(r.Method.Start)
	limit := orDefault(lim.Method, DefaultLimits.Method)
	if len(buf)-start >= 4 && string(buf[start:start+4]) == "GET " && limit >= 3 { // a shortcut for the usual method
		r.Verb = Get
		return r.methodRead(start + 3)
	}
	end := start
	for end < len(buf) && isToken(buf[end]) {
		if end-start == limit {
			return p.refuse(methodTooLong, end)
		}
		end++
	}
	switch {
	case end == len(buf):
		return incomplete
	case buf[end] == '\n':
		return p.refuse(bareLF, end)
	case end == start:
		return p.refuse(methodNotToken, end)
	case buf[end] != ' ' && (isSpace(buf[end]) || buf[end] == '\r'):
		return p.refuse(methodNotEnded, end)
	case buf[end] != ' ':
		return p.refuse(methodNotToken, end)
	}
	if string(buf[start:end]) == "CONNECT" {
		return p.refuse(methodConnect, end)
	}
	r.Verb = verbOf(buf[start:end])
	return r.methodRead(end)
}

// verbOf returns the verb of a method. Methods are case-sensitive (RFC 9110 §9.1).
func verbOf(method []byte) Verb {
	switch string(method) {
	case "GET":
		return Get
	case "HEAD":
		return Head
	case "OPTIONS":
		return Options
	case "PUT":
		return Put
	case "DELETE":
		return Delete
	case "TRACE":
		return Trace
	case "POST":
		return Post
	}
	return OtherVerb
}

// methodRead ends the method.
func (r *Request) methodRead(end int) outcome {
	p := &r.private
	r.Method.End = uint32(end)
	r.Target.Start = uint32(end + 1)
	p.pos, p.phase = end+1, inTarget
	return took
}

// target reads the request-target and the SP after it.
func (r *Request) target(buf []byte) outcome {
	p := &r.private
	end := scanTarget(buf, p.pos)
	p.pos = end
	if end == len(buf) {
		return incomplete
	}
	empty := end == int(r.Target.Start)
	switch c := buf[end]; {
	case c == '\n':
		return p.refuse(bareLF, end)
	case c == '\r' && !empty:
		return p.refuse(versionMissing, end) // "GET /" alone was a request of HTTP/0.9
	case c != ' ' && c != '\r':
		return p.refuse(targetByte, end)
	case empty:
		return p.refuse(targetEmpty, end)
	}
	r.Target.End = uint32(end)
	if f := r.readTarget(buf); f != nil {
		return p.refuse(f, end)
	}
	p.pos, p.phase = end+1, inVersion
	return took
}

// version reads HTTP-version (RFC 9112 §2.3) and the CRLF after it.
func (r *Request) version(buf []byte) outcome {
	p := &r.private
	const form = "HTTP/0.0\r\n" // each 0 stands for a digit
	line := buf[p.pos:]
	if len(line) >= len(form) && (string(line[:len(form)]) == "HTTP/1.1\r\n" || string(line[:len(form)]) == "HTTP/1.0\r\n") {
		return r.versionRead(line[7])
	}
	for i := range min(len(line), len(form)) {
		c := line[i]
		switch {
		case c == form[i] || form[i] == '0' && isDigit(c):
		case c == '\n' && i == len(form)-2:
			return p.refuse(bareLF, p.pos+i)
		case i == len(form)-1:
			return p.refuse(bareCR, p.pos+i)
		default:
			return p.refuse(versionNotHTTP, p.pos+i)
		}
	}
	if len(line) < len(form) {
		return incomplete
	}
	if line[5] != '1' {
		return p.refuse(versionNotOurs, p.pos+5)
	}
	return r.versionRead(line[7])
}

// versionRead ends the request-line. Minor versions from 2 up count as 1, because they are compatible with it (RFC 9110
// §2.5).
func (r *Request) versionRead(minor byte) outcome {
	p := &r.private
	r.Minor = min(minor-'0', 1)
	p.pos += len("HTTP/1.1\r\n")
	p.phase = inFields
	p.fields.begin(p.pos, false)
	return took
}
