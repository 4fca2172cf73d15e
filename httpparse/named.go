package httpparse

// IsToken reports whether text is a token (RFC 9110 §5.6.2): what a method and a field's name are.
func IsToken(text string) bool {
	for i := range len(text) {
		if !isToken(text[i]) {
			return false
		}
	}
	return text != ""
}

// FieldNamed returns the identity of the field with a name, which must be a token.
func FieldNamed(name string) FieldID { return fieldID([]byte(name), 0, len(name)) }
