package admit

import (
	"bytes"
	"sync"
)

// readings compares the routes to which a path leads, as different servers read it. The usual ones are
//
//   - none: the path is taken as it came;
//   - decode, then remove empty and dot segments: Go's ServeMux, nginx;
//   - the same with \ as /: IIS, Apache on Windows, URLs in browsers;
//   - the same without what follows a ; in a segment: Tomcat, Jetty;
//   - split at /, then decode the segments: RabbitMQ, npm, GitLab. Or decode only what RFC 3986 §6.2.2.2 calls unreserved: caches.
//
// Servers do some of it and leave the rest. So each step is tried with each other one, as far as the path has anything for it. What is
// encoded twice is not decoded twice, and a letter's case counts. A ; begins no parameter if a route's path has one: then it is a part
// of names there.
type readings struct {
	table  *Table
	method []byte
	route  int    // to which all must lead
	base   string // stands before the path for the table, and was taken off for the backend
	left   int    // bytes that may still be compared

	decoded, slashed, merged, tidy, whole []byte // memory
}

// readers keeps the memory of readings.
var readers = sync.Pool{New: func() any { return new(readings) }}

// readMost bounds the bytes that the readings of one path have. A path of 1 KiB never has more.
const readMost = 256 << 10

// decoding is what a server decodes of the percent-encoded characters of a path. Each one decodes more than the one before it.
type decoding uint8

const (
	decodesNothing decoding = iota
	decodesUnreserved
	decodesSegments // all but slashes
	decodesAll
)

// params is what a server does with what follows a ; in a segment (RFC 3986 §3.3).
type params uint8

const (
	keepsParams params = iota
	cutsParams         // before it decodes
	cutsDecodedParams
)

// agree reports whether all readings of path lead to r's route.
func (r *readings) agree(path []byte) bool {
	for cuts := keepsParams; cuts <= cutsDecodedParams; cuts++ {
		before := -1
		for d := decodesNothing; d <= decodesAll; d++ {
			r.decoded = decode(r.decoded[:0], path, d, cuts)
			if d > decodesUnreserved && len(r.decoded) == before { // the last one has decoded as much
				continue
			}
			before = len(r.decoded)
			if !r.slashesAgree(r.decoded) {
				return false
			}
		}
		if cuts == keepsParams && (r.table.bytes.has[';'] || bytes.IndexByte(r.decoded, ';') < 0) {
			return true
		}
	}
	return true
}

// slashesAgree looks at path with its backslashes, and with slashes for them.
func (r *readings) slashesAgree(path []byte) bool {
	if !r.segmentsAgree(path) {
		return false
	}
	if bytes.IndexByte(path, '\\') < 0 {
		return true
	}
	r.slashed = append(r.slashed[:0], path...)
	for i, c := range r.slashed {
		if c == '\\' {
			r.slashed[i] = '/'
		}
	}
	return r.segmentsAgree(r.slashed)
}

// segmentsAgree looks at path as it is, and without its empty and its dot segments. It matters which are removed first: of /a//../b
// /a/b is left, or /b.
func (r *readings) segmentsAgree(path []byte) bool {
	if !r.leads(path) || !r.dotsAgree(path) {
		return false
	}
	if !bytes.Contains(path, []byte("//")) {
		return true
	}
	r.merged = merge(r.merged[:0], r.tidy)
	if !r.leads(r.merged) {
		return false
	}
	r.merged = merge(r.merged[:0], path)
	return r.leads(r.merged) && r.dotsAgree(r.merged)
}

// dotsAgree looks at path without its dot segments. The result is in r.tidy. A dot segment at its end leaves a slash there (RFC 3986
// §5.2.4), or none (Go's path.Clean).
func (r *readings) dotsAgree(path []byte) bool {
	if !bytes.Contains(path, []byte("/.")) {
		r.tidy = append(r.tidy[:0], path...)
		return true
	}
	var atEnd bool
	r.tidy, atEnd = removeDots(r.tidy[:0], path)
	if !r.leads(r.tidy) {
		return false
	}
	return !atEnd || len(r.tidy) == 1 || r.leads(r.tidy[:len(r.tidy)-1])
}

// leads reports whether path, as it is written, leads to r's route.
func (r *readings) leads(path []byte) bool {
	if r.left -= len(path); r.left < 0 {
		return false
	}
	if r.base != "" {
		r.whole = append(append(r.whole[:0], r.base...), path...)
		path = r.whole
	}
	route, _ := r.table.longest(path).forMethod(r.method)
	return route == r.route
}

// decode appends path as a server decodes it. What is beyond ASCII is encoded then, as it is in the table, and so is an encoded
// percent sign: it begins nothing.
func decode(out, path []byte, d decoding, cuts params) []byte {
	cutting := false
	for i := 0; i < len(path); i++ {
		c, raw, encoded := path[i], path[i], false
		if d != decodesNothing {
			if c, encoded = hexByte(path[i:]); encoded {
				i += 2
			} else {
				c = raw
			}
		}
		switch {
		case raw == '/':
			cutting = false
		case cuts == cutsDecodedParams && c == '/' && d == decodesAll:
			cutting = false
		case cuts == cutsParams && raw == ';', cuts == cutsDecodedParams && c == ';':
			cutting = true
		}
		switch {
		case cutting:
		case d == decodesNothing, d.decodes(c), !encoded && c < 0x80:
			out = append(out, c)
		default:
			out = appendEncoded(out, c)
		}
	}
	return out
}

// decodes reports whether a server decodes c.
func (d decoding) decodes(c byte) bool {
	switch {
	case c >= 0x80 || c == '%' || d == decodesNothing:
		return false
	case d == decodesUnreserved:
		return unreserved(c)
	}
	return d == decodesAll || c != '/' && c != '\\'
}

// merge appends path with one slash for each row of them.
func merge(out, path []byte) []byte {
	for i, c := range path {
		if c != '/' || i == 0 || path[i-1] != '/' {
			out = append(out, c)
		}
	}
	return out
}

// removeDots appends path without its dot segments (RFC 3986 §5.2.4), and reports whether the last segment was one.
func removeDots(out, path []byte) (_ []byte, atEnd bool) {
	for len(path) > 0 {
		segment := path[1:]
		end := bytes.IndexByte(segment, '/')
		if end < 0 {
			end = len(segment)
		}
		segment, path = segment[:end], segment[end:]
		atEnd = string(segment) == "." || string(segment) == ".."
		if string(segment) == ".." {
			out = out[:max(0, bytes.LastIndexByte(out, '/'))]
		}
		if !atEnd {
			out = append(append(out, '/'), segment...)
		}
	}
	if atEnd {
		out = append(out, '/')
	}
	return out, atEnd
}
