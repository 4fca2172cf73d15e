package config

import (
	"fmt"
	"strings"
	"testing"

	"tenfour/value/routepath"
)

// TestParse_bounds: one below each bound, at it and one above.
func TestParse_bounds(t *testing.T) {
	t.Parallel()
	repeat := strings.Repeat
	routes := func(n int, of string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "[[route]]\npath = \"/%d\"\n%s", i, of)
		}
		return b.String()
	}
	limits := func(n int) string {
		var b strings.Builder
		b.WriteString("[[route]]\nlimit = \"no\"\n")
		for i := range n {
			fmt.Fprintf(&b, "[limit.l%d]\nrate = \"1/s\"\n", i)
		}
		return b.String()
	}
	networks := func(n int) string {
		var b strings.Builder
		b.WriteString("deny_from = [\n")
		for i := range n {
			fmt.Fprintf(&b, "\"10.%d.%d.%d\",\n", i>>16, i>>8&255, i&255)
		}
		return b.String() + "]\n"
	}
	backends := func(n int) string {
		var b strings.Builder
		b.WriteString("workers = 1\n[[route]]\nbackends = [\n")
		for i := range n {
			fmt.Fprintf(&b, "\"10.0.0.1:%d\",\n", i+1)
		}
		return b.String() + "]\n"
	}
	tests := map[string]struct {
		most int
		text func(n int) string
		want string // what the error says of one more
	}{
		"arrays within each other": {deepest, func(n int) string { return "path = " + repeat("[", n) + repeat("]", n) },
			"tenfour.toml:1:24: more than 16 arrays or tables are within each other here"},
		"tables within each other": {deepest, func(n int) string { return "request = " + repeat("{a=", n) + "1" + repeat("}", n) },
			"more than 16 arrays or tables are within each other here"},
		"parts of a key":       {deepest, func(n int) string { return "a" + repeat(".a", n-1) + " = 1" }, "tenfour.toml:1:32: a key has 16 parts at most"},
		"parts of a header":    {deepest, func(n int) string { return "[a" + repeat(" . a", n-1) + "]" }, "a key has 16 parts at most"},
		"parts within a value": {deepest, func(n int) string { return "request = {a" + repeat(".a", n-1) + " = 1}" }, "a key has 16 parts at most"},
		"elements": {elementsMost, func(n int) string { return "path = [" + repeat("1,", n-2) + "]" },
			fmt.Sprintf("the file has more than %d keys, values and tables before this", elementsMost)},
		"routes": {routesMost, func(n int) string { return repeat("[[route]]\n", n) },
			fmt.Sprintf("tenfour.toml:%d:3: route: there are %d routes, and %[2]d are the most", routesMost+1, routesMost)},
		"limits":   {limitsMost, limits, fmt.Sprintf("limit: there are %d limits, and %d are the most", limitsMost+1, limitsMost)},
		"backends": {backendsMost, backends, fmt.Sprintf("all routes together have more than %d backends up to here", backendsMost)},
		"workers of all backends": {slotsMost, func(n int) string {
			return fmt.Sprintf("[[route]]\nbackends = [\"a:1\", \"b:1\"]\nworkers = 32767\n[[route]]\npath = \"/auto\"\nbackends = \"c:1\"\nworkers = \"auto\"\nworkers_max = %d\n", n-2*32767)
		}, fmt.Sprintf("route[2].workers = \"auto\": all backends together have more than %d workers up to here", slotsMost)},
		"bytes of a path": {routepath.Most, func(n int) string { return "path = \"" + repeat("/", 1) + repeat("a", n-1) + "\"" },
			"a path has 1024 bytes at most"},
		"items for all routes": {workMost / 50, func(n int) string { return networks(n-2) + routes(50, "") }, // a path each, and the list itself
			fmt.Sprintf("tenfour.toml:1:1: all routes together have more than %d items in their lists: those at the top count for each route", workMost)},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			want := tc.want
			if name == "routes" {
				want = fmt.Sprintf("tenfour.toml:%d:3: route: there are %d routes, and %d are the most", routesMost+1, routesMost+1, routesMost)
			}
			for n := tc.most - 1; n <= tc.most+1; n++ {
				_, err := drawn(t, tc.text(n))
				said := err != nil && strings.Contains(err.Error(), want)
				if said != (n > tc.most) {
					t.Errorf("%d: got %.300v; want %q: %t", n, err, want, n > tc.most)
				}
			}
		})
	}
}

// TestScanner_countsWhatIsNotInTextsAndComments, so that no text is taken for something deep or long.
func TestScanner_countsWhatIsNotInTextsAndComments(t *testing.T) {
	deep := strings.Repeat("[", 99)
	for name, tc := range map[string]struct {
		text string
		over bool
	}{
		"a comment":                          {"# " + deep, false},
		"after a comment":                    {"# a\n" + deep, true},
		"a text":                             {`a = "` + deep + `"`, false},
		"a text with a quote":                {`a = "\"` + deep + `"`, false},
		"after a text that ends with \\":     {`a = "\\"` + deep, true},
		"a literal text":                     {`a = '` + deep + `'`, false},
		"a literal text with \\ at its end":  {`a = 'a\'` + deep, true},
		"several lines":                      {"a = \"\"\"\n" + deep + "\n\"\" \\\"\"\" " + deep + `"""`, false},
		"after several lines":                {"a = \"\"\"\n\"\"\"" + deep, true},
		"several literal lines":              {"a = '''\n" + deep + "\n'' \\" + deep + `'''`, false},
		"after several literal lines":        {"a = '''\n\\'''" + deep, true},
		"a text that does not end":           {`a = "` + deep, false},
		"the line after one":                 {"a = \"\n" + deep, true},
		"lines that do not end":              {`a = '''` + deep, false},
		"an empty text":                      {`a = ""` + deep, true},
		"a quoted part of a key":             {`"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r" = 1`, false},
		"a quote at the end":                 {`a = "`, false},
		"three at the end":                   {`a = """`, false},
		"a backslash at the end":             {`a = "\`, false},
		"a backslash at the end of the last": {`a = """\`, false},
	} {
		var bad problems
		if over := newFile("tenfour.toml", []byte(tc.text)).outOfBounds(&bad); over != tc.over {
			t.Errorf("%s: %q is over: %t (%v)", name, tc.text, over, bad.err())
		}
	}
}

// TestParse_saysAHundredMistakesAtMost, and that there are more.
func TestParse_saysAHundredMistakesAtMost(t *testing.T) {
	for _, n := range []int{problemsMost, problemsMost + 1, 50 * problemsMost} {
		var text strings.Builder
		for i := range n {
			fmt.Fprintf(&text, "key%d = 1\n", i)
		}
		_, err := drawn(t, text.String())
		lines := strings.Split(err.Error(), "\n")
		want := problemsMost
		if n > problemsMost {
			want++
		}
		if len(lines) != want || (lines[len(lines)-1] == moreWrong) != (n > problemsMost) {
			t.Errorf("of %d mistakes: %d lines, the last is %q", n, len(lines), lines[len(lines)-1])
		}
	}
}
