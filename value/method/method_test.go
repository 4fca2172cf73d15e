package method

import (
	"errors"
	"slices"
	"testing"
)

func TestCheck_refusesWhatIsNotForwarded(t *testing.T) {
	for name, ok := range map[string]bool{
		"GET": true, "PATCH": true, "X-1": true, "": false, "get": false, "Get": false, "CONNECT": false, "TRACE": false, "GET ": false, "GÄT": false,
	} {
		if err := Check(name); (err == nil) != ok {
			t.Errorf("%q: got %v", name, err)
		}
	}
	if err := Check("G T"); !errors.Is(err, ErrNone) {
		t.Errorf("no method: got %v, want ErrNone", err)
	}
}

func TestWithHead_addsHeadAfterGet(t *testing.T) {
	for _, tc := range []struct{ methods, want []string }{
		{nil, nil}, {[]string{"POST"}, []string{"POST"}}, {[]string{"GET"}, []string{"GET", "HEAD"}},
		{[]string{"GET", "POST"}, []string{"GET", "HEAD", "POST"}}, {[]string{"HEAD", "GET"}, []string{"HEAD", "GET"}},
	} {
		before := slices.Clone(tc.methods)
		if got := WithHead(tc.methods); !slices.Equal(got, tc.want) || !slices.Equal(tc.methods, before) {
			t.Errorf("%q: got %q, want %q, and has become %q", before, got, tc.want, tc.methods)
		}
	}
}
