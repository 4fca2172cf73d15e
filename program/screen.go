package program

import (
	"io"
	"os"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/term"
)

// screen is where people, or programs, read what a command writes.
type screen struct {
	io.Writer
	terminal bool
	columns  int // of a terminal, or as many as it takes elsewhere
}

// screenOf looks whether w is a terminal, and how wide it is.
func screenOf(w io.Writer) screen {
	s := screen{Writer: w, columns: 1 << 16}
	f, ok := w.(*os.File)
	if !ok {
		return s
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return s
	}
	raw.Control(func(fd uintptr) {
		if s.terminal = term.IsTerminal(int(fd)); !s.terminal {
			return
		}
		s.columns = 80
		if width, _, err := term.GetSize(int(fd)); err == nil && width > 0 {
			s.columns = width
		}
	})
	return s
}

// colours reports whether what is written may have colours: on a terminal that has them, unless NO_COLOR says otherwise.
func (s screen) colours() bool {
	return s.terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// visible is text that changes nothing on a terminal but to be read there: a backend, or a client, may have written it.
func visible(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		return text
	}
	var out strings.Builder
	for _, r := range text {
		if unicode.IsPrint(r) {
			out.WriteRune(r)
			continue
		}
		out.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
	}
	return out.String()
}

// fitted is text in at most so many columns, cut with a sign.
func fitted(text string, columns int) string {
	runes := []rune(text)
	if len(runes) <= columns {
		return text
	}
	if columns < 1 {
		return ""
	}
	return string(runes[:columns-1]) + "…"
}
