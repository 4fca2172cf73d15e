package rate

import (
	"strings"
	"testing"
	"time"
)

func TestParse_readsWhatPeopleWrite(t *testing.T) {
	tests := map[string]struct {
		text, canonical string
		want            Rate
	}{
		"ten in a minute":           {"10/1m", "10/1m", Rate{10, time.Minute}},
		"a unit alone is one of it": {"5/s", "5/1s", Rate{5, time.Second}},
		"a day alone":               {"5/d", "5/24h", Rate{5, 24 * time.Hour}},
		"an hour":                   {"1000/1h", "1000/1h", Rate{1000, time.Hour}},
		"days":                      {"1000/7d", "1000/168h", Rate{1000, 7 * 24 * time.Hour}},
		"a minute and a half":       {"1/1m30s", "1/1m30s", Rate{1, 90 * time.Second}},
		"seconds are told as more":  {"1/3600s", "1/1h", Rate{1, time.Hour}},
		"a fraction":                {"2/1.5s", "2/1.5s", Rate{2, 1500 * time.Millisecond}},
		"a fraction without its 0":  {"2/.5s", "2/500ms", Rate{2, 500 * time.Millisecond}},
		"ten hours and ten minutes": {"2/10h10m", "2/10h10m", Rate{2, 610 * time.Minute}},
		"ten hours and ten seconds": {"2/10h10s", "2/10h0m10s", Rate{2, 10*time.Hour + 10*time.Second}},
		"the shortest time":         {"1/ms", "1/1ms", Rate{1, LeastPer}},
		"as many as may be":         {"1000000000/365d", "1000000000/8760h", Rate{MostN, MostPer}},
		"leading zeros are ignored": {"007/20m", "7/20m", Rate{7, 20 * time.Minute}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Parse(tc.text)
			if err != nil || got != tc.want {
				t.Fatalf("%q: got %v, %v; want %v", tc.text, got, err, tc.want)
			}
			if got.String() != tc.canonical {
				t.Errorf("%q: got %q back, want %q", tc.text, got.String(), tc.canonical)
			}
		})
	}
	if text := (Rate{}).String(); text != "" {
		t.Errorf("no rate is written %q", text)
	}
}

func TestParse_refuses(t *testing.T) {
	tests := map[string]string{
		"nothing":             "",
		"no slash":            "10",
		"no number":           "/1m",
		"no time":             "10/",
		"a time without unit": "10/60",
		"a sign":              "+10/1m",
		"below zero":          "-10/1m",
		"a fraction of one":   "1.5/1m",
		"a space":             "10 /1m",
		"zero":                "0/1m",
		"a negative time":     "1/-1m",
		"no time at all":      "1/0s",
		"too short":           "1/999us",
		"too many":            "1000000001/1m",
		"far too many":        strings.Repeat("9", 40) + "/1m",
		"too long":            "1/8760h1ns",
		"two slashes":         "1/1m/1m",
		"an unknown unit":     "1/day",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Parse(text)
			if err == nil || got != (Rate{}) || !strings.Contains(err.Error(), Wants) {
				t.Errorf("%q: got %v, %v; want an error that says what to write", text, got, err)
			}
		})
	}
}

func TestCheck_saysWhatIsWrong(t *testing.T) {
	for says, r := range map[string]Rate{
		"admits no request":    {0, time.Minute},
		"more than 1000000000": {MostN + 1, time.Minute},
		"more than 0":          {1, 0},
		"at most 365 days":     {1, MostPer + 1},
	} {
		if err := r.Check(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: got %v, want an error that says %q", r, err, says)
		}
	}
	if err := (Rate{1, 1}).Check(); err != nil {
		t.Errorf("one in a nanosecond: %v", err)
	}
}

// FuzzParse checks that a rate that is read is valid, and that its String is read as the same rate.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"10/1m", "5/s", "1000/1h", "1/8760h", "1/1h0m0.000000001s", "0/s", "1/", "/", "1/1000µs", "3/.5d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Parse(text)
		if err != nil {
			if r != (Rate{}) {
				t.Errorf("%q: got %v with %v", text, r, err)
			}
			return
		}
		if err := r.Check(); err != nil {
			t.Errorf("%q: got %v, of which Check says %v", text, r, err)
		}
		if again, err := Parse(r.String()); err != nil || again != r {
			t.Errorf("%q: got %v, and from that %v, %v", text, r, again, err)
		}
	})
}
