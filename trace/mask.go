package trace

import (
	"bytes"
	"slices"

	"tenfour/value/secret"
)

// mask is a copy of a head without credentials: the values of fields whose names say that they have one, of cookies, and of parameters in targets
// and URLs. The names of cookies and the scheme of a credential stay, because they are what one looks for. at is a byte of head, and mask returns
// where that is in the copy; -1 for none. It reads lines as leniently as any server might, because head may be one that was refused.
// also are names of fields, in lower case, that have a credential whatever they look like.
func mask(head []byte, at int, also []string) (masked Raw, moved int) {
	moved = at
	out := make([]byte, 0, len(head))
	hides := false // the line before, which a folded one continues, has a secret
	for first, from := true, 0; from < len(head); {
		line, end := cutLine(head[from:])
		before := len(out)
		switch folded := len(line) > 0 && (line[0] == ' ' || line[0] == '\t'); {
		case first && len(line) > 0 && !isField(line):
			out = appendStartLine(out, line)
			first = false
		case folded && hides:
			out = append(out, " ***"...)
		case hides && head[from-1] == '\r' && len(line) > 0: // a CR that ends no line may be a part of the secret
			out = append(out, "***"...)
		case folded:
			out = append(out, line...)
		default:
			out, hides = appendField(out, line, also)
		}
		if at > from+len(line) || at >= from+len(line) && len(line)+before != len(out) {
			moved += len(out) - before - len(line)
		} else if at >= from {
			moved = min(before+at-from, len(out))
		}
		out = append(out, end...)
		from += len(line) + len(end)
	}
	return out, moved
}

// cutLine is the first line of p, and its end, which is a CR, an LF or both.
func cutLine(p []byte) (line, end []byte) {
	i := bytes.IndexAny(p, "\r\n")
	switch {
	case i < 0:
		return p, nil
	case p[i] == '\r' && i+1 < len(p) && p[i+1] == '\n':
		return p[:i], p[i : i+2]
	}
	return p[:i], p[i : i+1]
}

// isField reports whether a line is a field line, and no start-line.
func isField(line []byte) bool {
	colon, space := bytes.IndexByte(line, ':'), bytes.IndexByte(line, ' ')
	return colon >= 0 && (space < 0 || colon < space)
}

// appendStartLine appends a start-line without what its target has of secrets.
func appendStartLine(dst, line []byte) []byte {
	for word := range bytes.SplitAfterSeq(line, []byte(" ")) {
		dst = append(dst, plain(word)...)
	}
	return dst
}

// plain is a target or a URL without what is probably a secret. The space after it stays.
func plain(url []byte) []byte {
	text := bytes.TrimRight(url, " ")
	shown := withoutHandle(secret.Redact(secret.WithoutUser(text)))
	if len(shown) == len(text) && len(text) == len(url) {
		return shown
	}
	return append(shown[:len(shown):len(shown)], url[len(text):]...)
}

// handlePath is where the handles of jobs are: they may be read with nothing but their 64 digits.
var handlePath = []byte("/.tenfour/jobs/")

// handleShown is how many of those are shown, as in the log.
const handleShown = 8

// withoutHandle is a target without most of the digits of the handles in it.
func withoutHandle(target []byte) []byte {
	before, rest, ok := bytes.Cut(target, handlePath)
	if !ok {
		return target
	}
	out := append(slices.Clone(before), handlePath...)
	digits := 0
	for digits < len(rest) && isHex(rest[digits]) {
		digits++
	}
	if digits > handleShown {
		out = append(append(out, rest[:handleShown]...), "..."...)
	} else {
		out = append(out, rest[:digits]...)
	}
	return append(out, withoutHandle(rest[digits:])...)
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

// appendField appends a field line without what its value has of secrets, and reports whether all of it is one.
func appendField(dst, line []byte, also []string) (_ []byte, hides bool) {
	name, value, ok := bytes.Cut(line, []byte(":"))
	if !ok {
		return appendWords(dst, line)
	}
	blank := value[:len(value)-len(bytes.TrimLeft(value, " \t"))]
	dst = append(append(append(dst, name...), ':'), blank...)
	value = value[len(blank):]
	switch bare := string(bytes.ToLower(bytes.TrimSpace(name))); {
	case bare == "cookie":
		return appendCookies(dst, value, true), true
	case bare == "set-cookie":
		return appendCookies(dst, value, false), true
	case bare == "authorization" || bare == "proxy-authorization":
		return appendCredential(dst, value), true
	case slices.Contains(also, bare):
		return append(dst, "***"...), true
	case isPublic(bare):
		return append(dst, value...), false
	case secret.IsIn(bare):
		return append(dst, "***"...), true
	}
	return append(dst, plain(value)...), false
}

// appendWords appends a line without a colon, which is no field line. If its first word is the name of a secret, the colon was forgotten.
func appendWords(dst, line []byte) (_ []byte, hides bool) {
	if name, _, ok := bytes.Cut(line, []byte(" ")); ok && secret.IsIn(string(name)) {
		return append(append(dst, name...), " ***"...), true
	}
	return append(dst, line...), false
}

// isPublic reports whether a field's value is no secret, though its name looks like it.
func isPublic(name string) bool {
	switch name {
	case "www-authenticate", "proxy-authenticate", "access-control-allow-credentials", "sec-websocket-key", "sec-websocket-accept":
		return true
	}
	return false
}

// appendCredential appends a credential's scheme, and not what follows.
func appendCredential(dst, value []byte) []byte {
	if scheme, rest, ok := bytes.Cut(value, []byte(" ")); ok && len(rest) > 0 {
		dst = append(append(dst, scheme...), ' ')
	}
	return append(dst, "***"...)
}

// appendCookies appends cookies without their values: every pair's with all, else the first one's, which attributes follow.
func appendCookies(dst, value []byte, all bool) []byte {
	hides := true
	for pair := range bytes.SplitAfterSeq(value, []byte(";")) {
		name, rest, ok := bytes.Cut(pair, []byte("="))
		if !ok && hides {
			dst = append(dst, "***"...) // a cookie without a name
			rest = pair
		}
		if !hides {
			dst = append(dst, pair...)
			continue
		}
		if ok {
			dst = append(append(dst, name...), "=***"...)
		}
		if bytes.HasSuffix(rest, []byte(";")) {
			dst = append(dst, ';')
		}
		hides = all
	}
	return dst
}
