package sock

import "testing"

func TestAcks_areOwedForWhatCameAfterTheLastWrite(t *testing.T) {
	tests := map[string]struct {
		happened string // r: bytes were read, w: written, A: Ack
		owed     bool
	}{
		"nothing came":                             {"", false},
		"the first bytes of a new connection":      {"r", false},
		"what came after them":                     {"rAr", true},
		"more reads before the first wait":         {"rr", true},
		"the first bytes of a dialled one":         {"wr", false},
		"a request that was answered":              {"rw", false},
		"a part of the next request":               {"rwr", true},
		"the same, once it was acknowledged":       {"rwrA", false},
		"the part after that":                      {"rwrAr", true},
		"the body after a 100":                     {"rwrAwr", true},
		"the rest of a response on a kept one":     {"wrwr", true},
		"the first wait of a kept one, at its end": {"wrw", false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			a := acks{quick: true}
			for _, what := range tc.happened {
				switch what {
				case 'r':
					a.came()
				case 'w':
					a.went()
				case 'A':
					a.due()
				}
			}
			if got := a.due(); got != tc.owed {
				t.Errorf("after %q: owed %t, want %t", tc.happened, got, tc.owed)
			}
		})
	}
}
