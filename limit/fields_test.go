package limit

import (
	"testing"
	"time"

	"tenfour/value/rate"
)

func TestAppendRateLimit(t *testing.T) {
	tests := map[string]struct {
		name string
		d    Decision
		want string
	}{
		"there is room":                {"api", Decision{Admitted: true, Remaining: 9, Reset: 57 * time.Second}, `"api";r=9;t=57`},
		"seconds are rounded up":       {"api", Decision{RetryAfter: 1, Reset: 1}, `"api";r=0;t=1`},
		"a whole second stays one":     {"api", Decision{Reset: time.Second}, `"api";r=0;t=1`},
		"nothing is negative":          {"api", Decision{Remaining: -1, Reset: -1}, `"api";r=0;t=0`},
		"quotes and bars are escaped":  {`a"b\c`, Decision{}, `"a\"b\\c";r=0;t=0`},
		"what a String cannot have":    {"\x00ä\x7f\r\n\xff ~", Decision{}, `"?????? ~";r=0;t=0`},
		"a name may be empty":          {"", Decision{}, `"";r=0;t=0`},
		"no Integer has over 15 digit": {"a", Decision{Remaining: 1 << 62}, `"a";r=999999999999999;t=0`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := string(AppendRateLimit([]byte("x"), tc.name, tc.d)); got != "x"+tc.want {
				t.Errorf("got %s, want x%s", got, tc.want)
			}
		})
	}
}

func TestAppendPolicy(t *testing.T) {
	tests := map[string]struct {
		rate rate.Rate
		want string
	}{
		"a minute":             {rate.Rate{N: 10, Per: time.Minute}, `"api";q=10;w=60`},
		"a second and a half":  {rate.Rate{N: 10, Per: 1500 * time.Millisecond}, `"api";q=10;w=2`},
		"a window is never 0":  {rate.Rate{N: 10, Per: 1}, `"api";q=10;w=1`},
		"the largest of rates": {rate.Rate{N: rate.MostN, Per: rate.MostPer}, `"api";q=1000000000;w=31536000`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := string(AppendPolicy(nil, "api", tc.rate)); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}
