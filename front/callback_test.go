package front

import "testing"

func TestWithoutParam_leavesTheRest(t *testing.T) {
	tests := []struct {
		target, rest string
		values       []string
	}{
		{"/a", "/a", nil},
		{"/a?", "/a?", nil},
		{"/a?x=1&y", "/a?x=1&y", nil},
		{"/a?callback=u", "/a", []string{"u"}},
		{"/a?x=1&callback=u&y=%2f", "/a?x=1&y=%2f", []string{"u"}},
		{"/a?callback=u&&x", "/a?&x", []string{"u"}},
		{"/a?c%61llback=u%3Fv", "/a", []string{"u%3Fv"}},
		{"/a?callback=u&callback=v", "/a", []string{"u", "v"}},
		{"/a?callback", "/a", []string{""}},
		{"/a?xcallback=1&callbackx=2&Callback=3", "/a?xcallback=1&callbackx=2&Callback=3", nil},
		{"/a?%zz=1&x=callback", "/a?%zz=1&x=callback", nil},
	}
	for _, tc := range tests {
		rest, values := withoutParam([]byte(tc.target), "callback")
		if string(rest) != tc.rest || len(values) != len(tc.values) {
			t.Errorf("%s: got %s and %q, want %s and %q", tc.target, rest, values, tc.rest, tc.values)
			continue
		}
		for i := range values {
			if string(values[i]) != tc.values[i] {
				t.Errorf("%s: value %d is %q, want %q", tc.target, i, values[i], tc.values[i])
			}
		}
	}
}
