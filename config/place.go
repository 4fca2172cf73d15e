package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// place is where something was written: in a file, or as a flag. The zero place is nowhere, where defaults come from.
type place struct {
	file      string
	line, col int    // from 1; col counts bytes. Of a flag, line is its number among the settings
	flag      string // "--workers"; "flags" for the command line as a whole
}

// String is how an error begins: "tenfour.toml:12:9", or nothing for a flag, which names itself.
func (p place) String() string {
	if p.file == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d:%d", p.file, p.line, p.col)
}

// origin is how check names it: "default", "tenfour.toml:12" or "--workers".
func (p place) origin() string {
	switch {
	case p.flag != "":
		return p.flag
	case p.file != "":
		return fmt.Sprintf("%s:%d", p.file, p.line)
	}
	return "default"
}

// compare orders a file's places by line and column, and flags after them.
func (p place) compare(q place) int {
	if (p.flag == "") != (q.flag == "") {
		return strings.Compare(p.flag, q.flag)
	}
	return cmp.Or(cmp.Compare(p.line, q.line), cmp.Compare(p.col, q.col))
}

// problem is one thing that is wrong: where, with what, and what was expected.
type problem struct {
	at   place
	what string // `route[2].workers = "many"`, "--workers many"; "" for a file as a whole
	say  string // "write a number from 1 to 65536, or auto"
}

func (p problem) Error() string {
	parts := []string{p.at.String(), p.what, p.say}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ": ")
}

// problems is all that is wrong. It is an error of one line each, in the order of their places.
type problems []problem

// of adds what is wrong with a value.
func (ps *problems) of(n *node, format string, args ...any) {
	ps.add(problem{n.at, n.shown(), fmt.Sprintf(format, args...)})
}

func (ps *problems) add(p problem) {
	*ps = append(*ps, p)
}

// err is nil when nothing is wrong.
func (ps problems) err() error {
	if len(ps) == 0 {
		return nil
	}
	slices.SortFunc(ps, func(p, q problem) int {
		return cmp.Or(p.at.compare(q.at), strings.Compare(p.what, q.what), strings.Compare(p.say, q.say))
	})
	return slices.Compact(ps) // what stands at the top of a file is met once for each route
}

func (ps problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}
