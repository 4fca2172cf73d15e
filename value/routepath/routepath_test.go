package routepath

import (
	"errors"
	"strings"
	"testing"
)

func TestCheck_refusesPathsWithMoreThanOneReading(t *testing.T) {
	for path, ok := range map[string]bool{
		"/": true, "/a": true, "/a/": true, "/a/b.c/..d/": true, "/ü": true, "/a+b;c=d@e": true, "/" + strings.Repeat("a", Most-1): true,
		"/" + strings.Repeat("a", Most): false, "//": false, "/a//b": false, "/a//": false, "/.": false, "/a/../b": false, "/a/..": false,
		"/./a": false, "/a?b": false, "/a#b": false, "/%61": false, `/a\b`: false, "/a b": false, "/a\x00": false, "/a\x7f": false,
	} {
		if err := Check(path); (err == nil) != ok || errors.Is(err, ErrNoSlash) {
			t.Errorf("%q: got %v", path, err)
		}
	}
	for _, text := range []string{"", "a", "a/", "*", "http://a/"} {
		if err := Check(text); !errors.Is(err, ErrNoSlash) {
			t.Errorf("%q: got %v, want ErrNoSlash", text, err)
		}
	}
}

func TestCheckTarget_takesAnyPathOrNone(t *testing.T) {
	for text, ok := range map[string]bool{"": true, "/": true, "/health?x=1": true, "/a//b": true, "a": false, "/a b": false, "/a\n": false} {
		if err := CheckTarget(text); (err == nil) != ok {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

func TestUnder_comparesWholeSegments(t *testing.T) {
	for _, tc := range []struct {
		path, prefix string
		want         bool
	}{
		{"/app/page", "/app", true}, {"/app", "/app", true}, {"/app/", "/app", true}, {"/apple", "/app", false}, {"/", "/app", false},
		{"/anything", "", true}, {"/app/a/b", "/app/a", true}, {"/app/ab", "/app/a", false},
	} {
		if got := Under(tc.path, tc.prefix); got != tc.want {
			t.Errorf("%s under %q: got %v", tc.path, tc.prefix, got)
		}
	}
}
