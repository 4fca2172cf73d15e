package config

import "strings"

// kind is what a value looks like where it was written.
type kind int

const (
	given  kind = iota // a flag's text
	quoted             // text in a file
	number             // a number in a file
	array
	table
	other // true, false, dates
)

// node is a value as it was written. Nothing changes it once it was read.
type node struct {
	at      place
	name    string // "route[2].workers", "--workers"
	kind    kind
	text    string    // of a scalar, without its quotes
	raw     string    // of a scalar, as written
	items   []*node   // of an array
	members []*member // of a table, in their order
	byKey   map[string]*member
	secret  bool // it is not to be shown
	wrong   bool // it cannot be: that was reported
}

// member is a key of a table with its value.
type member struct {
	key   string
	at    place // of the key
	value *node
}

// put adds a member to a table.
func (n *node) put(key string, at place, value *node) {
	m := &member{key, at, value}
	if n.byKey == nil {
		n.byKey = map[string]*member{}
	}
	n.byKey[key] = m
	n.members = append(n.members, m)
}

// item is where the i-th text of a list was written: a single text may stand for an array of one.
func (n *node) item(i int) *node {
	if n.kind == array && i < len(n.items) {
		return n.items[i]
	}
	return n
}

// texts is what a list's value consists of: the items of an array, or a single text.
func (n *node) texts() []*node {
	if n.kind == array {
		return n.items
	}
	return []*node{n}
}

// shown is how an error names a value: `workers = "many"` or "--workers many". Credentials are left out.
func (n *node) shown() string {
	if n.secret || n.kind == array || n.kind == table {
		return n.name
	}
	const most = 80
	raw := masked(n.raw)
	if len(raw) > most || strings.ContainsFunc(raw, isControl) {
		return n.name
	}
	if n.kind == given {
		return strings.TrimSuffix(n.name+" "+raw, " ")
	}
	return n.name + " = " + raw
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// masked is text with what stands before the host of a URL left out: a password may be there.
func masked(text string) string {
	end := strings.LastIndexByte(text, '@')
	if end < 0 {
		return text
	}
	if start := strings.Index(text, "://"); start >= 0 && start < end {
		return text[:start+3] + "***" + text[end:]
	}
	if strings.IndexByte(text[:end], ':') < 0 { // no user:password
		return text
	}
	quote := ""
	if strings.HasPrefix(text, `"`) || strings.HasPrefix(text, "'") {
		quote = text[:1]
	}
	return quote + "***" + text[end:]
}
