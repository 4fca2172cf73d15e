package tests

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestEdits_applyToAnswersOfTenfoursOwn: a page of another origin may read each answer to a request that has reached a route, and a
// field that the answer needs stays as it is.
func TestEdits_applyToAnswersOfTenfoursOwn(t *testing.T) {
	t.Parallel()
	mute := startServer(t, func(p *peer) { p.untilGone() })
	broken := startServer(t, func(p *peer) {
		http.ReadRequest(p.in)
		p.say("HTTP/2 200\r\n\r\n")
	})
	well := startServer(t, okay)
	const edits = `[route.response]
set = { Access-Control-Allow-Origin = "*", Content-Encoding = "br", Content-Type = "text/html", Retry-After = "theirs", Location = "theirs", Allow = "theirs", WWW-Authenticate = "theirs", X-Request-Id = "mine" }
add = { X-Frame-Options = ["DENY", "SAMEORIGIN"] }
remove = ["Server"]`
	tf := configured(t, well.addr, strings.NewReplacer("EDITS", edits, "MUTE", mute.addr, "BROKEN", broken.addr, "REFUSES", refusing(t), "TOKENS", written(t, "tokens", "ann s3cret\n")).Replace(`
spool_max = "0"
timeouts.backend = "500ms"
hold = "0"
[[route]]
path = "/token/"
backends = "BACKEND"
client_token_file = "TOKENS"
EDITS
[[route]]
path = "/denied/"
backends = "BACKEND"
deny_from = "127.0.0.1"
EDITS
[[route]]
path = "/limited/"
backends = "BACKEND"
limit = "none"
EDITS
[[route]]
path = "/refuses/"
backends = "REFUSES"
EDITS
[[route]]
path = "/broken/"
backends = "BROKEN"
EDITS
[[route]]
path = "/mute/"
backends = "MUTE"
EDITS
[[route]]
path = "/raced/"
backends = ["BACKEND", "BROKEN"]
race = "serial"
race_methods = "POST"
buffer = 10
EDITS
[[route]]
path = "/get/"
methods = ["GET"]
backends = "BACKEND"
EDITS
[limit.none]
rate = "1/1h"
by = "route"
`))
	tf.raw(t, request("GET", "/limited/")) // the only one that passes
	for _, tc := range []struct {
		method, target, lines string
		status                int
		needs                 string // the names of fields that are tenfour's, whatever the route sets
		edited                bool
	}{
		{"GET", "/token/", "", 401, "WWW-Authenticate", true},
		{"HEAD", "/token/", "", 401, "WWW-Authenticate", true},
		{"GET", "/denied/", "", 403, "", true},
		{"GET", "/limited/", "", 429, "Retry-After", true},
		{"GET", "/refuses/", "", 502, "", true},
		{"GET", "/broken/", "", 502, "", true},
		{"GET", "/mute/", "", 504, "", true},
		{"GET", "/mute", "", 301, "Location", true},
		{"POST", "/raced/", "Content-Length: 100\r\n", 413, "", true},
		{"GET", "/get/", "", 200, "", true},
		{"GET", "/none/", "", 404, "", false},
		{"PUT", "/get/", "", 405, "Allow", false},
	} {
		content := ""
		if tc.method == "POST" {
			content = strings.Repeat("x", 100)
		}
		r, _ := tf.raw(t, request(tc.method, tc.target, tc.lines+"X-End: 1")+content)
		about := fmt.Sprintf("%s %s: %d %v", tc.method, tc.target, r.StatusCode, r.Header)
		if r.StatusCode != tc.status {
			t.Errorf("%s, want status %d", about, tc.status)
		}
		if got := r.Header.Get("Access-Control-Allow-Origin"); (got == "*") != tc.edited {
			t.Errorf("%s: Access-Control-Allow-Origin is %q", about, got)
		}
		if tc.edited && (len(r.Header.Values("X-Frame-Options")) != 2 || r.Header.Get("Server") != "" || r.Header.Get("X-Request-Id") != "mine") {
			t.Errorf("%s: a field that is added twice, one that is removed, and one that is replaced", about)
		}
		if tc.status != 200 && (!strings.HasPrefix(r.Header.Get("Content-Type"), "text/plain") || r.Header.Get("Content-Encoding") != "") {
			t.Errorf("%s: it says that its content is another", about)
		}
		if tc.needs != "" && (len(r.Header.Values(tc.needs)) != 1 || r.Header.Get(tc.needs) == "theirs") {
			t.Errorf("%s: it needs %s", about, tc.needs)
		}
	}
}

// TestEdits_removeFromInterimResponses what they remove from the final one, and add nothing there.
func TestEdits_removeFromInterimResponses(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nX-Powered-By: x\r\n\r\nHTTP/1.1 304 Not Modified\r\nX-Powered-By: x\r\n\r\n"))
	tf := configured(t, b.addr, `
backends = "BACKEND"
[[route]]
[route.response]
remove = "X-Powered-By"
set = { X-Added = "1" }
`)
	p := dialPeer(t, tf.addr)
	p.say(request("GET", "/", "Connection: close"))
	p.SetDeadline(time.Now().Add(patience))
	all, err := io.ReadAll(p.in)
	if err != nil {
		t.Fatal(err)
	}
	got := string(all)
	interim, final, _ := strings.Cut(got, "\r\n\r\n")
	if strings.Contains(got, "X-Powered-By") || !strings.Contains(interim, "103 ") || !strings.Contains(interim, "Link: </a>") || strings.Contains(interim, "X-Added") {
		t.Errorf("got %q", got)
	}
	if !strings.Contains(final, "304 ") || !strings.Contains(final, "X-Added: 1") {
		t.Errorf("got %q", got)
	}
}
