package explain

import (
	"encoding/json"
	"fmt"
	"strings"

	"tenfour/httpparse"
)

// Bytes are shown in JSON as a string in which each byte is the character with its number, U+0000 to U+00FF. So an offset of a
// run is the place of a character, and no byte is lost.
type Bytes []byte

// MarshalJSON makes the string.
func (b Bytes) MarshalJSON() ([]byte, error) {
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return json.Marshal(string(runes))
}

// UnmarshalJSON reads it back.
func (b *Bytes) UnmarshalJSON(text []byte) error {
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	*b = (*b)[:0]
	for _, r := range s {
		if r > 0xff {
			return fmt.Errorf("the character %q is no byte", r)
		}
		*b = append(*b, byte(r))
	}
	return nil
}

// Escaped is bytes as text that changes nothing on a terminal but to be read there: \r, \n, \t, \\ and \x00.
func Escaped(b []byte) string {
	var out strings.Builder
	for _, c := range b {
		out.WriteString(httpparse.Escape(c))
	}
	return out.String()
}
