package httpparse

// responseState is what a Response remembers between two calls of Parse.
type responseState struct {
	headState
	start    int    // where the version begins, then the code
	length   bool   // the head has a Content-Length
	digits   uint32 // how many digits it has
	encoding bool   // the head has a Transfer-Encoding
	chunked  bool   // its value is chunked
}

// Reset makes r ready for another head. It keeps the memory of Fields, unless that is large.
func (r *Response) Reset() {
	if cap(r.Fields) > fieldsKept {
		r.Fields = nil
	}
	r.Fields = r.Fields[:0]
	r.Status = 0
	p := &r.private
	p.phase, p.pos, p.skipped, p.flaw = inEmptyLines, 0, 0, nil
	p.length, p.encoding, p.chunked = false, false, false
}

// Parse reads a response's head from the start of buf. request is the verb of the request that it answers. Parse returns
// the same as Request.Parse. Because simple and old backends do so, it reads what it refuses from clients:
//   - Each line may end in CRLF or in a bare LF.
//   - Several SPs may stand in the status-line where there should be one.
//   - A field line may be folded, may have white space in front of its colon, and control bytes in its value.
//     Each becomes SP in buf; buf is written to in no other case.
//   - Content-Length may be repeated with equal values. All of them stay in Fields: forward ContentLength instead.
//   - Content-Length beside chunked is ignored, and chunked counts in HTTP/1.0 too. KeepAlive is then false: the backend may
//     have meant another end than it says.
//   - Transfer-Encoding may be identity, and is then as none.
//   - There may be any number of lines in ResponseHead bytes.
func (r *Response) Parse(buf []byte, request Verb, lim *Limits) (n int, err error) {
	if lim == nil {
		lim = &DefaultLimits
	}
	p := &r.private
	switch p.phase {
	case parsed:
		return p.pos, nil
	case failed:
		return 0, &p.refusal
	}
	head := within(buf, lim.Of(ResponseHeadLimit))
	out := took
	if p.phase != inFields {
		out = r.statusLine(head, lim)
	}
	if out == took {
		out = r.fieldLines(head, request, lim)
	}
	var tooLarge *flaw
	if len(buf) > len(head) {
		tooLarge = responseTooLarge
	}
	return p.ended(out, head, tooLarge)
}

// fieldLines reads the header section and sets the fields of r that depend on it.
func (r *Response) fieldLines(buf []byte, request Verb, lim *Limits) outcome {
	p := &r.private
	s := &p.fields
	for {
		switch r.fieldLine(buf) {
		case metFold:
			if flaw := r.mayFold(); flaw != nil {
				return p.refuse(flaw, s.pos)
			}
			s.folding = true
		case tookEnd:
			p.pos = s.pos
			if flaw, at := r.finish(buf, request, min(lim.Of(FieldsLimit), DefaultLimits.Fields)); flaw != nil {
				return p.refuse(flaw, at)
			}
			return tookEnd
		case refused:
			if p.flaw != nil {
				return refused
			}
			return p.refuse(s.flaw, s.pos)
		case incomplete:
			return incomplete
		}
	}
}

// fieldLine reads a field line, or a further line of the last one (RFC 9112 §5.2).
func (r *Response) fieldLine(buf []byte) outcome {
	p := &r.private
	s := &p.fields
	k := len(r.Fields)
	switch {
	case s.folding:
		return s.fold(buf, &r.Fields[k-1])
	case k == cap(r.Fields):
		r.Fields = append(r.Fields, Field{})
	}
	r.Fields = r.Fields[:k+1]
	f := &r.Fields[k]
	if out := s.next(buf, f); out != took {
		r.Fields = r.Fields[:k]
		return out
	}
	if flaw := r.readFraming(buf, f); flaw != nil {
		return p.refuse(flaw, r.placeIn(buf, f, flaw))
	}
	return took
}

// mayFold judges a line that continues the one before it (RFC 9112 §5.2).
func (r *Response) mayFold() *flaw {
	if len(r.Fields) == 0 {
		return foldedFirst
	}
	if r.Fields[len(r.Fields)-1].ID.framing() {
		return foldedFraming
	}
	return nil
}

// readFraming judges the fields that framing depends on as soon as their line ends, because they may not be folded.
// In an interim response they are ignored: it has no body, and they are not forwarded (RFC 9110 §15.2).
func (r *Response) readFraming(buf []byte, f *Field) *flaw {
	p := &r.private
	if r.Status < 200 {
		return nil
	}
	switch f.ID {
	case FieldContentLength:
		return r.readLengths(f.Value.In(buf))
	case FieldTransferEncoding:
		if p.encoding {
			return codingsRepeated
		}
		p.encoding = true
		value := f.Value.In(buf)
		if isWord(value, "identity") { // of RFC 2616 §3.6: no coding; not in RFC 9112 §7 any more
			return nil
		}
		p.chunked = true
		flaw, _ := transferEncoding(value)
		return flaw
	}
	return nil
}

// readLengths reads a Content-Length, or a list of them. All of them, also those of earlier lines, must be equal digit
// for digit (RFC 9110 §8.6).
func (r *Response) readLengths(list []byte) *flaw {
	p := &r.private
	for more := true; more; {
		var value []byte
		value, list, more = element(list)
		n, f := contentLength(value)
		if f != nil {
			return f
		}
		if p.length && (n != r.ContentLength || uint32(len(value)) != p.digits) {
			return lengthsDiffer
		}
		p.length, p.digits, r.ContentLength = true, uint32(len(value)), n
	}
	return nil
}

// finish checks and sets everything that depends on the whole head. It returns a flaw with its place.
func (r *Response) finish(buf []byte, request Verb, maxNames int) (f *flaw, at int) {
	seen := r.survey(buf)
	o := options{keepAlive: seen.keepAlive}
	if seen.connection {
		if o, f, at = connectionOptions(buf, r.Fields, maxNames); f != nil {
			return f, at
		}
	}
	r.KeepAlive = o.persistent(r.Minor) && !r.doubtful()
	r.WebSocket = r.Status == 101 && seen.webSocket
	r.frame(request)
	r.Announced = seen.framed && r.Framing == NoBody && (r.private.chunked || r.ContentLength != 0)
	return nil, 0
}

// seenFields is which fields a response has.
type seenFields struct {
	keepAlive  bool // Connection: keep-alive, the usual value, which names no field
	connection bool // Connection with another value
	framed     bool // Content-Length or Transfer-Encoding
	webSocket  bool // Upgrade once, and it is websocket
}

// survey looks at the fields of the head, and sets what depends on one of them alone.
func (r *Response) survey(buf []byte) (seen seenFields) {
	r.HasDate, r.EventStream = false, false
	r.LoggedIn = r.Status == 407 // a gateway's backend has no business with Proxy-Authenticate
	upgrades := 0
	for i := range r.Fields {
		f := &r.Fields[i]
		switch f.ID {
		case FieldConnection:
			if isKeepAlive(buf, f.Value) {
				seen.keepAlive = true
			} else {
				seen.connection = true
			}
		case FieldContentLength, FieldTransferEncoding:
			seen.framed = true
		case FieldDate:
			r.HasDate = true
		case FieldContentType:
			r.EventStream = isMediaType(f.Value.In(buf), "text/event-stream")
		case FieldUpgrade:
			upgrades++
			seen.webSocket = upgrades == 1 && isWord(f.Value.In(buf), "websocket")
		case FieldWWWAuthenticate:
			r.LoggedIn = r.LoggedIn || IsLogin(f.Value.In(buf))
		case FieldPersistentAuth:
			r.LoggedIn = true
		}
	}
	return seen
}

// doubtful reports whether the backend may have meant another end of the body than it says (RFC 9112 §6.1).
func (r *Response) doubtful() bool {
	p := &r.private
	return p.chunked && (p.length || r.Minor == 0)
}

// frame sets where the body ends (RFC 9112 §6.3).
func (r *Response) frame(request Verb) {
	p := &r.private
	if !p.length || p.chunked {
		r.ContentLength = -1
	}
	switch {
	case request == Head || r.Status < 200 || r.Status == 204 || r.Status == 304:
		r.Framing = NoBody // the fields do not count here
	case p.chunked:
		r.Framing = Chunked
	case p.length:
		r.Framing = Length
	default:
		r.Framing = UntilClose
	}
}
