package secret

import (
	"bytes"
	"strings"
)

// These are the fields whose values are secrets in parts.

// afterScheme returns where the credential begins in a value: after its scheme, if it has one (RFC 9110 §11.4).
func (s *search) afterScheme(from, to int) int {
	scheme := from
	for scheme < to && (isLetter(s.head[scheme]) || scheme > from && (s.head[scheme] == '-' || isDigit(s.head[scheme]))) {
		scheme++
	}
	const longest = 24 // SCRAM-SHA-256, AWS4-HMAC-SHA256: what is longer is no scheme
	rest := s.afterBlanks(scheme, to)
	if scheme-from > longest || rest == scheme || len(visible(s.head[rest:to])) == 0 {
		return from
	}
	return rest
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

// challenge notes the token of a challenge that has one in place of parameters: that of Negotiate is a credential of the server (RFC 4559 §5).
func (s *search) challenge(from, to int) bool {
	token := s.afterScheme(from, to)
	if token > from && !bytes.ContainsAny(bytes.TrimRight(s.head[token:to], "="), "=, ") {
		s.all(token, to)
		return false
	}
	s.text(from, to)
	return false
}

// cookies notes the values of cookies (RFC 6265 §4.2).
func (s *search) cookies(from, to int) bool {
	for from < to {
		end := s.next(from, to, ";")
		s.cookie(s.afterBlanks(from, end), end)
		from = end + 1
	}
	return true
}

// cookie notes the value of one. One without a name is a value.
func (s *search) cookie(from, to int) {
	if i := bytes.IndexByte(s.head[from:to], '='); i >= 0 {
		from += i + 1
	}
	s.all(from, to)
}

// next returns where the next of some bytes is, or to.
func (s *search) next(from, to int, of string) int {
	if i := bytes.IndexAny(s.head[from:to], of); i >= 0 {
		return from + i
	}
	return to
}

// newCookie notes the value of a cookie, and not its attributes (RFC 6265 §4.1). What is none of those may be another cookie, which an
// intermediary has joined with a comma, or a folded line.
func (s *search) newCookie(from, to int) bool {
	end := s.next(from, to, ";")
	s.cookie(from, end)
	for from = end + 1; from < to; from = end + 1 {
		end = s.next(from, to, ";")
		s.attribute(s.afterBlanks(from, end), end)
	}
	return true
}

// attributes are those of cookies. RFC 6265bis §5.6 has the newer ones.
const attributes = " expires max-age domain path secure httponly samesite partitioned priority version comment "

func (s *search) attribute(from, to int) {
	name, value, _ := bytes.Cut(s.head[from:to], []byte("="))
	known := strings.Contains(attributes, " "+string(bytes.ToLower(bytes.TrimSpace(name)))+" ")
	comma := bytes.IndexByte(value, ',')
	switch joined := bytes.IndexByte(value, '=') >= 0; { // Expires has a comma too
	case !known:
		s.cookie(from, to)
	case comma >= 0 && joined:
		s.all(to-len(value)+comma+1, to)
	default:
		s.text(from, to)
	}
}

// protocols notes those of a WebSocket that are no names of protocols: a page can send no other field, so it is there that many put a token.
func (s *search) protocols(from, to int) bool {
	announced := false // by the one before it
	for from < to {
		end := s.next(from, to, ",")
		at := s.afterBlanks(from, end)
		word := bytes.TrimRight(s.head[at:end], " \t")
		const longest = 24
		named := IsIn(string(word))
		if announced || len(word) > longest || named && bytes.ContainsAny(word, ".=:~|") {
			s.all(at, at+len(word))
		}
		announced = named
		from = end + 1
	}
	return false
}
