package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

// The page, and the lines between which it has the drawings.
const (
	page  = "docs/walk.md"
	begin = "<!-- go run ./tests/walk -update writes from here -->\n"
	end   = "<!-- to here -->\n"
)

// markdown is the drawings as the page has them.
func markdown(all []drawing) string {
	var b strings.Builder
	for _, d := range all {
		fmt.Fprintf(&b, "\n#### %s\n\n%s\n\n", d.title, d.counts())
		for i, l := range d.legs {
			fmt.Fprintf(&b, "%d. %s passes %s\n", i+1, l.name(), links(l.files))
		}
		for _, l := range d.wakers {
			fmt.Fprintf(&b, "- %s only wakes others: %s\n", l.name(), links(l.files))
		}
		fmt.Fprintf(&b, "\nOn the way: %s\n", links(d.way()))
		b.WriteString("\nHandovers:\n\n")
		for _, h := range d.handovers {
			fmt.Fprintf(&b, "- from `%s` to %s: %s\n", h.from, quoted(h.to), h.way)
		}
		b.WriteString("\nCalls back up:\n\n")
		for _, u := range d.up {
			fmt.Fprintf(&b, "- %s\n", u)
		}
	}
	b.WriteByte('\n')
	return b.String()
}

// counts is how long a walk is.
func (d *drawing) counts() string {
	ofParser := func(f string) bool { return strings.HasPrefix(f, parses+"/") }
	files := d.files()
	others := slices.DeleteFunc(slices.Clone(files), ofParser)
	return fmt.Sprintf("Files on the way: **%d** (%s). Files in which anything runs, besides the %d of `%s`: **%d** (%s). Handovers: **%d**. Calls back up: **%d**.",
		len(d.way()), perPackage(d.way()), len(files)-len(others), parses, len(others), perPackage(others), len(d.handovers), len(d.up))
}

// perPackage is how many of the files each package has.
func perPackage(files []string) string {
	per := map[string]int{}
	var order, parts []string
	for _, f := range files {
		p := f[:strings.LastIndexByte(f, '/')]
		if per[p]++; per[p] == 1 {
			order = append(order, p)
		}
	}
	for _, p := range order {
		parts = append(parts, fmt.Sprintf("%s %d", p, per[p]))
	}
	return strings.Join(parts, ", ")
}

func (l *leg) name() string {
	if n := len(l.goroutines); n > 1 {
		return fmt.Sprintf("`%s` (%d goroutines)", l.role, n)
	}
	return "`" + l.role + "`"
}

func quoted(role string) string {
	if strings.Contains(role, ".") {
		return "`" + role + "`"
	}
	return role
}

// links is the files, package by package in the order in which they come, but for those of the parser.
func links(files []string) string {
	var order []string
	names := map[string][]string{}
	for _, f := range files {
		slash := strings.LastIndexByte(f, '/')
		p, name := f[:slash+1], f[slash+1:]
		if p == parses+"/" {
			name = "…"
		}
		if names[p] == nil {
			order = append(order, p)
		}
		if !slices.Contains(names[p], name) {
			names[p] = append(names[p], name)
		}
	}
	for i, p := range order {
		order[i] = "**" + p + "** " + strings.ReplaceAll(strings.Join(names[p], ", "), ".go", "")
	}
	return strings.Join(order, "; ")
}

// onPage returns the page, and where its drawings begin and end.
func onPage() (text []byte, from, to int, err error) {
	text, err = os.ReadFile(page)
	if err != nil {
		return nil, 0, 0, err
	}
	from, to = bytes.Index(text, []byte(begin)), bytes.Index(text, []byte(end))
	if from < 0 || to < from {
		return nil, 0, 0, fmt.Errorf("%s: it needs the line %q, and after it %q", page, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return text, from + len(begin), to, nil
}

// update writes the drawings into the page.
func update(drawn string) error {
	text, from, to, err := onPage()
	if err != nil {
		return err
	}
	return os.WriteFile(page, slices.Concat(text[:from], []byte(drawn), text[to:]), 0o644)
}

// check returns an error that says how the page's drawings differ from those drawn. Names of functions may be others, and the order of files:
// only which files a walk passes, and how many handovers and calls back up it has, are compared.
func check(drawn string) error {
	text, from, to, err := onPage()
	if err != nil {
		return err
	}
	was, is := gist(string(text[from:to])), gist(drawn)
	differ := slices.Concat(lacking("no longer", was, is), lacking("new", is, was))
	if differ == nil {
		return nil
	}
	return errors.New(page + " does not show the walk as it is:\n  " + strings.Join(differ, "\n  ") +
		"\nIf that is meant, write it anew: go run ./tests/walk -update. If a walk has grown, say in the commit why.")
}

// lacking says which of the lines are not among the others, those of several walks in one.
func lacking(what string, lines, others []string) (differ []string) {
	walks := map[string][]string{}
	for _, l := range lines {
		if !slices.Contains(others, l) {
			title, line, _ := strings.Cut(l, ": ")
			walks[line] = append(walks[line], title)
		}
	}
	for _, line := range slices.Sorted(maps.Keys(walks)) {
		differ = append(differ, fmt.Sprintf("%s: %s (%s)", what, line, strings.Join(walks[line], "; ")))
	}
	return differ
}

var packageFiles = regexp.MustCompile(`\*\*([a-z/]+)/\*\* ([^;\n]+)`)

// gist is what check compares: a line for each walk's counts, and for each file of a walk.
func gist(drawn string) (lines []string) {
	for _, one := range strings.Split(drawn, "\n#### ")[1:] {
		title, rest, _ := strings.Cut(one, "\n\n")
		counts, _, _ := strings.Cut(rest, "\n")
		lines = append(lines, title+": "+counts)
		for _, m := range packageFiles.FindAllStringSubmatch(rest, -1) {
			for _, f := range strings.Split(m[2], ", ") {
				if f != "…" {
					lines = append(lines, fmt.Sprintf("%s: %s/%s.go", title, m[1], f))
				}
			}
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}
