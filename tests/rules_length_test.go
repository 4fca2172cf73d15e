package tests

import (
	"slices"
	"strings"
	"testing"
)

// The rows about Content-Length (RFC 9110 §8.6, RFC 9112 §6.3), of requests and of a backend's answers, and about
// requests that have neither it nor Transfer-Encoding.

func TestContentLength_refuses(t *testing.T) {
	refuseEach(t, map[string]refusal{
		"a plus":                         {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello", "RFC 9112 §6.3", "400"},
		"a minus":                        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\nhello", "RFC 9112 §6.3", "400"},
		"a negative zero":                {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -0\r\n\r\n", "RFC 9112 §6.3", "400"},
		"hexadecimal":                    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nhello", "RFC 9112 §6.3", "400"},
		"an underscore":                  {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1_0\r\n\r\nhellohello", "RFC 9112 §6.3", "400"},
		"a space between digits":         {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5 0\r\n\r\nhello", "RFC 9112 §6.3", "400"},
		"quotes":                         {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \"5\"\r\n\r\nhello", "RFC 9112 §6.3", "400"},
		"a letter after it":              {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5a\r\n\r\nhello", "RFC 9112 §6.3", "400"},
		"a parameter":                    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5;q=1\r\n\r\nhello", "RFC 9112 §6.3", "400"},
		"a fraction":                     {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5.0\r\n\r\nhello", "RFC 9112 §6.3", "400"},
		"an exponent":                    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1e1\r\n\r\nhellohello", "RFC 9112 §6.3", "400"},
		"an empty value":                 {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\nhello", "RFC 9112 §6.3", "400"},
		"digits that are not ASCII":      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \xef\xbc\x95\r\n\r\nhello", "RFC 9112 §6.3", "400"},
		"a superscript in Latin-1":       {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \xb2\r\n\r\nhe", "RFC 9112 §6.3", "400"},
		"a space of Latin-1":             {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\xa0\r\n\r\nhello", "RFC 9112 §6.3", "400"},
		"a vertical tab before it":       {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \v5\r\n\r\nhello", "RFC 9110 §5.5", "400"},
		"a NUL after it":                 {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\x00\r\n\r\nhello", "RFC 9110 §5.5", "400"},
		"a space before its colon":       {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nhello", "RFC 9112 §5.1", "400"},
		"a fold before it":               {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n 5\r\n\r\nhello", "RFC 9112 §6.3", "400"},
		"one above 2^63-1":               {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\nhello", "RFC 9110 §8.6", "400"},
		"2^64+5":                         {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551621\r\n\r\nhello", "RFC 9110 §8.6", "400"},
		"forty digits":                   {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999999999999999999999999999999999\r\n\r\nhello", "RFC 9110 §8.6", "400"},
		"two equal lines":                {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "RFC 9110 §8.6", "400"},
		"a list of equal ones":           {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello", "RFC 9112 §6.3", "400"},
		"two lines that differ":          {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", "RFC 9112 §6.3", "400"},
		"a list of different ones":       {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 6\r\n\r\nhello!", "RFC 9112 §6.3", "400"},
		"a list with an empty element":   {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5,\r\n\r\nhello", "RFC 9112 §6.3", "400"},
		"one and an empty one":           {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length:\r\n\r\nhello", "RFC 9112 §6.3", "400"},
		"an empty one and one":           {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\nContent-Length: 5\r\n\r\nhello", "RFC 9112 §6.3", "400"},
		"two in different case":          {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\ncontent-length: 34\r\n\r\n", "RFC 9112 §6.3", "400"},
		"a bad one from HTTP/1.0":        {"POST / HTTP/1.0\r\nContent-Length: 5x\r\n\r\nhello", "RFC 9112 §6.3", "400"},
		"a bad one of GET":               {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", "RFC 9112 §6.3", "400"},
		"a bad one of HEAD":              {"HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", "RFC 9112 §6.3", "400"},
		"two that differ, in Connection": {"POST / HTTP/1.1\r\nHost: a\r\nConnection: content-length\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", "RFC 9112 §6.3", "400"},
	})
}

func TestContentLength_forwards(t *testing.T) {
	forwardEach(t, map[string]forwarded{
		"a body of that length":           {raw: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", rule: "RFC 9110 §8.6", line: "POST / HTTP/1.1", host: "a", body: "hello"},
		"zero":                            {raw: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", rule: "RFC 9110 §8.6", line: "POST / HTTP/1.1", host: "a"},
		"zeros in front":                  {raw: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 005\r\n\r\nhello", rule: "RFC 9110 §8.6", line: "POST / HTTP/1.1", host: "a", body: "hello"},
		"very many zeros in front":        {raw: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 00000000000000000000000005\r\n\r\nhello", rule: "RFC 9110 §8.6", line: "POST / HTTP/1.1", host: "a", body: "hello"},
		"a body that looks like requests": {raw: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 23\r\n\r\nGET /b HTTP/1.1\r\nX: y\r\n", rule: "RFC 9112 §6.3", line: "POST / HTTP/1.1", host: "a", body: "GET /b HTTP/1.1\r\nX: y\r\n"},
		"a body of NULs and CRs":          {raw: "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n\x00\r\n\r\n\xff", rule: "RFC 9112 §6.3", line: "PUT / HTTP/1.1", host: "a", body: "\x00\r\n\r\n\xff"},
		"a body of GET":                   {raw: "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", rule: "RFC 9110 §9.3.1", line: "GET / HTTP/1.1", host: "a", body: "hello"},
		"a body of HEAD":                  {raw: "HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", rule: "RFC 9110 §9.3.2", line: "HEAD / HTTP/1.1", host: "a", body: "hello"},
		"a body of DELETE":                {raw: "DELETE / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", rule: "RFC 9110 §9.3.5", line: "DELETE / HTTP/1.1", host: "a", body: "hello"},
		"a body of OPTIONS":               {raw: "OPTIONS / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", rule: "RFC 9110 §9.3.7", line: "OPTIONS / HTTP/1.1", host: "a", body: "hello"},
		"a body from HTTP/1.0":            {raw: "POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello", rule: "RFC 9110 §8.6", line: "POST / HTTP/1.1", host: "BACKEND", body: "hello", end: closed},
		"POST without length":             {raw: "POST / HTTP/1.1\r\nHost: a\r\n\r\n", rule: "RFC 9112 §6.3", line: "POST / HTTP/1.1", host: "a"},
		"POST without length of HTTP/1.0": {raw: "POST / HTTP/1.0\r\n\r\n", rule: "RFC 9112 §6.3", line: "POST / HTTP/1.1", host: "BACKEND", end: closed},
		"a lookalike with an underscore":  {raw: "POST / HTTP/1.1\r\nHost: a\r\nContent_Length: 5\r\n\r\n", rule: "RFC 9110 §5.1", line: "POST / HTTP/1.1", host: "a", body: ""},
	})
}

func TestContentLength_isWrittenPlain(t *testing.T) {
	tests := map[string]struct{ raw, want string }{
		"zeros in front":        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0005\r\n\r\nhello", "5"},
		"white space around it": {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\t5 \r\n\r\nhello", "5"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := startRig(t)
			o := r.exchange(t, tc.raw, whole)
			requests, bytes := r.backend.seen()
			if len(requests) != 1 || len(requests[0].values("Content-Length")) != 1 || requests[0].values("Content-Length")[0] != tc.want {
				t.Errorf("the backend met %q, want Content-Length: %s there; the client got %q for %q", bytes, tc.want, o.raw, tc.raw)
			}
		})
	}
}

// A request without content says so where servers expect some (RFC 9110 §8.6): some answer 411 otherwise.
func TestContentLength_isZeroForEmptyContent(t *testing.T) {
	r := startRig(t)
	for method, want := range map[string][]string{
		"POST": {"0"}, "PUT": {"0"}, "PATCH": {"0"},
		"GET": nil, "HEAD": nil, "DELETE": nil, "OPTIONS": nil, "PROPFIND": nil, "post": nil,
	} {
		for _, rest := range []string{" / HTTP/1.1\r\nHost: a\r\n\r\n", " / HTTP/1.1\nHost: a\n\n", " / HTTP/1.0\r\n\r\n", " / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"} {
			r.replies(plainReply)
			o := r.exchange(t, method+rest, whole)
			requests, bytes := r.backend.seen()
			if strings.Contains(rest, "Content-Length") {
				want = []string{"0"}
			}
			if len(requests) != 1 || !slices.Equal(requests[0].values("Content-Length"), want) || o.last().status() != 200 {
				t.Errorf("the backend met %q, want Content-Length %q there; the client got %q for %q", bytes, want, o.raw, method+rest)
			}
		}
	}
}

// The largest length is valid; its client cannot send so much, so the message is never complete.
func TestContentLength_ofTheHighestValue(t *testing.T) {
	const raw = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775807\r\n\r\n"
	heads := make(chan message, 1)
	b := startBackend(t, func(v *visit) {
		m, err := v.head()
		if err == nil {
			heads <- m
		}
		v.untilGone()
	})
	tf := startTenfour(t, []string{b.addr}, "--buffer", "1KiB")
	c := tf.dial(t)
	if err := c.send(raw, string(make([]byte, 64<<10)), whole); err != nil {
		t.Fatal(err)
	}
	b.await(t, "the head", func() bool { return len(heads) == 1 })
	if m := <-heads; !m.has("Content-Length", "9223372036854775807") {
		t.Errorf("the backend met %q %q, want that Content-Length", m.line, m.fields)
	}
	c.Close()
	b.awaitEnd(t, 0)
}

func TestContentLength_ofAnswers(t *testing.T) {
	const ok = "HTTP/1.1 200 OK"
	relayEach(t, map[string]relayed{
		"a body of that length":     {raw: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", rule: "RFC 9110 §8.6", line: ok, body: "hello", length: "5"},
		"zero":                      {raw: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", rule: "RFC 9110 §8.6", line: ok, length: "0"},
		"zeros in front":            {raw: "HTTP/1.1 200 OK\r\nContent-Length: 0000000000000000000000005\r\n\r\nhello", rule: "RFC 9110 §8.6", line: ok, body: "hello", length: "5"},
		"two equal lines":           {raw: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", rule: "RFC 9110 §8.6", line: ok, body: "hello", length: "5"},
		"a list of equal ones":      {raw: "HTTP/1.1 200 OK\r\nContent-Length: 5, 5,5\r\n\r\nhello", rule: "RFC 9110 §8.6", line: ok, body: "hello", length: "5"},
		"a body like an answer":     {raw: "HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", rule: "RFC 9112 §6.3", line: ok, body: "HTTP/1.1 200 OK\r\n\r\n"},
		"two lines that differ":     {raw: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", rule: "RFC 9112 §6.3", line: "502", fresh: true},
		"a list of different ones":  {raw: "HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello!", rule: "RFC 9112 §6.3", line: "502", fresh: true},
		"one and an empty one":      {raw: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length:\r\n\r\nhello", rule: "RFC 9112 §6.3", line: "502", fresh: true},
		"an empty value":            {raw: "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nhello", rule: "RFC 9112 §6.3", line: "502", fresh: true},
		"a plus":                    {raw: "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello", rule: "RFC 9112 §6.3", line: "502", fresh: true},
		"a minus":                   {raw: "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", rule: "RFC 9112 §6.3", line: "502", fresh: true},
		"hexadecimal":               {raw: "HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\nhello", rule: "RFC 9112 §6.3", line: "502", fresh: true},
		"a letter after it":         {raw: "HTTP/1.1 200 OK\r\nContent-Length: 5a\r\n\r\nhello", rule: "RFC 9112 §6.3", line: "502", fresh: true},
		"a fraction":                {raw: "HTTP/1.1 200 OK\r\nContent-Length: 5.0\r\n\r\nhello", rule: "RFC 9112 §6.3", line: "502", fresh: true},
		"a space between digits":    {raw: "HTTP/1.1 200 OK\r\nContent-Length: 1 0\r\n\r\nhellohello", rule: "RFC 9112 §6.3", line: "502", fresh: true},
		"digits that are not ASCII": {raw: "HTTP/1.1 200 OK\r\nContent-Length: \xef\xbc\x95\r\n\r\nhello", rule: "RFC 9112 §6.3", line: "502", fresh: true},
		"one above 2^63-1":          {raw: "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\nhello", rule: "RFC 9110 §8.6", line: "502", fresh: true},
		"2^64+5":                    {raw: "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551621\r\n\r\nhello", rule: "RFC 9110 §8.6", line: "502", fresh: true},
	})
}
