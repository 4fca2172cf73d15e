package httpparse

// IsLogin reports whether the value of an Authorization or WWW-Authenticate field names a scheme whose login belongs to the
// connection instead of the request: NTLM or Negotiate (RFC 4559), anywhere in its list. Such a word inside a quoted string
// counts too, which only costs a connection.
func IsLogin(value []byte) bool {
	for i := 0; i < len(value); {
		start := i
		for i < len(value) && isToken(value[i]) {
			i++
		}
		if word := value[start:i]; isWord(word, "ntlm") || isWord(word, "negotiate") {
			return true
		}
		i++
	}
	return false
}
