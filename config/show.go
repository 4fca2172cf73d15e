package config

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Effective is a configuration with where each of its values came from.
type Effective struct {
	d *draft
	c Config
}

// Read is Parse, and remembers where the values came from.
func Read(args []string) (Effective, error) {
	d, err := read(args)
	if err != nil {
		return Effective{}, err
	}
	return Effective{d, d.resolved()}, nil
}

// Config is the configuration. Nothing changes it: each call returns the same routes and limits.
func (e Effective) Config() Config { return e.c }

// File is the name of the file that was read; "" for none.
func (e Effective) File() string {
	if e.d.file == nil {
		return ""
	}
	return e.d.file.name
}

// Where names the place where the i-th address of listen was written, and its value, as errors do.
func (e Effective) Where(i int) string {
	n := e.d.process.from["listen"]
	if n == nil {
		return "listen = " + e.d.c.Listen[i].String() + ", the default"
	}
	return strings.TrimPrefix(n.item(i).at.String()+": "+n.item(i).shown(), ": ")
}

// Show writes it as a file that says the same, with where each value came from: "default", "tenfour.toml:12" or "--workers". It
// shows no secret: what a field may have for one is "***".
func (e Effective) Show(w io.Writer) error {
	out := bufio.NewWriter(w)
	e.d.show(out)
	return out.Flush()
}

func (d *draft) show(w io.Writer) {
	says := "the flags alone: there is no " + DefaultFile
	if d.file != nil {
		says = d.file.name + ", with the flags over it"
	}
	fmt.Fprintf(w, "# What holds: %s.\n\n", printable(says))
	d.process.show(w, ofProcess, "", d.process.origin)
	for i := range d.routes {
		fmt.Fprint(w, "\n[[route]]\n")
		d.routes[i].show(w, ofRoute, "route.", d.routeOrigin)
	}
	for i := range d.limits {
		fmt.Fprintf(w, "\n[%s]\n", d.limits[i].name)
		d.limits[i].show(w, ofLimit, "", d.process.origin)
	}
}

// origin is where the value of a setting came from.
func (*part) origin(_ *setting, n *node) string {
	if n == nil {
		return place{}.origin()
	}
	return n.at.origin()
}

// routeOrigin is origin for what routes say: the limit of the flags is beside those of the file.
func (d *draft) routeOrigin(s *setting, n *node) string {
	switch {
	case s.key != "limit" || !d.byFlag:
		return d.process.origin(s, n)
	case n == nil:
		return "--limit"
	}
	return n.at.origin() + ", --limit"
}

// show writes the settings of a part: first those of its own table, then those within others, such as [route.timeouts].
func (p *part) show(w io.Writer, of scope, prefix string, origin func(*setting, *node) string) {
	open := ""
	for _, s := range inTables(within(of)) {
		if p.idle(s) {
			continue
		}
		table, key := s.table()
		if table != open {
			fmt.Fprintf(w, "\n[%s%s]\n", prefix, table)
			open = table
		}
		v := s.in(p.in)
		line := key + " = " + v.toml()
		if l, ok := v.(list); ok && len(l.texts()) < l.least { // it has no text, and is left out
			line = "# " + line
		}
		const comments = 40 // the column of the comments
		fmt.Fprintf(w, "%s%s # %s\n", line, strings.Repeat(" ", max(comments-utf8.RuneCountInString(line), 0)), printable(origin(s, p.from[s.key])))
	}
}

// idle reports whether a setting is about jobs, in a route that makes none and has the default: thousands of such routes are read by people too.
func (p *part) idle(s *setting) bool {
	if p.in.r == nil || p.in.r.Async || !slices.Contains(ofJobs, s.key) {
		return false
	}
	return p.from[s.key] == nil || s.in(p.in).toml() == s.in(fresh()).toml()
}

// inTables orders settings by their tables, those in none first.
func inTables(settings []*setting) []*setting {
	var names []string
	byTable := map[string][]*setting{}
	for _, s := range settings {
		table, _ := s.table()
		if byTable[table] == nil && table != "" {
			names = append(names, table)
		}
		byTable[table] = append(byTable[table], s)
	}
	ordered := byTable[""]
	for _, name := range names {
		ordered = append(ordered, byTable[name]...)
	}
	return ordered
}

// printable is text that may stand in a comment of a file.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if isControl(r) || r == utf8.RuneError {
			return '?'
		}
		return r
	}, text)
}
