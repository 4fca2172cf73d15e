package config

import (
	"fmt"
	"slices"
	"strings"

	"tenfour/value/choice"
)

// layer is what one place says, by the keys of settings: the top of a file, one of its [[route]]s or [limit.NAME]s, or the
// flags.
type layer map[string]*node

// section is a [[route]] or a [limit.NAME].
type section struct {
	name string // "route[2]", "limit.api"
	at   place
	says layer
}

// said is all that was said, before it is laid over the defaults.
type said struct {
	top, flags     layer
	routes, limits []section
}

// sort puts what a file has into layers, and reports unknown keys. It also returns whether the file is TOML.
func (f *file) sort(bad *problems) (s said, isTOML bool) {
	root, isTOML := f.parse(bad)
	s.top = layer{}
	for _, m := range root.members {
		switch {
		case m.key == "route":
			s.routes = sortRoutes(m, bad)
		case m.key == "limit":
			s.limits = sortLimits(m, bad)
		default:
			s.top.take(m, "", "", bad, ofProcess, ofRoute)
		}
	}
	return s, isTOML
}

func sortRoutes(m *member, bad *problems) (routes []section) {
	if m.value.kind != array {
		bad.add(problem{m.at, "route", "write [[route]], with two brackets on each side"})
		return nil
	}
	if len(m.value.items) > routesMost {
		bad.add(problem{m.value.items[routesMost].at, "route", fmt.Sprintf("there are %d routes, and %d are the most", len(m.value.items), routesMost)})
		return nil
	}
	for i, t := range m.value.items {
		if bad.enough() {
			break
		}
		r := section{fmt.Sprintf("route[%d]", i+1), t.at, layer{}}
		routes = append(routes, r)
		if t.kind != table {
			bad.add(problem{t.at, r.name, "write a [[route]] with keys of its own"})
		}
		for _, m := range t.members {
			r.says.take(m, r.name+".", "", bad, ofRoute)
		}
	}
	return routes
}

func sortLimits(m *member, bad *problems) (limits []section) {
	if m.value.kind != table {
		bad.add(problem{m.at, "limit", "at the top, [limit.NAME] defines a limit; a [[route]] names it: limit = \"NAME\""})
		return nil
	}
	if len(m.value.members) > limitsMost {
		bad.add(problem{m.value.members[limitsMost].at, "limit", fmt.Sprintf("there are %d limits, and %d are the most", len(m.value.members), limitsMost)})
		return nil
	}
	for _, one := range m.value.members {
		if bad.enough() {
			break
		}
		l := section{"limit." + quoteKey(one.key), one.at, layer{}}
		if err := checkLimitName(one.key); err != nil {
			bad.add(problem{one.at, l.name, err.Error()})
			continue
		}
		if one.value.kind != table {
			bad.add(problem{one.at, l.name, "a limit is a table: write [limit.NAME], and rate = \"10/1m\" in it"})
			continue
		}
		limits = append(limits, l)
		for _, m := range one.value.members {
			l.says.take(m, l.name+".", "", bad, ofLimit)
		}
	}
	return limits
}

// take takes in a key of a table, if it is one of the scopes' settings. The names of what surrounds it are name, by which
// errors call it, and within, which settings begin with: "timeouts.".
func (l layer) take(m *member, name, within string, bad *problems, scopes ...scope) {
	if bad.enough() {
		return
	}
	key := within + m.key
	m.value.named = name + within + quoteKey(m.key)
	switch s := find(key, scopes...); {
	case s != nil:
		l.put(s, m.value, bad)
	case !isTable(key, scopes...):
		bad.add(problem{m.at, m.value.name(), unknown(key, scopes...)})
	case m.value.kind != table:
		bad.add(problem{m.at, m.value.name(), "write it as a table: [" + m.key + "]"})
	default:
		for _, inner := range m.value.members {
			l.take(inner, name, key+".", bad, scopes...)
		}
	}
}

// put keeps the value that was written for a setting. It first sets it on a target that is thrown away, to find out whether it is valid.
func (l layer) put(s *setting, n *node, bad *problems) {
	n.hide(s.secret)
	before := bad.found
	s.in(fresh()).set(n, bad)
	n.wrong = bad.found > before
	l[s.key] = n
}

// hide keeps a value out of errors.
func (n *node) hide(secret bool) {
	n.secret = secret
	for _, item := range n.items {
		item.hide(secret)
	}
	for _, m := range n.members {
		m.value.hide(secret)
	}
}

// isTable reports whether a name is that of a table of settings, such as timeouts.
func isTable(name string, scopes ...scope) bool {
	return slices.ContainsFunc(within(scopes...), func(s *setting) bool { return strings.HasPrefix(s.key, name+".") })
}

// unknown says what to do about a key that does not belong in its table.
func unknown(key string, scopes ...scope) string {
	say := "there is no such key"
	last := key[strings.LastIndexByte(key, '.')+1:]
	for _, s := range within(scopes...) { // it may be a flag's name
		if _, own := s.table(); own != last && strings.ReplaceAll(s.flag, "-", "_") == last {
			return say + "; did you mean " + s.key + "?"
		}
	}
	for _, s := range settings { // or stand in the wrong table
		if _, own := s.table(); own == last {
			return say + " here; " + s.stands()
		}
	}
	var names []string
	for _, s := range within(scopes...) {
		name, _ := s.table()
		names = append(names, s.key, name)
	}
	if slices.Contains(scopes, ofProcess) {
		names = append(names, "route", "limit")
	}
	if say := choice.DidYouMean(key, names); say != "" || last == key {
		return "there is no such key" + say
	}
	var inner []string
	for _, s := range within(scopes...) {
		if name, own := s.table(); name+"."+last == key {
			inner = append(inner, own)
		}
	}
	return say + choice.DidYouMean(last, inner)
}

// stands says where a setting may stand in a file.
func (s *setting) stands() string {
	table, _ := s.table()
	switch {
	case s.of == ofLimit:
		return "it belongs in a [limit.NAME]"
	case s.key == "limit":
		return "it belongs in a [[route]]"
	case s.of == ofRoute && table != "":
		return "it belongs in [" + table + "], or [route." + table + "]"
	case s.of == ofRoute:
		return "it belongs in a [[route]], or at the top of the file, before the first table"
	case table != "":
		return "it belongs in [" + table + "], for all routes"
	}
	return "it belongs at the top of the file, before the first table"
}
