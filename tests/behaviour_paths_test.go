package tests

import (
	"fmt"
	"strings"
	"testing"
)

// TestPaths_passAsTheyCameWhereAllReadingsAreOfOneRoute: paths of real programs reach their backend byte for byte; a path that could be
// read as one of another route reaches none.
func TestPaths_passAsTheyCameWhereAllReadingsAreOfOneRoute(t *testing.T) {
	t.Parallel()
	s := headMirror(t)
	tokens := written(t, "tokens", "ann s3cret\n")
	tf := configured(t, s.addr, strings.ReplaceAll(`
[[route]]
path = "/api/"
backends = "BACKEND"
[[route]]
path = "/admin/"
backends = "BACKEND"
client_token_file = "TOKENS"
[[route]]
path = "/own/"
backends = "BACKEND"
strip_prefix = "/own"
[[route]]
path = "/log"
methods = ["GET"]
backends = "BACKEND"
[[route]]
path = "/log"
methods = ["DELETE"]
backends = "BACKEND"
client_token_file = "TOKENS"
`, "TOKENS", tokens))
	for _, tc := range []struct{ method, target, want string }{ // the target that the backend gets, or a status
		{"GET", "/api/v4/projects/g%2Fp", "/api/v4/projects/g%2Fp"},
		{"GET", "/api/queues/%2F/x", "/api/queues/%2F/x"},
		{"GET", "/api/queues/%2F", "/api/queues/%2F"},
		{"GET", "/api/@types%2fnode", "/api/@types%2fnode"},
		{"GET", "/api/img/https://cdn/a.png?x=//", "/api/img/https://cdn/a.png?x=//"},
		{"GET", `/api/a\b/%5c;v=1/../c/./%7E`, `/api/a\b/%5c;v=1/../c/./%7E`},
		{"GET", "http://b/api//x", "/api//x"},
		{"GET", "/own/a%2Fb//c", "/a%2Fb//c"},
		{"GET", "/%6fwn/a%2Fb", "/a%2Fb"},
		{"DELETE", "/api/x;y", "/api/x;y"},
		{"GET", "/admin/", "401"},
		{"GET", "/api/../admin/", "400"},
		{"GET", "/api/..%2fadmin/", "400"},
		{"GET", `/api/..\admin/`, "400"},
		{"GET", "/api/..;/admin/", "400"},
		{"GET", "/api/..;x=1/admin/", "400"},
		{"GET", "//admin/", "400"},
		{"GET", "http://b//admin/", "400"},
		{"GET", "/admin;x/", "400"},
		{"GET", "/%61dmin/x", "401"},
		{"DELETE", "/log;x", "400"},
		{"DELETE", "/log", "401"},
		{"PUT", "/x/../log", "404"}, // no route either way
	} {
		before := s.requests.Load()
		r, body := tf.raw(t, request(tc.method, tc.target))
		got := fmt.Sprint(r.StatusCode)
		if r.StatusCode == 200 {
			got = strings.Fields(body)[1]
		}
		if got != tc.want {
			t.Errorf("%s %s: got %s, want %s", tc.method, tc.target, got, tc.want)
		}
		if r.StatusCode != 200 && s.requests.Load() != before {
			t.Errorf("%s %s: the backend was reached", tc.method, tc.target)
		}
	}
}

// TestPaths_aPrefixWithoutItsSlashIsRedirected, by the rules of its route, and to the address that the client has.
func TestPaths_aPrefixWithoutItsSlashIsRedirected(t *testing.T) {
	t.Parallel()
	s := headMirror(t)
	tf := configured(t, s.addr, `
trusted_proxies = ["127.0.0.1"]
[[route]]
backends = "BACKEND"
[[route]]
path = ["/app/", "/ü/"]
methods = ["GET", "POST"]
backends = "BACKEND"
response.set = { Access-Control-Allow-Origin = "*" }
[[route]]
path = ["/own", "/own/"]
backends = "BACKEND"
[[route]]
path = "/hidden/"
backends = "BACKEND"
deny_from = ["127.0.0.1"]
[[route]]
path = "/once/"
backends = "BACKEND"
limit = "once"
[limit.once]
rate = "1/1h"
`)
	for _, tc := range []struct {
		method, target, lines string
		status                int
		location              string
	}{
		{"GET", "/app", "", 301, "/app/"},
		{"HEAD", "/app?a=b/c", "", 301, "/app/?a=b/c"},
		{"GET", "/app?", "", 301, "/app/?"},
		{"GET", "http://other.example/app?x", "", 301, "/app/?x"},
		{"POST", "/app", "Content-Length: 2\r\n", 308, "/app/"},
		{"GET", "/%61pp", "", 301, "/app/"},
		{"GET", "/ü", "", 301, "/%C3%BC/"},
		{"GET", "/app", "X-Forwarded-Prefix: /outer/\r\n", 301, "/outer/app/"},
		{"GET", "/app", "X-Forwarded-Prefix: //evil.example\r\n", 301, "/app/"},
		{"GET", "/app", "X-Forwarded-Prefix: evil.example\r\n", 301, "/app/"},
		{"PUT", "/app", "", 405, ""},
		{"GET", "/app/", "", 200, ""},
		{"GET", "/apple", "", 200, ""},
		{"GET", "/own", "", 200, ""},
		{"GET", "/hidden", "", 403, ""},
		{"GET", "/once", "", 301, "/once/"},
		{"GET", "/once", "", 429, ""},
	} {
		before := s.requests.Load()
		content := ""
		if tc.method == "POST" {
			content = "ab"
		}
		r, body := tf.raw(t, request(tc.method, tc.target, tc.lines+"X-End: 1")+content)
		if r.StatusCode != tc.status || r.Header.Get("Location") != tc.location {
			t.Errorf("%s %s with %q: got %d to %q, want %d to %q", tc.method, tc.target, tc.lines, r.StatusCode, r.Header.Get("Location"), tc.status, tc.location)
		}
		if tc.status != 200 && s.requests.Load() != before {
			t.Errorf("%s %s: the backend was reached", tc.method, tc.target)
		}
		if (tc.method == "HEAD") != (body == "") {
			t.Errorf("%s %s: its content is %q", tc.method, tc.target, body)
		}
	}
}
