package httpparse

import "math"

// number reads 1*DIGIT. Never use strconv for bytes from a connection, because it accepts signs and underscores.
func number(b []byte) (n int64, notNumber, tooLarge bool) {
	for _, c := range b {
		d := int64(c - '0')
		if d > 9 {
			return 0, true, false
		}
		// After an overflow the rest is still checked: "not a number" is the worse flaw.
		tooLarge = tooLarge || n >= math.MaxInt64/10 && (n > math.MaxInt64/10 || d > math.MaxInt64%10)
		n = n*10 + d
	}
	return n, len(b) == 0, tooLarge
}

// contentLength reads the value of a Content-Length (RFC 9110 §8.6).
func contentLength(value []byte) (int64, *flaw) {
	n, notNumber, tooLarge := number(value)
	switch {
	case notNumber:
		return 0, lengthNotNumber
	case tooLarge:
		return 0, lengthTooLarge
	}
	return n, nil
}

// transferEncoding judges the value of a Transfer-Encoding (RFC 9112 §6.1). It returns nil for exactly "chunked", in any
// case. A value that is clearly another coding is codingUnknown. A value that another reader could take for chunked is
// codingMalformed. at is where in the value the flaw is.
func transferEncoding(value []byte) (_ *flaw, at int) {
	if isWord(value, "chunked") {
		return nil, 0
	}
	rest, more := value, true
	for first := true; more; first = false {
		at = skipSpace(value, len(value)-len(rest))
		var coding []byte
		coding, rest, more = element(rest)
		if end := scanToken(coding, 0); len(coding) == 0 || end != len(coding) {
			return codingMalformed, at + end
		}
		if isWord(coding, "chunked") {
			if first {
				return codingMalformed, skipSpace(value, at+len("chunked")) // the list goes on where it has to end
			}
			continue
		}
		if nearChunked(coding) {
			return codingMalformed, at
		}
	}
	return codingUnknown, 0
}

// nearChunked reports whether b contains "chunk", in any case.
func nearChunked(b []byte) bool {
	const near = "chunk"
	for i := 0; i+len(near) <= len(b); i++ {
		if isWord(b[i:i+len(near)], near) {
			return true
		}
	}
	return false
}
