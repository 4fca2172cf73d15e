package explain

import "strings"

// The colours of a terminal: select graphic rendition of ECMA-48 §8.3.117. A kind without one has the terminal's own.
var colours = [len(kindNames)]string{
	Method: "1;35", Target: "1", Version: "2", Status: "1;35", Reason: "2", Name: "36", Colon: "2", LineEnd: "2", Content: "32", ChunkSize: "33",
	ChunkExtension: "2;33", ChunkData: "32", LastChunk: "33", TrailerName: "36", Tunnel: "32", Wrong: "1;41;37", Unread: "2",
}

// paint writes units, each in its colour, and returns how wide they are.
func (p *Page) paint(to *strings.Builder, units []unit) (used int) {
	on := ""
	for _, u := range units {
		if code := colours[u.kind]; p.Colour && code != on {
			to.WriteString("\x1b[0")
			if code != "" {
				to.WriteString(";" + code)
			}
			to.WriteString("m")
			on = code
		}
		to.WriteString(u.text)
		used += len([]rune(u.text))
	}
	if on != "" {
		to.WriteString("\x1b[0m")
	}
	return used
}

func (p *Page) bold(text string) string { return p.coloured("1", text) }
func (p *Page) red(text string) string  { return p.coloured("1;31", text) }

func (p *Page) coloured(code, text string) string {
	if !p.Colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
