package console

import (
	"net"
	"net/http"
	"strings"
	"testing"
)

// TestGuard_answersItsOwnNamesAlone: each other Host is that of a site whose name leads here (DNS rebinding).
func TestGuard_answersItsOwnNamesAlone(t *testing.T) {
	r := startRig(t, Settings{Hosts: []string{"console.example", "port.example:9", "[2001:db8::1]:7"}})
	for host, want := range map[string]int{
		"127.0.0.1:PORT": 200, "localhost:PORT": 200, "LocalHost:PORT": 200, "[::1]:PORT": 200, "[0:0:0:0:0:0:0:1]:PORT": 200,
		"[::ffff:127.0.0.1]:PORT": 200, "127.0.0.2:PORT": 200,
		"console.example": 200, "Console.Example:8900": 200, "port.example:9": 200, "[2001:db8::1]:7": 200,

		"": 403, "evil.example": 403, "evil.example:PORT": 403, "127.0.0.1": 403, "localhost": 403, "localhost:1": 403, "127.0.0.1:1": 403,
		"192.0.2.1:PORT": 403, "127.0.0.1.evil.example:PORT": 403, "localhost.evil.example:PORT": 403, "127.0.0.1:PORT.evil.example": 403,
		"evil.example#127.0.0.1:PORT": 400, "127.0.0.1:PORT@evil.example": 403, "user@127.0.0.1:PORT": 403, "127.1:PORT": 403, "0x7f000001:PORT": 403,
		"2130706433:PORT": 403, "0:PORT": 403, "0.0.0.0:PORT": 403, "[::]:PORT": 403, "::1:PORT": 403, "[::1%25lo]:PORT": 400, "localhost:+PORT": 403,
		"sub.console.example": 403, "console.example.evil": 403, "port.example": 403, "port.example:99": 403, "[2001:db8::1]:8": 403,
		"tenfour": 403, "localhost.:PORT": 403, "xn--localhost:PORT": 403, "localhost :PORT": 400, "localhost:PORT:PORT": 403,
	} {
		for _, path := range []string{"/", "/healthz", "/status.json"} {
			got := r.ask(t, "GET "+path+" HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n")
			if got.status != want && !(want != 200 && (got.status == 400 || got.status == 403)) {
				t.Errorf("Host %q: %s: got %d %.80q, want %d", host, path, got.status, got.body, want)
			}
		}
	}
	if got := r.ask(t, "GET / HTTP/1.0\r\n\r\n"); got.status != 403 || !strings.Contains(got.body, "console_hosts") {
		t.Errorf("without a Host: got %d %q, want 403 that names the setting", got.status, got.body)
	}
	if got := r.ask(t, "GET http://evil.example/ HTTP/1.1\r\nHost: HOST\r\n\r\n"); got.status != 403 {
		t.Errorf("a target in absolute-form: got %d, want 403", got.status)
	}
}

// FuzzHosts looks for a Host that is let in, and is neither an address of loopback nor localhost.
func FuzzHosts(f *testing.F) {
	for _, host := range []string{"127.0.0.1:8900", "localhost:8900", "[::1]:8900", "evil.example:8900", "127.0.0.1:8900.evil", "[::1]8900", ""} {
		f.Add(host)
	}
	at := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8900}
	f.Fuzz(func(t *testing.T, host string) {
		if !(hosts{at: at}).allow(host) {
			return
		}
		name, port, err := net.SplitHostPort(host)
		if ip := net.ParseIP(name); err != nil || port != "8900" || (ip == nil || !ip.IsLoopback()) && !strings.EqualFold(name, "localhost") {
			t.Errorf("%q is let in", host)
		}
	})
}

// TestGuard_refusesPagesOfOtherSites, by what browsers say of themselves (Fetch Metadata, Origin).
func TestGuard_refusesPagesOfOtherSites(t *testing.T) {
	r := startRig(t, Settings{})
	for name, tc := range map[string]struct {
		raw  string
		want int
	}{
		"a program that says nothing":        {"GET /status.json HTTP/1.1\r\nHost: HOST\r\n\r\n", 200},
		"the page itself":                    {"GET /status.json HTTP/1.1\r\nHost: HOST\r\nSec-Fetch-Site: same-origin\r\n\r\n", 200},
		"an address that was typed":          {"GET /status.json HTTP/1.1\r\nHost: HOST\r\nSec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\n\r\n", 200},
		"a script of another site":           {"GET /status.json HTTP/1.1\r\nHost: HOST\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n\r\n", 403},
		"another port of this machine":       {"GET /status.json HTTP/1.1\r\nHost: HOST\r\nSec-Fetch-Site: same-site\r\n\r\n", 403},
		"a picture of another site":          {"GET /metrics HTTP/1.1\r\nHost: HOST\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Dest: image\r\n\r\n", 403},
		"a link of another site":             {"GET / HTTP/1.1\r\nHost: HOST\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n\r\n", 200},
		"a link to JSON":                     {"GET /status.json HTTP/1.1\r\nHost: HOST\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n\r\n", 403},
		"a frame of another site":            {"GET / HTTP/1.1\r\nHost: HOST\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n\r\n", 403},
		"events for another origin":          {"GET /events HTTP/1.1\r\nHost: HOST\r\nOrigin: http://evil.example\r\n\r\n", 403},
		"an origin of a file":                {"GET /status.json HTTP/1.1\r\nHost: HOST\r\nOrigin: null\r\n\r\n", 403},
		"its own origin":                     {"GET /status.json HTTP/1.1\r\nHost: HOST\r\nOrigin: http://HOST\r\n\r\n", 200},
		"an origin that begins like its own": {"GET /status.json HTTP/1.1\r\nHost: HOST\r\nOrigin: http://HOST.evil.example\r\n\r\n", 403},
		"a form of another site":             {"POST /jobs/1/cancel HTTP/1.1\r\nHost: HOST\r\nOrigin: http://evil.example\r\nX-Tenfour-Token: TOKEN\r\nContent-Length: 0\r\n\r\n", 403},
		"a form that a link opened":          {"POST /jobs/1/cancel HTTP/1.1\r\nHost: HOST\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\nX-Tenfour-Token: TOKEN\r\nContent-Length: 0\r\n\r\n", 403},
		"a question before a request":        {"OPTIONS /status.json HTTP/1.1\r\nHost: HOST\r\nOrigin: http://evil.example\r\nAccess-Control-Request-Method: GET\r\n\r\n", 403},
	} {
		if got := r.ask(t, tc.raw); got.status != tc.want {
			t.Errorf("%s: got %d %q, want %d", name, got.status, got.body, tc.want)
		}
	}
	if n := r.posted.Load(); n != 0 {
		t.Errorf("%d forms of other sites were acted on", n)
	}
}

// TestGuard_actsOnAPostWithTheTokenOfThePageAlone, and on no GET.
func TestGuard_actsOnAPostWithTheTokenOfThePageAlone(t *testing.T) {
	r := startRig(t, Settings{})
	const form = "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "
	for name, tc := range map[string]struct {
		raw   string
		want  int
		words string
	}{
		"no token":                 {"POST /jobs/1/cancel HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0\r\n\r\n", 403, "X-Tenfour-Token"},
		"another token":            {"POST /jobs/1/cancel HTTP/1.1\r\nHost: HOST\r\nX-Tenfour-Token: x\r\nContent-Length: 0\r\n\r\n", 403, "load the page again"},
		"the token in the target":  {"POST /jobs/1/cancel?token=TOKEN HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0\r\n\r\n", 403, "X-Tenfour-Token"},
		"a token of a wrong form":  {"POST /jobs/1/cancel HTTP/1.1\r\nHost: HOST" + form + "7\r\n\r\ntoken=x", 403, ""},
		"another method":           {"DELETE /jobs/1 HTTP/1.1\r\nHost: HOST\r\nX-Tenfour-Token: TOKEN\r\n\r\n", 405, "GET, HEAD and POST"},
		"TRACE":                    {"TRACE / HTTP/1.1\r\nHost: HOST\r\n\r\n", 405, ""},
		"a POST to a page":         {"POST /status.json HTTP/1.1\r\nHost: HOST\r\nX-Tenfour-Token: TOKEN\r\nContent-Length: 0\r\n\r\n", 404, ""},
		"a body without an end":    {"POST /jobs/1/cancel HTTP/1.1\r\nHost: HOST" + form + "3000000\r\n\r\n" + strings.Repeat("a", 2<<20), 400, "too large"},
		"a log-in that none needs": {"POST /login HTTP/1.1\r\nHost: HOST" + form + "7\r\n\r\ntoken=x", 303, ""},
	} {
		if got := r.ask(t, tc.raw); got.status != tc.want || !strings.Contains(got.body, tc.words) {
			t.Errorf("%s: got %d %q, want %d with %q", name, got.status, got.body, tc.want, tc.words)
		}
	}
	if n := r.posted.Load(); n != 0 {
		t.Fatalf("%d were acted on", n)
	}
	if got := r.ask(t, "POST /jobs/1/cancel HTTP/1.1\r\nHost: HOST\r\nX-Tenfour-Token: TOKEN\r\nContent-Length: 0\r\n\r\n"); got.status != 200 || r.posted.Load() != 1 {
		t.Errorf("with the token: got %d %q, want 200", got.status, got.body)
	}
	body := r.fill("token=TOKEN")
	for path, want := range map[string]answer{"/jobs/1/cancel": {status: 303, body: ""}, "/jobs/1/refused": {status: 409, body: "it is done"}} {
		got := r.ask(t, "POST "+path+" HTTP/1.1\r\nHost: HOST\r\nAccept: text/html\r\nOrigin: http://HOST\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "+
			itoa(len(body))+"\r\n\r\n"+body)
		if got.status != want.status || !strings.Contains(got.body, want.body) {
			t.Errorf("the form of the page, %s: got %d %q, want %d %q", path, got.status, got.body, want.status, want.body)
		}
	}
	if other := startRig(t, Settings{}); other.token == r.token || len(r.token) < 20 {
		t.Error("the token can be guessed")
	}
}

// TestGuard_asksForTheToken of console_token_file everywhere but at /healthz and /readyz.
func TestGuard_asksForTheToken(t *testing.T) {
	const secret = "0123456789abcdef"
	r := startRig(t, Settings{Token: always(secret)})
	for path, want := range map[string]int{
		"/": 401, "/status.json": 401, "/events": 401, "/metrics": 401, "/exchanges/a": 401, "/exchanges/a/raw": 401, "/jobs": 401, "/debug/pprof/": 401,
		"/nothing": 401, "/healthz": 200, "/readyz": 503, "/page/look.css": 200, "/page/%2e%2e/status.json": 404, "/login": 404,
	} {
		if got := r.ask(t, "GET "+path+" HTTP/1.1\r\nHost: HOST\r\n\r\n"); got.status != want || want == 401 && got.header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: got %d %q, want %d", path, got.status, got.body, want)
		}
	}
	for field, want := range map[string]int{
		"Authorization: Bearer " + secret: 200, "Authorization: bearer " + secret: 200,
		"Authorization: Bearer " + secret + "0": 401, "Authorization: Bearer ": 401, "Authorization: Bearer": 401, "Authorization: Basic " + secret: 401,
		"Cookie: tenfour-console-PORT=" + secret: 401, "Cookie: tenfour-console-PORT=": 401,
	} {
		if got := r.ask(t, "GET /metrics HTTP/1.1\r\nHost: HOST\r\n"+field+"\r\n\r\n"); got.status != want {
			t.Errorf("%s: got %d, want %d", field, got.status, want)
		}
	}
	if got := r.ask(t, "GET / HTTP/1.1\r\nHost: HOST\r\n\r\n"); !strings.Contains(got.body, `action="/login"`) || strings.Contains(got.body, r.token) {
		t.Errorf("the page without a token is %q, want a form, and not the token of the page", got.body)
	}
}

// TestLogin_givesACookie that other sites cannot send, and that ends with the token.
func TestLogin_givesACookie(t *testing.T) {
	const secret = "0123456789abcdef"
	r := startRig(t, Settings{Token: always(secret)})
	login := func(token, more string) answer {
		body := "token=" + token
		return r.ask(t, "POST /login HTTP/1.1\r\nHost: HOST\r\n"+more+"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "+itoa(len(body))+"\r\n\r\n"+body)
	}
	if got := login("wrong", ""); got.status != 401 || got.header.Get("Set-Cookie") != "" || !strings.Contains(got.body, "not the token") {
		t.Errorf("a wrong token: got %d %v", got.status, got.header)
	}
	if got := login(secret, "Origin: http://evil.example\r\n"); got.status != 403 {
		t.Errorf("from another site: got %d, want 403", got.status)
	}
	got := login(secret, "Origin: http://HOST\r\n")
	set := got.header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Strict", "Path=/"} {
		if !strings.Contains(set, want) {
			t.Errorf("the cookie is %q, want %s", set, want)
		}
	}
	if got.status != http.StatusSeeOther || strings.Contains(set, secret) {
		t.Fatalf("got %d %q, want 303, and not the token itself", got.status, set)
	}
	cookie, _, _ := strings.Cut(set, ";")
	ask := "GET / HTTP/1.1\r\nHost: HOST\r\nCookie: " + cookie + "\r\n\r\n"
	if got := r.ask(t, ask); got.status != 200 || !strings.Contains(got.body, r.token) {
		t.Errorf("with the cookie: got %d, want 200 and the page", got.status)
	}
	r.Follow(Settings{Token: always("fedcba9876543210")})
	if got := r.ask(t, ask); got.status != 401 {
		t.Errorf("with another token in force: got %d, want 401", got.status)
	}
}

// always is a token that does not change.
func always(token string) func() string { return func() string { return token } }
