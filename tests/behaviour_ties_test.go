package tests

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tenfour/tests/await"
)

// State that a backend keeps for a connection must not reach the next client: a body that it did not read, a body that it should
// not have sent, a login.

// unreadingPython is Python's http.server as it is at HTTP/1.1: GET, HEAD and DELETE leave a body unread, and take it for
// the next request. HEAD is answered as GET, body and all (do_HEAD = do_GET).
const unreadingPython = `
import http.server
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        said = self.path.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)
    do_HEAD = do_DELETE = do_OPTIONS = do_BREW = do_GET
    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()
    def log_message(self, *args): pass
s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), H)
print(s.server_port)
s.serve_forever()
`

// TestPython_answersNoOtherClientWithWhatAnAttackerChose: two clients send requests with a body, or get an answer with a body, that is
// itself an HTTP message. Eight other clients must get their own answers only.
func TestPython_answersNoOtherClientWithWhatAnAttackerChose(t *testing.T) {
	const (
		hidden = "GET /secret HTTP/1.1\r\nHost: a\r\n\r\n"
		inPath = "/HTTP/1.1%20200%20OK" // HEAD's unasked body, which is a malformed message
	)
	tf := startTenfour(t, []string{startPython(t, unreadingPython)})
	var attacks []string
	for _, method := range []string{"GET", "HEAD", "DELETE", "OPTIONS", "BREW"} {
		attacks = append(attacks, fmt.Sprintf("%s /public HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", method, len(hidden), hidden))
	}
	attacks = append(attacks, "HEAD "+inPath+" HTTP/1.1\r\nHost: a\r\n\r\n")

	rounds := 300
	if testing.Short() {
		rounds = 60
	}
	var attackers, others sync.WaitGroup
	var stop atomic.Bool
	for i := range 2 {
		attackers.Go(func() { // ends when the others have
			p := dialPeer(t, tf.addr)
			defer p.Close()
			await.Within(p, 10*patience)
			for n := i; !stop.Load(); n++ {
				attack := attacks[n%len(attacks)]
				p.say(attack)
				status, body, err := p.status(methodOf(attack))
				if err != nil || status != 200 || body != "" && body != "/public" {
					t.Errorf("the attacker got %d %q (%v) for %q", status, body, err, attack)
					return
				}
			}
		})
	}
	for i := range 8 {
		others.Go(func() {
			p := dialPeer(t, tf.addr)
			defer p.Close()
			await.Within(p, 10*patience)
			for n := range rounds {
				path := fmt.Sprintf("/%d/%d", i, n)
				p.say("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n")
				if status, body, err := p.status("GET"); err != nil || status != 200 || body != path {
					t.Errorf("got %d %q (%v) for %s", status, body, err, path)
					return
				}
			}
		})
	}
	others.Wait()
	stop.Store(true)
	attackers.Wait()
}

// TestKept_afterWhichExchanges: a connection to a backend carries a second exchange only after those that leave nothing on
// it; where that is known before, the backend is told.
func TestKept_afterWhichExchanges(t *testing.T) {
	const (
		ok      = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb"
		noBody  = "HTTP/1.1 200 OK\r\n\r\n"
		content = "Content-Length: 5\r\n\r\nhello"
	)
	login := func(status, lines string) string {
		return "HTTP/1.1 " + status + "\r\nContent-Length: 1\r\n" + lines + "\r\n\r\nb"
	}
	ask := func(method, rest string) string { return method + " / HTTP/1.1\r\nHost: a\r\n" + rest }
	for name, tc := range map[string]struct {
		settings        string // of the route
		request, answer string
		kept, told      bool
	}{
		"GET":                            {"", ask("GET", "\r\n"), ok, true, false},
		"GET with an empty length":       {"", ask("GET", "Content-Length: 0\r\n\r\n"), ok, true, false},
		"GET with no chunk but the last": {"", ask("GET", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), ok, true, false},
		"GET with content":               {"", ask("GET", content), ok, false, true},
		"GET with small chunks":          {"", ask("GET", "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"), ok, false, true},
		"HEAD with content":              {"", ask("HEAD", content), noBody, false, true},
		"DELETE with content":            {"", ask("DELETE", content), ok, false, true},
		"OPTIONS with content":           {"", ask("OPTIONS", content), ok, false, true},
		"an unknown method with content": {"", ask("PROPFIND", content), ok, false, true},
		"post with content":              {"", ask("post", content), ok, false, true},
		"an unknown method without":      {"", ask("BREW", "\r\n"), ok, true, false},
		"POST":                           {"", ask("POST", content), ok, true, false},
		"PUT":                            {"", ask("PUT", content), ok, true, false},
		"PATCH":                          {"", ask("PATCH", content), ok, true, false},
		"POST with small chunks":         {"", ask("POST", "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"), ok, true, false},
		"POST with streamed chunks":      {"buffer = 0", ask("POST", "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"), ok, false, true},
		"POST, bodyless":                 {`keep_alive = "bodyless"`, ask("POST", content), ok, false, true},
		"empty POST, bodyless":           {`keep_alive = "bodyless"`, ask("POST", "Content-Length: 0\r\n\r\n"), ok, true, false},
		"GET, bodyless":                  {`keep_alive = "bodyless"`, ask("GET", "\r\n"), ok, true, false},
		"GET, off":                       {`keep_alive = "off"`, ask("GET", "\r\n"), ok, false, true},
		"GET, kept for no time":          {`keep_idle = "0s"`, ask("GET", "\r\n"), ok, false, true},
		"an upgrade that is refused":     {"", ask("GET", "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"), ok, false, false},

		"HEAD":                            {"", ask("HEAD", "\r\n"), noBody, true, false},
		"HEAD that announces nothing":     {"", ask("HEAD", "\r\n"), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true, false},
		"HEAD that announces a length":    {"", ask("HEAD", "\r\n"), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false, false},
		"HEAD that announces chunks":      {"", ask("HEAD", "\r\n"), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false, false},
		"204":                             {"", ask("GET", "\r\n"), "HTTP/1.1 204 No Content\r\n\r\n", true, false},
		"204 that announces a length":     {"", ask("GET", "\r\n"), "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", false, false},
		"304":                             {"", ask("GET", "\r\n"), "HTTP/1.1 304 Not Modified\r\n\r\n", true, false},
		"304 that announces a length":     {"", ask("GET", "\r\n"), "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", false, false},
		"an interim one that announces":   {"", ask("GET", "\r\n"), "HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n" + ok, false, false},
		"an interim one with a login":     {"", ask("GET", "\r\n"), "HTTP/1.1 103 Early Hints\r\nWWW-Authenticate: NTLM\r\n\r\n" + ok, false, false},
		"an interim one":                  {"", ask("GET", "\r\n"), "HTTP/1.1 103 Early Hints\r\n\r\n" + ok, true, false},
		"the answer to an unread request": {"", ask("POST", "Content-Length: 400000\r\n\r\n") + strings.Repeat("x", 9), "", false, false},

		"Basic is asked for":            {"", ask("GET", "\r\n"), login("401 No", `WWW-Authenticate: Basic realm="a"`), true, false},
		"NTLM is asked for":             {"", ask("GET", "\r\n"), login("401 No", "WWW-Authenticate: NTLM"), false, false},
		"ntlm is challenged":            {"", ask("GET", "\r\n"), login("401 No", "www-authenticate:ntlm TlRMTVNTUAACAAAA"), false, false},
		"Negotiate, last in a list":     {"", ask("GET", "\r\n"), login("401 No", `WWW-Authenticate: Basic realm="a, b",nEGOTIATE`), false, false},
		"Negotiate, on its own line":    {"", ask("GET", "\r\n"), login("401 No", "WWW-Authenticate: Digest x=y\r\nWWW-Authenticate: Negotiate"), false, false},
		"Negotiate ends well":           {"", ask("GET", "\r\n"), login("200 OK", "WWW-Authenticate: Negotiate oYG2"), false, false},
		"a login that is said to stay":  {"", ask("GET", "\r\n"), login("200 OK", "Persistent-Auth: true"), false, false},
		"a proxy's login is asked for":  {"", ask("GET", "\r\n"), login("407 No", "Proxy-Authenticate: NTLM"), false, false},
		"a word that begins like NTLM":  {"", ask("GET", "\r\n"), login("401 No", "WWW-Authenticate: NTLMX, Negotiated"), true, false},
		"Bearer is shown":               {"", ask("GET", "Authorization: Bearer Negotiate1\r\n\r\n"), ok, true, false},
		"NTLM is shown":                 {"", ask("GET", "Authorization: NTLM TlRMTVNTUAADAAAA\r\n\r\n"), ok, false, true},
		"negotiate is shown":            {"", ask("GET", "authorization:negotiate YIIF\r\n\r\n"), ok, false, true},
		"Negotiate is shown to a proxy": {"", ask("GET", "Proxy-Authorization: Negotiate YIIF\r\n\r\n"), ok, false, true},
		"NTLM is set by the route":      {`request.set = { Authorization = "NTLM TlRM" }`, ask("GET", "\r\n"), ok, false, true},
		"NTLM is the credential":        {`credential_file = "env:CREDENTIAL"`, ask("GET", "\r\n"), ok, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			if strings.Contains(tc.settings, "env:") {
				t.Setenv("CREDENTIAL", "NTLM TlRM")
			} else {
				t.Parallel()
			}
			b := startBackend(t, func(v *visit) {
				for {
					m, err := v.head()
					switch {
					case err != nil:
						return
					case strings.HasPrefix(m.line, "GET /canary"):
						v.say("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ncanary")
						continue
					case tc.answer == "": // before the body is there
						v.say(ok)
						continue
					}
					if len(m.values("Content-Length"))+len(m.values("Transfer-Encoding")) > 0 {
						m.readBody(v.in)
					}
					v.say(tc.answer)
				}
			})
			tf := configured(t, b.addr, "spool_max = \"0\"\n[[route]]\npath = \"/\"\nbackends = \"BACKEND\"\nworkers = 1\n"+tc.settings)
			p := dialPeer(t, tf.addr)
			await.Within(p, patience)
			p.say(tc.request)
			if status, body, err := p.status(methodOf(tc.request)); err != nil || status >= 500 {
				t.Fatalf("got %d %q (%v) for %q, answered by %q", status, body, err, tc.request, tc.answer)
			}
			p.Close()
			if status, body := tf.get(t, "/canary"); status != 200 || body != "canary" {
				t.Errorf("the next client got %d %q after %q", status, body, tc.request)
			}
			if n := b.visitors(); (n == 1) != tc.kept {
				t.Errorf("the backend met %d connections for two exchanges, want kept = %t after %q, answered by %q", n, tc.kept, tc.request, tc.answer)
			}
			_, bytes := b.seen()
			head, _, _ := strings.Cut(bytes, "\r\n\r\n")
			if told := strings.Contains(head, "\r\nConnection: close"); told != tc.told {
				t.Errorf("the backend met %q, want Connection: close = %t", head, tc.told)
			}
		})
	}
}

// TestKept_bytesThatAreNoStatusLine: bytes on a kept connection before an answer are left from an exchange before.
func TestKept_bytesThatAreNoStatusLine(t *testing.T) {
	for method, want := range map[string]string{"GET": "200 fresh", "POST": "502"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			var met atomic.Int32
			s := startServer(t, func(p *peer) {
				for i := 0; ; i++ {
					m, err := readRequest(p.in)
					if err != nil {
						return
					}
					if strings.Contains(m.line, "/second") {
						met.Add(1)
					}
					if p.number == 0 && i == 2 {
						p.say("<p>the body that HEAD should not have had</p>")
						continue
					}
					p.say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfresh")
				}
			})
			tf := startTenfour(t, []string{s.addr}, "--workers", "1")
			tf.get(t, "/first")
			tf.get(t, "/first") // it is seen to serve a second request: a POST may go over a kept connection
			if _, told := tf.asks(t, method, "/second", ""); !strings.HasPrefix(<-told, want) {
				t.Errorf("got something else than %s", want)
			}
			if most := map[string]int32{"GET": 2, "POST": 1}[method]; met.Load() != most {
				t.Errorf("the backend met the request %d times, want %d", met.Load(), most)
			}
		})
	}
}

// TestKept_aServerThatIgnoresClose: tenfour waits once for such a server to close; later exchanges do not pause.
func TestKept_aServerThatIgnoresClose(t *testing.T) {
	t.Parallel()
	s := startServer(t, func(p *peer) {
		for {
			r, err := http.ReadRequest(p.in)
			if err != nil {
				return
			}
			io.Copy(io.Discard, r.Body)
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		}
	})
	tf := configured(t, s.addr, "[[route]]\npath = \"/\"\nbackends = \"BACKEND\"\nworkers = 1\nkeep_alive = \"off\"")
	exchanges := int32(0)
	await.Soon(t, time.Second, "what each of 20 exchanges waits for, the end that the backend does not make,", func() {
		for range 20 {
			exchanges++
			if status, body := tf.get(t, "/"); status != 200 || body != "ok" {
				t.Fatalf("got %d %q", status, body)
			}
		}
	})
	if n := s.accepted.Load(); n != exchanges {
		t.Errorf("%d exchanges took %d connections", exchanges, n)
	}
}

// TestLogin_thatBelongsToItsConnection: a backend that ties a login to a connection does not take ten other clients for the first
// one.
func TestLogin_thatBelongsToItsConnection(t *testing.T) {
	s := startServer(t, func(p *peer) {
		user := "nobody"
		for {
			m, err := readRequest(p.in)
			if err != nil {
				return
			}
			if len(m.values("Authorization")) > 0 {
				user = "alice"
			}
			p.say(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(user), user))
		}
	})
	tf := startTenfour(t, []string{s.addr}, "--workers", "2")
	for _, scheme := range []string{"NTLM", "Negotiate"} {
		if _, user := tf.raw(t, request("GET", "/", "Authorization: "+scheme+" TlRM")); user != "alice" {
			t.Errorf("%s: the client itself was taken for %q", scheme, user)
		}
		for range 10 {
			if _, user := tf.raw(t, request("GET", "/")); user != "nobody" {
				t.Errorf("after a login with %s another client was taken for %q", scheme, user)
			}
		}
	}
}
