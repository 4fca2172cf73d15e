package httpparse

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// Heads are scanned eight bytes at a time. Each …Stops function marks bytes of a word by setting their highest bit. The
// lowest mark is always right. Marks above it may be wrong, because a subtraction borrows upwards.

const (
	ones   = 0x0101010101010101
	highs  = 0x80 * ones
	spaces = 0x20 * ones
)

// load64 returns the eight bytes of b from i on, the first byte lowest. The caller has checked that they are in b.
func load64(b []byte, i int) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i))[:])
}

// firstMark returns the index in its word of the lowest mark.
func firstMark(marks uint64) int { return bits.TrailingZeros64(marks) >> 3 }

// valueStops marks the control bytes: below 0x20, and 0x7f.
func valueStops(w uint64) uint64 {
	return ((w - 0x20*ones) | (w&^highs + ones)) &^ w & highs
}

// targetStops marks the control bytes, SP and '#'.
func targetStops(w uint64) uint64 {
	return ((w - 0x21*ones) | (w&^highs + ones) | ((w ^ '#'*ones) - ones)) &^ w & highs
}

// nameStops marks all bytes but letters and '-'. A name may have other bytes, but they are rare; isToken judges them.
func nameStops(w uint64) uint64 {
	low := w &^ highs
	lower := low | spaces
	letter := (lower + (0x80-'a')*ones) &^ (lower + (0x7f-'z')*ones)
	notDash := (low ^ '-'*ones) + 0x7f*ones
	return (notDash&^letter | w) & highs
}

// hostStops marks all bytes but letters, digits, '-' and '.', of which nearly all hosts are made.
func hostStops(w uint64) uint64 {
	low := w &^ highs
	lower := low | spaces
	letter := (lower + (0x80-'a')*ones) &^ (lower + (0x7f-'z')*ones)
	dashToNine := (low + (0x80-'-')*ones) &^ (low + (0x7f-'9')*ones)
	notSlash := (low ^ '/'*ones) + 0x7f*ones
	return (^(letter | dashToNine&notSlash) | w) & highs
}

// scanValue returns the place of the first byte, from i on, that no field value may have: a control byte other than HTAB.
func scanValue(buf []byte, i int) int {
	for last := len(buf) - 8; ; i++ {
		for ; i <= last; i += 8 {
			if marks := valueStops(load64(buf, i)); marks != 0 {
				i += firstMark(marks)
				goto stopped
			}
		}
		for i < len(buf) && (buf[i] >= 0x20 && buf[i] != 0x7f) {
			i++
		}
		if i == len(buf) {
			return i
		}
	stopped:
		if buf[i] != '\t' {
			return i
		}
	}
}

// scanTarget returns the place of the first byte, from i on, that no request-target may have.
func scanTarget(buf []byte, i int) int {
	for last := len(buf) - 8; i <= last; i += 8 {
		if marks := targetStops(load64(buf, i)); marks != 0 {
			return i + firstMark(marks)
		}
	}
	for i < len(buf) && buf[i] > 0x20 && buf[i] != 0x7f && buf[i] != '#' {
		i++
	}
	return i
}

// scanToken returns the place of the first byte, from i on, that no token may have.
func scanToken(buf []byte, i int) int {
	for i < len(buf) && isToken(buf[i]) {
		i++
	}
	return i
}

// The classes of bytes: of what a byte may be a part.
const (
	classToken = 1 << iota // RFC 9110 §5.6.2
	classHost              // RFC 3986 §3.2.2 reg-name, without ',' and '%'
)

var classes = func() (t [256]uint8) {
	mark := func(set string, class uint8) {
		for i := range len(set) {
			t[set[i]] |= class
		}
	}
	const alphanumeric = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	mark(alphanumeric+"!#$%&'*+-.^_`|~", classToken)
	mark(alphanumeric+"-._~!$&'()*+;=", classHost)
	return t
}()

func isToken(c byte) bool { return classes[c]&classToken != 0 }

func isSpace(c byte) bool { return c == ' ' || c == '\t' }

func isDigit(c byte) bool { return c-'0' <= 9 }

func lower(c byte) byte {
	if c-'A' <= 'Z'-'A' {
		return c | 0x20
	}
	return c
}

// trim returns the span of buf[start:end] without the OWS around it. Only SP and HTAB are white space (RFC 9110 §5.6.3).
// Other parsers also trimmed 0x85 or 0xa0, and attackers hid transfer codings with them.
func trim(buf []byte, start, end int) Span {
	for start < end && isSpace(buf[start]) {
		start++
	}
	for end > start && isSpace(buf[end-1]) {
		end--
	}
	return Span{uint32(start), uint32(end)}
}

// skipSpace returns the place of the first byte, from i on, that is no SP and no HTAB.
func skipSpace(b []byte, i int) int {
	for i < len(b) && isSpace(b[i]) {
		i++
	}
	return i
}

// isWord reports whether b is word, in any case. word must be in lower case.
func isWord(b []byte, word string) bool {
	if len(b) != len(word) {
		return false
	}
	for i := range len(word) {
		if lower(b[i]) != word[i] {
			return false
		}
	}
	return true
}

// element cuts the first element off a list (RFC 9110 §5.6.1) and trims the OWS around it. more is false after the last.
func element(list []byte) (elem, rest []byte, more bool) {
	i := 0
	for i < len(list) && list[i] != ',' {
		i++
	}
	s := trim(list, 0, i)
	elem = list[s.Start:s.End]
	if i == len(list) {
		return elem, nil, false
	}
	return elem, list[i+1:], true
}
