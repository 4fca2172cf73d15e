package secret

import (
	"bytes"
	"slices"
)

// InHead returns the parts of a head that are probably secrets: values of fields whose names say so, without the scheme of a credential and
// the names of cookies; and of all other lines what InText finds. also are names of fields, in lower case, whose values are secrets
// whatever they look like. It reads lines as leniently as any server might, because the head may be one that was refused. A trailer
// section may stand in place of a head.
func InHead(head []byte, also []string) []part {
	s := &search{head: head, also: also}
	s.lines(s.value)
	return s.found
}

// InValues returns all values of fields in a head, and of its start-line what InText finds.
func InValues(head []byte) []part {
	s := &search{head: head}
	s.lines(func(_ string, from, to int) bool { return s.all(from, to) })
	return s.found
}

// search is the secrets of a head that were found so far.
type search struct {
	head  []byte
	also  []string
	found []part
}

// lines looks at each line. value notes the secrets in the value of a field, and reports whether all of it is one.
func (s *search) lines(value func(name string, from, to int) bool) {
	hides := false // the line before, which a folded one continues, has a secret
	first := true
	for from, end := 0, 0; from < len(s.head); from = end {
		to := len(s.head)
		if i := bytes.IndexAny(s.head[from:], "\r\n"); i >= 0 {
			to = from + i
		}
		end = min(to+1, len(s.head))
		if end < len(s.head) && s.head[to] == '\r' && s.head[end] == '\n' {
			end++
		}
		if from == to {
			continue
		}
		switch line := s.head[from:to]; {
		case first && !isField(line):
			s.startLine(from, to)
			hides = false
		case hides && (isBlank(line[0]) || from > 0 && s.head[from-1] == '\r'): // a CR that ends no line may be a part of the secret
			s.all(s.afterBlanks(from, to), to)
		default:
			hides = s.field(s.afterBlanks(from, to), to, value)
		}
		first = false
	}
}

// isField reports whether a line is a field line, and no start-line: no space is in front of the end of its name.
func isField(line []byte) bool {
	name, _, ok := bytes.Cut(line, []byte(":"))
	return ok && !bytes.ContainsAny(bytes.TrimRight(name, " \t"), " \t")
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func (s *search) afterBlanks(from, to int) int {
	for from < to && isBlank(s.head[from]) {
		from++
	}
	return from
}

// all notes a whole value.
func (s *search) all(from, to int) bool {
	if from < to {
		s.found = append(s.found, part{from, to})
	}
	return true
}

// text notes what InText finds.
func (s *search) text(from, to int) {
	for _, p := range InText(s.head[from:to]) {
		s.all(from+p[0], from+p[1])
	}
}

// startLine notes the secrets of a request-line, whose target may have spaces in it, or of a status-line.
func (s *search) startLine(from, to int) {
	line := s.head[from:to]
	if bytes.HasPrefix(line, []byte("HTTP/")) {
		s.text(from, to)
		return
	}
	if i := bytes.IndexAny(line, " \t"); i >= 0 {
		s.text(from, from+i)
		from = s.afterBlanks(from+i, to)
	}
	if i := bytes.LastIndex(bytes.ToLower(line), []byte("http/")); i > 0 && isBlank(line[i-1]) {
		to = max(from, to-len(line)+i-1)
	}
	target := bytes.ReplaceAll(bytes.ReplaceAll(s.head[from:to], []byte(" "), []byte("_")), []byte("\t"), []byte("_"))
	for _, p := range InText(target) {
		s.all(from+p[0], from+p[1])
	}
}

// field notes the secrets of a line that is no start-line, and reports whether all of its value is one.
func (s *search) field(from, to int, value func(name string, from, to int) bool) bool {
	line := s.head[from:to]
	colon := bytes.IndexByte(line, ':')
	if colon < 0 {
		return s.words(from, to)
	}
	name := string(bytes.ToLower(visible(line[:colon])))
	return value(name, s.afterBlanks(from+colon+1, to), to)
}

// words notes what follows the name of a secret in a line without a colon, which was forgotten.
func (s *search) words(from, to int) bool {
	line := s.head[from:to]
	end := bytes.IndexAny(line, " \t;=")
	if end >= 0 && IsIn(string(visible(line[:end]))) {
		return s.all(s.afterBlanks(from+end+1, to), to)
	}
	s.text(from, to)
	return false
}

// visible is a name without the bytes that are not visible.
func visible(name []byte) []byte {
	if !slices.ContainsFunc(name, isControl) {
		return name
	}
	return slices.DeleteFunc(slices.Clone(name), isControl)
}

func isControl(c byte) bool { return c <= ' ' || c == 0x7f }

// value notes the secrets in the value of a field, whose name is in lower case, and reports whether all of it is one.
func (s *search) value(name string, from, to int) bool {
	switch name {
	case "cookie":
		return s.cookies(from, to)
	case "set-cookie":
		return s.newCookie(from, to)
	case "authorization", "proxy-authorization":
		return s.all(s.afterScheme(from, to), to)
	case "www-authenticate", "proxy-authenticate":
		return s.challenge(from, to)
	case "sec-websocket-protocol":
		return s.protocols(from, to)
	case "host":
		if at := bytes.LastIndexByte(s.head[from:to], '@'); at >= 0 {
			s.all(from, from+at)
		}
		return false
	}
	if slices.Contains(s.also, name) || IsIn(name) && !isPublic(name) {
		return s.all(from, to)
	}
	s.text(from, to)
	return false
}

// isPublic reports whether a field's value is no secret, though its name looks like it.
func isPublic(name string) bool {
	return name == "access-control-allow-credentials" || name == "sec-websocket-key" || name == "sec-websocket-accept"
}
