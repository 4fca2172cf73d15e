// Package admit is who may pass: routes, allowlist, credentials in and out, rate limits.
//
//	table, err := admit.NewTable(rules)
//	m, err := table.Find(target, method, scratch) // the route, or why there is none
//	refusal := rule.Check(caller)                 // nil: it may pass
//
// It compares and decides; it answers nobody and forwards nothing.
package admit

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrAmbiguous says that two readers could place a target on different routes (RFC 3986 §6.2.2).
var ErrAmbiguous = errors.New("the path has dot segments, empty segments or encoded characters that servers read differently")

// Table finds the route of a request-target. Nothing changes it; it is safe for use by several goroutines.
type Table struct {
	exact  map[string]paths
	prefix map[string]paths // by the prefix with its trailing slash
	single bool             // "/" is the only path, and for any method: every target is on it, however it is read
	named  [256]bool        // bytes that stand in paths, and that requests may encode and servers decode: all but / and unreserved
	beyond bool             // there are some beyond ASCII, which stand in the paths here as they do in requests: encoded
}

// paths are the routes of one path: one for any method, or some that share the methods among them.
type paths []entry

type entry struct {
	methods []string // nil for any
	route   int
}

// Match is what Find has found.
type Match struct {
	Route int    // its index; -1 if none has the path, or not with that method
	Path  []byte // the path as it was compared, if that is not how it came: this is what may be forwarded; else nil
	Allow string // what may be asked for, if it was the method: "GET, HEAD"
}

// Path is where a route is: exact, or a prefix if it ends in "/", and with which methods; nil is any.
type Path struct {
	Path    string
	Methods []string
	Route   int // the index that Find gives
}

// NewTable makes a table. The longest path that fits wins.
func NewTable(list []Path) (*Table, error) {
	t := &Table{exact: map[string]paths{}, prefix: map[string]paths{}}
	for _, p := range list {
		if err := checkPath(p.Path); err != nil {
			return nil, err
		}
		t.name(p.Path)
		path := Encoded(p.Path)
		kind := t.exact
		if strings.HasSuffix(p.Path, "/") {
			kind = t.prefix
		}
		methods := withHead(p.Methods)
		for _, other := range kind[path] {
			if m, both := shared(methods, other.methods); both {
				return nil, fmt.Errorf("path %q: named twice%s", p.Path, m)
			}
		}
		kind[path] = append(kind[path], entry{methods, p.Route})
	}
	all := t.prefix["/"]
	t.single = len(list) == 1 && len(all) == 1 && all[0].methods == nil
	return t, nil
}

func checkPath(path string) error {
	if !strings.HasPrefix(path, "/") {
		return fmt.Errorf("path %q: it must begin with /", path)
	}
	if _, err := new(Table).canonical([]byte(path), nil); err != nil || strings.ContainsAny(path, "?#%") {
		return fmt.Errorf("path %q: write it without ?, #, %%, dot segments and empty segments", path)
	}
	return nil
}

// name notes which bytes stand in a path.
func (t *Table) name(path string) {
	for _, c := range []byte(path) {
		t.named[c] = t.named[c] || c != '/' && !unreserved(c)
		t.beyond = t.beyond || c >= 0x80
	}
}

// Encoded is path with its bytes beyond ASCII percent-encoded, which is how they stand in a request (RFC 3986 §2.5).
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

// withHead is methods with HEAD wherever GET is (RFC 9110 §9.1).
func withHead(methods []string) []string {
	if slices.Contains(methods, "GET") && !slices.Contains(methods, "HEAD") {
		methods = slices.Insert(slices.Clone(methods), slices.Index(methods, "GET")+1, "HEAD")
	}
	return methods
}

// shared reports whether two lists of methods have one in common, in words.
func shared(a, b []string) (words string, both bool) {
	if a == nil || b == nil {
		return "", true
	}
	for _, m := range a {
		if slices.Contains(b, m) {
			return ", for " + m, true
		}
	}
	return "", false
}

// Find returns what a request for target, in origin- or asterisk-form, is on. scratch is memory for Match.Path, which
// lives as long as that; nil is allocated. The error is ErrAmbiguous.
func (t *Table) Find(target, method, scratch []byte) (Match, error) {
	if t.single {
		return Match{Route: t.prefix["/"][0].route}, nil
	}
	path := target
	if q := bytes.IndexByte(path, '?'); q >= 0 {
		path = path[:q]
	}
	if len(path) == 0 || path[0] != '/' { // "*", or the empty path of an absolute-form
		return t.prefix["/"].pick(method), nil
	}
	path, err := t.canonical(path, scratch)
	if err != nil {
		return Match{Route: -1}, err
	}
	m := t.longest(path).pick(method)
	if &path[0] != &target[0] {
		m.Path = path
	}
	return m, nil
}

// longest returns the routes of the longest path that fits.
func (t *Table) longest(path []byte) paths {
	if at, ok := t.exact[string(path)]; ok {
		return at
	}
	for end := bytes.LastIndexByte(path, '/') + 1; end > 0; end = bytes.LastIndexByte(path[:end-1], '/') + 1 {
		if at, ok := t.prefix[string(path[:end])]; ok {
			return at
		}
	}
	return nil
}

// pick returns the route for a method.
func (p paths) pick(method []byte) Match {
	for i := range p {
		if p[i].methods == nil {
			return Match{Route: p[i].route}
		}
		for _, m := range p[i].methods {
			if string(method) == m {
				return Match{Route: p[i].route}
			}
		}
	}
	var allow []string
	for i := range p {
		allow = append(allow, p[i].methods...)
	}
	return Match{Route: -1, Allow: strings.Join(allow, ", ")}
}

// canonical is path with its percent-encoded unreserved characters decoded, and those beyond ASCII that stand in a route's
// path encoded in one way; or ErrAmbiguous. If there is nothing to do it is path itself, else it is in scratch.
func (t *Table) canonical(path, scratch []byte) ([]byte, error) {
	if t.rewrites(path) {
		var err error
		if path, err = t.rewrite(path, scratch[:0]); err != nil {
			return nil, err
		}
	}
	for i := 0; i < len(path); i++ {
		switch path[i] {
		case '\\':
			return nil, ErrAmbiguous
		case '%':
			if c, ok := hexByte(path[i:]); ok && (c == '/' || c == '\\' || c < 0x80 && t.named[c]) {
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

// rewrites reports whether there is anything for rewrite to do.
func (t *Table) rewrites(path []byte) bool {
	for i := bytes.IndexByte(path, '%'); i >= 0 && i < len(path); i++ {
		if c, ok := hexByte(path[i:]); ok && (unreserved(c) || c >= 0x80 && t.named[c]) {
			return true
		}
	}
	return t.beyond && bytes.ContainsFunc(path, func(r rune) bool { return r >= 0x80 })
}

// rewrite appends the rewritten path to out. A percent sign that encodes nothing could do so afterwards ("%%34%31").
func (t *Table) rewrite(path, out []byte) ([]byte, error) {
	for i := 0; i < len(path); i++ {
		c, encoded := hexByte(path[i:])
		switch {
		case encoded && unreserved(c):
			out = append(out, c)
			i += 2
		case encoded && t.named[c] && c >= 0x80:
			out = appendEncoded(out, c)
			i += 2
		case !encoded && path[i] == '%':
			return nil, ErrAmbiguous
		case t.named[path[i]] && path[i] >= 0x80:
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

// unreserved is RFC 3986 §2.3.
func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}
