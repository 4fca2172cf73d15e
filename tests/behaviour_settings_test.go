package tests

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"tenfour/tests/await"
)

// echo is a backend that answers with the request's fields that a test may want to see.
func echo(p *peer) {
	for {
		r, err := http.ReadRequest(p.in)
		if err != nil {
			return
		}
		body := r.URL.Path + " " + r.Header.Get("Authorization") + " " + r.Header.Get("X-Key")
		p.say("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
	}
}

// getWith is get with further field lines.
func (tf *tenfour) getWith(t testing.TB, target, lines string) (int, string) {
	t.Helper()
	p := dialPeer(t, tf.addr)
	defer p.Close()
	await.Within(p, patience)
	p.say("GET " + target + " HTTP/1.1\r\nHost: a\r\n" + lines + "Connection: close\r\n\r\n")
	status, body, err := p.status("GET")
	if err != nil {
		t.Errorf("GET %s with %q: %v", target, lines, err)
	}
	return status, strings.TrimSpace(body)
}

func TestConfig_isAFileWithFlagsOverIt(t *testing.T) {
	a, b := startServer(t, echo), startServer(t, okay)
	file := written(t, "tenfour.toml", `
[[route]]
path = "/a/"
backends = "`+a.addr+`"
strip_prefix = "/a"
request.set = { X-Key = "from the file" }
credential_file = "`+written(t, "secret", "of the file")+`"

[[route]]
path = "/b"
backends = "`+b.addr+`"
`)
	tf := startTenfour(t, nil, "--config", file, "--credential-file", written(t, "secret", "hunter2\n"))
	for target, want := range map[string]string{"/a/x": "/x Bearer hunter2 from the file", "/b": "okay"} {
		if status, body := tf.get(t, target); status != 200 || body != want {
			t.Errorf("%s: got %d %q, want %q", target, status, body, want)
		}
	}
	if status, _ := tf.get(t, "/c"); status != 404 {
		t.Errorf("/c: got %d, want 404", status)
	}
}

func TestFlags_credentials(t *testing.T) {
	s := startServer(t, echo)
	secret, tokens := written(t, "secret", "hunter2"), written(t, "tokens", "ann swordfish\n")
	for name, tc := range map[string]struct {
		flags  []string
		shown  string // what the client sends
		status int
		body   string
	}{
		"a credential":     {[]string{"--credential-file", secret}, "Authorization: Basic x\r\n", 200, "/ Bearer hunter2"},
		"in another field": {[]string{"--credential-file", secret, "--credential-header", "X-Key"}, "X-Key: y\r\n", 200, "/  hunter2"},
		"no token":         {[]string{"--client-token-file", tokens}, "", 401, "token"},
		"the token":        {[]string{"--client-token-file", tokens}, "Authorization: Bearer swordfish\r\n", 200, "/"},
	} {
		tf := startTenfour(t, []string{s.addr}, tc.flags...)
		if status, body := tf.getWith(t, "/", tc.shown); status != tc.status || !strings.HasPrefix(body, tc.body) && tc.status == 200 {
			t.Errorf("%s: got %d %q, want %d %q", name, status, body, tc.status, tc.body)
		}
	}
}

func TestFlags_networks(t *testing.T) {
	s := startServer(t, okay)
	for name, tc := range map[string]struct {
		flags  []string
		fields string
		status int
	}{
		"allowed":                     {[]string{"--allow-from", "10.0.0.0/8,127.0.0.1"}, "", 200},
		"not allowed":                 {[]string{"--allow-from", "10.0.0.0/8"}, "", 403},
		"denied":                      {[]string{"--deny-from", "127.0.0.0/8"}, "", 403},
		"allowed, and denied":         {[]string{"--allow-from", "127.0.0.1", "--deny-from", "127.0.0.0/8"}, "", 403},
		"not believed":                {[]string{"--allow-from", "10.0.0.0/8"}, "X-Forwarded-For: 10.0.0.1\r\n", 403},
		"believed, and allowed":       {[]string{"--allow-from", "10.0.0.0/8", "--trusted-proxies", "127.0.0.1"}, "X-Forwarded-For: 10.0.0.1\r\n", 200},
		"believed, and written twice": {[]string{"--allow-from", "10.0.0.0/8", "--trusted-proxies", "127.0.0.1"}, "X-Forwarded-For: 10.0.0.1, 11.0.0.1\r\n", 403},
	} {
		tf := startTenfour(t, []string{s.addr}, tc.flags...)
		if status, body := tf.getWith(t, "/", tc.fields); status != tc.status {
			t.Errorf("%s: got %d %q, want %d", name, status, body, tc.status)
		}
	}
}

func TestFlags_limit(t *testing.T) {
	s := startServer(t, okay)
	for name, tc := range map[string]struct {
		flags  []string
		first  string // what two clients send
		second string
		status int // what the second gets
	}{
		"one too many":         {[]string{"--limit", "1/1h"}, "", "", 429},
		"two may":              {[]string{"--limit", "2/1h"}, "", "", 200},
		"each key by itself":   {[]string{"--limit", "1/1h", "--limit-by", "header:X-Key"}, "X-Key: a\r\n", "X-Key: b\r\n", 200},
		"one key twice":        {[]string{"--limit", "1/1h", "--limit-by", "header:X-Key"}, "X-Key: a\r\n", "X-Key: a\r\n", 429},
		"waits for its turn":   {[]string{"--limit", "1/100ms", "--over", "wait"}, "", "", 200},
		"waits, not that long": {[]string{"--limit", "1/1h", "--over", "wait", "--wait-max", "20ms"}, "", "", 429},
	} {
		tf := startTenfour(t, []string{s.addr}, tc.flags...)
		if status, body := tf.getWith(t, "/", tc.first); status != 200 {
			t.Errorf("%s: the first got %d %q", name, status, body)
		}
		if status, body := tf.getWith(t, "/", tc.second); status != tc.status {
			t.Errorf("%s: the second got %d %q, want %d", name, status, body, tc.status)
		}
	}
}

// The limits of heads are settings, and an answer that is due to one names it.
func TestHeadLimits_areSettings(t *testing.T) {
	response := func(n int) string { // a response with a head of n bytes
		const start, end = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: ", "\r\n\r\n"
		return start + strings.Repeat("y", n-len(start)-len(end)) + end + "plain"
	}
	interim := func(n int) string { // and one with interim responses of n bytes together
		const start, end = "HTTP/1.1 103 Early Hints\r\nX: ", "\r\n\r\n"
		return strings.Repeat(start+end, 2) + start + strings.Repeat("y", n-3*len(start+end)) + end + plainReply.raw
	}
	for name, tc := range map[string]struct {
		settings, request, response string
		want                        int
		words                       string
	}{
		"a head below a low head_max":         {"head_max = \"2KiB\"", headOf(2<<10 - 1), "", 200, ""},
		"a head at it":                        {"head_max = \"2KiB\"", headOf(2 << 10), "", 200, ""},
		"a head above it":                     {"head_max = \"2KiB\"", headOf(2<<10 + 1), "", 431, "more than head_max (2048 bytes)"},
		"a request-line above it":             {"head_max = \"2KiB\"", "GET /" + strings.Repeat("t", 2<<10), "", 414, "more than head_max (2048 bytes)"},
		"a head below a high head_max":        {"head_max = \"256KiB\"", headOf(256<<10 - 1), "", 200, ""},
		"a head at a high one":                {"head_max = \"256KiB\"", headOf(256 << 10), "", 200, ""},
		"a head above a high one":             {"head_max = \"256KiB\"", headOf(256<<10 + 1), "", 431, "more than head_max (262144 bytes)"},
		"lines below fields_max":              {"fields_max = 3", fieldLines(2), "", 200, ""},
		"lines at it":                         {"fields_max = 3", fieldLines(3), "", 200, ""},
		"lines above it":                      {"fields_max = 3", fieldLines(4), "", 431, "more than fields_max (3)"},
		"a trailer section at it":             {"fields_max = 3", chunkedRequest + "1\r\na\r\n0\r\n" + strings.Repeat("X:\r\n", 3) + "\r\n", "", 200, ""},
		"a trailer section above it":          {"fields_max = 3", chunkedRequest + "1\r\na\r\n0\r\n" + strings.Repeat("X:\r\n", 4) + "\r\n", "", 400, "more than fields_max (3)"},
		"the same of a body that streams":     {"fields_max = 3\nbuffer = 0", chunkedRequest + "1\r\na\r\n0\r\n" + strings.Repeat("X:\r\n", 4) + "\r\n", "", 400, "more than fields_max (3)"},
		"a response's trailer section at it":  {"fields_max = 3", plainRequest, chunkedAnswer + "5\r\nplain\r\n0\r\n" + strings.Repeat("X:\r\n", 3) + "\r\n", 200, ""},
		"a response's trailer section above":  {"fields_max = 3", plainRequest, chunkedAnswer + "5\r\nplain\r\n0\r\n" + strings.Repeat("X:\r\n", 4) + "\r\n", 502, "more than fields_max (3)"},
		"lines at a high fields_max":          {"fields_max = 4000", fieldLines(4000), "", 200, ""},
		"lines above a high one":              {"fields_max = 4000", fieldLines(4001), "", 431, "more than fields_max (4000)"},
		"a response below response_head_max":  {"response_head_max = \"1KiB\"", plainRequest, response(1<<10 - 1), 200, ""},
		"a response at it":                    {"response_head_max = \"1KiB\"", plainRequest, response(1 << 10), 200, ""},
		"a response above it":                 {"response_head_max = \"1KiB\"", plainRequest, response(1<<10 + 1), 502, "more than response_head_max (1024 bytes)"},
		"a response at a high one":            {"response_head_max = \"256KiB\"", plainRequest, response(256 << 10), 200, ""},
		"a response above a high one":         {"response_head_max = \"256KiB\"", plainRequest, response(256<<10 + 1), 502, "more than response_head_max (262144 bytes)"},
		"interim responses below it together": {"response_head_max = \"1KiB\"", plainRequest, interim(1<<10 - 1), 200, ""},
		"interim responses at it together":    {"response_head_max = \"1KiB\"", plainRequest, interim(1 << 10), 200, ""},
		"interim responses above it together": {"response_head_max = \"1KiB\"", plainRequest, interim(1<<10 + 1), 502, "larger than response_head_max (1024 bytes) together"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := startBackend(t, always(cmp.Or(tc.response, plainReply.raw)))
			tf := configured(t, b.addr, tc.settings+"\nbackends = [\"BACKEND\"]\n")
			for _, how := range []way{whole, {len(tc.request) / 2}, {len(tc.request) - 1}} {
				o := tf.exchange(t, tc.request, how)
				if o.last().status() != tc.want || tc.want == 200 && o.last().body != "plain" || !strings.Contains(o.last().body, tc.words) {
					t.Fatalf("got %.300q (%v), want %d with %q, sent %v", o.raw, o.err, tc.want, tc.words, how)
				}
			}
		})
	}
}
