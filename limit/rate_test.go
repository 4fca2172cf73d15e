package limit

import (
	"strings"
	"testing"
	"time"
)

func TestParseRate(t *testing.T) {
	tests := map[string]struct {
		text, canonical string
		want            Rate
	}{
		"ten in a minute":           {"10/1m", "10/1m", Rate{10, time.Minute}},
		"a unit alone is one of it": {"5/s", "5/1s", Rate{5, time.Second}},
		"an hour":                   {"1000/1h", "1000/1h", Rate{1000, time.Hour}},
		"a minute and a half":       {"1/1m30s", "1/1m30s", Rate{1, 90 * time.Second}},
		"seconds are told as more":  {"1/3600s", "1/1h", Rate{1, time.Hour}},
		"a fraction":                {"2/1.5s", "2/1.5s", Rate{2, 1500 * time.Millisecond}},
		"ten hours and ten minutes": {"2/10h10m", "2/10h10m", Rate{2, 610 * time.Minute}},
		"ten hours and ten seconds": {"2/10h10s", "2/10h0m10s", Rate{2, 10*time.Hour + 10*time.Second}},
		"a nanosecond":              {"1/ns", "1/1ns", Rate{1, 1}},
		"as many as may be":         {"1000000000/8760h", "1000000000/8760h", Rate{MostN, MostPer}},
		"leading zeros are ignored": {"007/20m", "7/20m", Rate{7, 20 * time.Minute}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := ParseRate(tc.text)
			if err != nil || got != tc.want {
				t.Fatalf("%q: got %v, %v; want %v", tc.text, got, err, tc.want)
			}
			if got.String() != tc.canonical {
				t.Errorf("%q: got %q back, want %q", tc.text, got.String(), tc.canonical)
			}
		})
	}
}

func TestParseRate_refuses(t *testing.T) {
	tests := map[string]struct{ text, says string }{
		"nothing":             {"", "such as 10/1m"},
		"no slash":            {"10", "such as 10/1m"},
		"no number":           {"/1m", "whole number"},
		"no time":             {"10/", "duration"},
		"a time without unit": {"10/60", "duration"},
		"a sign":              {"+10/1m", "whole number"},
		"a fraction of one":   {"1.5/1m", "whole number"},
		"a space":             {"10 /1m", "whole number"},
		"zero":                {"0/1m", "admits no request"},
		"a negative time":     {"1/-1m", "more than 0"},
		"no time at all":      {"1/0s", "more than 0"},
		"too many":            {"1000000001/1m", "more than 1000000000"},
		"far too many":        {strings.Repeat("9", 40) + "/1m", "more than 1000000000"},
		"too long":            {"1/8760h1ns", "365 days"},
		"two slashes":         {"1/1m/1m", "duration"},
		"an unknown unit":     {"1/day", "duration"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := ParseRate(tc.text)
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%q: got %v, %v; want an error that says %q", tc.text, got, err, tc.says)
			}
		})
	}
}

// FuzzParseRate checks that a rate that is read is valid, and that its String is read as the same rate.
func FuzzParseRate(f *testing.F) {
	for _, seed := range []string{"10/1m", "5/s", "1000/1h", "1/8760h", "1/1h0m0.000000001s", "0/s", "1/", "/", "1/1µs"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseRate(text)
		if err != nil {
			if r != (Rate{}) {
				t.Errorf("%q: got %v with %v", text, r, err)
			}
			return
		}
		if err := r.Check(); err != nil {
			t.Errorf("%q: got %v, of which Check says %v", text, r, err)
		}
		if again, err := ParseRate(r.String()); err != nil || again != r {
			t.Errorf("%q: got %v, and from that %v, %v", text, r, again, err)
		}
	})
}
