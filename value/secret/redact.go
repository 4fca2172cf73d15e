package secret

import (
	"bytes"
	"net/url"
)

// Redact is target without the values of query parameters that may be credentials.
func Redact(target []byte) []byte {
	q := bytes.IndexByte(target, '?')
	if q < 0 || bytes.IndexByte(target[q:], '=') < 0 {
		return target
	}
	out := append([]byte(nil), target[:q+1]...)
	for rest := target[q+1:]; len(rest) > 0; {
		pair := rest
		if end := bytes.IndexAny(rest, "&;"); end >= 0 { // some servers split at both
			pair = rest[:end+1]
		}
		rest = rest[len(pair):]
		name, value, ok := bytes.Cut(pair, []byte("="))
		if !ok || !isNamed(string(name)) {
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

// WithoutUser is a URL without the user and the password in front of its host.
func WithoutUser(url []byte) []byte {
	scheme, rest, ok := bytes.Cut(url, []byte("://"))
	if !ok {
		return url
	}
	authority := rest
	if end := bytes.IndexAny(rest, "/?#"); end >= 0 {
		authority = rest[:end]
	}
	at := bytes.LastIndexByte(authority, '@')
	if at < 0 {
		return url
	}
	return bytes.Join([][]byte{scheme, []byte("://***"), rest[at:]}, nil)
}

// isNamed reports whether a parameter, whose name may be encoded, probably has a secret.
func isNamed(name string) bool {
	if plain, err := url.QueryUnescape(name); err == nil {
		name = plain
	}
	return IsIn(name)
}
