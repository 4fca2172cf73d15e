package forward

import (
	"bytes"
	"strings"
	"sync/atomic"
)

// Edits is what a route changes about the field lines of a head. Nothing changes it, but what Secret points to.
type Edits struct {
	Drop   []string                // names of lines that do not go on, ours among them
	Append string                  // lines that go out behind the others, each with its CRLF
	Secret *atomic.Pointer[[]byte] // one more, which may change; nil for none
}

// drops reports whether a line of that name does not go on.
func (e *Edits) drops(name []byte) bool {
	if e == nil {
		return false
	}
	for _, d := range e.Drop {
		if len(d) == len(name) && bytes.EqualFold(name, []byte(d)) {
			return true
		}
	}
	return false
}

// appendOurs appends lines of tenfour's own, each with its CRLF, but for one that does not go out.
func (e *Edits) appendOurs(dst []byte, lines string) []byte {
	if e == nil || len(e.Drop) == 0 {
		return append(dst, lines...)
	}
	for line := range strings.SplitAfterSeq(lines, "\r\n") {
		if name, _, ok := strings.Cut(line, ":"); ok && !e.drops([]byte(name)) {
			dst = append(dst, line...)
		}
	}
	return dst
}

// appendLines appends the lines that go out behind the others.
func (e *Edits) appendLines(dst []byte) []byte {
	if e == nil {
		return dst
	}
	dst = append(dst, e.Append...)
	if e.Secret != nil {
		dst = append(dst, *e.Secret.Load()...)
	}
	return dst
}
