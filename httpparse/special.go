package httpparse

import (
	"bytes"
	"math"
)

// maxForwards reads the value of a Max-Forwards (RFC 9110 §7.6.2). A number that is too large counts as math.MaxInt64.
func maxForwards(value []byte) (int64, *flaw) {
	n, notNumber, tooLarge := number(value)
	switch {
	case notNumber:
		return 0, forwardsInvalid
	case tooLarge:
		return math.MaxInt64, nil
	}
	return n, nil
}

// viaSelf counts the members of a Via whose received-by is "tenfour" (RFC 9110 §7.6.3).
func viaSelf(value []byte) (n int) {
	const self = "tenfour"
	for i := 0; i < len(value); i++ {
		// received-protocol RWS received-by [RWS comment]
		for i < len(value) && (isSpace(value[i]) || value[i] == ',') {
			i++
		}
		for i < len(value) && !isSpace(value[i]) && value[i] != ',' {
			i++
		}
		for i < len(value) && isSpace(value[i]) {
			i++
		}
		by := i
		for i < len(value) && !isSpace(value[i]) && value[i] != ',' && value[i] != '(' {
			i++
		}
		if isWord(value[by:i], self) {
			n++
		}
		i = skipComments(value, i)
	}
	return n
}

// skipComments returns the place of the next comma, from i on, that is outside of comments (RFC 9110 §5.6.5).
func skipComments(value []byte, i int) int {
	for depth := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case c == '\\' && depth > 0:
			i++
		case c == ',' && depth == 0:
			return i
		}
	}
	return i
}

// AsksForJSON reports whether a head that was refused, in buf, has an Accept field that names application/json. Such a head has no
// certain lines: it is only for choosing the form of the answer.
func AsksForJSON(buf []byte) bool {
	const name = "accept:"
	for line := range bytes.Lines(buf) {
		if len(line) > len(name) && isWord(line[:len(name)], name) && acceptsJSON(bytes.TrimRight(line[len(name):], "\r\n")) {
			return true
		}
	}
	return false
}

// acceptsJSON reports whether an Accept names application/json. Its weight is ignored.
func acceptsJSON(value []byte) bool {
	const name = "application/json"
	// Most values do not name it, and most of those contain no j: they are done here.
	if len(value) < len(name) || bytes.IndexByte(value, 'j') < 0 && bytes.IndexByte(value, 'J') < 0 {
		return false
	}
	rest, more := value, true
	for more {
		var elem []byte
		elem, rest, more = element(rest)
		if isMediaType(elem, name) {
			return true
		}
	}
	return false
}

// isMediaType reports whether b is the media type name, with or without parameters (RFC 9110 §8.3.1).
func isMediaType(b []byte, name string) bool {
	if len(b) < len(name) || !isWord(b[:len(name)], name) {
		return false
	}
	return len(b) == len(name) || b[len(name)] == ';' || isSpace(b[len(name)])
}
