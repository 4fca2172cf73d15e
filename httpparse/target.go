package httpparse

// readTarget finds the form of the request-target (RFC 9112 §3.2), and in absolute-form the host.
func (r *Request) readTarget(buf []byte) *flaw {
	t := r.Target.In(buf)
	r.Origin, r.Host, r.HasHost = Span{r.Target.Start, r.Target.End}, Span{}, false
	switch {
	case t[0] == '/':
		r.Form = OriginForm
		return nil
	case t[0] == '*' && len(t) == 1 && r.Verb == Options:
		r.Form = AsteriskForm
		return nil
	case t[0] == '*' && len(t) == 1 && string(r.Method.In(buf)) == "PRI":
		return http2Preface
	}
	r.Form = AbsoluteForm
	return r.readAbsolute(buf)
}

// readAbsolute reads scheme "://" authority path-abempty ["?" query] (RFC 9112 §3.2.2).
func (r *Request) readAbsolute(buf []byte) *flaw {
	t := r.Target.In(buf)
	colon := 0
	for colon < len(t) && isSchemeByte(t[colon]) {
		colon++
	}
	if colon == 0 || colon+3 > len(t) || t[colon] != ':' || t[colon+1] != '/' || t[colon+2] != '/' {
		return targetForm
	}
	if scheme := t[:colon]; !isWord(scheme, "http") && !isWord(scheme, "https") {
		return targetScheme
	}
	start := colon + len("://")
	end := start
	for end < len(t) && t[end] != '/' && t[end] != '?' {
		if t[end] == '@' {
			return targetUserinfo
		}
		end++
	}
	at := r.Target.Start
	if f := authority(buf, int(at)+start, int(at)+end); f != nil {
		return f
	}
	r.Host, r.HasHost = Span{at + uint32(start), withoutEmptyPort(buf, at+uint32(end))}, true
	r.Origin = Span{at + uint32(end), r.Target.End}
	return nil
}

// isSchemeByte reports whether a scheme may have c (RFC 3986 §3.1).
func isSchemeByte(c byte) bool {
	return isDigit(c) || (c|0x20)-'a' < 26 || c == '+' || c == '-' || c == '.'
}
