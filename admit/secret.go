package admit

import (
	"fmt"
	"strings"

	"tenfour/source"
)

// secretMost is the largest size of a file with credentials, in bytes.
const secretMost = 4 << 20

// readSecret reads a file, or the environment variable in "env:NAME". No error contains any of the content.
func readSecret(from string) (string, error) {
	text, err := source.Read(from, secretMost)
	if err != nil {
		return "", fmt.Errorf("%s: %w", from, err)
	}
	return string(text), nil
}

// fieldValue reports whether s is a valid field value (RFC 9110 §5.5).
func fieldValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return s != "" && strings.TrimSpace(s) == s
}
