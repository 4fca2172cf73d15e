package admit

import (
	"bytes"
	"errors"
	"net/url"
	"path"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// decoders are five usual servers: how each reads a path. They are written here anew, and share nothing with readings.
var decoders = map[string]func(string) string{
	"none":  func(p string) string { return p },
	"Go":    func(p string) string { return keepSlash(path.Clean, unescaped(p)) },
	"nginx": func(p string) string { return resolved(unescaped(p)) },
	"IIS":   func(p string) string { return resolved(strings.ReplaceAll(unescaped(p), `\`, "/")) },
	"Tomcat": func(p string) string {
		segments := strings.Split(p, "/")
		for i, s := range segments {
			segments[i], _, _ = strings.Cut(s, ";")
		}
		return resolved(strings.ReplaceAll(unescaped(strings.Join(segments, "/")), `\`, "/"))
	},
}

// unescaped decodes a path once. A percent sign that encodes nothing stays.
func unescaped(p string) string {
	var out strings.Builder
	for len(p) > 0 {
		if len(p) >= 3 && p[0] == '%' {
			if s, err := url.PathUnescape(p[:3]); err == nil {
				out.WriteString(s)
				p = p[3:]
				continue
			}
		}
		out.WriteByte(p[0])
		p = p[1:]
	}
	return out.String()
}

// keepSlash cleans a path and leaves the slash at its end there, as http.ServeMux does.
func keepSlash(clean func(string) string, p string) string {
	c := clean(p)
	if strings.HasSuffix(p, "/") && c != "/" {
		c += "/"
	}
	return c
}

// resolved removes empty and dot segments, as nginx does: in one pass from the left.
func resolved(p string) string {
	var out []string
	segments := strings.Split(strings.TrimPrefix(p, "/"), "/")
	for i, s := range segments {
		last := i == len(segments)-1
		switch {
		case s == ".." && len(out) > 0:
			out = out[:len(out)-1]
		case s != "" && s != "." && s != "..":
			out = append(out, s)
			if last {
				return "/" + strings.Join(out, "/")
			}
		}
	}
	return keepSlash(path.Clean, "/"+strings.Join(out, "/")+"/")
}

// routeOf is Find, written as simply as it can be, for a path that is read in one way.
func routeOf(list []Path, p, method string) int {
	best, route, exact := "", -1, false
	longer := func(fits string) bool { return len(fits) > len(best) || fits == best && route < 0 }
	for _, r := range list {
		if r.Path == p {
			exact = true
		}
	}
	for _, r := range list {
		prefix := strings.HasSuffix(r.Path, "/")
		bare := strings.TrimSuffix(r.Path, "/")
		fits := r.Path == p || prefix && !exact && (strings.HasPrefix(p, r.Path) || p == bare && bare != "")
		if !fits || len(r.Path) < len(best) {
			continue
		}
		if longer(r.Path) {
			best, route = r.Path, -1
		}
		if len(r.Methods) == 0 || r.Methods[0] == method {
			route = r.Route
		}
	}
	return route
}

// tables are the lists of paths that the property is tried with.
func tables(t *rapid.T) []Path {
	var list []Path
	taken := map[string]bool{}
	segment := rapid.SampledFrom([]string{"a", "b", "ab", "a.b", "ü", "a+b", "..a"})
	for i := range rapid.IntRange(1, 6).Draw(t, "routes") {
		p := Path{Path: "/", Route: i}
		segments := rapid.SliceOfN(segment, 0, 3).Draw(t, "segments")
		if len(segments) > 0 {
			p.Path += strings.Join(segments, "/") + rapid.SampledFrom([]string{"", "/"}).Draw(t, "end")
			p.Strip = rapid.SampledFrom([]string{"", "/" + segments[0]}).Draw(t, "strip")
		}
		p.Methods = rapid.SampledFrom([][]string{nil, {"GET"}, {"POST"}}).Draw(t, "methods")
		method := strings.Join(p.Methods, "")
		if taken[p.Path] || taken[p.Path+" "+method] || method == "" && (taken[p.Path+" GET"] || taken[p.Path+" POST"]) {
			continue
		}
		taken[p.Path] = method == ""
		taken[p.Path+" "+method] = true
		list = append(list, p)
	}
	return list
}

// target returns a target of the pieces that servers read differently.
func target(t *rapid.T) string {
	piece := rapid.SampledFrom([]string{
		"/", "/", "/", "/a", "/b", "/ab", "/a/", "a", "b", "%61", "%2F", "%2f", "%5C", `\`, ".", "/.", "/..", "..", "%2e", "%2E", "/../", "/./",
		";", ";x=1", "/..;", "%3B", "%20", "ü", "%C3%BC", "%c3%bc", "%25", "%2", "%", "+", "%2b", "//", "a.b", "..a",
	})
	return "/" + strings.Join(rapid.SliceOfN(piece, 0, 10).Draw(t, "pieces"), "") + rapid.SampledFrom([]string{"", "?a=/../b"}).Draw(t, "query")
}

// TestTable_noReadingLeadsElsewhere: whatever a usual server reads in what tenfour forwards, it leads to the route by which it was
// forwarded; also what is left after a prefix was taken off.
func TestTable_noReadingLeadsElsewhere(t *testing.T) {
	passed, odd := 0, 0
	property := func(t *rapid.T) {
		list, asked := tables(t), target(t)
		method := rapid.SampledFrom([]string{"GET", "POST"}).Draw(t, "method")
		table, err := NewTable(list)
		if err != nil {
			t.Fatal(err)
		}
		m, err := table.Find([]byte(asked), []byte(method), nil)
		if err != nil {
			return
		}
		sent, _, _ := strings.Cut(asked, "?")
		if m.Path != nil {
			sent = string(m.Path)
		}
		passed++
		if sent != path.Clean(sent) {
			odd++
		}
		base, rest := "", sent
		if m.Route >= 0 {
			for _, p := range list {
				if p.Route == m.Route && p.Strip != "" {
					base = p.Strip
				}
			}
		}
		for name, read := range decoders {
			ours := list
			if name == "none" {
				ours = encodedPaths(list)
			}
			if got := routeOf(ours, read(sent), method); got != m.Route {
				t.Fatalf("%s %q: %s reads %q, which is route %d, not %d", method, sent, name, read(sent), got, m.Route)
			}
			if base == "" || m.Slash {
				continue
			}
			if rest = strings.TrimPrefix(sent, Encoded(base)); rest == sent {
				t.Fatalf("%s %q: it does not begin with %q", method, sent, base)
			}
			whole := base
			if name == "none" {
				whole = Encoded(base)
			}
			if got := routeOf(ours, whole+read(rest), method); rest != "" && got != m.Route {
				t.Fatalf("%s %q: %s is sent %q and reads %q, which is route %d, not %d", method, sent, name, rest, read(rest), got, m.Route)
			}
		}
	}
	for range 20 { // as many times 100
		rapid.Check(t, property)
	}
	if passed == 0 || odd == 0 {
		t.Errorf("%d targets passed, %d of them odd: none was tried", passed, odd)
	}
}

func encodedPaths(list []Path) (all []Path) {
	for _, p := range list {
		p.Path = Encoded(p.Path)
		all = append(all, p)
	}
	return all
}

// TestTable_passesWhatStaysBelowOnePrefix: below a prefix that has no other route below it, a target without dot segments passes as it
// came, byte for byte.
func TestTable_passesWhatStaysBelowOnePrefix(t *testing.T) {
	table, err := NewTable(onePerRoute("/api/", "/", "/other/", "/exact"))
	if err != nil {
		t.Fatal(err)
	}
	piece := rapid.SampledFrom([]string{"/", "//", "a", "%2F", "%2f", "%5C", `\`, ";", ";x=1", "%3B", "%20", "ü", "%61", "%", "%zz", "exact", "other/", "a.b", "@types"})
	rapid.Check(t, func(t *rapid.T) {
		target := "/api/" + strings.Join(rapid.SliceOfN(piece, 0, 12).Draw(t, "pieces"), "")
		m, err := table.Find([]byte(target), []byte("GET"), nil)
		if m.Route != 0 || m.Path != nil || err != nil {
			t.Fatalf("%q: got %+v (%v), want route 0 as it came", target, m, err)
		}
	})
}

// TestTable_targetsFromTheField are paths of real programs, and of real attacks.
func TestTable_targetsFromTheField(t *testing.T) {
	table, err := NewTable([]Path{
		{"/", nil, 0, ""}, {"/api/", nil, 1, ""}, {"/admin/", nil, 2, ""}, {"/admin", []string{"POST"}, 3, ""}, {"/a/b/", nil, 4, "/a"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]int{ // -1 for a 400
		"/api/v4/projects/g%2Fp": 1, "/api/queues/%2F/x": 1, "/api/queues/%2F": 1, "/api/@types%2fnode": 1, "/api/img/https://cdn/a.png": 1,
		"/api/img/https%3A%2F%2Fcdn%2Fa.png": 1, "/api/a/../b": 1, "/api/a/./b//c": 1, "/api/x;jsessionid=1/y": 1, `/api/C:\x`: 1,
		"/x%2Fy": 0, "/x;jsessionid=1": 0, "/x//y": 0, "/.well-known/acme": 0, "/a/b/x%2Fy": 4, "/a/b//x": 4,
		"/api/../admin/": -1, "/api/%2e%2e/admin/": -1, "/api/..%2fadmin/": -1, "/api/..;/admin/": -1, "/api/..;x=1/admin/": -1,
		"/api/..%3B/admin/": -1, `/api/..\admin/`: -1, "/api/..%5Cadmin/": -1, "//admin/": -1, "/admin%2F": -1, "/admin;x/": -1, "/%2e/admin/": -1,
		"/x/../admin/": -1, "/x//../../admin/": -1, "/api/a%2Fb/%2e%2e/%2e%2e/admin/": -1, "/a/b/../../a/b/x": -1, "/api/..": -1, "/admin/x/..": -1,
	} {
		m, err := table.Find([]byte(target), []byte("GET"), nil)
		if m.Route != want || m.Path != nil || (want < 0) != errors.Is(err, ErrAmbiguous) {
			t.Errorf("%s: got %+v (%v), want %d", target, m, err, want)
		}
	}
}

// TestTable_aPrefixWithoutItsSlash is on the prefix's routes, unless the path is a route of its own.
func TestTable_aPrefixWithoutItsSlash(t *testing.T) {
	table, err := NewTable([]Path{
		{"/", nil, 0, ""}, {"/app/", []string{"GET"}, 1, ""}, {"/app/", []string{"POST"}, 2, ""}, {"/own/", nil, 3, ""}, {"/own", nil, 4, ""}, {"/ü/", nil, 5, ""},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		method, target string
		want           Match
	}{
		{"GET", "/app?q=/", Match{Route: 1, Slash: true}},
		{"POST", "/app", Match{Route: 2, Slash: true}},
		{"PUT", "/app", Match{Route: -1, Allow: "GET, HEAD, POST"}},
		{"GET", "/app/", Match{Route: 1}},
		{"GET", "/apple", Match{Route: 0}},
		{"GET", "/own", Match{Route: 4}},
		{"GET", "/own/", Match{Route: 3}},
		{"GET", "/%61pp", Match{Route: 1, Slash: true, Path: []byte("/app")}},
		{"GET", "/ü", Match{Route: 5, Slash: true, Path: []byte("/%C3%BC")}},
		{"GET", "/", Match{Route: 0}},
	} {
		m, err := table.Find([]byte(tc.target), []byte(tc.method), nil)
		if m.Route != tc.want.Route || m.Slash != tc.want.Slash || m.Allow != tc.want.Allow || !bytes.Equal(m.Path, tc.want.Path) || err != nil {
			t.Errorf("%s %s: got %+v (%v), want %+v", tc.method, tc.target, m, err, tc.want)
		}
	}
}

// BenchmarkFind_odd: what a path costs that servers may read differently, and the most that one can cost.
func BenchmarkFind_odd(b *testing.B) {
	table, err := NewTable(onePerRoute("/", "/api/", "/admin/"))
	if err != nil {
		b.Fatal(err)
	}
	for name, target := range map[string]string{
		"an encoded slash": "/api/v4/projects/group%2Fproject", "an encoded blank": "/api/a%20b",
		"everything": "/api/" + strings.Repeat(`a/%61%2F;x/\%3B.././/`, 1500),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				table.Find([]byte(target), []byte("GET"), nil)
			}
		})
	}
}
