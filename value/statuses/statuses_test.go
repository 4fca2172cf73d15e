package statuses

import "testing"

func TestParse_readsClassesAndCodes(t *testing.T) {
	tests := map[string]struct {
		text, canonical string
		has, hasNot     []int
	}{
		"a class":               {"2xx", "2xx", []int{200, 204, 299}, []int{199, 300, 100}},
		"a code":                {"304", "304", []int{304}, []int{303, 305}},
		"some, with spaces":     {"404, 2xx ,304", "2xx,304,404", []int{200, 304, 404}, []int{403, 500}},
		"a code and its class":  {"503,5xx", "5xx", []int{500, 503, 599}, []int{499, 600}},
		"the first and last":    {"100,599", "100,599", []int{100, 599}, []int{99, 101, 598, 600}},
		"none that a byte has":  {"1xx", "1xx", []int{100}, []int{-1, 0, 64, 640, 1 << 20}},
		"all, in classes again": {"5xx,4xx,3xx,2xx,1xx", "1xx,2xx,3xx,4xx,5xx", []int{100, 599}, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			set, err := Parse(tc.text)
			if err != nil {
				t.Fatal(err)
			}
			for _, status := range tc.has {
				if !set.Has(status) {
					t.Errorf("%q: it has no %d", tc.text, status)
				}
			}
			for _, status := range tc.hasNot {
				if set.Has(status) {
					t.Errorf("%q: it has %d", tc.text, status)
				}
			}
			if got := set.String(); got != tc.canonical {
				t.Errorf("%q: got %q back, want %q", tc.text, got, tc.canonical)
			}
			if again, err := Parse(set.String()); err != nil || again != set {
				t.Errorf("%q: %q is read as %v, %v", tc.text, set.String(), again, err)
			}
		})
	}
	if set, err := Parse("1xx,2xx,3xx,4xx"); err != nil || set != Classes(1, 4) {
		t.Errorf("got %v, %v; want the classes 1 to 4: %v", set, err, Classes(1, 4))
	}
}

func TestParse_refuses(t *testing.T) {
	for _, text := range []string{"", ",", "2xx,", "0xx", "6xx", "99", "600", "2x", "xx", "xxx", "x2x", "2xxx", "+20", "-1xx", "+xx", "2XX", "20 0", "0200"} {
		if set, err := Parse(text); err == nil || set != (Set{}) {
			t.Errorf("%q: got %v, %v; want an error", text, set, err)
		}
	}
}
