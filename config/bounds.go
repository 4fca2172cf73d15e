package config

import (
	"bytes"
	"fmt"
)

// What a configuration may have. Below these bounds, reading one takes less than 100 MB of memory, and a time that grows with the
// size of the file.
const (
	largestFile  = 1 << 20 // bytes of the file
	deepest      = 16      // arrays and inline tables within each other, and parts of a key
	elementsMost = 100_000 // keys, values and tables in the file
	routesMost   = 20_000  // routes
	limitsMost   = 10_000  // limits
	backendsMost = 10_000  // backends of all routes; each has a pool of workers, which takes time and memory to make
	slotsMost    = 65_536  // workers of all backends; each is a goroutine
	workMost     = 500_000 // items of lists in all routes: those at the top of a file count for each route
	problemsMost = 100     // mistakes that are reported
)

// outOfBounds reports that a file has more, or is nested deeper, than it may. It looks at brackets, dots, commas and equals signs
// outside of texts and comments alone: so the parser, which builds all of a value before its first part can be counted, never sees
// such a file.
func (f *file) outOfBounds(bad *problems) bool {
	s := scanner{text: f.text}
	for s.at < len(s.text) {
		if say := s.next(); say != "" {
			bad.add(problem{f.place(s.at), "", say})
			return true
		}
	}
	return false
}

// scanner goes through a file in TOML, and counts what it has.
type scanner struct {
	text     []byte
	at       int // the next byte
	depth    int // brackets that are open
	parts    int // dots since the key or value began
	elements int
}

// next takes a byte, a text or a comment, and says what there is too much of.
func (s *scanner) next() string {
	switch c := s.text[s.at]; c {
	case '#':
		s.skipTo("\n")
	case '"', '\'':
		s.skipText(c)
	case '[', '{':
		s.depth++
		s.count()
	case ']', '}':
		s.depth = max(s.depth-1, 0)
		s.parts = 0
	case '.':
		s.parts++
		s.elements++
	case '=', ',':
		s.count()
	case '\n':
		s.parts = 0
	}
	switch {
	case s.depth > deepest:
		return fmt.Sprintf("more than %d arrays or tables are within each other here", deepest)
	case s.parts >= deepest:
		return fmt.Sprintf("a key has %d parts at most", deepest)
	case s.elements > elementsMost:
		return fmt.Sprintf("the file has more than %d keys, values and tables before this", elementsMost)
	}
	s.at++
	return ""
}

func (s *scanner) count() {
	s.elements++
	s.parts = 0
}

// skipTo goes to the last byte of the next end, or of the file.
func (s *scanner) skipTo(end string) {
	i := bytes.Index(s.text[s.at+1:], []byte(end))
	if i < 0 {
		s.at = len(s.text) - 1
		return
	}
	s.at += i + len(end)
}

// skipText goes to the last byte of the text that begins with a quote: of one line, or of several between three quotes.
func (s *scanner) skipText(quote byte) {
	three := bytes.Repeat([]byte{quote}, 3)
	if bytes.HasPrefix(s.text[s.at:], three) {
		s.at += 2
		for ; s.at < len(s.text)-1; s.at++ {
			rest := s.text[s.at+1:]
			switch {
			case rest[0] == '\\' && quote == '"':
				s.at++
			case bytes.HasPrefix(rest, three):
				s.at += 3
				return
			}
		}
		s.at = len(s.text) - 1
		return
	}
	for ; s.at < len(s.text)-1; s.at++ {
		switch c := s.text[s.at+1]; {
		case c == quote:
			s.at++
			return
		case c == '\n': // a mistake, of which the parser tells
			return
		case c == '\\' && quote == '"':
			s.at++
		}
	}
}
