package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Parse reads the command line, without the program's name, and the configuration file that it names or that is there. All
// that is wrong is reported, not only the first.
func Parse(args []string) (Config, error) {
	d, err := read(args)
	if err != nil {
		return Config{}, err
	}
	return d.resolved(), nil
}

// IsWrong reports whether an error says what is wrong with a configuration.
func IsWrong(err error) bool { return errors.As(err, new(*problems)) }

// draft is a configuration with where its values came from.
type draft struct {
	file    *file // nil for none
	c       Config
	process part
	routes  []part // of c.Routes
	limits  []part // of c.Limits
	byFlag  bool   // the last limit is that of the flags
	work    int    // items of lists that were set, in all routes
	seen    seen   // what files and variables have, looked at once
}

// part is the process, a route or a limit.
type part struct {
	name string // "route[2]", "limit.api"; "" for the process, or when there is no [[route]]
	at   place
	in   target
	from map[string]*node // by the keys of settings; a default is missing
}

// read reads and checks all that holds for a command line.
func read(args []string) (*draft, error) {
	var bad problems
	flags, name, err := readFlags(args, &bad)
	if err != nil {
		return nil, err
	}
	f, err := openFile(name)
	if err != nil {
		if name == "" {
			name = DefaultFile
		}
		bad.ofFlag("--config "+name, "%v", err)
	}
	return draw(f, flags, bad)
}

// draw makes a draft of a file, or nil, and flags.
func draw(f *file, flags layer, bad problems) (*draft, error) {
	s, isTOML := said{top: layer{}}, true
	if f != nil {
		s, isTOML = f.sort(&bad)
	}
	s.flags = flags
	if !isTOML {
		return nil, bad.err() // the text after the mistake was not read, so keys there must not be reported as missing
	}
	d := lay(f, s, &bad)
	if d.work > workMost {
		bad.add(problem{whole(f), "", fmt.Sprintf("all routes together have more than %d items in their lists: those at the top count for each route", workMost)})
	} else {
		d.check(&bad)
	}
	if err := bad.err(); err != nil {
		return nil, err
	}
	return d, nil
}

// whole is the place of a file, or of the flags when there is none.
func whole(f *file) place {
	if f == nil {
		return place{flag: "flags"}
	}
	return f.place(0)
}

// lay lays what was said over the defaults.
func lay(f *file, s said, bad *problems) *draft {
	d := &draft{file: f, c: Default, seen: seen{}}
	d.process = part{in: target{c: &d.c}, from: map[string]*node{}}
	d.fill(&d.process, ofProcess, s.top, s.flags)

	routes := s.routes
	if len(routes) == 0 {
		routes = []section{{says: layer{}}}
	}
	top, flags := s.forRoutes(len(routes), bad)
	d.c.Routes = make([]Route, len(routes))
	for i, r := range routes {
		d.c.Routes[i] = DefaultRoute
		p := part{r.name, r.at, target{r: &d.c.Routes[i]}, map[string]*node{}}
		d.fill(&p, ofRoute, onlyLastSource(top, r.says, flags)...)
		d.routes = append(d.routes, p)
	}

	limits := s.limits
	if made := s.flagLimit(bad); made != nil {
		limits = append(slices.Clip(limits), *made)
		d.byFlag = true
		for i := range d.c.Routes {
			d.c.Routes[i].Limits = append(slices.Clip(d.c.Routes[i].Limits), flagLimit)
		}
	}
	d.c.Limits = make([]Limit, len(limits))
	for i, l := range limits {
		d.c.Limits[i] = DefaultLimit
		d.c.Limits[i].Name = strings.TrimPrefix(l.name, "limit.")
		p := part{l.name, l.at, target{l: &d.c.Limits[i]}, map[string]*node{}}
		d.fill(&p, ofLimit, l.says)
		d.limits = append(d.limits, p)
	}
	if len(limits) == 0 {
		d.c.Limits = nil
	}
	return d
}

// fill sets each of a part's settings from the last of the layers that has it. It stops setting once there are too many items.
func (d *draft) fill(p *part, of scope, layers ...layer) {
	var ignored problems // each layer was looked at when it was read
	for _, s := range byScope[of] {
		for _, l := range slices.Backward(layers) {
			n := l[s.key]
			if n == nil {
				continue
			}
			p.from[s.key] = n
			if d.work += n.size(); !n.wrong && d.work <= workMost {
				s.in(p.in).set(n, &ignored)
			}
			break
		}
	}
	if p.in.r != nil {
		d.work += len(p.in.r.Paths) * len(p.in.r.Methods) // each with each, in the table of routes
	}
}

// forRoutes returns the layers around those of n routes: what the top says for each of them, and the flags. It reports keys that
// tell routes apart, such as path, because they cannot hold for all of them.
func (s *said) forRoutes(n int, bad *problems) (top, flags layer) {
	top, flags = maps.Clone(s.top), maps.Clone(s.flags)
	if n < 2 {
		return top, flags
	}
	if v := top["path"]; v != nil {
		bad.of(v, "there are %d routes: name paths in each [[route]]", n)
		delete(top, "path")
	}
	for key, what := range map[string]string{"backends": "backends", "serve": "directories", "path": "paths"} {
		if v := flags[key]; v != nil {
			bad.of(v.item(0), "the file has %d routes: name %s there", n, what)
			delete(flags, key)
		}
	}
	return top, flags
}

// onlyLastSource removes serve and backends from every layer but the last that has one of them: a route has the one or the other.
func onlyLastSource(layers ...layer) []layer {
	found := false
	for i, l := range slices.Backward(layers) {
		has := l["serve"] != nil || l["backends"] != nil
		if found && has {
			l = maps.Clone(l)
			delete(l, "serve")
			delete(l, "backends")
			layers[i] = l
		}
		found = found || has
	}
	return layers
}

// flagLimit is the name of the limit that flags make.
const flagLimit = "flag"

// flagLimit is the limit that the flags make, or nil.
func (s *said) flagLimit(bad *problems) *section {
	made := section{"limit." + flagLimit, place{flag: "--limit"}, layer{}}
	for _, setting := range within(ofLimit) {
		if n := s.flags[setting.key]; n != nil {
			made.says[setting.key] = n
		}
	}
	if made.says["rate"] == nil {
		for _, n := range made.says {
			bad.of(n, "it needs --limit, such as --limit 10/1m")
		}
		return nil
	}
	for _, l := range s.limits {
		if l.name == made.name {
			bad.add(problem{l.at, l.name, "--limit makes a limit of this name: give yours another"})
		}
	}
	return &made
}
