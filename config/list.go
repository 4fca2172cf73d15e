package config

import (
	"errors"
	"strings"
)

// list is a value of several texts: in a file an array, or a single text.
type list struct {
	wants  string // of each
	least  int    // how many there must be
	commas bool   // a flag's text may be several
	clear  func()
	add    func(text string) error
	texts  func() []string
}

func (l list) set(n *node, bad *problems) {
	l.clear()
	if n.kind == array && len(n.items) < l.least {
		bad.of(n, "write %s", l.wants)
	}
	for _, item := range n.texts() {
		err := errOther
		if item.kind == quoted || item.kind == given {
			err = l.add(item.text)
		}
		switch {
		case err == errOther:
			bad.of(item, "write%s %s", quotes(item, false), l.wants)
		case err != nil:
			bad.of(item, "%v", err)
		}
	}
}

func (l list) toml() string {
	texts := l.texts()
	if len(texts) == 1 {
		return quote(texts[0])
	}
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = quote(text)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// wordList is a list of texts, each of which a check lets pass, and none twice.
func wordList(p *[]string, wants string, check func(string) error) list {
	return listOf(p, wants, func(text string) (string, error) { return text, check(text) }, func(s string) string { return s })
}

// listOf is a list of what parse makes of each text.
func listOf[T comparable](p *[]T, wants string, parse func(string) (T, error), format func(T) string) list {
	var known map[T]bool // of *p
	return list{
		wants: wants,
		clear: func() { *p, known = nil, map[T]bool{} },
		add: func(text string) error {
			v, err := parse(text)
			if err != nil {
				return err
			}
			if known[v] {
				return errors.New("named twice")
			}
			known[v] = true
			*p = append(*p, v)
			return nil
		},
		texts: func() []string {
			texts := make([]string, len(*p))
			for i, v := range *p {
				texts[i] = format(v)
			}
			return texts
		},
	}
}

// separated says that one text of a flag may hold several, with commas between them.
func (l list) separated() list {
	l.commas = true
	return l
}

// some says that there must be one at least.
func (l list) some() list {
	l.least = 1
	return l
}
