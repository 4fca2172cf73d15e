package httpparse

// longestAlias is the longest name that Alias looks at: no known name is longer.
const longestAlias = longestKnown

// Alias returns the known field that a server may take a name for, if it gives fields to its program as CGI variables (RFC 3875
// §4.1.18). There both X_Forwarded_For and X-Forwarded-For become HTTP_X_FORWARDED_FOR. Most servers change only '-' to '_',
// some change every byte that is neither letter nor digit. It returns FieldOther for any other name, and for a known name itself.
func Alias(name []byte) FieldID {
	if len(name) > longestAlias || !hasOdd(name) {
		return FieldOther
	}
	var plain [longestAlias]byte
	for i, c := range name {
		plain[i] = plainByte(c)
	}
	return fieldID(plain[:len(name)], 0, len(name))
}

// SameField reports whether a name is that of a field, in any case, or passes for it in the sense of Alias.
func SameField(name []byte, field string) bool {
	if len(name) != len(field) {
		return false
	}
	for i, c := range name {
		if plainByte(c) != plainByte(field[i]) {
			return false
		}
	}
	return true
}

// IsForwarded reports whether a field says for which client a request came: Forwarded (RFC 7239), X-Forwarded-… and
// X-Real-IP, in any case. alias is that it only passes for one, as Alias has it.
func IsForwarded(name []byte) (is, alias bool) {
	const family = "x-forwarded-"
	switch {
	case len(name) == 0 || lower(name[0]) != 'x' && lower(name[0]) != 'f':
		return false, false
	case len(name) > len(family) && SameField(name[:len(family)], family), SameField(name, "forwarded"), SameField(name, "x-real-ip"):
		return true, hasOdd(name)
	}
	return false, false
}

// plainByte returns a name's byte in lower case, and '-' for a byte that is neither letter nor digit.
func plainByte(c byte) byte {
	if isDigit(c) || lower(c)-'a' <= 'z'-'a' {
		return lower(c)
	}
	return '-'
}

// hasOdd reports whether part of a token has a byte that is no letter, no digit and no '-'.
func hasOdd(name []byte) bool {
	for _, c := range name {
		if c != '-' && plainByte(c) == '-' {
			return true
		}
	}
	return false
}
