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
	for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", forwardedPrefix, "Via", "X-Backend"} {
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

// Hides reports whether a field of that name does not go on as it came.
func (e *Edits) Hides(name string) bool { return e.drops([]byte(name)) }

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

// EditAnswer edits the head of an answer of tenfour's own, whose lines begin at own. It may replace and remove those in front of needed.
// Those from needed on the client cannot do without: what the content is, and what an answer with that status must have. Lines that
// describe the content of another response are not added.
func (e *Edits) EditAnswer(head []byte, own, needed int) []byte {
	if e == nil {
		return head
	}
	lines, kept := string(head[own:needed]), string(head[needed:])
	head = head[:own]
	for line := range strings.SplitAfterSeq(lines, "\r\n") {
		if !e.drops(nameOf(line)) {
			head = append(head, line...)
		}
	}
	head = append(head, kept...)
	for line := range strings.SplitAfterSeq(e.add, "\r\n") {
		if !hasLine(kept, nameOf(line)) && !describesContent(nameOf(line)) {
			head = append(head, line...)
		}
	}
	return head
}

// nameOf returns the name of a field line.
func nameOf(line string) []byte {
	name, _, _ := strings.Cut(line, ":")
	return []byte(name)
}

// hasLine reports whether one of some field lines has that name.
func hasLine(lines string, name []byte) bool {
	for line := range strings.SplitAfterSeq(lines, "\r\n") {
		if line != "" && bytes.EqualFold(nameOf(line), name) {
			return true
		}
	}
	return false
}

// describesContent reports whether a field of that name says something about the content beside it (RFC 9110 §8, §14.4, RFC 6266).
func describesContent(name []byte) bool {
	for _, field := range []string{
		"Content-Encoding", "Content-Language", "Content-Location", "Content-Range", "Content-Disposition", "Content-MD5", "Digest", "Content-Digest",
		"ETag", "Last-Modified",
	} {
		if bytes.EqualFold(name, []byte(field)) {
			return true
		}
	}
	return false
}
