package forward

import (
	"bytes"
	"strings"
	"sync/atomic"

	"tenfour/httpparse"
)

// Edits is what a route changes about the field lines of a head. Make one with NewEdits; nothing changes it, but what its
// secret points to. nil changes nothing.
type Edits struct {
	drop   []string                // names of lines that do not go on
	ours   bool                    // some that tenfour adds are among them
	login  bool                    // add shows a login that belongs to the connection
	add    string                  // lines that go out after the others, each with its CRLF
	secret *atomic.Pointer[[]byte] // one more, which may change; nil for none
}

// NewEdits makes edits that drop the lines of some names, those that tenfour adds among them, and have others go out after
// the rest, each with its CRLF. secret is one more of those, which may change; nil for none.
func NewEdits(drop []string, add string, secret *atomic.Pointer[[]byte]) *Edits {
	if len(drop) == 0 && add == "" && secret == nil {
		return nil
	}
	e := &Edits{drop: drop, add: add, secret: secret, login: loginLine([]byte(add))}
	for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Via", "X-Backend"} {
		e.ours = e.ours || e.drops([]byte(name))
	}
	return e
}

// drops reports whether a line of that name does not go on: it names a field that is removed or replaced here, or passes
// for one at a server that reads X_Api_Key as X-Api-Key.
func (e *Edits) drops(name []byte) bool {
	if e == nil {
		return false
	}
	for _, d := range e.drop {
		if httpparse.SameField(name, d) {
			return true
		}
	}
	return false
}

// logsIn reports whether a line that goes out shows a login that belongs to its connection.
func (e *Edits) logsIn() bool {
	return e != nil && (e.login || e.secret != nil && loginLine(*e.secret.Load()))
}

// loginLine reports whether one of some field lines is such a login.
func loginLine(lines []byte) bool {
	for len(lines) > 0 {
		var line []byte
		line, lines, _ = bytes.Cut(lines, []byte("\r\n"))
		name, value, _ := bytes.Cut(line, []byte(":"))
		if httpparse.SameField(name, "Authorization") && httpparse.IsLogin(value) {
			return true
		}
	}
	return false
}

// appendOurs appends lines of tenfour's own, each with its CRLF, but for one that does not go out.
func (e *Edits) appendOurs(dst []byte, lines string) []byte {
	if e == nil || !e.ours {
		return append(dst, lines...)
	}
	for line := range strings.SplitAfterSeq(lines, "\r\n") {
		if name, _, ok := strings.Cut(line, ":"); ok && !e.drops([]byte(name)) {
			dst = append(dst, line...)
		}
	}
	return dst
}

// appendLines appends the lines that go out after the others.
func (e *Edits) appendLines(dst []byte) []byte {
	if e == nil {
		return dst
	}
	dst = append(dst, e.add...)
	if e.secret != nil {
		dst = append(dst, *e.secret.Load()...)
	}
	return dst
}
