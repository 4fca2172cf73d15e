package explain

import (
	"strings"

	"tenfour/httpparse"
)

// aboutForwarded is what becomes of a field of a request that says something of the client, or that passes for a field of tenfour's.
// It is forwarded, without a word, if it is neither.
func aboutForwarded(name string) (says, section string, ok bool) {
	is, alias := httpparse.IsForwarded([]byte(name))
	switch {
	case alias:
		return "dropped: CGI and WSGI read it as " + dashed(name), "RFC 3875 §4.1.18", true
	case strings.EqualFold(name, "X-Forwarded-For"):
		return "it goes on with the client's address at its end", "RFC 7239 §8.1", true
	case is:
		return "dropped, unless the client is a trusted proxy: frameworks believe it", "RFC 7239 §8.1", true
	case passesForOurs(name):
		return "dropped: CGI and WSGI read it as " + dashed(name), "RFC 3875 §4.1.18", true
	}
	return "", "", false
}

// passesForOurs reports whether a name passes for a field that tenfour sets, replaces or frames by.
func passesForOurs(name string) bool {
	switch id := httpparse.Alias([]byte(name)); id {
	case httpparse.FieldHost, httpparse.FieldContentLength, httpparse.FieldExpect, httpparse.FieldVia, httpparse.FieldMaxForwards:
		return true
	default:
		return id.ConnectionSpecific()
	}
}

// dashed is a name with - for every byte that is no letter and no digit.
func dashed(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z' {
			return r
		}
		return '-'
	}, name)
}
