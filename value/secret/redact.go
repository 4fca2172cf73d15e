package secret

import (
	"bytes"
	"net/url"
	"strings"
)

// Redact is target without the values of parameters, of the query or of the fragment, that may be credentials, or that are URLs with such a parameter.
func Redact(target []byte) []byte {
	q := bytes.IndexAny(target, "?#") // a fragment may have parameters too (RFC 6749 §4.2.2)
	if q < 0 || bytes.IndexByte(target[q:], '=') < 0 {
		return target
	}
	out := append([]byte(nil), target[:q+1]...)
	for rest := target[q+1:]; len(rest) > 0; {
		pair := rest
		if end := bytes.IndexAny(rest, "&;"); end >= 0 { // some servers split at both
			pair = rest[:end+1]
		}
		name, value, ok := bytes.Cut(pair, []byte("="))
		if end := bytes.IndexByte(pair, '#'); end >= 0 && (!ok || !IsInEncoded(string(name))) {
			pair = pair[:end+1]
			name, value, ok = bytes.Cut(pair, []byte("="))
		}
		rest = rest[len(pair):]
		if !ok || !IsInEncoded(string(name)) && !isURLWithSecret(value) {
			out = append(out, pair...)
			continue
		}
		out = append(append(out, name...), "=***"...)
		if n := len(value); n > 0 && (value[n-1] == '&' || value[n-1] == ';') {
			out = append(out, value[n-1])
		}
	}
	return out
}

// WithoutUser is a URL, or the authority of one (RFC 9112 §3.2.3), without the user and the password in front of its host.
func WithoutUser(url []byte) []byte {
	from := 0
	if i := bytes.Index(url, []byte("://")); i >= 0 {
		from = i + len("://")
	} else if bytes.HasPrefix(url, []byte("//")) {
		from = len("//")
	}
	authority := url[from:]
	if end := bytes.IndexAny(authority, "/?#"); end >= 0 {
		authority = authority[:end]
	}
	at := bytes.LastIndexByte(authority, '@')
	if at < 0 || from == 0 && bytes.IndexByte(authority[:at], ':') < 0 { // a name@host alone may be that of a person
		return url
	}
	return bytes.Join([][]byte{url[:from], []byte("***"), url[from+at:]}, nil)
}

// isURLWithSecret reports whether a value, which may be encoded, has a query with a parameter that probably has a secret: ?callback=
// and the like. It looks no deeper, because the values in there may be URLs again, and so on.
func isURLWithSecret(value []byte) bool {
	if bytes.IndexByte(value, '=') < 0 && !bytes.Contains(bytes.ToLower(value), []byte("%3d")) {
		return false
	}
	plain, err := url.QueryUnescape(string(value))
	if err != nil {
		plain = string(value)
	}
	_, query, _ := strings.Cut(plain, "?")
	for pair := range strings.FieldsFuncSeq(query, func(r rune) bool { return r == '&' || r == ';' }) {
		if name, _, ok := strings.Cut(pair, "="); ok && IsInEncoded(name) {
			return true
		}
	}
	return false
}

// IsInEncoded is IsIn for a name that may be percent-encoded.
func IsInEncoded(name string) bool {
	if plain, err := url.QueryUnescape(name); err == nil {
		name = plain
	}
	return IsIn(name)
}
