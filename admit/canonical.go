package admit

import (
	"bytes"
	"errors"
	"strings"
)

// pathBytes are the bytes in the paths of routes that a request may write in more than one way. The zero value is that of
// paths that have none.
type pathBytes struct {
	named  [256]bool // bytes that a request may encode and a server decode: all but / and unreserved
	beyond bool      // some are beyond ASCII; the paths are kept encoded, as requests have them
}

// add adds the bytes of a path.
func (p *pathBytes) add(path string) {
	for _, c := range []byte(path) {
		p.named[c] = p.named[c] || c != '/' && !unreserved(c)
		p.beyond = p.beyond || c >= 0x80
	}
}

// ErrAmbiguous means that two servers could read a target as paths of different routes (RFC 3986 §6.2.2).
var ErrAmbiguous = errors.New("the path has dot segments, empty segments or encoded characters that servers read differently")

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
// ASCII, they are encoded in one way. If nothing changes it returns path itself, else a slice in scratch. The only error is
// ErrAmbiguous.
func (p *pathBytes) canonical(path, scratch []byte) ([]byte, error) {
	if p.rewrites(path) {
		var err error
		if path, err = p.rewrite(path, scratch[:0]); err != nil {
			return nil, err
		}
	}
	for i := 0; i < len(path); i++ {
		switch path[i] {
		case '\\':
			return nil, ErrAmbiguous
		case '%':
			if c, ok := hexByte(path[i:]); ok && (c == '/' || c == '\\' || c < 0x80 && p.named[c]) {
				return nil, ErrAmbiguous
			}
		case '/':
			rest := path[i+1:]
			if len(rest) > 0 && rest[0] == '/' || isDots(rest) {
				return nil, ErrAmbiguous
			}
		}
	}
	return path, nil
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
		if c, ok := hexByte(path[i:]); ok && (unreserved(c) || c >= 0x80 && p.named[c]) {
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
		case encoded && p.named[c] && c >= 0x80:
			out = appendEncoded(out, c)
			i += 2
		case !encoded && path[i] == '%':
			return nil, ErrAmbiguous
		case p.named[path[i]] && path[i] >= 0x80:
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
	hi, lo := strings.IndexByte(hexDigits, p[1]), strings.IndexByte(hexDigits, p[2])
	if hi < 0 || lo < 0 {
		return 0, false
	}
	return byte(nibble(hi)<<4 | nibble(lo)), true
}

const hexDigits = "0123456789abcdefABCDEF"

func nibble(at int) int {
	if at > 15 {
		return at - 6
	}
	return at
}

// unreserved reports whether c is an unreserved character (RFC 3986 §2.3).
func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}
