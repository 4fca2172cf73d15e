package tests

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tenfour/tests/await"
)

// configured starts tenfour with a file of settings, in which BACKEND is the address of a backend.
func configured(t testing.TB, backend, settings string, flags ...string) *tenfour {
	t.Helper()
	return startTenfour(t, nil, append([]string{"--config", settingsFile(t, backend, settings)}, flags...)...)
}

func settingsFile(t testing.TB, backend, settings string) string {
	t.Helper()
	return writeFile(t, filepath.Join(t.TempDir(), "tenfour.toml"), strings.ReplaceAll(settings, "BACKEND", backend))
}

func writeFile(t testing.TB, name, content string) string {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// headMirror is a backend that answers with the head that it got.
func headMirror(t testing.TB) *server {
	var s *server
	s = startServer(t, func(p *peer) {
		for {
			var head strings.Builder
			for {
				line, err := p.in.ReadString('\n')
				if err != nil {
					return
				}
				if line == "\r\n" {
					break
				}
				head.WriteString(line)
			}
			s.requests.Add(1)
			fmt.Fprintf(p, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nX-Secret: kept\r\nX-Powered-By: a mirror\r\nServer: mirror\r\n\r\n%s", head.Len(), head.String())
		}
	})
	return s
}

// raw sends a request unchanged on a connection of its own, and returns the response with its content.
func (tf *tenfour) raw(t testing.TB, request string) (*http.Response, string) {
	t.Helper()
	p := dialPeer(t, tf.addr)
	defer p.Close()
	await.Within(p, 2*patience)
	p.say(request)
	r, err := p.answer(strings.SplitN(request, " ", 2)[0])
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatalf("%q: its response: %v", request, err)
	}
	return r, string(body)
}

func request(method, target string, lines ...string) string {
	return method + " " + target + " HTTP/1.1\r\nHost: front.example\r\n" + strings.Join(append(lines, ""), "\r\n") + "\r\n"
}

func TestRoutes_pathsAndMethods(t *testing.T) {
	s := headMirror(t)
	tf := configured(t, s.addr, `
[[route]]
path = ["/crypto/sign", "/crypto/verify"]
methods = ["POST"]
backends = "BACKEND"
[[route]]
path = "/files/"
methods = ["GET"]
backends = "BACKEND"
strip_prefix = "/files"
`)
	for _, tc := range []struct {
		method, target string
		status         int
		got            string // the request-line at the backend; "" for none
	}{
		{"POST", "/crypto/sign", 200, "POST /crypto/sign HTTP/1.1"},
		{"POST", "/crypto/sign?a=%2e%2e/b", 200, "POST /crypto/sign?a=%2e%2e/b HTTP/1.1"},
		{"POST", "/%63rypto/si%67n?q=%63", 200, "POST /crypto/sign?q=%63 HTTP/1.1"},
		{"POST", "http://other.example/crypto/verify", 200, "POST /crypto/verify HTTP/1.1"},
		{"GET", "/crypto/sign", 405, ""},
		{"POST", "/crypto/sign/", 404, ""},
		{"POST", "/crypto", 404, ""},
		{"POST", "/crypto/./sign", 400, ""},
		{"POST", "/crypto//sign", 400, ""},
		{"POST", "/crypto%2fsign", 400, ""},
		{"POST", "/files/../crypto/sign", 400, ""},
		{"POST", "/files/%2e%2E/crypto/sign", 400, ""},
		{"POST", "/files\\..\\crypto/sign", 400, ""},
		{"GET", "/files/a%20b/c?d", 200, "GET /a%20b/c?d HTTP/1.1"},
		{"GET", "/files/", 200, "GET / HTTP/1.1"},
		{"GET", "/f%69les/%7Eu", 200, "GET /~u HTTP/1.1"},
		{"HEAD", "/files/x", 200, ""},
		{"PUT", "/files/x", 405, ""},
	} {
		before := s.requests.Load()
		r, body := tf.raw(t, request(tc.method, tc.target))
		line, _, _ := strings.Cut(body, "\r\n")
		if r.StatusCode != tc.status || r.Status != fmt.Sprint(tc.status, " ", http.StatusText(tc.status)) || tc.got != "" && line != tc.got {
			t.Errorf("%s %s: got %d %q, want %d %q", tc.method, tc.target, r.StatusCode, line, tc.status, tc.got)
		}
		if tc.status != 200 && s.requests.Load() != before {
			t.Errorf("%s %s: the backend was reached", tc.method, tc.target)
		}
	}
	if r, _ := tf.raw(t, request("DELETE", "/files/x")); r.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("Allow is %q, want GET, HEAD", r.Header.Get("Allow"))
	}
}

// TestRoutes_encodedIsNoWayAround: a path that a backend may decode to the path of a route with tokens is not on another route.
func TestRoutes_encodedIsNoWayAround(t *testing.T) {
	t.Setenv("TENFOUR_TEST_TOKENS", "ann s3cret")
	s := headMirror(t)
	tf := configured(t, s.addr, `
[[route]]
backends = "BACKEND"
[[route]]
path = ["/a+b/", "/x@y"]
backends = "BACKEND"
client_token_file = "env:TENFOUR_TEST_TOKENS"
[[route]]
path = "/ü/"
backends = "BACKEND"
strip_prefix = "/ü"
`)
	for target, want := range map[string]string{
		"/a+b/c": "401", "/a%2Bb/c": "400", "/a%2bb/c": "400", "/x%40y": "400", "/a%20b": "/a%20b",
		"/%C3%BC/c": "/c", "/%c3%bc/c": "/c", "/ü/c": "/c",
	} {
		r, body := tf.raw(t, request("GET", target))
		got := fmt.Sprint(r.StatusCode)
		if r.StatusCode == 200 {
			got = strings.Fields(body)[1]
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", target, got, want)
		}
	}
}

// TestRoutes_ofOnePathHaveTheirOwnQueues: a full queue rejects only requests with its own route's methods.
func TestRoutes_ofOnePathHaveTheirOwnQueues(t *testing.T) {
	release := make(chan struct{})
	s := startServer(t, func(p *peer) {
		for {
			if _, err := http.ReadRequest(p.in); err != nil {
				return
			}
			<-release
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}
	})
	tf := configured(t, s.addr, `
backends = "BACKEND"
workers = 1
queue = 1
[[route]]
path = "/"
methods = ["GET"]
[[route]]
path = "/"
methods = ["DELETE"]
`)
	var clients []*peer
	ask := func(method string) {
		p := dialPeer(t, tf.addr)
		await.Within(p, 2*patience)
		p.say(request(method, "/"))
		clients = append(clients, p)
	}
	ask("GET")
	eventually(t, "one is served", func() bool { return s.accepted.Load() == 1 })
	for range 2 { // one of them is queued, and the other refused
		ask("GET")
	}
	answers := make(chan int, 4)
	answered := func(method string, some []*peer) {
		for _, p := range some {
			go func() { // ends with the answer
				status, _, _ := p.status(method)
				answers <- status
			}()
		}
	}
	answered("GET", clients[1:])
	if got := await.Value(t, answers, "the GET that finds the queue full"); got != 503 {
		t.Errorf("a GET got %d, want 503", got)
	}
	ask("DELETE")
	ask("DELETE")
	answered("DELETE", clients[3:])
	if got := await.Value(t, answers, "the DELETE that finds the queue full"); got != 503 {
		t.Errorf("a DELETE got %d, want 503", got)
	}
	close(release)
	for range 2 { // the queue of GET was full, and that of DELETE had a place
		if got := await.Value(t, answers, "an answer to what was queued"); got != 200 {
			t.Errorf("a request that was queued got %d, want 200", got)
		}
	}
}

func TestRoutes_editFieldLines(t *testing.T) {
	s := headMirror(t)
	tf := configured(t, s.addr, `
backends = "BACKEND"
host = "backend"
[request]
set = { X-Api = "7", X-Forwarded-Proto = "https" }
add = { Accept = "text/plain" }
remove = ["Cookie", "Via"]
[response]
set = { Server = "front" }
add = { Cache-Control = "no-store" }
remove = ["X-Powered-By", "X-Backend"]
`)
	r, head := tf.raw(t, request("GET", "/", "Cookie: a=b", "COOKIE: c=d", "x-api: 6", "Accept: text/html", "X-Forwarded-Proto: ftp"))
	for _, line := range []string{
		"Host: " + s.addr, "X-Api: 7", "Accept: text/html", "Accept: text/plain", "X-Forwarded-Proto: https",
		"X-Forwarded-Host: front.example", "X-Forwarded-For: 127.0.0.1",
	} {
		if strings.Count(head, line+"\r\n") != 1 {
			t.Errorf("the backend has not got %q once:\n%s", line, head)
		}
	}
	for _, no := range []string{"Cookie", "COOKIE", "x-api", "Via", "ftp", "Proto: http\r"} {
		if strings.Contains(head, no) {
			t.Errorf("the backend has got %q:\n%s", no, head)
		}
	}
	if h := r.Header; h.Get("Server") != "front" || h.Get("Cache-Control") != "no-store" || h.Get("X-Secret") != "kept" ||
		h.Get("X-Powered-By") != "" || h.Get("X-Backend") != "" || h.Get("Via") == "" {
		t.Errorf("the client has got %v", h)
	}
}

// TestCredentials_inAndOut: a client sends its own token, and tenfour sends another one to the backend.
func TestCredentials_inAndOut(t *testing.T) {
	s := headMirror(t)
	dir := t.TempDir()
	tokens := writeFile(t, filepath.Join(dir, "clients"), "# clients\n\nann  s3cret-of-ann\nbob sha256:"+
		"0ecf6ce01ba7a6d4d0ea4dfcc6fbbc4e69c8b76b9d54ed2ac0a2eb2b0d6e7a7b\n")
	credential := writeFile(t, filepath.Join(dir, "out"), "  backend-s3cret\n")
	tf := startTenfour(t, []string{s.addr}, "--client-token-file", tokens, "--credential-file", credential,
		"--access-log", filepath.Join(dir, "access"), "--log-level", "debug")
	for _, tc := range []struct {
		lines  []string
		status int
	}{
		{[]string{"Authorization: Bearer s3cret-of-ann"}, 200},
		{[]string{"authorization: bEaReR   s3cret-of-ann"}, 200},
		{nil, 401},
		{[]string{"Authorization: Bearer s3cret-of-an"}, 401},
		{[]string{"Authorization: Bearer s3cret-of-annn"}, 401},
		{[]string{"Authorization: Bearer "}, 401},
		{[]string{"Authorization: Basic s3cret-of-ann"}, 401},
		{[]string{"Authorization: Bearer s3cret-of-ann", "Authorization: Bearer s3cret-of-ann"}, 400},
		{[]string{"Authorization: Bearer s3cret-of-ann", "authorization: Basic x"}, 400},
		{[]string{"Authorization: Bearer 0ecf6ce01ba7a6d4d0ea4dfcc6fbbc4e69c8b76b9d54ed2ac0a2eb2b0d6e7a7b"}, 401},
	} {
		before := s.requests.Load()
		r, head := tf.raw(t, request("GET", "/?api_key=s3cret-key", append(tc.lines, "Cookie: session=s3cret-cookie")...))
		if r.Status != fmt.Sprint(tc.status, " ", http.StatusText(tc.status)) {
			t.Errorf("%q: got %s, want %d", tc.lines, r.Status, tc.status)
		}
		switch tc.status {
		case 200:
			if strings.Count(strings.ToLower(head), "authorization:") != 1 || !strings.Contains(head, "\r\nAuthorization: Bearer backend-s3cret\r\n") {
				t.Errorf("%q: the backend got\n%s", tc.lines, head)
			}
		case 401:
			if !strings.HasPrefix(r.Header.Get("WWW-Authenticate"), "Bearer realm=") || s.requests.Load() != before {
				t.Errorf("%q: %v, and the backend was reached %d times", tc.lines, r.Header, s.requests.Load()-before)
			}
			if strings.Contains(head, "s3cret") {
				t.Errorf("the answer tells a secret: %s", head)
			}
		}
	}
	eventually(t, "the access log names the client's token, and has no secret", func() bool {
		log, err := os.ReadFile(filepath.Join(dir, "access"))
		if all := string(log) + tf.log.String(); err == nil && strings.Contains(all, "s3cret") {
			t.Fatalf("a log tells a secret:\n%s", all)
		}
		return strings.Contains(string(log), `"name":"ann"`)
	})
}

// TestCredentials_areReadAgain: tenfour reads them again when their files change.
func TestCredentials_areReadAgain(t *testing.T) {
	t.Parallel()
	s := headMirror(t)
	dir := t.TempDir()
	tokens := writeFile(t, filepath.Join(dir, "clients"), "ann first\n")
	credential := writeFile(t, filepath.Join(dir, "out"), "one")
	tf := startTenfour(t, []string{s.addr}, "--client-token-file", tokens, "--credential-file", credential,
		"--credential-header", "X-Api-Key", "--log-level", "info", "--log-format", "json")
	if r, head := tf.raw(t, request("GET", "/", "Authorization: Bearer first", "x-API-key: mine")); r.StatusCode != 200 ||
		!strings.Contains(head, "\r\nX-Api-Key: one\r\n") || strings.Contains(head, "mine") || strings.Contains(head, "first") {
		t.Errorf("got %d, and the backend\n%s", r.StatusCode, head)
	}
	writeFile(t, credential, "two lines\nare wrong") // the old credential stays
	eventually(t, "the log says that the credential is wrong", func() bool { return strings.Contains(tf.log.String(), "more than one line") })
	writeFile(t, filepath.Join(dir, "next"), "ann second\n")
	if err := os.Rename(filepath.Join(dir, "next"), tokens); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the second token is taken", func() bool {
		r, head := tf.raw(t, request("GET", "/", "Authorization: Bearer second"))
		return r.StatusCode == 200 && strings.Contains(head, "\r\nX-Api-Key: one\r\n")
	})
	if r, _ := tf.raw(t, request("GET", "/", "Authorization: Bearer first")); r.StatusCode != 401 {
		t.Errorf("the first one got %d", r.StatusCode)
	}
	writeFile(t, credential, "three")
	eventually(t, "the third credential is shown", func() bool {
		_, head := tf.raw(t, request("GET", "/", "Authorization: Bearer second"))
		return strings.Contains(head, "\r\nX-Api-Key: three\r\n")
	})
}

func TestAllowFrom_believesTrustedProxiesOnly(t *testing.T) {
	s := headMirror(t)
	for name, tc := range map[string]struct {
		flags, lines []string
		status       int
	}{
		"allowed":               {[]string{"--allow-from", "127.0.0.0/8"}, nil, 200},
		"not allowed":           {[]string{"--allow-from", "10.0.0.0/8"}, nil, 403},
		"denied":                {[]string{"--deny-from", "127.0.0.1"}, nil, 403},
		"denied though allowed": {[]string{"--allow-from", "127.0.0.0/8", "--deny-from", "127.0.0.1"}, nil, 403},
		"a forged X-Forwarded-For is not believed":      {[]string{"--allow-from", "10.0.0.0/8"}, []string{"X-Forwarded-For: 10.1.1.1"}, 403},
		"a trusted proxy's X-Forwarded-For is believed": {[]string{"--allow-from", "10.0.0.0/8", "--trusted-proxies", "127.0.0.1"}, []string{"X-Forwarded-For: 10.1.1.1"}, 200},
		"the last that is no proxy":                     {[]string{"--allow-from", "10.0.0.0/8", "--trusted-proxies", "127.0.0.1"}, []string{"X-Forwarded-For: 10.1.1.1, 192.0.2.1"}, 403},
		"through two proxies, two lines":                {[]string{"--allow-from", "10.0.0.0/8", "--trusted-proxies", "127.0.0.1,192.0.2.0/24"}, []string{"X-Forwarded-For: 8.8.8.8, 10.1.1.1", "X-Forwarded-For: 192.0.2.1"}, 200},
		"what is no address ends it":                    {[]string{"--allow-from", "10.0.0.0/8", "--trusted-proxies", "127.0.0.1"}, []string{"X-Forwarded-For: 10.1.1.1, unknown"}, 403},
		"an address in brackets":                        {[]string{"--allow-from", "2001:db8::/32", "--trusted-proxies", "127.0.0.1"}, []string{"X-Forwarded-For: [2001:db8::1]"}, 200},
		"an address with a port, of IPv6":               {[]string{"--allow-from", "2001:db8::/32", "--trusted-proxies", "127.0.0.1"}, []string{"X-Forwarded-For: [2001:db8::1]:443"}, 200},
	} {
		t.Run(name, func(t *testing.T) {
			tf := startTenfour(t, []string{s.addr}, tc.flags...)
			if r, body := tf.raw(t, request("GET", "/", tc.lines...)); r.StatusCode != tc.status {
				t.Errorf("got %d %s, want %d", r.StatusCode, body, tc.status)
			}
		})
	}
}

// TestLimit_rejects: three requests in any hour; the fourth answer says when to come again.
func TestLimit_rejects(t *testing.T) {
	s := headMirror(t)
	tf := startTenfour(t, []string{s.addr}, "--limit", "3/1h")
	p := dialPeer(t, tf.addr)
	for i := range 5 {
		await.Within(p, patience)
		p.say(request("GET", "/"))
		r, err := p.answer("GET")
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(r.Body)
		if i < 3 {
			if r.StatusCode != 200 {
				t.Errorf("request %d got %d", i, r.StatusCode)
			}
			continue
		}
		after, err := strconv.Atoi(r.Header.Get("Retry-After"))
		if r.Status != "429 Too Many Requests" || r.Close || err != nil || after < 3590 || after > 3600 {
			t.Errorf("request %d got %d, Retry-After %q, close %t", i, r.StatusCode, r.Header.Get("Retry-After"), r.Close)
		}
		if limit, policy := r.Header.Get("RateLimit"), r.Header.Get("RateLimit-Policy"); !strings.HasPrefix(limit, `"flag";r=0;t=`) || policy != `"flag";q=3;w=3600` {
			t.Errorf("RateLimit is %s, its policy %s", limit, policy)
		}
		if !strings.Contains(string(body), "at most 3 in 1h") {
			t.Errorf("the answer does not say the policy: %s", body)
		}
	}
	if n := s.requests.Load(); n != 3 {
		t.Errorf("the backend got %d requests, want 3", n)
	}
}

// TestLimit_countsByWhatItIsToldTo: by clients, tokens, values of a field, or all together.
func TestLimit_countsByWhatItIsToldTo(t *testing.T) {
	s := headMirror(t)
	tokens := writeFile(t, filepath.Join(t.TempDir(), "clients"), "ann a\nann b\nbob c\n")
	from := func(addr string) string { return "X-Forwarded-For: " + addr }
	bearer := func(token string) string { return "Authorization: Bearer " + token }
	for by, tc := range map[string]struct {
		settings string
		first    string
		same     string // is counted with it
		other    string // is not
	}{
		"client":     {"", from("10.0.0.1"), from("10.0.0.1"), from("10.0.0.2")},
		"client v6":  {"", from("2001:db8::1"), from("2001:db8::ffff"), from("2001:db8:0:1::1")},
		"header:Key": {"", "Key: one", "KEY: one", "Key: two"},
		"token":      {"client_token_file = \"" + tokens + "\"\n", bearer("a"), bearer("b"), bearer("c")},
	} {
		t.Run(by, func(t *testing.T) {
			by, _, _ := strings.Cut(by, " ")
			tf := configured(t, s.addr, "trusted_proxies = \"127.0.0.1\"\n[[route]]\nbackends = \"BACKEND\"\nlimit = \"one\"\n"+tc.settings+
				"[limit.one]\nrate = \"1/1h\"\nby = \""+by+"\"\n")
			for _, ask := range []struct {
				line   string
				status int
			}{{tc.first, 200}, {tc.first, 429}, {tc.same, 429}, {tc.other, 200}, {tc.other, 429}} {
				if r, body := tf.raw(t, request("GET", "/", ask.line)); r.StatusCode != ask.status {
					t.Errorf("%s: got %d, want %d\n%s", ask.line, r.StatusCode, ask.status, body)
				}
			}
		})
	}
}

// TestLimit_isShared: routes that name a limit share it, and a request that one limit rejects does not count in another.
func TestLimit_isShared(t *testing.T) {
	s := headMirror(t)
	tf := configured(t, s.addr, `
backends = "BACKEND"
[[route]]
path = "/a"
limit = ["both", "small"]
[[route]]
path = "/b"
limit = "both"
[limit.both]
rate = "3/1h"
[limit.small]
rate = "1/1h"
`)
	for i, ask := range []struct {
		path   string
		status int
	}{{"/a", 200}, {"/a", 429}, {"/a", 429}, {"/b", 200}, {"/b", 200}, {"/b", 429}} {
		if r, body := tf.raw(t, request("GET", ask.path)); r.StatusCode != ask.status {
			t.Errorf("request %d, %s: got %d, want %d\n%s", i, ask.path, r.StatusCode, ask.status, body)
		}
	}
}

// TestLimit_overItRequestsWaitInOrder: a request over the limit waits for its turn, in order, and holds no worker.
func TestLimit_overItRequestsWaitInOrder(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var served []string
	s := startServer(t, func(p *peer) {
		for {
			r, err := http.ReadRequest(p.in)
			if err != nil {
				return
			}
			mu.Lock()
			served = append(served, r.RequestURI)
			mu.Unlock()
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}
	})
	tf := configured(t, s.addr, `
backends = "BACKEND"
workers = 1
[[route]]
path = "/"
limit = "slow"
[[route]]
path = "/free"
[limit.slow]
rate = "2/400ms"
over = "wait"
wait_max = "30s"
`)
	began := time.Now()
	var clients []*peer
	for i := range 7 {
		p := dialPeer(t, tf.addr)
		await.Within(p, 2*patience)
		p.say(request("GET", "/"+strconv.Itoa(i)))
		clients = append(clients, p)
		if i == 1 {
			eventually(t, "these two, and one that is free, are served", func() bool { mu.Lock(); defer mu.Unlock(); return len(served) >= 3 })
		}
		if status, _ := tf.get(t, "/free"); status != 200 { // is read after it, and does not wait
			t.Errorf("beside those that wait a request got %d", status)
		}
	}
	clients[3].breakOff() // it leaves, and is not counted
	for i, p := range clients {
		if i == 3 {
			continue
		}
		if status, _, err := p.status("GET"); status != 200 || err != nil {
			t.Errorf("request %d got %d (%v)", i, status, err)
		}
	}
	if took := time.Since(began); took < 800*time.Millisecond {
		t.Errorf("six went through in %v, want 2 in any 400ms", took)
	}
	mu.Lock()
	defer mu.Unlock()
	var order []string
	for _, path := range served {
		if path != "/free" {
			order = append(order, path)
		}
	}
	if got := strings.Join(order, " "); got != "/0 /1 /2 /4 /5 /6" {
		t.Errorf("served in the order %s", got)
	}
}

// TestLimit_waitsNoLongerThanItMay: also while a client's FIN or a body has come after its head.
func TestLimit_waitsNoLongerThanItMay(t *testing.T) {
	s := headMirror(t)
	tf := configured(t, s.addr, `
[[route]]
backends = "BACKEND"
limit = "slow"
[limit.slow]
rate = "1/1h"
over = "wait"
wait_max = "200ms"
`)
	tf.raw(t, request("GET", "/"))
	began := time.Now()
	r, body := tf.raw(t, request("POST", "/", "Content-Length: 5")+"hello")
	if took := time.Since(began); r.StatusCode != 429 || took < 200*time.Millisecond || !strings.Contains(body, "it has waited for 200ms") ||
		r.Header.Get("Retry-After") == "" {
		t.Errorf("got %d after %v: %s", r.StatusCode, took, body)
	}
	if n := s.requests.Load(); n != 1 {
		t.Errorf("the backend got %d requests, want 1", n)
	}
}

// TestLimit_drainAnswersThoseThatWait: when a drain ends, requests that still wait are answered.
func TestLimit_drainAnswersThoseThatWait(t *testing.T) {
	t.Parallel()
	s := headMirror(t)
	p := startProgram(t, nil, []string{s.addr}, "--limit", "1/1h", "--over", "wait", "--wait-max", "1h", "--drain", "100ms")
	p.raw(t, request("GET", "/"))
	c := dialPeer(t, p.addr)
	await.Within(c, 2*patience)
	c.say(request("GET", "/"))
	another := dialPeer(t, p.addr)
	another.say("GET /\r\n\r\n") // is refused; the one before it has been read by then
	another.status("GET")
	p.stop()
	if status, body, err := c.status("GET"); status != 503 || !strings.Contains(body, "stopping") {
		t.Errorf("got %d %q (%v), want 503", status, body, err)
	}
}
