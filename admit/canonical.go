package admit

import (
	"bytes"
	"errors"
	"strings"
)

// pathBytes are the bytes that the paths of routes have.
type pathBytes struct {
	has    [256]bool // of their paths, unencoded
	reads  [256]bool // a path that has one may have several readings, if there are more like it around
	beyond bool      // some are beyond ASCII; the paths are kept encoded, as requests have them
}

// add adds the bytes of a path.
func (p *pathBytes) add(path string) {
	for _, c := range []byte(`%/\;`) {
		p.reads[c] = true
	}
	for _, c := range []byte(path) {
		p.has[c] = true
		p.beyond = p.beyond || c >= 0x80
		p.reads[c] = p.reads[c] || c >= 0x80
	}
}

// plain reports whether all servers read path alike, as far as it matters here: an encoded character matters if a route's path has it,
// or if it separates segments.
func (p *pathBytes) plain(path []byte) bool {
	for i, c := range path {
		if p.reads[c] && p.odd(path[i:]) {
			return false
		}
	}
	return true
}

// OddAt returns the first byte of a target, for which Find has returned ErrAmbiguous, that servers read differently.
func (t *Table) OddAt(target []byte) int {
	for i, c := range target {
		if t.bytes.reads[c] && t.bytes.odd(target[i:]) {
			if c == '/' {
				i++ // the slash, or the dot, after it
			}
			return i
		}
	}
	return 0
}

// odd reports whether servers read the beginning of rest differently.
func (p *pathBytes) odd(rest []byte) bool {
	switch rest[0] {
	case '/':
		return len(rest) > 1 && (rest[1] == '/' || rest[1] == '.' && isDots(rest[1:]))
	case '%':
		c, ok := hexByte(rest)
		return ok && (p.has[c] || c == '/' || c == '\\' || c == ';' || c == '.')
	}
	return true
}

// ErrAmbiguous means that two servers could read a target as paths of different routes (RFC 3986 §6.2.2).
var ErrAmbiguous = errors.New(`servers could read this path as one of another route: write it without the segments . and .., //, \, ; and encoded characters`)

// Encoded returns path with its bytes beyond ASCII percent-encoded, as a request has them (RFC 3986 §2.5).
func Encoded(path string) string {
	var out []byte
	for _, c := range []byte(path) {
		if c < 0x80 {
			out = append(out, c)
		} else {
			out = appendEncoded(out, c)
		}
	}
	return string(out)
}

func appendEncoded(out []byte, c byte) []byte {
	const digits = "0123456789ABCDEF"
	return append(out, '%', digits[c>>4], digits[c&15])
}

// canonical returns path with its percent-encoded unreserved characters decoded. If a route's path has characters beyond
// ASCII, they are encoded in one way. The result is in scratch; it is empty if nothing changes. The only error is ErrAmbiguous.
func (p *pathBytes) canonical(path, scratch []byte) ([]byte, error) {
	if !p.rewrites(path) {
		return nil, nil
	}
	return p.rewrite(path, scratch[:0])
}

// isDots reports whether rest begins with a dot segment.
func isDots(rest []byte) bool {
	if end := bytes.IndexByte(rest, '/'); end >= 0 {
		rest = rest[:end]
	}
	return string(rest) == "." || string(rest) == ".."
}

// rewrites reports whether rewrite would change path.
func (p *pathBytes) rewrites(path []byte) bool {
	for i := bytes.IndexByte(path, '%'); i >= 0 && i < len(path); i++ {
		if c, ok := hexByte(path[i:]); ok && (unreserved(c) || c >= 0x80 && p.has[c]) {
			return true
		}
	}
	return p.beyond && bytes.ContainsFunc(path, func(r rune) bool { return r >= 0x80 })
}

// rewrite appends the rewritten path to out. It refuses a percent sign that encodes nothing, because it could encode something
// in the rewritten path ("%%34%31").
func (p *pathBytes) rewrite(path, out []byte) ([]byte, error) {
	for i := 0; i < len(path); i++ {
		c, encoded := hexByte(path[i:])
		switch {
		case encoded && unreserved(c):
			out = append(out, c)
			i += 2
		case encoded && p.has[c] && c >= 0x80:
			out = appendEncoded(out, c)
			i += 2
		case !encoded && path[i] == '%':
			return nil, ErrAmbiguous
		case p.has[path[i]] && path[i] >= 0x80:
			out = appendEncoded(out, path[i])
		default:
			out = append(out, path[i])
		}
	}
	return out, nil
}

// hexByte decodes a leading "%XX".
func hexByte(p []byte) (byte, bool) {
	if len(p) < 3 || p[0] != '%' {
		return 0, false
	}
	hi, lo := nibbles[p[1]], nibbles[p[2]]
	return hi<<4 | lo&15, hi < 16 && lo < 16
}

// nibbles are the values of hexadecimal digits; 255 for other bytes.
var nibbles = func() (all [256]byte) {
	for i := range all {
		all[i] = 255
	}
	for i, c := range []byte("0123456789abcdef") {
		all[c], all[bytes.ToUpper([]byte{c})[0]] = byte(i), byte(i)
	}
	return all
}()

// unreserved reports whether c is an unreserved character (RFC 3986 §2.3).
func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}
