// Package admit decides which requests may pass: routes, allowlist, credentials in and out, rate limits.
//
//	table, err := admit.NewTable(paths)
//	m, err := table.Find(target, method, scratch)   // the route, or why there is none
//	caller, refusal := rule.Check(peer, req, buf)   // nil: the request may pass
//
// It compares and decides. It writes no answer and forwards nothing: front does.
package admit

import (
	"bytes"
	"fmt"
	"strings"

	"tenfour/value/method"
	"tenfour/value/routepath"
)

// Table finds the route of a request-target. It never changes, and is safe for use by several goroutines.
type Table struct {
	exact  map[string]paths
	prefix map[string]paths // by the prefix with its trailing slash
	most   int              // bytes of the longest prefix
	single bool             // "/" is the only path, for any method: then every target is on it, however it is read
	bytes  pathBytes        // of all paths
}

// paths are the routes of one path: one route for any method, or several with different methods.
type paths []entry

type entry struct {
	methods []string // nil for any
	route   int
}

// Match is the result of Find.
type Match struct {
	Route int    // its index; -1 if no route has the path, or none has it for the method
	Path  []byte // the path to forward, if it was rewritten to compare it; nil if it was not
	Allow string // if only the method did not fit: the methods that do, "GET, HEAD"
}

// Path is a path of a route: exact, or a prefix if it ends in "/".
type Path struct {
	Path    string
	Methods []string // nil for any
	Route   int      // the index that Find returns
}

// NewTable makes a table. Of several paths that fit a request, the longest wins. The error names a path that is invalid or
// that two routes share.
func NewTable(list []Path) (*Table, error) {
	t := &Table{exact: map[string]paths{}, prefix: map[string]paths{}}
	taken := map[claim]bool{}
	for _, p := range list {
		if err := routepath.Check(p.Path); err != nil {
			return nil, fmt.Errorf("path %q: %w", p.Path, err)
		}
		t.bytes.add(p.Path)
		path := Encoded(p.Path)
		kind := t.exact
		if strings.HasSuffix(p.Path, "/") {
			kind = t.prefix
			t.most = max(t.most, len(path))
		}
		methods := method.WithHead(p.Methods)
		if others := kind[path]; len(others) > 0 && (methods == nil || others[0].methods == nil) {
			return nil, fmt.Errorf("path %q: named twice", p.Path)
		}
		for _, m := range methods {
			if taken[claim{path, m}] {
				return nil, fmt.Errorf("path %q: named twice, for %s", p.Path, m)
			}
			taken[claim{path, m}] = true
		}
		kind[path] = append(kind[path], entry{methods, p.Route})
	}
	all := t.prefix["/"]
	t.single = len(list) == 1 && len(all) == 1 && all[0].methods == nil
	return t, nil
}

// claim is a path with a method. Only one route may have it.
type claim struct{ path, method string }

// Find returns the route of a request for target, which is in origin- or asterisk-form. scratch is memory for Match.Path,
// which is valid as long as scratch is left alone; if it is too small, Find allocates. The only error is ErrAmbiguous.
func (t *Table) Find(target, method, scratch []byte) (Match, error) {
	if t.single {
		return Match{Route: t.prefix["/"][0].route}, nil
	}
	path := target
	if q := bytes.IndexByte(path, '?'); q >= 0 {
		path = path[:q]
	}
	if len(path) == 0 || path[0] != '/' { // "*", or the empty path of an absolute-form
		return t.prefix["/"].pick(method), nil
	}
	path, err := t.bytes.canonical(path, scratch)
	if err != nil {
		return Match{Route: -1}, err
	}
	m := t.longest(path).pick(method)
	if &path[0] != &target[0] {
		m.Path = path
	}
	return m, nil
}

// longest returns the routes of the longest path that fits, or nil. It looks at no more of the path than the longest prefix has: each
// slash costs a look at all before it.
func (t *Table) longest(path []byte) paths {
	if at, ok := t.exact[string(path)]; ok {
		return at
	}
	path = path[:min(len(path), t.most)]
	for end := bytes.LastIndexByte(path, '/') + 1; end > 0; end = bytes.LastIndexByte(path[:end-1], '/') + 1 {
		if at, ok := t.prefix[string(path[:end])]; ok {
			return at
		}
	}
	return nil
}

// pick returns the route for a method.
func (p paths) pick(method []byte) Match {
	for i := range p {
		if p[i].methods == nil {
			return Match{Route: p[i].route}
		}
		for _, m := range p[i].methods {
			if string(method) == m {
				return Match{Route: p[i].route}
			}
		}
	}
	var allow []string
	for i := range p {
		allow = append(allow, p[i].methods...)
	}
	return Match{Route: -1, Allow: strings.Join(allow, ", ")}
}
