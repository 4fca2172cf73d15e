package admit

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestTable_findsTheLongestRouteOrRefusesTwoReadings(t *testing.T) {
	table, err := NewTable(onePerRoute("/api/", "/api/v1/", "/exact", "/api/v1/one"))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		target string
		want   int // the index of the route; -1 for no route
		err    error
	}{
		"an exact path":                      {"/exact", 2, nil},
		"an exact path with a query":         {"/exact?a=/api/", 2, nil},
		"below an exact path":                {"/exact/more", -1, nil},
		"a prefix itself":                    {"/api/", 0, nil},
		"a prefix without its slash":         {"/api", 0, nil},
		"below a prefix":                     {"/api/x/y", 0, nil},
		"the longer of two prefixes":         {"/api/v1/x", 1, nil},
		"exact before the prefix around it":  {"/api/v1/one", 3, nil},
		"below what is exact, by the prefix": {"/api/v1/one/two", 1, nil},
		"no route":                           {"/", -1, nil},
		"encoded unreserved characters":      {"/%65xact", 2, nil},
		"an encoded reserved character":      {"/exact%3F", -1, nil},
		"a stray percent sign":               {"/api/%zz", 0, nil},
		"a dot segment":                      {"/api/../exact", -1, ErrAmbiguous},
		"a dot segment at the end":           {"/api/..", -1, ErrAmbiguous},
		"an encoded dot segment":             {"/api/%2e%2E/exact", -1, ErrAmbiguous},
		"a single dot":                       {"/api/./x", 0, nil},
		"an empty segment":                   {"/api//x", 0, nil},
		"an encoded slash":                   {"/api%2fx", -1, ErrAmbiguous},
		"an encoded slash at the end":        {"/api%2F", -1, ErrAmbiguous},
		"an encoded backslash":               {"/api/%5cx", 0, nil},
		"a backslash for its slash":          {"/api\\x", -1, ErrAmbiguous},
		"dots within a name":                 {"/api/..x", 0, nil},
		"a percent sign that encodes later":  {"/api/%%34%31", 0, nil},
		"dots in the query":                  {"/exact?/../", 2, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			m, err := table.Find([]byte(tc.target), []byte("GET"), nil)
			if m.Route != tc.want || !errors.Is(err, tc.err) {
				t.Errorf("%q: got %d (%v), want %d (%v)", tc.target, m.Route, err, tc.want, tc.err)
			}
		})
	}
}

// TestTable_encodedCharactersDoNotBypassARoute: a target that a server may decode to a route's path is on that route, or
// refused.
func TestTable_encodedCharactersDoNotBypassARoute(t *testing.T) {
	table, err := NewTable(onePerRoute("/", "/a+b/", "/x@y", "/ü/", "/$$/"))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		target string
		want   int
		path   string // the path that is forwarded, if it differs
		err    error
	}{
		"as it stands there":                  {"/a+b/c", 1, "", nil},
		"encoded":                             {"/a%2Bb/c", -1, "", ErrAmbiguous},
		"encoded in the other case":           {"/a%2bb/c", -1, "", ErrAmbiguous},
		"encoded, and others":                 {"/%61%2bb/c", -1, "", ErrAmbiguous},
		"an exact path, encoded":              {"/x%40y", -1, "", ErrAmbiguous},
		"encoded in the query":                {"/c?%2b%40", 0, "", nil},
		"not in the path of a route":          {"/a%3Ab%20%C3%9F", 0, "", nil},
		"beyond ASCII":                        {"/%C3%BC/c", 3, "", nil},
		"beyond ASCII, in the other case":     {"/%c3%bC/%c3%9f", 3, "/%C3%BC/%C3%9f", nil},
		"beyond ASCII, and not encoded":       {"/ü/c", 3, "/%C3%BC/c", nil},
		"beyond ASCII, and partly encoded":    {"/%c3\xbc/c", 3, "/%C3%BC/c", nil},
		"a percent sign that encodes nothing": {"/ü/%zz", -1, "", ErrAmbiguous},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			m, err := table.Find([]byte(tc.target), []byte("GET"), nil)
			if tc.path == "" && err == nil && m.Path != nil {
				tc.path, _, _ = strings.Cut(tc.target, "?")
			}
			if m.Route != tc.want || string(m.Path) != tc.path || !errors.Is(err, tc.err) {
				t.Errorf("%q: got %d %q (%v), want %d %q (%v)", tc.target, m.Route, m.Path, err, tc.want, tc.path, tc.err)
			}
		})
	}
	if _, err := NewTable(onePerRoute("/ü", "/ü")); err == nil || !strings.Contains(err.Error(), "ü") {
		t.Errorf("with a path twice got %v", err)
	}
}

// TestTable_withOneRouteRefusesNothing: with one route for every target there is nothing to confuse, and each target passes
// unchanged.
func TestTable_withOneRouteRefusesNothing(t *testing.T) {
	table, err := NewTable(onePerRoute("/"))
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"/", "*", "", "?q", "/a/../b", "//a", "/%2f"} {
		if m, err := table.Find([]byte(target), []byte("GET"), nil); m.Route != 0 || m.Path != nil || err != nil {
			t.Errorf("%q: got %+v (%v), want 0", target, m, err)
		}
	}
}

// onePerRoute returns a route for each path, in that order, for any method.
func onePerRoute(list ...string) (all []Path) {
	for i, p := range list {
		all = append(all, Path{Path: p, Route: i})
	}
	return all
}

// TestTable_returnsThePathThatItCompared: the path that was compared is the one to forward.
func TestTable_returnsThePathThatItCompared(t *testing.T) {
	table, err := NewTable(onePerRoute("/crypto/sign", "/api/"))
	if err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]string{
		"/crypto/sign": "", "/%63rypto/sign?q=%63": "/crypto/sign", "/api/a%20b": "", "/api/%7Euser/a%20b": "", "/%61pi/%7Euser/a%20b": "/api/~user/a%20b",
	} {
		m, err := table.Find([]byte(target), []byte("GET"), nil)
		if string(m.Path) != want || m.Route < 0 || err != nil {
			t.Errorf("%q: got %+v (%v), want the path %q", target, m, err, want)
		}
	}
}

func TestTable_choosesByPathThenMethod(t *testing.T) {
	table, err := NewTable([]Path{
		{"/a", []string{"GET", "POST"}, 0, ""}, {"/a", []string{"PUT"}, 1, ""}, {"/", []string{"OPTIONS"}, 2, ""}, {"/b/", nil, 3, ""}, {"/b/c/", []string{"POST"}, 4, ""},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		method, target string
		want           int
		allow          string
	}{
		{"GET", "/a", 0, ""}, {"HEAD", "/a", 0, ""}, {"POST", "/a", 0, ""}, {"PUT", "/a", 1, ""},
		{"DELETE", "/a", -1, "GET, HEAD, POST, PUT"}, {"get", "/a", -1, "GET, HEAD, POST, PUT"}, // methods are case-sensitive
		{"BREW", "/b/", 3, ""}, {"GET", "/b/c/d", -1, "POST"}, // the longest path wins, also when a shorter one has the method
		{"OPTIONS", "*", 2, ""}, {"GET", "/c", -1, "OPTIONS"},
	} {
		m, err := table.Find([]byte(tc.target), []byte(tc.method), nil)
		if m.Route != tc.want || m.Allow != tc.allow || err != nil {
			t.Errorf("%s %s: got %+v (%v), want %d, Allow %q", tc.method, tc.target, m, err, tc.want, tc.allow)
		}
	}
}

func TestNewTable_refuses(t *testing.T) {
	for name, list := range map[string][]Path{
		"a path twice":                 {{"/a", nil, 0, ""}, {"/a", nil, 1, ""}},
		"one twice for a method":       {{"/a", []string{"GET", "PUT"}, 0, ""}, {"/a", []string{"PUT"}, 1, ""}},
		"one for HEAD, which is GET's": {{"/a", []string{"GET"}, 0, ""}, {"/a", []string{"HEAD"}, 1, ""}},
		"no slash before it":           {{"a", nil, 0, ""}},
		"a dot segment":                {{"/a/../b", nil, 0, ""}},
		"an encoded character":         {{"/%61", nil, 0, ""}},
		"a query":                      {{"/a?b", nil, 0, ""}},
	} {
		if _, err := NewTable(list); err == nil {
			t.Errorf("%s: %v passes", name, list)
		}
	}
}

// FuzzNewTable_pathsHaveOneReading: what a table takes as a path is read as itself when a request asks for it, and is then found.
func FuzzNewTable_pathsHaveOneReading(f *testing.F) {
	for _, seed := range []string{"/", "/a/b/", "/a/../b", "/a//", "/%61", "/a?b", "/ü", "/.", `/a\b`, "/a b", "/..a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		table, err := NewTable(onePerRoute("/other", path))
		if err != nil || path == "/other" {
			return
		}
		m, err := table.Find([]byte(Encoded(path)), []byte("GET"), nil)
		if err != nil || m.Route != 1 || m.Path != nil && string(m.Path) != Encoded(path) {
			t.Errorf("%q: got %+v, %v", path, m, err)
		}
	})
}

// BenchmarkFind: a lookup among 10,000 routes costs at most twice as much as a lookup in one.
func BenchmarkFind(b *testing.B) {
	for _, n := range []int{1, 100, 10000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			var list []Path
			for i := range n {
				list = append(list, Path{Path: "/service/" + strconv.Itoa(i) + "/", Route: i})
			}
			table, err := NewTable(list)
			if err != nil {
				b.Fatal(err)
			}
			targets := make([][]byte, 64)
			for i := range targets {
				targets[i] = []byte(list[i*len(list)/len(targets)].Path + "page?q=1")
			}
			method := []byte("GET")
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if m, err := table.Find(targets[i%len(targets)], method, nil); m.Route < 0 || err != nil {
					b.Fatal(m, err)
				}
			}
		})
	}
}

// TestTable_aTargetOfManySlashesCostsWhatItsLengthCosts: four times as many take four times as long, not sixteen times.
func TestTable_aTargetOfManySlashesCostsWhatItsLengthCosts(t *testing.T) {
	prefixes := []string{"/api/", "/"}
	for i := range 20 { // a map of a few is searched without hashing the whole key
		prefixes = append(prefixes, "/"+strconv.Itoa(i)+"/")
	}
	table, err := NewTable(onePerRoute(prefixes...))
	if err != nil {
		t.Fatal(err)
	}
	costsItsSize(t, 4000, 16_000, 8, func(segments int) func() {
		target := []byte(strings.Repeat("/a", segments))
		return func() {
			if m, err := table.Find(target, []byte("GET"), nil); m.Route != 1 || err != nil {
				t.Fatalf("got %v, %v", m, err)
			}
		}
	})
}

// costsItsSize fails when of, made for the larger of two sizes, never takes less than most times as long as for the smaller
// one. The fastest of many runs counts, because other processes can only make a run longer.
func costsItsSize(t *testing.T, few, many, most int, of func(size int) func()) {
	t.Helper()
	fastest := [2]time.Duration{time.Hour, time.Hour}
	runs := [2]func(){of(few), of(many)}
	for try := range 200 {
		for i, run := range runs {
			began := time.Now()
			run()
			fastest[i] = min(fastest[i], time.Since(began))
		}
		if try >= 10 && fastest[1] <= time.Duration(most)*fastest[0] {
			return
		}
	}
	t.Errorf("a size of %d takes %v, %d takes %v: more than %d times as long", few, fastest[0], many, fastest[1], most)
}

// TestNewTable_manyRoutesOfOnePath are compared by a look at a map, not each with all others.
func TestNewTable_manyRoutesOfOnePath(t *testing.T) {
	costsItsSize(t, 1000, 16_000, 80, func(n int) func() {
		var list []Path
		for i := range n {
			list = append(list, Path{Path: "/", Methods: []string{"M" + strconv.Itoa(i)}, Route: i})
		}
		return func() {
			if _, err := NewTable(list); err != nil {
				t.Fatal(err)
			}
		}
	})
	list := []Path{{Path: "/", Methods: []string{"GET"}}, {Path: "/", Methods: []string{"POST", "HEAD"}}}
	if _, err := NewTable(list); err == nil || err.Error() != `path "/": named twice, for HEAD` {
		t.Errorf("got %v", err)
	}
	if _, err := NewTable(append(list[:1], Path{Path: "/"})); err == nil || err.Error() != `path "/": named twice` {
		t.Errorf("got %v", err)
	}
}
