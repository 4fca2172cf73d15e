package httpparse

// A phase is the part of a head that the next byte belongs to.
type phase uint8

const (
	inEmptyLines phase = iota
	inMethod           // of a request: method, target and version
	inTarget
	inVersion // of a response: version, code and reason
	inCode
	inBlanks // the SPs between code and reason
	inReason
	inFields
	parsed
	failed
)

// requestLine reads up to the end of the request-line (RFC 9112 §3).
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
		c := buf[p.pos]
		if c != '\r' && c != '\n' {
			p.phase = inMethod
			r.Method.Start = uint32(p.pos)
			return took
		}
		if p.skipped == orDefault(lim.EmptyLines, DefaultLimits.EmptyLines) {
			return p.refuse(emptyLines, p.pos)
		}
		next, f := p.ends.end(buf, p.pos)
		switch {
		case f != nil:
			return p.refuse(f, p.pos)
		case next == 0:
			return incomplete
		}
		p.ends = endsLike(c)
		p.skipped++
		p.pos = next
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
	case end == start && buf[end] == tlsHandshake:
		return p.refuse(tlsHello, end)
	case end == start && isSpace(buf[end]):
		return p.refuse(methodNotFirst, end)
	case end == start:
		return p.refuse(methodNotToken, end)
	case buf[end] == '\t' || buf[end] == '\r' || buf[end] == '\n':
		return p.refuse(methodNotEnded, end)
	case buf[end] != ' ':
		return p.refuse(methodNotToken, end)
	}
	if string(buf[start:end]) == "CONNECT" {
		return p.refuse(methodConnect, start)
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

// tlsHandshake is the first byte of a TLS hello: the type of its record (RFC 8446 §5.1).
const tlsHandshake = 0x16

// methodRead ends the method.
func (r *Request) methodRead(end int) outcome {
	p := &r.private
	r.Method.End = uint32(end)
	r.Target.Start = uint32(end + 1)
	p.pos, p.phase = end+1, inTarget
	return took
}

// target reads the request-target and the SP after it. It takes bytes that RFC 3986 §2 does not have, from 0x80, ", <, > and the like, because
// clients send them and no reader ends the target there.
func (r *Request) target(buf []byte) outcome {
	p := &r.private
	end := scanTarget(buf, p.pos)
	p.pos = end
	if end == len(buf) {
		return incomplete
	}
	empty := end == int(r.Target.Start)
	switch c := buf[end]; {
	case (c == '\r' || c == '\n') && !empty:
		return p.refuse(versionMissing, end) // "GET /" alone was a request of HTTP/0.9
	case c == '#':
		return p.refuse(targetFragment, end)
	case c != ' ' && c != '\r' && c != '\n':
		return p.refuse(targetByte, end)
	case empty:
		return p.refuse(targetEmpty, end)
	}
	r.Target.End = uint32(end)
	if f, at := r.readTarget(buf); f != nil {
		return p.refuse(f, int(r.Target.Start)+at)
	}
	p.pos, p.phase = end+1, inVersion
	return took
}

// version reads HTTP-version (RFC 9112 §2.3) and the line end after it.
func (r *Request) version(buf []byte) outcome {
	p := &r.private
	const form = "HTTP/0.0" // each 0 stands for a digit
	line := buf[p.pos:]
	if len(line) >= len(form)+2 && p.ends != lfEnds && (string(line[:10]) == "HTTP/1.1\r\n" || string(line[:10]) == "HTTP/1.0\r\n") {
		return r.versionRead(line[7], p.pos+10, crlfEnds)
	}
	for i := range min(len(line), len(form)) {
		if c := line[i]; c != form[i] && !(form[i] == '0' && isDigit(c)) {
			f := oddVersion(c, i)
			if f == versionNotNext {
				i = -1 // the space is wrong, and not what follows it
			}
			return p.refuse(f, p.pos+i)
		}
	}
	if len(line) <= len(form) {
		return incomplete
	}
	end := p.pos + len(form)
	switch c := buf[end]; {
	case isSpace(c):
		return p.refuse(versionNotLast, end)
	case c != '\r' && c != '\n':
		return p.refuse(versionNotHTTP, end)
	}
	next, f := p.ends.end(buf, end)
	switch {
	case f != nil:
		return p.refuse(f, end)
	case next == 0:
		return incomplete
	case line[5] != '1':
		return p.refuse(versionNotOurs, p.pos+5)
	}
	return r.versionRead(line[7], next, endsLike(buf[end]))
}

// oddVersion returns the flaw of a line that has c as byte i of its version.
func oddVersion(c byte, i int) *flaw {
	switch {
	case i == 0 && (c == '\r' || c == '\n'):
		return versionMissing
	case i == 0 && isSpace(c):
		return versionSpace
	case i == 0 && lower(c) != 'h':
		return versionNotNext
	}
	return versionNotHTTP
}

// versionRead ends the request-line, whose line end decides for all lines of the head. next is where they begin. Minor versions
// from 2 up count as 1, because they are compatible with it (RFC 9110 §2.5).
func (r *Request) versionRead(minor byte, next int, ends lineEnds) outcome {
	p := &r.private
	r.Minor = min(minor-'0', 1)
	p.pos, p.ends, p.phase = next, ends, inFields
	p.fields.begin(next, ends, false)
	return took
}
