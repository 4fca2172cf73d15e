package tests

import "testing"

// The rows of RFC 9112 §3.2 about Host: missing, more than one, empty, not an authority, and valid ones. What an
// absolute-form target does to Host is in rules_requestline_test.go.

func TestHost_refuses(t *testing.T) {
	refuseEach(t, map[string]refusal{
		"none in HTTP/1.1":                 {"GET / HTTP/1.1\r\nX: y\r\n\r\n", "RFC 9112 §3.2", "400"},
		"no field at all in HTTP/1.1":      {"GET / HTTP/1.1\r\n\r\n", "RFC 9112 §3.2", "400"},
		"none in HTTP/1.2":                 {"GET / HTTP/1.2\r\n\r\n", "RFC 9112 §3.2", "400"},
		"none beside an absolute target":   {"GET http://b/ HTTP/1.1\r\nX: y\r\n\r\n", "RFC 9112 §3.2", "400"},
		"two that differ":                  {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "RFC 9112 §3.2", "400"},
		"two that are equal":               {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "RFC 9112 §3.2", "400"},
		"two in different case":            {"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nhOST: a\r\n\r\n", "RFC 9112 §3.2", "400"},
		"two, one of them empty":           {"GET / HTTP/1.1\r\nHost:\r\nHost: a\r\n\r\n", "RFC 9112 §3.2", "400"},
		"two in HTTP/1.0":                  {"GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", "RFC 9112 §3.2", "400"},
		"two beside an absolute target":    {"GET http://b/ HTTP/1.1\r\nHost: b\r\nHost: b\r\n\r\n", "RFC 9112 §3.2", "400"},
		"a space in it":                    {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "RFC 3986 §3.2.2", "400"},
		"a tab in it":                      {"GET / HTTP/1.1\r\nHost: a\tb\r\n\r\n", "RFC 3986 §3.2.2", "400"},
		"a list of hosts":                  {"GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", "RFC 3986 §3.2.2", "400"},
		"userinfo":                         {"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", "RFC 3986 §3.2.2", "400"},
		"a path":                           {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "RFC 3986 §3.2.2", "400"},
		"a URI":                            {"GET / HTTP/1.1\r\nHost: http://a\r\n\r\n", "RFC 3986 §3.2.3", "400"},
		"a backslash":                      {"GET / HTTP/1.1\r\nHost: a\\b\r\n\r\n", "RFC 3986 §3.2.2", "400"},
		"a question mark":                  {"GET / HTTP/1.1\r\nHost: a?b\r\n\r\n", "RFC 3986 §3.2.2", "400"},
		"a hash":                           {"GET / HTTP/1.1\r\nHost: a#b\r\n\r\n", "RFC 3986 §3.2.2", "400"},
		"angle brackets":                   {"GET / HTTP/1.1\r\nHost: <a>\r\n\r\n", "RFC 3986 §3.2.2", "400"},
		"quotes":                           {"GET / HTTP/1.1\r\nHost: \"a\"\r\n\r\n", "RFC 3986 §3.2.2", "400"},
		"a control byte":                   {"GET / HTTP/1.1\r\nHost: a\x01\r\n\r\n", "RFC 9110 §5.5", "400"},
		"a DEL":                            {"GET / HTTP/1.1\r\nHost: a\x7f\r\n\r\n", "RFC 9110 §5.5", "400"},
		"a byte above ASCII":               {"GET / HTTP/1.1\r\nHost: caf\xc3\xa9\r\n\r\n", "RFC 3986 §3.2.2", "400"},
		"a named port":                     {"GET / HTTP/1.1\r\nHost: a:http\r\n\r\n", "RFC 3986 §3.2.3", "400"},
		"a port with a sign":               {"GET / HTTP/1.1\r\nHost: a:+80\r\n\r\n", "RFC 3986 §3.2.3", "400"},
		"a port above 65535":               {"GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", "RFC 3986 §3.2.3", "400"},
		"a port of very many digits":       {"GET / HTTP/1.1\r\nHost: a:18446744073709551696\r\n\r\n", "RFC 3986 §3.2.3", "400"},
		"a colon alone":                    {"GET / HTTP/1.1\r\nHost: :\r\n\r\n", "RFC 9110 §4.2.1", "400"},
		"two empty ports":                  {"GET / HTTP/1.1\r\nHost: a::\r\n\r\n", "RFC 3986 §3.2.3", "400"},
		"two ports":                        {"GET / HTTP/1.1\r\nHost: a:80:81\r\n\r\n", "RFC 3986 §3.2.3", "400"},
		"IPv6 without brackets":            {"GET / HTTP/1.1\r\nHost: ::1\r\n\r\n", "RFC 9110 §4.2.1", "400"},
		"a bracket that never closes":      {"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", "RFC 3986 §3.2.2", "400"},
		"a bracket that never opened":      {"GET / HTTP/1.1\r\nHost: ::1]\r\n\r\n", "RFC 9110 §4.2.1", "400"},
		"text between a bracket and colon": {"GET / HTTP/1.1\r\nHost: [::1]x:80\r\n\r\n", "RFC 3986 §3.2.2", "400"},
		"empty brackets":                   {"GET / HTTP/1.1\r\nHost: []\r\n\r\n", "RFC 3986 §3.2.2", "400"},
		"no IPv6 address in brackets":      {"GET / HTTP/1.1\r\nHost: [xyz]\r\n\r\n", "RFC 3986 §3.2.2", "400"},
	})
}

func TestHost_forwards(t *testing.T) {
	forwardEach(t, map[string]forwarded{
		"a name":                        {raw: "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", rule: "RFC 9110 §7.2", line: "GET / HTTP/1.1", host: "a.example"},
		"its case and port":             {raw: "GET / HTTP/1.1\r\nhOsT: A.Example:8080\r\n\r\n", rule: "RFC 9110 §7.2", line: "GET / HTTP/1.1", host: "A.Example:8080"},
		"the scheme's own port":         {raw: "GET / HTTP/1.1\r\nHost: a:80\r\n\r\n", rule: "RFC 9110 §7.2", line: "GET / HTTP/1.1", host: "a:80"},
		"the highest port":              {raw: "GET / HTTP/1.1\r\nHost: a:65535\r\n\r\n", rule: "RFC 3986 §3.2.3", line: "GET / HTTP/1.1", host: "a:65535"},
		"a dot at the end":              {raw: "GET / HTTP/1.1\r\nHost: a.example.\r\n\r\n", rule: "RFC 3986 §3.2.2", line: "GET / HTTP/1.1", host: "a.example."},
		"an underscore":                 {raw: "GET / HTTP/1.1\r\nHost: a_b\r\n\r\n", rule: "RFC 3986 §3.2.2", line: "GET / HTTP/1.1", host: "a_b"},
		"an escape":                     {raw: "GET / HTTP/1.1\r\nHost: caf%C3%A9\r\n\r\n", rule: "RFC 3986 §3.2.2", line: "GET / HTTP/1.1", host: "caf%C3%A9"},
		"an empty port":                 {raw: "GET / HTTP/1.1\r\nHost: a:\r\n\r\n", rule: "RFC 3986 §3.2.3", line: "GET / HTTP/1.1", host: "a"},
		"IPv6 and an empty port":        {raw: "GET / HTTP/1.1\r\nHost: [::1]:\r\n\r\n", rule: "RFC 3986 §3.2.3", line: "GET / HTTP/1.1", host: "[::1]"},
		"an empty port from HTTP/1.0":   {raw: "GET / HTTP/1.0\r\nHost: a: \r\n\r\n", rule: "RFC 3986 §3.2.3", line: "GET / HTTP/1.1", host: "a", end: closed},
		"IPv4":                          {raw: "GET / HTTP/1.1\r\nHost: 192.0.2.1:80\r\n\r\n", rule: "RFC 3986 §3.2.2", line: "GET / HTTP/1.1", host: "192.0.2.1:80"},
		"IPv6":                          {raw: "GET / HTTP/1.1\r\nHost: [2001:db8::1]\r\n\r\n", rule: "RFC 3986 §3.2.2", line: "GET / HTTP/1.1", host: "[2001:db8::1]"},
		"IPv6 and a port":               {raw: "GET / HTTP/1.1\r\nHost: [::ffff:192.0.2.1]:80\r\n\r\n", rule: "RFC 3986 §3.2.2", line: "GET / HTTP/1.1", host: "[::ffff:192.0.2.1]:80"},
		"none from HTTP/1.0":            {raw: "GET / HTTP/1.0\r\n\r\n", rule: "RFC 9112 §3.2", line: "GET / HTTP/1.1", host: "BACKEND", end: closed},
		"none from HTTP/1.0 that stays": {raw: "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", rule: "RFC 9112 §3.2", line: "GET / HTTP/1.1", host: "BACKEND"},
		"one from HTTP/1.0":             {raw: "GET / HTTP/1.0\r\nHost: a\r\n\r\n", rule: "RFC 9112 §3.2", line: "GET / HTTP/1.1", host: "a", end: closed},
		"white space around it":         {raw: "GET / HTTP/1.1\r\nHost:\t a \t\r\n\r\n", rule: "RFC 9110 §5.5", line: "GET / HTTP/1.1", host: "a"},
	})
}

// An empty Host is valid (RFC 9110 §7.2), and may be refused all the same: but never read as some other one.
func TestHost_isEmpty(t *testing.T) {
	const raw = "GET / HTTP/1.1\r\nHost:\r\n\r\n"
	r := startRig(t)
	o := r.exchange(t, raw, whole)
	requests, bytes := r.backend.seen()
	switch {
	case o.last().status() == 400 && len(requests) == 0:
	case o.last().status() == 200 && len(requests) == 1 && len(requests[0].values("Host")) == 1 && requests[0].values("Host")[0] == "":
	default:
		t.Errorf("got %q, the backend met %q, for %q; want 400, or an empty Host there", o.raw, bytes, raw)
	}
}
