package config

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"

	"tenfour/source"
)

// DefaultFile is the configuration file that is read when it is there and --config names no other.
const DefaultFile = "tenfour.toml"

// file is a configuration file as it was written.
type file struct {
	name  string
	text  []byte
	lines []int // where each line begins
}

// openFile reads the file that was asked for; name is empty when none was. It returns nil when there is none.
func openFile(name string) (*file, error) {
	asked := name != ""
	if !asked {
		name = DefaultFile
	}
	text, err := source.FileOrPipe(name, largestFile)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !asked:
		return nil, nil
	case err != nil:
		return nil, err
	}
	return newFile(name, text), nil
}

// cause is what the system said of a file, without the file's name.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func newFile(name string, text []byte) *file {
	f := &file{name: name, text: text, lines: []int{0}}
	for i, c := range text {
		if c == '\n' {
			f.lines = append(f.lines, i+1)
		}
	}
	return f
}

// place is where the byte at offset is.
func (f *file) place(offset int) place {
	line, exact := slices.BinarySearch(f.lines, offset)
	if !exact {
		line--
	}
	return place{file: f.name, line: line + 1, col: offset - f.lines[line] + 1}
}

// parse reads the file into a table. When it is not TOML, that is reported, and the table has what stands before the mistake.
func (f *file) parse(bad *problems) (root *node, isTOML bool) {
	root = &node{at: f.place(0), kind: table, made: byHeader}
	if f.outOfBounds(bad) {
		return root, false
	}
	var p unstable.Parser
	p.Reset(f.text)
	before := bad.found
	current := root
	for current != nil && p.NextExpression() {
		switch e := p.Expression(); e.Kind {
		case unstable.Table:
			current = f.open(root, e.Key(), false, bad)
		case unstable.ArrayTable:
			current = f.open(root, e.Key(), true, bad)
		case unstable.KeyValue:
			f.read(current, e, bad)
		}
	}
	var wrong *unstable.ParserError
	if err := p.Error(); errors.As(err, &wrong) {
		at := f.place(f.offset(wrong.Highlight))
		bad.add(problem{at, f.key(at.line, at.col), inWords(wrong.Message)})
	} else if err != nil {
		bad.add(problem{f.place(0), "", err.Error()})
	}
	return root, bad.found == before
}

// offset is where a part of the file's text is. The parser's errors have it as a slice.
func (f *file) offset(part []byte) int { return max(min(cap(f.text)-cap(part), len(f.text)), 0) }

// key returns the key of the value at a place, if it stands on the same line. Text that is no plain key may be the middle of a value,
// which must not be shown.
func (f *file) key(line, col int) string {
	from := f.lines[line-1]
	before := string(f.text[:from])
	key, _, found := strings.Cut(string(f.text[from:from+col-1]), "=")
	key = strings.TrimSpace(key)
	plain := strings.ReplaceAll(key, ".", "")
	inText := strings.Count(before, `"""`)%2+strings.Count(before, "'''")%2 > 0
	if !found || inText || quoteKey(plain) != plain {
		return ""
	}
	return key
}

// inWords is what the parser says, with help for a text without its quotes.
func inWords(say string) string {
	for _, sign := range []string{"at start of value", "expected keyword", "strings must be quoted"} {
		if strings.Contains(say, sign) {
			return say + `; text stands in quotes: "…"`
		}
	}
	return say
}

// open returns the table that a header such as [route.timeouts] or [[route]] opens. It is nil if there cannot be such a table here,
// which is reported.
func (f *file) open(root *node, key unstable.Iterator, another bool, bad *problems) *node {
	t := root
	for key.Next() {
		k := key.Node()
		at := f.place(int(k.Raw.Offset))
		m := t.get(k.Data)
		say := ""
		switch {
		case !key.IsLast():
			t, say = middleTable(t, m, string(k.Data), at)
		case another:
			t, say = nextTable(t, m, string(k.Data), at)
		default:
			t, say = onlyTable(t, m, string(k.Data), at)
		}
		if say != "" {
			bad.add(problem{at, "", clipped(string(k.Data)) + " " + say})
			return nil
		}
	}
	return t
}

// middleTable is the table that a name in the middle of a header leads to; or what is in its way.
func middleTable(t *node, m *member, key string, at place) (*node, string) {
	switch {
	case m == nil:
		return t.put(key, at, &node{at: at, kind: table, made: between}), ""
	case m.value.made == asValue:
		return nil, "is a value already, and has no tables"
	}
	return m.value.lastTable(), ""
}

// nextTable is another table of an array of them, [[key]]; or what is in its way.
func nextTable(t *node, m *member, key string, at place) (*node, string) {
	if m == nil {
		t.put(key, at, &node{at: at, kind: array, made: byTables})
		m = t.members[len(t.members)-1]
	}
	if m.value.made != byTables {
		return nil, "stands there already, and not as [[…]]"
	}
	return m.value.append(&node{at: at, kind: table, made: byHeader}), ""
}

// onlyTable is a table that a header opens, [key]; or what is in its way.
func onlyTable(t *node, m *member, key string, at place) (*node, string) {
	switch {
	case m == nil:
		return t.put(key, at, &node{at: at, kind: table, made: byHeader}), ""
	case m.value.made == between:
		m.value.made = byHeader
		return m.value, ""
	}
	return nil, fmt.Sprintf("stands there twice, first in line %d", m.at.line)
}

// lastTable is the table that a name leads to: the last one of an array of tables.
func (n *node) lastTable() *node {
	if n.made == byTables {
		return n.items[len(n.items)-1]
	}
	return n
}

// read puts a line such as a.b = 1 into a table.
func (f *file) read(t *node, e *unstable.Node, bad *problems) {
	key := e.Key()
	for key.Next() {
		k := key.Node()
		at := f.place(int(k.Raw.Offset))
		m := t.get(k.Data)
		switch {
		case m != nil && (key.IsLast() || m.value.made != byDots):
			bad.add(problem{at, quoteKey(string(k.Data)), fmt.Sprintf("it stands there twice, first in line %d", m.at.line)})
			return
		case m != nil:
			t = m.value
		case !key.IsLast():
			t = t.put(string(k.Data), at, &node{at: at, kind: table, made: byDots})
		default:
			t.put(string(k.Data), at, f.value(e.Value(), f.place(f.after(k)), bad))
		}
	}
}

// after returns where the value of a key begins.
func (f *file) after(key *unstable.Node) int {
	at := int(key.Raw.Offset + key.Raw.Length)
	for at < len(f.text) && strings.IndexByte(" \t=", f.text[at]) >= 0 {
		at++
	}
	return at
}

// value makes a node of a value after a key, or in an array.
func (f *file) value(v *unstable.Node, at place, bad *problems) *node {
	n := &node{at: at}
	if v.Raw.Length > 0 {
		n.at = f.place(int(v.Raw.Offset))
	}
	switch v.Kind {
	case unstable.Array, unstable.InlineTable:
	default:
		n.raw, n.text = string(f.text[v.Raw.Offset:v.Raw.Offset+v.Raw.Length]), string(v.Data)
	}
	switch v.Kind {
	case unstable.String:
		n.kind = quoted
	case unstable.Integer, unstable.Float:
		n.kind = number
		if i, err := strconv.ParseInt(n.text, 0, 64); err == nil { // 1_000, 0x10, +5
			n.text = fmt.Sprint(i)
		}
	case unstable.Array:
		n.kind = array
		for items := v.Children(); items.Next(); {
			n.append(f.value(items.Node(), at, bad))
		}
	case unstable.InlineTable:
		n.kind = table
		for lines := v.Children(); lines.Next(); {
			f.read(n, lines.Node(), bad)
		}
	default:
		n.kind = other
	}
	return n
}
