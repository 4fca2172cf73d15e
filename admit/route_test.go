package admit

import (
	"errors"
	"testing"
)

func TestTable_findsTheLongestRouteOrRefusesTwoReadings(t *testing.T) {
	table, err := NewTable([]string{"/api/", "/api/v1/", "/exact", "/api/v1/one"})
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		target string
		want   int // the index of the route; -1 for none
		err    error
	}{
		"an exact path":                      {"/exact", 2, nil},
		"an exact path with a query":         {"/exact?a=/api/", 2, nil},
		"below an exact path":                {"/exact/more", -1, nil},
		"a prefix itself":                    {"/api/", 0, nil},
		"a prefix without its slash":         {"/api", -1, nil},
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
		"a single dot":                       {"/api/./x", -1, ErrAmbiguous},
		"an empty segment":                   {"/api//x", -1, ErrAmbiguous},
		"an encoded slash":                   {"/api%2fx", -1, ErrAmbiguous},
		"an encoded slash at the end":        {"/api%2F", -1, ErrAmbiguous},
		"an encoded backslash":               {"/api/%5cx", -1, ErrAmbiguous},
		"a backslash":                        {"/api\\x", -1, ErrAmbiguous},
		"dots within a name":                 {"/api/..x", 0, nil},
		"dots in the query":                  {"/exact?/../", 2, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := table.Find([]byte(tc.target))
			if got != tc.want || !errors.Is(err, tc.err) {
				t.Errorf("%q: got %d (%v), want %d (%v)", tc.target, got, err, tc.want, tc.err)
			}
		})
	}
}

// With one route for all there are no two to choose from: whatever the target looks like goes through as it came.
func TestTable_ofEverythingRefusesNothing(t *testing.T) {
	table, err := NewTable([]string{"/"})
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"/", "*", "", "?q", "/a/../b", "//a", "/%2f"} {
		if i, err := table.Find([]byte(target)); i != 0 || err != nil {
			t.Errorf("%q: got %d (%v), want 0", target, i, err)
		}
	}
}
