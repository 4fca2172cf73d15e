package secret

// Shown stands for a secret.
const Shown = "***"

// Redact is a target or a URL without what InText finds in it.
func Redact(target []byte) []byte { return Without(target, InText(target)) }

// Without is a text with *** in place of some parts of it; the text itself if there are none.
func Without(text []byte, parts []part) []byte {
	if len(parts) == 0 {
		return text
	}
	out := make([]byte, 0, len(text))
	from := 0
	for _, p := range parts {
		out = append(append(out, text[from:p[0]]...), Shown...)
		from = p[1]
	}
	return append(out, text[from:]...)
}

// isParameter reports whether a parameter by that name probably has a secret for its value: a code is one with which a client gets a
// token (RFC 6749 §4.1.2).
func isParameter(name []byte) bool {
	if len(name) == 0 {
		return false
	}
	plain := string(visible(name))
	return IsIn(plain) || plain == "code"
}
