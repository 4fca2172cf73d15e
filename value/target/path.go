package target

import (
	"errors"
	"strings"
)

// checkPath returns why a path has more than one reading, or nil. A server that resolves its segments (RFC 3986 §5.2.4), decodes it, or
// decodes it twice, must not find a path that the prefix of an entry does not allow.
func checkPath(path string) error {
	for i := range len(path) {
		if path[i] != '%' {
			continue
		}
		if i+2 >= len(path) {
			return errPercent
		}
		high, low := unhex(path[i+1]), unhex(path[i+2])
		if high < 0 || low < 0 {
			return errPercent
		}
		switch c := high<<4 | low; {
		case c < ' ', c == 0x7f, c == '.', c == '/', c == '\\', c == '%', c == ';':
			return errors.New("its path has an encoded dot, slash, backslash, percent, semicolon or control character: servers read these differently")
		}
	}
	for segment := range strings.SplitSeq(path, "/") {
		name, _, _ := strings.Cut(segment, ";") // some servers leave away what follows, and resolve the rest
		if name == "." || name == ".." {
			return errors.New("its path has the segment . or .. in it")
		}
	}
	return nil
}

var errPercent = errors.New("its path has % without two hexadecimal digits")

// unhex is the value of a hexadecimal digit, or -1.
func unhex(c byte) int { return strings.IndexByte("0123456789abcdef", lower(c)) }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// under reports whether a path is within a prefix of whole segments: "/jobs" has /jobs and /jobs/7, "/jobs/" has only what is below it.
func under(path, prefix string) bool {
	rest, ok := strings.CutPrefix(path, prefix)
	return ok && (rest == "" || rest[0] == '/' || strings.HasSuffix(prefix, "/"))
}
