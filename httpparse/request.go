package httpparse

// requestState is what a Request remembers between two calls of Parse.
type requestState struct {
	headState
	ends   lineEnds
	seen   seen
	coding *flaw // codingUnknown or nil: refused at the end of the head, unless the head has a worse flaw
	codeAt int   // where that coding begins
	length Span  // the value of the Content-Length, once there was one
}

// seen says which fields the head has had so far.
type seen struct {
	host, length, encoding, expect, upgrade, forwards bool
	webSocket                                         bool // the only Upgrade so far names websocket, and nothing else
	connection                                        bool // a Connection field with more than the word keep-alive
	keepAlive                                         bool // a Connection field with this word alone
}

// fieldsKept is the most fields for which Reset keeps the memory: a head may have thousands of lines.
const fieldsKept = 256

// Reset makes r ready for another head. It keeps the memory of Fields, unless that is large.
func (r *Request) Reset() {
	if cap(r.Fields) > fieldsKept {
		r.Fields = nil
	}
	r.Fields = r.Fields[:0]
	p := &r.private
	p.phase, p.pos, p.skipped, p.ends = inEmptyLines, 0, 0, unknownEnds
	p.seen = seen{}
	p.coding, p.flaw = nil, nil
	r.ContentLength, r.MaxForwards, r.ViaSelf, r.AcceptsJSON = 0, 0, 0, false
}

// Parse reads a request's head from the start of buf. It returns the number of its bytes, including the empty lines
// before it and the empty line that ends it. While the head is incomplete, the error is ErrPartial: call Parse again when
// buf has more bytes. A malformed head gives a *Refusal as soon as the bytes show it. It is the same Refusal however
// the bytes were split over calls.
// A nil lim means DefaultLimits. Until Parse has returned something other than ErrPartial, the caller must pass the same
// limits and must not change Fields.
func (r *Request) Parse(buf []byte, lim *Limits) (n int, err error) {
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
	head := within(buf, lim.Of(HeadLimit))
	out := took
	if p.phase != inFields {
		out = r.requestLine(head, lim)
	}
	if out == took {
		out = r.fieldLines(head, lim)
	}
	var tooLarge *flaw
	switch {
	case len(buf) > len(head) && p.phase == inFields:
		tooLarge = headTooLarge
	case len(buf) > len(head):
		tooLarge = targetTooLong
	}
	return p.ended(out, head, tooLarge)
}

// fieldLines reads the header section and sets the fields of r that depend on it.
func (r *Request) fieldLines(buf []byte, lim *Limits) outcome {
	p := &r.private
	limit := lim.Of(FieldsLimit)
	out := r.readFields(buf, limit)
	switch {
	case out == tookEnd:
		p.pos = p.fields.pos
		if f, at := r.finish(buf, min(limit, DefaultLimits.Fields)); f != nil {
			return p.refuse(f, at)
		}
	case out == refused && p.flaw == nil:
		if p.fields.flaw == folded && len(r.Fields) == 0 {
			p.fields.flaw = foldedFirst
		}
		return p.refuse(p.fields.flaw, p.fields.pos)
	}
	return out
}

// readFields reads field lines, limit at the most, until one is not whole, is refused, or is the empty line.
func (r *Request) readFields(buf []byte, limit int) outcome {
	p := &r.private
	s := &p.fields
	fields := r.Fields
	out := took
	for out == took {
		k := len(fields)
		if k >= limit && s.pos < len(buf) && buf[s.pos] != '\r' && buf[s.pos] != '\n' {
			out = p.refuse(tooManyFields, s.pos)
			break
		}
		if i := s.pos; i+1 < len(buf) && buf[i] == '\r' && buf[i+1] == '\n' && i == s.start && s.ends == crlfEnds { // a shortcut: next would find the same
			s.start, s.pos = i+2, i+2
			out = tookEnd
			break
		}
		var f *Field
		if k < limit {
			if k == cap(fields) {
				fields = append(fields, Field{})
			}
			fields = fields[:k+1]
			f = &fields[k]
		}
		if out = s.next(buf, f); out != took {
			fields = fields[:k]
			break
		}
		if f.ID == FieldOther {
			continue
		}
		if flaw := r.special(buf, f); flaw != nil {
			out = p.refuse(flaw, r.placeIn(buf, f, flaw))
		}
	}
	r.Fields = fields
	return out
}

// special judges a field that changes how the message is handled.
func (r *Request) special(buf []byte, f *Field) *flaw {
	p := &r.private
	switch f.ID {
	case FieldHost:
		return r.readHost(buf, f)
	case FieldConnection:
		if isKeepAlive(buf, f.Value) {
			p.seen.keepAlive = true // the usual value: it names no field
		} else {
			p.seen.connection = true
		}
	case FieldContentLength:
		return r.readLength(buf, f)
	case FieldTransferEncoding:
		return r.readEncoding(buf, f)
	case FieldExpect:
		if r.Minor == 0 {
			return nil // RFC 9110 §10.1.1: HTTP/1.0 has no Expect
		}
		p.seen.expect = true
		if !isWord(f.Value.In(buf), "100-continue") {
			return expectUnknown
		}
	case FieldUpgrade:
		p.seen.webSocket = !p.seen.upgrade && isWord(f.Value.In(buf), "websocket")
		p.seen.upgrade = true
	case FieldVia:
		r.ViaSelf += viaSelf(f.Value.In(buf))
	case FieldAccept:
		r.AcceptsJSON = r.AcceptsJSON || acceptsJSON(f.Value.In(buf))
	case FieldMaxForwards:
		return r.readForwards(f.Value.In(buf))
	}
	return nil
}

// readHost judges a Host field (RFC 9112 §3.2), and takes an empty port off it. The host of an absolute-form takes precedence
// over it.
func (r *Request) readHost(buf []byte, f *Field) *flaw {
	if r.private.seen.host {
		return hostRepeated
	}
	r.private.seen.host = true
	if f.Value.Len() > 0 {
		if flaw, _ := authority(buf, int(f.Value.Start), int(f.Value.End)); flaw != nil {
			return flaw
		}
		f.Value.End = withoutEmptyPort(buf, f.Value.End)
	}
	if r.Form != AbsoluteForm {
		r.Host, r.HasHost = Span{f.Value.Start, f.Value.End}, true
	}
	return nil
}

// readLength judges a Content-Length. A second one is refused even if it is equal, as RFC 9110 §8.6 allows.
func (r *Request) readLength(buf []byte, field *Field) (f *flaw) {
	p := &r.private
	switch {
	case p.seen.encoding:
		return bothLengths
	case p.seen.length:
		if string(p.length.In(buf)) != string(field.Value.In(buf)) {
			return lengthsDiffer
		}
		return lengthsRepeated
	}
	p.seen.length, p.length = true, field.Value
	r.ContentLength, f = contentLength(field.Value.In(buf))
	return f
}

// readEncoding judges a Transfer-Encoding. One that names another coding is answered 501. But a Content-Length or a second
// Transfer-Encoding later in the head makes it 400. So this flaw is kept until the end of the head.
func (r *Request) readEncoding(buf []byte, field *Field) *flaw {
	p := &r.private
	switch {
	case r.Minor == 0:
		return codingIn10
	case p.seen.length:
		return bothLengths
	case p.seen.encoding:
		return codingsRepeated
	}
	p.seen.encoding = true
	f, _ := transferEncoding(field.Value.In(buf))
	if f == codingUnknown {
		p.coding, p.codeAt = f, int(field.Value.Start)
		return nil
	}
	return f
}

// readForwards judges the Max-Forwards of an OPTIONS or TRACE. For other methods the field is ignored.
func (r *Request) readForwards(value []byte) (f *flaw) {
	if r.Verb != Options && r.Verb != Trace {
		return nil
	}
	if r.private.seen.forwards {
		return forwardsRepeat
	}
	r.private.seen.forwards = true
	r.MaxForwards, f = maxForwards(value)
	return f
}

// finish checks and sets everything that depends on the whole head. It returns a flaw with its place.
func (r *Request) finish(buf []byte, maxNames int) (f *flaw, at int) {
	seen := &r.private.seen
	switch {
	case r.Minor == 1 && !seen.host:
		return hostMissing, emptyLineBefore(buf, r.private.pos)
	case r.private.coding != nil:
		return r.private.coding, r.private.codeAt
	case seen.encoding:
		r.Framing = Chunked
	case seen.length:
		r.Framing = Length
	default:
		r.Framing = NoBody
	}
	o := options{keepAlive: seen.keepAlive}
	if seen.connection {
		if o, f, at = connectionOptions(buf, r.Fields, maxNames); f != nil {
			return f, at
		}
	}
	if !seen.forwards {
		r.MaxForwards = -1
	}
	r.OddNames = r.private.fields.odd
	hasBody := r.Framing == Chunked || r.ContentLength > 0
	r.KeepAlive = o.persistent(r.Minor)
	r.Expect100 = seen.expect && hasBody
	r.WebSocket = seen.webSocket && o.upgrade && r.Verb == Get && r.Minor == 1 && !hasBody
	return nil, 0
}

// orDefault returns set, or def if set is 0.
func orDefault(set, def int) int {
	if set <= 0 {
		return def
	}
	return set
}
