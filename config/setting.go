package config

import (
	"slices"
	"strings"
)

// setting is one thing that can be set. Of the settings are made: what a file may have, the flags, --help, what check
// prints, the example, and docs/settings.md.
type setting struct {
	key  string // in a file: "workers"; "timeouts.head" is head in [timeouts]; "" for a flag alone
	flag string // "workers"; "" for a key alone
	of   scope
	in   func(t target) value // where it is kept, and how it is written

	unit    string // what is written
	none    string // what the default means, where it is no value: "none: the welcome page"
	zero    string // what zero means; "" where there is no zero
	help    string // a line of --help, with the name of what follows the flag in backquotes
	more    string // what the reference and the example say after its key: "is where clients connect."
	example string // what the example has, commented out, where the default would explain little
	secret  bool   // an error does not show its value
	path    bool   // it names a file or a directory: a flag that is empty is refused
}

// scope is what a setting is of.
type scope int

const (
	ofProcess scope = iota // the whole of tenfour: at the top of a file
	ofRoute                // a route: in its [[route]], or at the top for every route
	ofLimit                // a limit: in its [limit.NAME]
	ofCommand              // the command line alone
)

// target is what a setting is kept in; only what its scope is of is there.
type target struct {
	c *Config
	r *Route
	l *Limit
}

// group is settings that belong together, and the reference's section about them.
type group struct {
	title    string
	intro    string
	settings []*setting
	after    string // text after the settings, in the reference alone
}

// settings is all of them, in the order of the reference.
var settings = func() (all []*setting) {
	for _, g := range groups {
		all = append(all, g.settings...)
	}
	return all
}()

// within are the settings of some scopes that a file may have.
func within(scopes ...scope) (found []*setting) {
	for _, s := range settings {
		if s.key != "" && slices.Contains(scopes, s.of) {
			found = append(found, s)
		}
	}
	return found
}

// byScope is within, and byKey each of those by its key: a file with many keys asks for them once for each.
var (
	byScope = map[scope][]*setting{}
	byKey   = map[scope]map[string]*setting{}
)

func init() {
	for _, of := range []scope{ofProcess, ofRoute, ofLimit} {
		byScope[of], byKey[of] = within(of), map[string]*setting{}
		for _, s := range byScope[of] {
			byKey[of][s.key] = s
		}
	}
}

// find is the setting with a key among those of some scopes, or nil.
func find(key string, scopes ...scope) *setting {
	for _, of := range scopes {
		if s := byKey[of][key]; s != nil {
			return s
		}
	}
	return nil
}

// table is the name of the table that a setting stands in, and its key there: "timeouts" and "head".
func (s *setting) table() (name, key string) {
	name, key, ok := strings.Cut(s.key, ".")
	if !ok {
		return "", s.key
	}
	return name, key
}

// many reports whether a setting is a list.
func (s *setting) many() (l list, is bool) {
	l, is = s.in(fresh()).(list)
	return l, is
}

// isSwitch reports whether a setting is true or false.
func (s *setting) isSwitch() bool {
	if s.in == nil {
		return false
	}
	v, is := s.in(fresh()).(scalar)
	return is && v.form == truth
}

// fresh is a target of defaults.
func fresh() target {
	c, r, l := Default, DefaultRoute, DefaultLimit
	return target{&c, &r, &l}
}

// defaultText is the default as a flag has it, or "" where there is none.
func (s *setting) defaultText() string {
	if s.in == nil {
		return ""
	}
	switch v := s.in(fresh()).(type) {
	case scalar:
		return v.text()
	case list:
		return strings.Join(v.texts(), ",")
	}
	return ""
}

// arg is what --help calls the value of the flag: N.
func (s *setting) arg() string {
	_, after, _ := strings.Cut(s.help, "`")
	name, _, _ := strings.Cut(after, "`")
	return name
}
