// Package admit is who may pass: routes.
//
//	table, err := admit.NewTable([]string{"/", "/api/"})
//	i, err := table.Find(target) // the index of the route, or -1; an error when two readers could differ
//
// It compares paths and decides; it answers nobody and forwards nothing.
package admit

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// ErrAmbiguous says that two readers could place a target on different routes (RFC 3986 §6.2.2).
var ErrAmbiguous = errors.New("the path has dot segments, empty segments or encoded characters that servers read differently")

// Table finds the route of a request-target. Nothing changes it; it is safe for use by several goroutines.
type Table struct {
	exact  map[string]int
	prefix map[string]int // by the prefix with its trailing slash
	all    int            // the index of "/", or -1
	single bool           // "/" is the only route: every target is on it, however it is read
}

// NewTable makes a table of paths: exact, or a prefix if it ends in "/". The longest that fits wins.
func NewTable(paths []string) (*Table, error) {
	t := &Table{exact: map[string]int{}, prefix: map[string]int{}, all: -1}
	for i, path := range paths {
		if !strings.HasPrefix(path, "/") {
			return nil, fmt.Errorf("path %q: it must begin with /", path)
		}
		if _, err := canonical([]byte(path)); err != nil || strings.ContainsAny(path, "?#%") {
			return nil, fmt.Errorf("path %q: write it without ?, #, %%, dot segments and empty segments", path)
		}
		kind := t.exact
		if strings.HasSuffix(path, "/") {
			kind = t.prefix
		}
		if _, twice := kind[path]; twice {
			return nil, fmt.Errorf("path %q: named twice", path)
		}
		kind[path] = i
		if path == "/" {
			t.all = i
		}
	}
	t.single = t.all >= 0 && len(paths) == 1
	return t, nil
}

// Find returns the index of the route that target, in origin- or asterisk-form, is on, or -1.
func (t *Table) Find(target []byte) (int, error) {
	if t.single {
		return t.all, nil
	}
	path := target
	if q := bytes.IndexByte(path, '?'); q >= 0 {
		path = path[:q]
	}
	if len(path) == 0 || path[0] != '/' {
		return t.all, nil // "*", or the empty path of an absolute-form
	}
	path, err := canonical(path)
	if err != nil {
		return -1, err
	}
	if i, ok := t.exact[string(path)]; ok {
		return i, nil
	}
	for end := len(path); end > 0; end = bytes.LastIndexByte(path[:end-1], '/') + 1 {
		if i, ok := t.prefix[string(path[:end])]; ok {
			return i, nil
		}
		if end == 1 {
			break
		}
	}
	return -1, nil
}

// canonical is path with its percent-encoded unreserved characters decoded, or ErrAmbiguous.
func canonical(path []byte) ([]byte, error) {
	if bytes.IndexByte(path, '%') >= 0 {
		path = decodeUnreserved(path)
	}
	for i := 0; i < len(path); i++ {
		switch path[i] {
		case '\\':
			return nil, ErrAmbiguous
		case '%':
			if i+2 < len(path) && (encodes(path[i:], '/') || encodes(path[i:], '\\')) {
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

func encodes(p []byte, c byte) bool {
	d, ok := hexByte(p)
	return ok && d == c
}

func decodeUnreserved(path []byte) []byte {
	out := make([]byte, 0, len(path))
	for i := 0; i < len(path); i++ {
		if c, ok := hexByte(path[i:]); ok && unreserved(c) {
			out = append(out, c)
			i += 2
			continue
		}
		out = append(out, path[i])
	}
	return out
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

// unreserved is RFC 3986 §2.3.
func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}
