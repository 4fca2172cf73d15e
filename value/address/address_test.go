package address

import "testing"

func TestParse_readsWhereABackendIs(t *testing.T) {
	tests := map[string]struct {
		want                 Backend
		text, url, authority string
	}{
		"127.0.0.1:9001":      {Backend{"127.0.0.1", 9001, false}, "127.0.0.1:9001", "http://127.0.0.1:9001", "127.0.0.1:9001"},
		"http://a":            {Backend{"a", 80, false}, "a:80", "http://a:80", "a"},
		"https://a/":          {Backend{"a", 443, true}, "https://a:443", "https://a:443", "a"},
		"http://a:443":        {Backend{"a", 443, false}, "a:443", "http://a:443", "a:443"},
		"https://a:80":        {Backend{"a", 80, true}, "https://a:80", "https://a:80", "a:80"},
		"[::1]:80":            {Backend{"::1", 80, false}, "[::1]:80", "http://[::1]:80", "[::1]"},
		"https://[::1]":       {Backend{"::1", 443, true}, "https://[::1]:443", "https://[::1]:443", "[::1]"},
		"[::1]:8000":          {Backend{"::1", 8000, false}, "[::1]:8000", "http://[::1]:8000", "[::1]:8000"},
		"http://backend:9001": {Backend{"backend", 9001, false}, "backend:9001", "http://backend:9001", "backend:9001"},
	}
	for text, tc := range tests {
		b, err := Parse(text)
		if err != nil || b != tc.want || b.String() != tc.text || b.URL() != tc.url || b.Authority() != tc.authority {
			t.Errorf("%s: got %+v, %v, %s, %s, %s; want %+v", text, b, err, b, b.URL(), b.Authority(), tc)
		}
		if again, err := Parse(b.String()); err != nil || again != b {
			t.Errorf("%s: %s is read as %+v, %v", text, b, again, err)
		}
	}
	for _, text := range []string{
		"", "a", ":9001", "a:", "a:0", "a:65536", "a:http", "ftp://a", "http://", "http://:80", "http://u:p@a", "http://a/path", "http://a?q", "http://a#f",
		"u:p@a:1", "a/b:1", "a b:1", "a\x00:1", "http://a:b",
	} {
		if b, err := Parse(text); err == nil || b.Host != "" {
			t.Errorf("%q: got %+v, %v", text, b, err)
		}
	}
}
