package front

import (
	"testing"

	"tenfour/httpparse"
	"tenfour/sock"
)

// TestRetarget_asksForThePathThatFoundTheRoute, without the route's prefix, and with the query as it came.
func TestRetarget_asksForThePathThatFoundTheRoute(t *testing.T) {
	for name, tc := range map[string]struct{ target, path, prefix, want string }{
		"a path that is written otherwise":     {"/a%2dpage?q=1", "/a-page", "", "/a-page?q=1"},
		"a prefix is taken off":                {"/app/page?q=/app", "", "/app", "/page?q=/app"},
		"nothing is left but the query":        {"/app?q=1", "", "/app", "/?q=1"},
		"nothing is left":                      {"/app", "", "/app", "/"},
		"the rest begins with a slash already": {"/app/", "", "/app", "/"},
		"both":                                 {"/app/a%2dpage", "/app/a-page", "/app", "/a-page"},
		"the asterisk has no prefix":           {"*", "", "/app", "*"},
		"a question mark in the query":         {"/app/x?a?b", "", "/app", "/x?a?b"},
	} {
		t.Run(name, func(t *testing.T) {
			f := &Front{}
			r := newRequest(f)
			c := &client{front: f, req: r}
			method := "GET "
			if tc.target == "*" {
				method = "OPTIONS "
			}
			raw := []byte(method + tc.target + " HTTP/1.1\r\nHost: a\r\n\r\n")
			r.c, r.In = c, sock.InputOf(raw)
			n, err := r.Head.Parse(r.In.Rest(), &httpparse.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			r.In.Keep(n)
			if tc.path != "" {
				r.plainer = []byte(tc.path)
			}
			r.retarget(tc.prefix)
			if string(r.Target) != tc.want {
				t.Errorf("%q with path %q without %q: got %q, want %q", tc.target, tc.path, tc.prefix, r.Target, tc.want)
			}
		})
	}
}
