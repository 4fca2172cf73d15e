package secret

import (
	"bytes"
	"strings"
)

// A part is what is probably a secret in a text: text[part[0]:part[1]]. Parts of one text are in order, and none overlaps another.
type part = [2]int

// InText returns the parts of a text, such as a target, a URL or the value of a field, that are probably secrets: the value after NAME= where
// NAME says that it is one, the user and the password in front of a host (RFC 3986 §3.2.1), and JSON web tokens (RFC 7519 §3), and the digits of a job's handle but
// for the first ones. Any of that may be percent-encoded, also more than once, because a URL may be the parameter of another.
func InText(text []byte) []part {
	if !bytes.ContainsAny(text, "=%@") && !bytes.Contains(text, tokenBegin) && !bytes.Contains(text, jobs) {
		return nil
	}
	t := decode(text)
	for i := 0; i < len(t.plain); {
		i = max(i+1, t.secretAt(i))
	}
	return t.found
}

// tokenBegin begins a JSON web token: it is the base64 of {".
var tokenBegin = []byte("eyJ")

// decoded is a text with what is percent-encoded in it decoded.
type decoded struct {
	plain []byte
	from  []int   // where in the text each byte of plain begins; then the text's length. nil if nothing is encoded
	depth []uint8 // how often each byte is encoded; nil if nothing is encoded
	found []part
}

func decode(text []byte) *decoded {
	if bytes.IndexByte(text, '%') < 0 {
		return &decoded{plain: text}
	}
	t := &decoded{}
	for i := 0; i < len(text); {
		c, n, depth := text[i], 1, uint8(0)
		for c == '%' && i+n+1 < len(text) && isHex(text[i+n]) && isHex(text[i+n+1]) && depth < 255 {
			c, n, depth = digit(text[i+n])<<4|digit(text[i+n+1]), n+2, depth+1
		}
		t.plain, t.from, t.depth = append(t.plain, c), append(t.from, i), append(t.depth, depth)
		i += n
	}
	t.from = append(t.from, len(text))
	return t
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' }

func digit(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

// hide notes that plain[from:to] is a secret.
func (t *decoded) hide(from, to int) {
	if from >= to {
		return
	}
	if t.from != nil {
		from, to = t.from[from], t.from[to]
	}
	t.found = append(t.found, part{from, to})
}

// endOf returns where what begins at i ends: at the next of some bytes that is not encoded more often than the byte before i.
func (t *decoded) endOf(i int, at string) int {
	most := uint8(0)
	if t.depth != nil && i > 0 {
		most = t.depth[i-1]
	}
	for ; i < len(t.plain); i++ {
		if strings.IndexByte(at, t.plain[i]) >= 0 && (t.depth == nil || t.depth[i] <= most) {
			break
		}
	}
	return i
}

// secretAt notes the secret that the byte at i announces, if it does, and returns where it ends; else 0.
func (t *decoded) secretAt(i int) int {
	switch c := t.plain[i]; {
	case c == '=' && isParameter(t.nameBefore(i)):
		return t.hideValue(i + 1)
	case c == '/' && bytes.HasPrefix(t.plain[i:], jobs):
		return t.hideHandle(i + len(jobs))
	case i == 0 && isAuthority(t.plain):
		return t.hideUser(0)
	case isSlash(c) && i > 0 && (isSlash(t.plain[i-1]) || t.plain[i-1] == ':'): // some take http:/u:p@h and http:\\u:p@h for URLs too
		return t.hideUser(i + 1)
	case bytes.HasPrefix(t.plain[i:], tokenBegin):
		return t.hideToken(i)
	}
	return 0
}

// nameEnds are the bytes that stand in front of a name.
const nameEnds = "?&;#,/\\ \t\"'<>(){}|="

// nameBefore returns the name in front of the = at i.
func (t *decoded) nameBefore(i int) []byte {
	name := bytes.TrimRight(t.plain[:i], " \t")
	from := len(name)
	for from > 0 && strings.IndexByte(nameEnds, name[from-1]) < 0 {
		from--
	}
	return name[from:]
}

// hideValue hides the value at i, up to the next parameter, or to the end of its quotes. It returns where that is.
func (t *decoded) hideValue(i int) int {
	if i < len(t.plain) && t.plain[i] == '"' {
		if end := t.endOf(i+1, `"`); end < len(t.plain) {
			t.hide(i, end+1)
			return end + 1
		}
	}
	to := t.endOf(i, "&;")
	t.hide(i, to)
	return to
}

func isSlash(c byte) bool { return c == '/' || c == '\\' }

// hideUser hides the user and the password of the authority at i, if it has them, and returns where its host begins.
func (t *decoded) hideUser(i int) int {
	authority := t.plain[i:t.endOf(i, "/\\?#\"<> \t")]
	at := bytes.LastIndexByte(authority, '@')
	if at < 0 {
		return 0
	}
	t.hide(i, i+at)
	return i + at
}

// isAuthority reports whether a text begins with a user, a password and a host, and nothing in front of them. A name@host alone may be
// that of a person.
func isAuthority(text []byte) bool {
	if end := bytes.IndexAny(text, "/\\?#\"<> \t"); end >= 0 {
		text = text[:end]
	}
	at := bytes.LastIndexByte(text, '@')
	return at > 0 && bytes.IndexByte(text[:at], ':') >= 0
}

// hideToken hides the JSON web token at i, if it is one: parts of base64url with dots between them. It returns where they end.
func (t *decoded) hideToken(i int) int {
	to, dots := i, 0
	for ; to < len(t.plain) && isOfToken(t.plain[to]); to++ {
		if t.plain[to] == '.' {
			dots++
		}
	}
	if dots >= 2 {
		t.hide(i, to)
	}
	return to
}

// jobs is in front of the handle of a job. With nothing but that, the job may be read and cancelled.
var jobs = []byte("/jobs/")

const (
	handleShown = 8  // digits, as in the log
	handleLeast = 16 // digits: a number of fewer is no handle
)

// hideHandle hides the handle at i, but for its first digits, and returns where it ends.
func (t *decoded) hideHandle(i int) int {
	to := i
	for to < len(t.plain) && isHex(t.plain[to]) {
		to++
	}
	if to-i >= handleLeast {
		t.hide(i+handleShown, to)
	}
	return to
}

func isOfToken(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '-' || c == '_' || c == '.'
}
