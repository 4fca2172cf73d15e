package httpparse

import (
	"bytes"
	"slices"
	"strings"
)

// An excerpt has at most excerptMost characters. Of those up to excerptAfter stand after the byte that is wrong, if there are more than
// fit before it.
const (
	excerptMost  = 80
	excerptAfter = 30
	cut          = "…" // stands for what does not fit; no byte of a line is shown as it is
	masked       = "***"
)

// Excerpt shows the line that is wrong: the line, with bytes that are not printable ASCII escaped (\r \n \t \\ \x00), at most 80
// characters of it, and under it a caret below the byte at Offset:
//
//	Host : a\r\n
//	    ^
//
// buf begins with the first byte of the head, or of the body, and has the byte at Offset. If secrets is not nil, it finds in buf what is
// not to be shown, in order: buf[s[0]:s[1]] for each of them. That is shown as ***, except for the byte at Offset. Excerpt allocates.
func (r *Refusal) Excerpt(buf []byte, secrets func(buf []byte) [][2]int) (line, caret string) {
	at := min(r.Offset, len(buf))
	l := shownLine{buf: buf, start: 1 + bytes.LastIndexByte(buf[:at], '\n'), end: len(buf), at: at}
	if i := bytes.IndexByte(buf[at:], '\n'); i >= 0 {
		l.end = at + i + 1
	}
	if secrets != nil {
		l.hide(secrets(buf))
	}
	return l.show()
}

// Excerpt shows the chunk line, or the line of the trailer section, for which Next has refused the body: see Refusal.Excerpt. src is what
// Next was given then. Of chunk-data that stands where its end should be, only the byte that is wrong is shown, and a CR in front of it.
func (c *Chunks) Excerpt(src []byte, secrets func(buf []byte) [][2]int) (line, caret string) {
	before := c.line[:c.lineLen]
	at := len(before) + c.refusal.Offset - c.offset
	buf := append(slices.Clone(before), src...)
	if c.refusal.Rule == chunkNotEnded.rule {
		// All of buf may be chunk-data, also what follows the byte: it may be that only the size is wrong.
		from := at
		if at > 0 && buf[at-1] == '\r' {
			from--
		}
		buf, at = buf[from:min(at+1, len(buf))], at-from
	}
	r := Refusal{Offset: at}
	return r.Excerpt(buf, secrets)
}

// Mark puts the line and the caret of an Excerpt into one line, for a log: "Host‹ ›: a\r\n". No other part of an excerpt has these marks.
func Mark(line, caret string) string {
	at := max(0, len(caret)-1)
	if strings.HasPrefix(line, cut) && at > 0 {
		at += len(cut) - 1
	}
	if at >= len(line) {
		return line
	}
	end := at + 1
	switch {
	case strings.HasPrefix(line[at:], `\x`):
		end = at + len(`\x00`)
	case line[at] == '\\':
		end = at + len(`\r`)
	}
	return line[:at] + "‹" + line[at:end] + "›" + line[end:]
}

// remember keeps the end of a line of framing that src, which was read whole, leaves incomplete.
func (c *Chunks) remember(src []byte) {
	if i := bytes.LastIndexByte(src, '\n'); i >= 0 {
		src, c.lineLen = src[i+1:], 0
	}
	if keep := max(0, len(c.line)-len(src)); int(c.lineLen) > keep {
		c.lineLen = uint8(copy(c.line[:], c.line[int(c.lineLen)-keep:c.lineLen]))
	}
	c.lineLen += uint8(copy(c.line[c.lineLen:], src[max(0, len(src)-len(c.line)):]))
}

// shownLine is a line that an excerpt shows: buf[start:end].
type shownLine struct {
	buf        []byte
	start, end int
	at         int    // the byte that is wrong
	hidden     []Span // the parts that are shown as ***, in order; none has the byte at at
}

// hide hides the parts of the line that are secrets, except for the byte that is wrong.
func (l *shownLine) hide(secrets [][2]int) {
	for _, s := range secrets {
		start, end := max(s[0], l.start), min(s[1], l.end)
		for _, s := range [...][2]int{{start, min(end, l.at)}, {max(start, l.at+1), end}} {
			if s[0] < s[1] {
				l.hidden = append(l.hidden, Span{uint32(s[0]), uint32(s[1])})
			}
		}
	}
}

// show returns the line as text, and the caret.
func (l *shownLine) show() (line, caret string) {
	after := l.words(l.at, +1)
	most := excerptMost - min(width(after), excerptAfter)
	left := fit(l.words(l.at, -1), most)
	right := fit(after, excerptMost-width(left))
	slices.Reverse(left)
	return strings.Join(left, "") + strings.Join(right, ""), strings.Repeat(" ", width(left)) + "^"
}

// words returns how the bytes from i on are shown, going forwards or with step -1 backwards, up to a little more than fit.
func (l *shownLine) words(i, step int) (words []string) {
	for sum := 0; sum <= excerptMost; {
		var word string
		if word, i = l.word(i, step); word == "" {
			break
		}
		words = append(words, word)
		sum += len(word)
	}
	return words
}

// word returns how the byte at i, or in front of it, is shown, or the hidden part that it is in; and where the next begins. It returns
// "" at the end of the line.
func (l *shownLine) word(i, step int) (string, int) {
	at := i
	if step < 0 {
		at--
	}
	if at < l.start || at >= l.end {
		return "", i
	}
	for _, s := range l.hidden {
		switch {
		case at < int(s.Start) || at >= int(s.End):
		case step > 0:
			return masked, int(s.End)
		default:
			return masked, int(s.Start)
		}
	}
	return Escape(l.buf[at]), i + step
}

// fit returns as many of words as have the width most, with a sign for those that are left out.
func fit(words []string, most int) []string {
	if width(words) <= most {
		return words
	}
	n, sum := 0, 1
	for sum+len(words[n]) <= most {
		sum += len(words[n])
		n++
	}
	return append(words[:n:n], cut)
}

// width returns how many characters words have.
func width(words []string) (n int) {
	for _, word := range words {
		if word == cut {
			n++
			continue
		}
		n += len(word)
	}
	return n
}

// Escape returns how a byte is shown to people: as it is, or as \r, \n, \t, \\ or \x00, so that it does nothing to a terminal.
func Escape(c byte) string {
	const digits = "0123456789abcdef"
	switch {
	case c == '\r':
		return `\r`
	case c == '\n':
		return `\n`
	case c == '\t':
		return `\t`
	case c == '\\':
		return `\\`
	case c < ' ' || c > '~':
		return `\x` + digits[c>>4:c>>4+1] + digits[c&15:c&15+1]
	}
	return string(rune(c))
}
