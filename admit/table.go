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
	strips []string         // by the route: what is taken off its paths for the backend; encoded
}

// paths are the routes of one path: one route for any method, or several with different methods.
type paths []entry

type entry struct {
	methods []string // nil for any
	route   int
	slash   bool // the path is a prefix without its slash, which a client should be told
}

// Match is the result of Find.
type Match struct {
	Route int    // its index; -1 if no route has the path, or none has it for the method
	Path  []byte // the path to forward, if the request's own is read as it only when it is decoded; nil to forward the request's own
	Allow string // if only the method did not fit: the methods that do, "GET, HEAD"
	Slash bool   // the path is a prefix of the route without its slash: the client should ask with it
}

// Path is a path of a route: exact, or a prefix if it ends in "/".
type Path struct {
	Path    string
	Methods []string // nil for any
	Route   int      // the index that Find returns
	Strip   string   // taken off the path before it is forwarded: it begins with it
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
		kind[path] = append(kind[path], entry{methods: methods, route: p.Route})
		t.strip(p)
	}
	t.addSlashes()
	all := t.prefix["/"]
	t.single = len(list) == 1 && len(all) == 1 && all[0].methods == nil
	return t, nil
}

// strip notes what is taken off the paths of p's route.
func (t *Table) strip(p Path) {
	for len(t.strips) <= p.Route {
		t.strips = append(t.strips, "")
	}
	t.strips[p.Route] = Encoded(p.Strip)
}

// addSlashes makes each prefix without its slash a path of its routes, if it is not one of its own.
func (t *Table) addSlashes() {
	for prefix, at := range t.prefix {
		path := strings.TrimSuffix(prefix, "/")
		if path == "" || len(t.exact[path]) > 0 {
			continue
		}
		for _, e := range at {
			e.slash = true
			t.exact[path] = append(t.exact[path], e)
		}
	}
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
	if t.bytes.plain(path) {
		return t.longest(path).pick(method), nil
	}
	return t.findOdd(path, method, scratch)
}

// findOdd finds the route of a path that servers may read differently. All readings must lead to it: those of the path as it came, or
// else those of the path with its unreserved characters decoded, which is forwarded then.
func (t *Table) findOdd(path, method, scratch []byte) (Match, error) {
	m := t.longest(path).pick(method)
	if t.agree(path, method, m.Route) {
		return m, nil
	}
	plainer, err := t.bytes.canonical(path, scratch)
	if err != nil || len(plainer) == 0 {
		return Match{Route: -1}, ErrAmbiguous
	}
	m = t.longest(plainer).pick(method)
	if !t.agree(plainer, method, m.Route) {
		return Match{Route: -1}, ErrAmbiguous
	}
	m.Path = plainer
	return m, nil
}

// agree reports whether all readings of a path lead to a route, and those of what its backend gets of it too.
func (t *Table) agree(path, method []byte, route int) bool {
	r := readers.Get().(*readings)
	defer readers.Put(r)
	r.table, r.method, r.route, r.base, r.left = t, method, route, "", readMost
	if !r.agree(path) {
		return false
	}
	if route < 0 || t.strips[route] == "" {
		return true
	}
	rest, ok := bytes.CutPrefix(path, []byte(t.strips[route]))
	if !ok || len(rest) == 0 {
		return ok
	}
	r.base = t.strips[route]
	return r.agree(rest)
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

// forMethod returns the route for a method, and whether its path lacks a slash; -1 for none.
func (p paths) forMethod(method []byte) (route int, slash bool) {
	for i := range p {
		if p[i].methods == nil {
			return p[i].route, p[i].slash
		}
		for _, m := range p[i].methods {
			if string(method) == m {
				return p[i].route, p[i].slash
			}
		}
	}
	return -1, false
}

// pick returns the route for a method, or else the methods that there are.
func (p paths) pick(method []byte) Match {
	m := Match{}
	if m.Route, m.Slash = p.forMethod(method); m.Route >= 0 {
		return m
	}
	var allow []string
	for i := range p {
		allow = append(allow, p[i].methods...)
	}
	m.Allow = strings.Join(allow, ", ")
	return m
}
