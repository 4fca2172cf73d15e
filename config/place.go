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
	parts := []string{p.at.String(), clipped(p.what), clipped(p.say)}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ": ")
}

// clipped is the beginning of a text that is too long for a line.
func clipped(text string) string {
	const most = 400
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// problems is all that is wrong, or the first problemsMost of it. It is an error of one line each, in the order of their places.
type problems struct {
	list  []problem
	found int // how often add was called
	more  bool
}

// of adds what is wrong with a value.
func (ps *problems) of(n *node, format string, args ...any) {
	if ps.enough() {
		ps.found++
		return
	}
	ps.add(problem{n.at, n.shown(), fmt.Sprintf(format, args...)})
}

// add adds a problem, unless it is known already: what stands at the top of a file is met once for each route.
func (ps *problems) add(p problem) {
	ps.found++
	if !ps.enough() && !slices.Contains(ps.list, p) {
		ps.list = append(ps.list, p)
	}
}

// full reports whether no more problems are kept.
func (ps *problems) full() bool { return len(ps.list) == problemsMost }

// enough reports whether no more problems are kept, so that it is not worth looking for them.
func (ps *problems) enough() bool {
	ps.more = ps.more || ps.full()
	return ps.full()
}

// err is nil when nothing is wrong.
func (ps *problems) err() error {
	if len(ps.list) == 0 {
		return nil
	}
	slices.SortFunc(ps.list, func(p, q problem) int {
		return cmp.Or(p.at.compare(q.at), strings.Compare(p.what, q.what), strings.Compare(p.say, q.say))
	})
	return ps
}

// moreWrong is the last line of an error that does not have all that is wrong.
const moreWrong = "there may be more that is wrong: mend these first"

func (ps *problems) Error() string {
	var lines []string
	for _, p := range ps.list {
		lines = append(lines, p.Error())
	}
	if ps.more {
		lines = append(lines, moreWrong)
	}
	return strings.Join(lines, "\n")
}
