package httpparse

// readTarget finds the form of the request-target (RFC 9112 §3.2), and in absolute-form the host. It returns a flaw with its place in
// the target.
func (r *Request) readTarget(buf []byte) (_ *flaw, at int) {
	t := r.Target.In(buf)
	r.Origin, r.Host, r.HasHost = Span{r.Target.Start, r.Target.End}, Span{}, false
	switch {
	case t[0] == '/':
		r.Form = OriginForm
		return nil, 0
	case t[0] == '*' && len(t) == 1 && r.Verb == Options:
		r.Form = AsteriskForm
		return nil, 0
	case t[0] == '*' && len(t) == 1 && string(r.Method.In(buf)) == "PRI":
		return http2Preface, 0
	case t[0] == '*' && len(t) == 1:
		return targetAsterisk, 0
	case t[0] == '*' && r.Verb == Options:
		return targetForm, 1
	}
	r.Form = AbsoluteForm
	return r.readAbsolute(buf)
}

// readAbsolute reads scheme "://" authority path-abempty ["?" query] (RFC 9112 §3.2.2).
func (r *Request) readAbsolute(buf []byte) (_ *flaw, at int) {
	t := r.Target.In(buf)
	colon := 0
	for colon < len(t) && isSchemeByte(t[colon]) {
		colon++
	}
	if colon == 0 || colon+3 > len(t) || t[colon] != ':' || t[colon+1] != '/' || t[colon+2] != '/' {
		return targetForm, formEnds(t, colon)
	}
	if scheme := t[:colon]; !isWord(scheme, "http") && !isWord(scheme, "https") {
		return targetScheme, 0
	}
	start := colon + len("://")
	end := start
	for end < len(t) && t[end] != '/' && t[end] != '?' {
		if t[end] == '@' {
			return targetUserinfo, end
		}
		end++
	}
	first := r.Target.Start
	if f, at := authority(buf, int(first)+start, int(first)+end); f != nil {
		return f, at - int(first)
	}
	r.Host, r.HasHost = Span{first + uint32(start), withoutEmptyPort(buf, first+uint32(end))}, true
	r.Origin = Span{first + uint32(end), r.Target.End}
	return nil, 0
}

// formEnds returns the first byte of t that no absolute-form has there. colon is where its scheme ends; a form of length 0 ends at 0.
func formEnds(t []byte, colon int) int {
	for i := range len("://") {
		if colon == 0 || colon+i == len(t) || t[colon+i] != "://"[i] {
			return colon + i
		}
	}
	return colon
}

// isSchemeByte reports whether a scheme may have c (RFC 3986 §3.1).
func isSchemeByte(c byte) bool {
	return isDigit(c) || (c|0x20)-'a' < 26 || c == '+' || c == '-' || c == '.'
}
