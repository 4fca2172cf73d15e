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
	named   string // "route[2].workers", "--workers"; "" for what is within a value
	outer   *node  // the table or array that it is in; nil for none
	key     string // in that table
	kind    kind
	text    string             // of a scalar, without its quotes
	raw     string             // of a scalar, as written
	items   []*node            // of an array
	members []*member          // of a table, in their order
	byKey   map[string]*member // the same, when they are many
	made    making
	secret  bool // it is not to be shown
	wrong   bool // it is not valid: that was reported
}

// member is a key of a table with its value.
type member struct {
	key   string
	at    place // of the key
	value *node
}

// making is how a table or an array was written, which says what may be added to it (TOML 1.0).
type making int8

const (
	asValue  making = iota // after an equals sign: nothing
	byDots                 // by a key such as a.b: keys of the same kind
	between                // by [a.b], where it is a: anything
	byHeader               // by [a]: keys, and tables within it
	byTables               // by [[a]]: further tables
)

// few is how many members a table has before it needs a map.
const few = 8

// get returns the member of a key, or nil.
func (n *node) get(key []byte) *member {
	if n.byKey != nil {
		return n.byKey[string(key)]
	}
	for _, m := range n.members {
		if m.key == string(key) {
			return m
		}
	}
	return nil
}

// put adds a member to a table.
func (n *node) put(key string, at place, value *node) *node {
	m := &member{key, at, value}
	value.outer, value.key = n, key
	n.members = append(n.members, m)
	switch {
	case n.byKey != nil:
		n.byKey[key] = m
	case len(n.members) > few:
		n.byKey = map[string]*member{}
		for _, m := range n.members {
			n.byKey[m.key] = m
		}
	}
	return value
}

// append adds an item to an array.
func (n *node) append(item *node) *node {
	item.outer = n
	n.items = append(n.items, item)
	return item
}

// name is how errors call a value: "route[2].workers", "--workers". An item of an array goes by the name of the array.
func (n *node) name() string {
	switch {
	case n.named != "" || n.outer == nil:
		return n.named
	case n.outer.kind == array:
		return n.outer.name()
	}
	return n.outer.name() + "." + quoteKey(n.key)
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

// size is how many texts a value has in it.
func (n *node) size() int {
	size := 1
	for _, item := range n.items {
		size += item.size()
	}
	for _, m := range n.members {
		size += m.value.size()
	}
	return size
}

// shown is how an error names a value: `workers = "many"` or "--workers many". Credentials are left out.
func (n *node) shown() string {
	if n.secret || n.kind == array || n.kind == table {
		return n.name()
	}
	const most = 80
	if len(n.raw) > 10*most {
		return n.name()
	}
	raw := masked(n.raw)
	if len(raw) > most || strings.ContainsFunc(raw, isControl) {
		return n.name()
	}
	if n.kind == given {
		return strings.TrimSuffix(n.name()+" "+raw, " ")
	}
	return n.name() + " = " + raw
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
