package explain

import (
	"slices"
	"strings"
)

// Change is something that differs between the head that came and the one that tenfour sent on, or a field that does not.
type Change struct {
	Did     Did    `json:"did"`
	Name    string `json:"name"`          // of the field, as it was written; of the start-line: "method", "request-target", "version", "status" or "reason"
	Value   string `json:"value"`         // that was sent; of a field that was removed, the one that came. As Bytes: a character is a byte
	Was     string `json:"was,omitempty"` // the one that came, of what was changed
	Why     string `json:"why,omitempty"` // "" for what goes on as it came
	Section string `json:"section,omitempty"`
}

// Did is what tenfour did to a field.
type Did string

// What tenfour does.
const (
	Kept    Did = "kept"
	Changed Did = "changed"
	Removed Did = "removed"
	Added   Did = "added"
)

// Changes compares the head of a message that came with the one that tenfour sent for it: a client's request with what a backend got,
// or a backend's response with what the client got. Those that came are first, in their order, then what was added.
// It needs nothing but the two heads, so it can be asked long after the exchange. A head that ends in its middle is compared as far as
// it goes.
func Changes(in, out []byte) []Change {
	came, sent := readHead(in), readHead(out)
	changes := startLineChanges(came, sent)
	matched := make([]bool, len(sent.lines))
	for _, line := range came.lines {
		i := sent.match(line, matched)
		switch {
		case i < 0:
			c := Change{Did: Removed, Name: line.name, Value: line.value}
			c.Why, c.Section = came.whyRemoved(line, sent)
			changes = append(changes, c)
			continue
		case sent.lines[i].value == line.value:
			changes = append(changes, Change{Did: Kept, Name: line.name, Value: line.value})
		default:
			c := Change{Did: Changed, Name: line.name, Value: sent.lines[i].value, Was: line.value}
			c.Why, c.Section = came.whyChanged(line, sent.lines[i].value)
			changes = append(changes, c)
		}
		matched[i] = true
	}
	for i, line := range sent.lines {
		if !matched[i] {
			c := Change{Did: Added, Name: line.name, Value: line.value}
			c.Why, c.Section = came.whyAdded(line, sent)
			changes = append(changes, c)
		}
	}
	return changes
}

// match returns which line that was sent, and is not matched yet, line became: one with the same value if there is one. It is -1 for none.
func (h *head) match(line fieldLine, matched []bool) int {
	same := func(value bool) int {
		i := 0
		return slices.IndexFunc(h.lines, func(l fieldLine) bool {
			i++
			return !matched[i-1] && strings.EqualFold(l.name, line.name) && (!value || l.value == line.value)
		})
	}
	if i := same(true); i >= 0 {
		return i
	}
	if strings.EqualFold(line.name, "Via") { // tenfour adds a line of its own, and changes none
		return -1
	}
	return same(false)
}

// startLineChanges compares the start-lines.
func startLineChanges(came, sent *head) (changes []Change) {
	names := [...]string{"method", "request-target", "version"}
	if came.what == Response {
		names = [...]string{"version", "status", "reason"}
	}
	for i, name := range names {
		was, is := came.start[i], sent.start[i]
		c := Change{Did: Kept, Name: name, Value: is}
		if was != is {
			c.Did, c.Was = Changed, was
			c.Why, c.Section = whyStartChanged(name, was)
		}
		changes = append(changes, c)
	}
	return changes
}

// whyStartChanged says why a part of the start-line is another one.
func whyStartChanged(name, was string) (why, section string) {
	switch {
	case name == "version":
		return "tenfour speaks HTTP/1.1, whatever came", "RFC 9112 §2.3"
	case name == "request-target" && !strings.HasPrefix(was, "/"):
		return "absolute-form goes on in origin-form", "RFC 9112 §3.2.2"
	case name == "request-target":
		return "the route takes a prefix or a parameter off", ""
	case name == "reason":
		return "control bytes and further spaces are left out", "RFC 9112 §4"
	}
	return "", ""
}
