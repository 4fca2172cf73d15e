package config

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"tenfour/source"
)

// DefaultFile is the configuration file that is read when it is there and --config names no other.
const DefaultFile = "tenfour.toml"

// largestFile is how many bytes a configuration may have.
const largestFile = 1 << 20

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
	var p unstable.Parser
	p.Reset(f.text)
	root = &node{at: f.place(0), kind: table}
	current := root
	for p.NextExpression() {
		switch e := p.Expression(); e.Kind {
		case unstable.Table:
			current = f.open(root, e.Key(), false)
		case unstable.ArrayTable:
			current = f.open(root, e.Key(), true)
		case unstable.KeyValue:
			f.read(current, e, bad)
		}
	}
	// What the parser does not see, such as a key that stands twice, decoding does.
	err := toml.Unmarshal(f.text, &map[string]any{})
	var wrong *toml.DecodeError
	if errors.As(err, &wrong) {
		line, col := wrong.Position()
		at := place{file: f.name, line: line, col: col}
		if !slices.ContainsFunc(*bad, func(p problem) bool { return p.at == at }) {
			bad.add(problem{at, f.key(line, col), inWords(wrong)})
		}
	} else if err != nil {
		bad.add(problem{f.place(0), "", err.Error()})
	}
	return root, err == nil
}

// key is the key whose value is at a place, if it stands on the same line. What is no plain key may be the middle of a value,
// which is not to be shown.
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

// inWords is what the decoder says, with help for who leaves the quotes away.
func inWords(err *toml.DecodeError) string {
	say := strings.TrimPrefix(err.Error(), "toml: ")
	for _, sign := range []string{"at start of value", "expected keyword", "strings must be quoted"} {
		if strings.Contains(say, sign) {
			return say + `; text stands in quotes: "…"`
		}
	}
	return say
}

// open returns the table that a header such as [route.timeouts] or [[route]] opens.
func (f *file) open(root *node, key unstable.Iterator, another bool) *node {
	t := root
	for key.Next() {
		k := key.Node()
		at := f.place(int(k.Raw.Offset))
		m := t.byKey[string(k.Data)]
		switch {
		case key.IsLast() && another && m == nil:
			t.put(string(k.Data), at, &node{at: at, kind: array})
			fallthrough
		case key.IsLast() && another:
			list := t.byKey[string(k.Data)].value
			t = &node{at: at, kind: table}
			list.items = append(list.items, t)
			return t
		case m == nil:
			t.put(string(k.Data), at, &node{at: at, kind: table})
			t = t.byKey[string(k.Data)].value
		default:
			t = m.value.lastTable()
		}
	}
	return t
}

// lastTable is the table that a name in a header leads to. What is none is a mistake that decoding reports.
func (n *node) lastTable() *node {
	if n.kind == array && len(n.items) > 0 {
		n = n.items[len(n.items)-1]
	}
	if n.kind != table {
		return &node{at: n.at, kind: table}
	}
	return n
}

// read puts a line such as a.b = 1 into a table.
func (f *file) read(t *node, e *unstable.Node, bad *problems) {
	key := e.Key()
	for key.Next() {
		k := key.Node()
		at := f.place(int(k.Raw.Offset))
		if !key.IsLast() {
			if t.byKey[string(k.Data)] == nil {
				t.put(string(k.Data), at, &node{at: at, kind: table})
			}
			t = t.byKey[string(k.Data)].value.lastTable()
			continue
		}
		if first := t.byKey[string(k.Data)]; first != nil {
			bad.add(problem{at, quoteKey(string(k.Data)), fmt.Sprintf("it stands there twice, first in line %d", first.at.line)})
			continue
		}
		value := int(k.Raw.Offset + k.Raw.Length)
		for value < len(f.text) && strings.IndexByte(" \t=", f.text[value]) >= 0 {
			value++
		}
		t.put(string(k.Data), at, f.value(e.Value(), f.place(value), bad))
	}
}

// value makes a node of what stands behind a key, or in an array.
func (f *file) value(v *unstable.Node, at place, bad *problems) *node {
	n := &node{at: at, raw: string(f.text[v.Raw.Offset : v.Raw.Offset+v.Raw.Length]), text: string(v.Data)}
	if v.Raw.Length > 0 {
		n.at = f.place(int(v.Raw.Offset))
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
			n.items = append(n.items, f.value(items.Node(), at, bad))
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
