package tests

import (
	"slices"
	"strings"
	"testing"
)

// wsgiPython is Python's WSGI server: it joins the lines of all fields whose names differ only in case, '-' and '_'.
const wsgiPython = `
from wsgiref.simple_server import make_server, WSGIRequestHandler
class H(WSGIRequestHandler):
    def log_message(self, *a): pass
def app(environ, start_response):
    said = "\n".join(k + "=" + str(v) for k, v in sorted(environ.items()) if k.startswith("HTTP_")).encode()
    start_response("200 OK", [("Content-Length", str(len(said)))])
    return [said]
s = make_server("127.0.0.1", 0, app, handler_class=H)
print(s.server_port)
s.serve_forever()
`

// TestNames_aClientCannotPassForTenfour at a backend that reads '_' as '-': what tenfour sets, replaces or removes is not
// there a second time under another name.
func TestNames_aClientCannotPassForTenfour(t *testing.T) {
	t.Setenv("CREDENTIAL", "real-key")
	tf := configured(t, startPython(t, wsgiPython), `
[[route]]
path = "/"
backends = "BACKEND"
credential_file = "env:CREDENTIAL"
credential_header = "X-Api-Key"
request.set = { X-Tenant = "ours" }
request.remove = ["X-Internal-Debug"]
`)
	_, environ := tf.raw(t, request("GET", "/",
		"X_Api_Key: evil", "X-Api_Key: evil", "x_api-key: evil", "X-Api-Key: evil",
		"X_Forwarded_Proto: evil", "X_Forwarded-For: 6.6.6.6", "X_Forwarded_Host: evil",
		"Content_Length: 7 evil", "Transfer_Encoding: evil", "Keep_Alive: evil", "Max_Forwards: evil",
		"X_Tenant: evil", "X_Internal_Debug: evil", "X-Internal-Debug: evil",
		"X_Custom: kept"))
	for _, want := range []string{"HTTP_X_API_KEY=real-key", "HTTP_X_FORWARDED_PROTO=http", "HTTP_X_FORWARDED_FOR=127.0.0.1",
		"HTTP_X_FORWARDED_HOST=front.example", "HTTP_X_TENANT=ours", "HTTP_X_CUSTOM=kept"} {
		if !strings.Contains("\n"+environ+"\n", "\n"+want+"\n") {
			t.Errorf("the application is not told %s:\n%s", want, environ)
		}
	}
	if strings.Contains(environ, "evil") || strings.Contains(environ, "DEBUG") {
		t.Errorf("the application is told what the client may not say:\n%s", environ)
	}
}

// TestLimit_byAFieldThatStandsTwice: a request counts under what its backend goes by, or is refused.
func TestLimit_byAFieldThatStandsTwice(t *testing.T) {
	s := headMirror(t)
	for _, tc := range []struct {
		by       string
		requests []string
		last     int // the status of the last; the others are 200
	}{
		{"X-Key", []string{request("GET", "/", "X-Key: junk", "X-Key: real")}, 400},
		{"X-Key", []string{request("GET", "/", "X-Key: real", "x-key: real")}, 400},
		{"X-Key", []string{request("GET", "/", "X-Key: junk", "X_Key: real")}, 400},
		{"X-Key", []string{request("GET", "/", "X_Key: junk", "X-Key: real")}, 400},
		{"X-Key", []string{request("GET", "/", "X-Key: real"), request("GET", "/", "X_Key: real")}, 429},
		{"X-Key", []string{request("GET", "/", "X-Key: real"), request("GET", "/", "X-Key: other"), request("GET", "/")}, 200},
		{"Host", []string{request("GET", "/"), request("GET", "/")}, 429},
		{"Host", []string{"GET http://real/ HTTP/1.1\r\nHost: junk1\r\n\r\n", "GET http://real/ HTTP/1.1\r\nHost: junk2\r\n\r\n"}, 429},
	} {
		tf := startTenfour(t, []string{s.addr}, "--limit", "1/1h", "--limit-by", "header:"+tc.by)
		for i, raw := range tc.requests {
			want := 200
			if i == len(tc.requests)-1 {
				want = tc.last
			}
			if r, body := tf.raw(t, raw); r.StatusCode != want || want == 400 && !strings.Contains(body, "more than one "+tc.by) {
				t.Errorf("by %s: got %d %q for %q, want %d", tc.by, r.StatusCode, body, raw, want)
			}
		}
	}
}

// TestForwarded_ofWhichPeers: what says for which client a request came is kept from a trusted proxy, and dropped from any
// other peer. X-Forwarded-For always goes on, with the peer's address at its end.
func TestForwarded_ofWhichPeers(t *testing.T) {
	t.Parallel()
	said := []string{
		"Forwarded: for=10.1.1.1;proto=https", "X-Forwarded-For: 10.1.1.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: site.example",
		"X-Forwarded-Port: 8443", "X-Forwarded-Prefix: /app", "x-forwarded-ssl: on", "X-Real-IP: 10.1.1.1",
	}
	passing := []string{"X_Forwarded_Port: 6", "X_Real_IP: 6.6.6.6", "X-Forwarded_Ssl: evil", "X_Forwarded_Proto: evil"}
	other := []string{"X-Real-IP-2: kept", "Forwarded-By: kept", "X_Custom: kept", "From: kept@site.example"}
	ours := []string{"X-Forwarded-Proto: http", "X-Forwarded-Host: front.example"}
	for name, tc := range map[string]struct {
		flags             []string
		lines, want, none []string
	}{
		"a client": {
			nil, slices.Concat(said, passing, other),
			slices.Concat([]string{"X-Forwarded-For: 10.1.1.1, 127.0.0.1"}, ours, other), slices.Concat(said, passing),
		},
		"a proxy that is not trusted": {
			[]string{"--trusted-proxies", "192.0.2.1"}, slices.Concat(said, other),
			slices.Concat([]string{"X-Forwarded-For: 10.1.1.1, 127.0.0.1"}, ours, other), said,
		},
		"a trusted proxy": {
			[]string{"--trusted-proxies", "192.0.2.1,127.0.0.0/8"}, slices.Concat(said, passing, other),
			slices.Concat([]string{"X-Forwarded-For: 10.1.1.1, 127.0.0.1"}, slices.Delete(slices.Clone(said), 1, 2), other), slices.Concat(ours, passing),
		},
		"a trusted proxy that says little": {
			[]string{"--trusted-proxies", "127.0.0.1"}, []string{"X-Forwarded-Proto: https", "X-Forwarded-Host:"},
			[]string{"X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: front.example"}, []string{"X-Forwarded-Host:", "X-Forwarded-Proto: http"},
		},
		"a trusted proxy, named in Connection": {
			[]string{"--trusted-proxies", "127.0.0.1"}, slices.Concat([]string{"Connection: Forwarded, X-Forwarded-Proto, X-Forwarded-Port, X-Real-IP"}, said),
			slices.Delete(slices.Clone(said), 1, 2), ours,
		},
	} {
		t.Run(name, func(t *testing.T) {
			tf := startTenfour(t, []string{headMirror(t).addr}, tc.flags...)
			_, head := tf.raw(t, request("GET", "/", tc.lines...))
			got := strings.Split(strings.TrimSpace(strings.ReplaceAll(head, "\r\n", "\n")), "\n")
			for _, line := range tc.want {
				if !slices.Contains(got, line) {
					t.Errorf("the backend does not get %q:\n%s", line, head)
				}
			}
			for _, line := range tc.none {
				if slices.Contains(got, line) {
					t.Errorf("the backend gets %q:\n%s", line, head)
				}
			}
		})
	}
}
