package tests

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"tenfour/explain"
	"tenfour/program"
)

// TestExplain_throughIsWhatGoesOut compares what explain --as-request-through shows, byte for byte, with what a backend got from a tenfour
// with the same configuration, and with what clients of HTTP/1.1 and 1.0 got of its response.
func TestExplain_throughIsWhatGoesOut(t *testing.T) {
	t.Parallel()
	const settings = `
[[route]]
path = "/"
backends = "BACKEND"
request.set = { X-Set = "mine" }
response.add = { X-Frame-Options = "DENY" }
[[route]]
path = "/app/"
strip_prefix = "/app"
backends = "BACKEND"
`
	requests := map[string]string{
		"plain":           "GET /a?b HTTP/1.1\r\nHost: a\r\nX-Set: theirs\r\n\r\n",
		"HTTP/1.0":        "GET / HTTP/1.0\r\nX-Forwarded-For: 192.0.2.1\r\nForwarded: for=b\r\n\r\n",
		"a prefix":        "GET /app/x HTTP/1.1\r\nHost: a:\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\n",
		"an absolute URL": "POST http://b.example/x HTTP/1.1\r\nHost: a\r\nContent-Length: 005\r\n\r\nhello",
		"chunks":          "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n",
		"no body":         "POST / HTTP/1.1\r\nHost: a\r\nVia: 1.1 b\r\nContent_Length: 3\r\n\r\n",
	}
	responses := map[string]string{
		"a length":      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nDate: then\r\nKeep-Alive: 3\r\n\r\nok",
		"chunks":        "HTTP/1.0 200  Fine\r\nTransfer-Encoding: chunked\r\nX-Backend: theirs\r\n\r\n2  \r\nok\r\n0\r\n\r\n",
		"until the end": "HTTP/1.1 404 Gone\nX : folded\n  line\n\nok",
		"a redirect":    "HTTP/1.1 301 Moved\r\nLocation: /login\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: 0\r\n\r\n",
	}
	for name, request := range requests {
		for kind, response := range responses {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				then := open
				if kind == "until the end" {
					then = closed
				}
				b := startBackend(t, repeat(func(message) reply { return reply{raw: response, then: then} }))
				file := settingsFile(t, b.addr, settings)
				o := startTenfour(t, nil, "--config", file).exchange(t, request, whole)
				toBackend, to11, to10 := throughOf(t, file, request+response)
				_, got := b.seen()
				if head, _, _ := strings.Cut(got, "\r\n\r\n"); head+"\r\n\r\n" != toBackend {
					t.Errorf("the backend got\n%q\nexplain shows\n%q", head+"\r\n\r\n", toBackend)
				}
				want := to11
				if strings.Contains(request, "HTTP/1.0") {
					want = to10
				}
				if head, _, _ := strings.Cut(o.raw, "\r\n\r\n"); undated(head+"\r\n\r\n") != undated(want) {
					t.Errorf("the client got\n%q\nexplain shows\n%q", undated(head+"\r\n\r\n"), undated(want))
				}
			})
		}
	}
}

// undated is a head without the moment in its Date.
func undated(head string) string {
	return regexp.MustCompile(`Date: [^\r]* GMT`).ReplaceAllString(head, "Date: now")
}

// throughOf is the three heads that explain shows for a request and the response that follows it.
func throughOf(t *testing.T, config, raw string) (toBackend, to11, to10 string) {
	t.Helper()
	var out, errs bytes.Buffer
	file := writeFile(t, t.TempDir()+"/raw", raw)
	if code := program.Run(t.Context(), []string{"explain", "--json", "--config", config, file}, &out, &errs, nil); code != program.Stopped {
		t.Fatalf("explain ended with %d: %s", code, errs.String())
	}
	var heads []string
	for lines := json.NewDecoder(&out); lines.More(); {
		var r struct{ Through []explain.Sent }
		if err := lines.Decode(&r); err != nil {
			t.Fatal(err)
		}
		for _, s := range r.Through {
			heads = append(heads, string(s.Head))
		}
	}
	if len(heads) != 3 {
		t.Fatalf("explain shows %d heads for a request and a response, want 3: %q", len(heads), heads)
	}
	return heads[0], heads[1], heads[2]
}
