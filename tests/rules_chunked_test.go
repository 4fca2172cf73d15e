package tests

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The rows about chunked bodies (RFC 9112 §7.1), in both directions: sizes, extensions, line ends, trailer sections and
// their limits, small bodies and streamed ones, and what happens to a body that breaks or ends early. An answer's body
// that ends early is in rules_answers_test.go.

// brokenChunks are chunked bodies with an error, each by the name of its error.
var brokenChunks = map[string]string{
	"padding and a bare LF":            "5 \nhello\r\n0\r\n\r\n",
	"padding and a bare CR":            "5 \rhello\r\n0\r\n\r\n",
	"padding above 4 KiB":              "5" + strings.Repeat(" ", 4<<10+1) + "\r\nhello\r\n0\r\n\r\n",
	"a space before a size":            " 5\r\nhello\r\n0\r\n\r\n",
	"a plus before a size":             "+5\r\nhello\r\n0\r\n\r\n",
	"a minus before a size":            "-5\r\nhello\r\n0\r\n\r\n",
	"0x before a size":                 "0x5\r\nhello\r\n0\r\n\r\n",
	"an underscore in a size":          "1_0\r\nhellohellohello!\r\n0\r\n\r\n",
	"a letter above F":                 "g\r\nhellohellohello!\r\n0\r\n\r\n",
	"no size":                          "\r\nhello\r\n0\r\n\r\n",
	"no size before an extension":      ";a=b\r\nhello\r\n0\r\n\r\n",
	"a size in quotes":                 "\"5\"\r\nhello\r\n0\r\n\r\n",
	"a fraction":                       "5.0\r\nhello\r\n0\r\n\r\n",
	"a second number after a size":     "5 5\r\nhello\r\n0\r\n\r\n",
	"a second number after a zero":     "0 5\r\n\r\nhello\r\n0\r\n\r\n",
	"a letter after white space":       "5 a\r\nhello\r\n0\r\n\r\n",
	"a comma after a size":             "5,a\r\nhello\r\n0\r\n\r\n",
	"digits that are not ASCII":        "\xef\xbc\x95\r\nhello\r\n0\r\n\r\n",
	"a size of 2^63":                   "8000000000000000\r\nhello\r\n0\r\n\r\n",
	"a size of 2^64-1":                 "FFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n",
	"a size of 17 digits that wraps":   "10000000000000005\r\nhello\r\n0\r\n\r\n",
	"a size of 17 digits, zeros first": "00000000000000005\r\nhello\r\n0\r\n\r\n",
	"a bare LF after a size":           "5\nhello\r\n0\r\n\r\n",
	"a bare CR after a size":           "5\rhello\r\n0\r\n\r\n",
	"CR CR LF after a size":            "5\r\r\nhello\r\n0\r\n\r\n",
	"a bare LF in an extension":        "5;a=b\nc\r\nhello\r\n0\r\n\r\n",
	"a bare LF in a quoted extension":  "5;a=\"b\nc\"\r\nhello\r\n0\r\n\r\n",
	"a bare CR in an extension":        "5;a\rb\r\nhello\r\n0\r\n\r\n",
	"a bare CR in a quoted extension":  "5;a=\"b\rc\"\r\nhello\r\n0\r\n\r\n",
	"a NUL in an extension":            "5;a\x00b\r\nhello\r\n0\r\n\r\n",
	"a NUL after a size":               "5\x00\r\nhello\r\n0\r\n\r\n",
	"a bare LF in the last extension":  "5\r\nhello\r\n0;a\nb\r\n\r\n",
	"more data than the size":          "5\r\nhello!\r\n0\r\n\r\n",
	"less data than the size":          "6\r\nhello\r\n0\r\n\r\n",
	"two other bytes after the data":   "5\r\nhelloXX0\r\n\r\n",
	"a CR and another byte after it":   "5\r\nhello\rX0\r\n\r\n",
	"another byte and an LF after it":  "5\r\nhelloX\n0\r\n\r\n",
	"a bare LF after the data":         "5\r\nhello\n0\r\n\r\n",
	"a bare LF after the last chunk":   "5\r\nhello\r\n0\n\r\n",
	"a bare LF for the last line":      "5\r\nhello\r\n0\r\n\n",
	"a bare CR for the last line":      "5\r\nhello\r\n0\r\n\rX",
	"text after the last chunk":        "5\r\nhello\r\n0\r\nX\r\n\r\n",
	"a trailer with a bare LF":         "5\r\nhello\r\n0\r\nX: y\nZ: 1\r\n\r\n",
	"a trailer with a NUL":             "5\r\nhello\r\n0\r\nX: y\x00\r\n\r\n",
	"a trailer with a space before it": "5\r\nhello\r\n0\r\n X: y\r\n\r\n",
	"a trailer without name":           "5\r\nhello\r\n0\r\n: y\r\n\r\n",
	"an extension line above 4 KiB":    "5;" + strings.Repeat("a", 4<<10+1) + "\r\nhello\r\n0\r\n\r\n",
	"extensions above 16 KiB together": strings.Repeat("1;"+strings.Repeat("a", 1000)+"\r\nx\r\n", 17) + "0\r\n\r\n",
	"a trailer section above 8 KiB":    "5\r\nhello\r\n0\r\nX: " + strings.Repeat("y", 8<<10) + "\r\n\r\n",
}

// chunkSections are the sections that refuse a body of brokenChunks or oddChunks, where that is not §7.1 or §7.1.1.
var chunkSections = map[string]string{
	"padding and a bare CR":              "RFC 9112 §7.1.1",
	"padding above 4 KiB":                "RFC 9112 §7.1.1",
	"an extension line above 4 KiB":      "RFC 9112 §7.1.1",
	"extensions above 16 KiB together":   "RFC 9112 §7.1.1",
	"a NUL in an extension":              "RFC 9112 §7.1.1",
	"a bare CR after a size":             "RFC 9112 §2.2",
	"CR CR LF after a size":              "RFC 9112 §2.2",
	"a bare CR in an extension":          "RFC 9112 §2.2",
	"a bare CR in a quoted extension":    "RFC 9112 §2.2",
	"a bare CR for the last line":        "RFC 9112 §2.2",
	"text after the last chunk":          "RFC 9112 §5",
	"a trailer section above 8 KiB":      "RFC 9112 §7.1.2",
	"a trailer with a space before it":   "RFC 9112 §5.2",
	"a trailer with a fold":              "RFC 9112 §5.2",
	"a trailer with a space and a colon": "RFC 9112 §5.1",
	"a trailer without name":             "RFC 9110 §5.1",
	"a trailer with a NUL":               "RFC 9110 §5.5",
	"a trailer with a control byte":      "RFC 9110 §5.5",
}

// oddChunks are chunked bodies that a backend may send and a client may not, and their content.
var oddChunks = map[string]struct{ raw, content string }{
	"a padded size":                      {"b   \r\nhello world\r\n0   \r\n\r\n", "hello world"},
	"a size padded with a tab":           {"5\t\r\nhello\r\n0\r\n\r\n", "hello"},
	"a padded last chunk alone":          {"0  \r\n\r\n", ""},
	"padding in some chunks":             {"3\r\nhel\r\n2 \r\nlo\r\n0\r\n\r\n", "hello"},
	"padding of just under 4 KiB":        {"5" + strings.Repeat(" ", 4<<10) + "\r\nhello\r\n0\r\n\r\n", "hello"},
	"a trailer with a fold":              {"5\r\nhello\r\n0\r\nX: y\r\n z\r\n\r\n", "hello"},
	"a trailer with a space and a colon": {"5\r\nhello\r\n0\r\nX : y\r\n\r\n", "hello"},
	"a trailer with a control byte":      {"5\r\nhello\r\n0\r\nX: y\x01\r\n\r\n", "hello"},
}

// goodChunks are chunked bodies that may look odd, and their content.
var goodChunks = map[string]struct{ raw, content string }{
	"one chunk":                       {"5\r\nhello\r\n0\r\n\r\n", "hello"},
	"three chunks":                    {"1\r\nh\r\n3\r\nell\r\n1\r\no\r\n0\r\n\r\n", "hello"},
	"nothing but the last chunk":      {"0\r\n\r\n", ""},
	"a last chunk of many zeros":      {"5\r\nhello\r\n0000\r\n\r\n", "hello"},
	"a size in capitals":              {"A\r\n0123456789\r\n0\r\n\r\n", "0123456789"},
	"a size in small letters":         {"a\r\n0123456789\r\n0\r\n\r\n", "0123456789"},
	"zeros before a size":             {"005\r\nhello\r\n0\r\n\r\n", "hello"},
	"a size of 16 digits":             {"0000000000000005\r\nhello\r\n0\r\n\r\n", "hello"},
	"data that looks like chunks":     {"7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n", "\r\n0\r\n\r\n"},
	"an extension":                    {"5;a\r\nhello\r\n0\r\n\r\n", "hello"},
	"an extension with a value":       {"5;a=b;c=d\r\nhello\r\n0;e=f\r\n\r\n", "hello"},
	"an extension in quotes":          {"5;a=\"b;\\\"c\"\r\nhello\r\n0\r\n\r\n", "hello"},
	"white space before an extension": {"5 \t;a=b\r\nhello\r\n0 ;c\r\n\r\n", "hello"},
	"white space within an extension": {"5 ; a = b\r\nhello\r\n0\r\n\r\n", "hello"},
	"a trailer section":               {"5\r\nhello\r\n0\r\nX: y\r\nZ: 1\r\n\r\n", "hello"},
	"framing in a trailer section":    {"5\r\nhello\r\n0\r\nContent-Length: 9\r\nTransfer-Encoding: gzip\r\nConnection: close\r\n\r\n", "hello"},
	"Host in a trailer section":       {"5\r\nhello\r\n0\r\nHost: evil\r\nX-Forwarded-For: evil\r\n\r\n", "hello"},
	"a trailer section below 8 KiB":   {"5\r\nhello\r\n0\r\nX: " + strings.Repeat("y", 8<<10-100) + "\r\n\r\n", "hello"},
	"an extension line below 4 KiB":   {"5;" + strings.Repeat("a", 4<<10-2) + "\r\nhello\r\n0\r\n\r\n", "hello"},
	"an extension line of 4 KiB":      {"5;" + strings.Repeat("a", 4<<10-1) + "\r\nhello\r\n0\r\n\r\n", "hello"},
	"extensions of 15 KiB together":   {strings.Repeat("1;"+strings.Repeat("a", 1000)+"\r\nx\r\n", 15) + "0\r\n\r\n", strings.Repeat("x", 15)},
	"very many very small chunks":     {strings.Repeat("1\r\nx\r\n", 3000) + "0\r\n\r\n", strings.Repeat("x", 3000)},
}

const (
	chunkedRequest = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	chunkedAnswer  = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
)

func TestChunked_refuses(t *testing.T) {
	cases := make(map[string]refusal)
	for name, body := range brokenChunks {
		cases[name] = refusal{chunkedRequest + body, cmp.Or(chunkSections[name], "RFC 9112 §7.1"), "400"}
	}
	for name, chunks := range oddChunks {
		cases[name] = refusal{chunkedRequest + chunks.raw, cmp.Or(chunkSections[name], "RFC 9112 §7.1.1"), "400"}
	}
	refuseEach(t, cases)
}

func TestChunked_forwards(t *testing.T) {
	cases := make(map[string]forwarded)
	for name, chunks := range goodChunks {
		cases[name] = forwarded{raw: chunkedRequest + chunks.raw, rule: "RFC 9112 §7.1", line: "POST / HTTP/1.1", host: "a", body: chunks.content}
	}
	forwardEach(t, cases)
}

func TestChunked_relays(t *testing.T) {
	cases := make(map[string]relayed)
	for name, chunks := range goodChunks {
		cases[name] = relayed{raw: chunkedAnswer + chunks.raw, rule: "RFC 9112 §7.1", line: "HTTP/1.1 200 OK", body: chunks.content}
	}
	for name, chunks := range oddChunks {
		cases[name] = relayed{raw: chunkedAnswer + chunks.raw, rule: "RFC 9112 §7.1.1", line: "HTTP/1.1 200 OK", body: chunks.content}
	}
	relayEach(t, cases)
}

func TestChunked_cutsBrokenAnswers(t *testing.T) {
	cases := make(map[string]relayed)
	for name, body := range brokenChunks {
		// Data before the error may have been forwarded, and nothing else.
		section := cmp.Or(chunkSections[name], "RFC 9112 §7.1")
		if name == "padding and a bare CR" { // the padding is allowed in a response
			section = "RFC 9112 §2.2"
		}
		cases[name] = relayed{raw: chunkedAnswer + body, rule: section, line: "HTTP/1.1 200 OK", body: dataOf(body), cut: true, end: closed, fresh: true}
	}
	relayEach(t, cases)
}

// When the head came with the beginning of its body, a body that is broken there is a 502: the client has had nothing.
func TestChunked_answers502WhenTheFirstChunkIsBroken(t *testing.T) {
	cases := make(map[string]relayed)
	for name, body := range map[string]string{"a size that is none": "x\r\nhello\r\n0\r\n\r\n", "more data than the size": "5\r\nhello!\r\n0\r\n\r\n", "a bare LF": "5\nhello\r\n0\r\n\r\n"} {
		for client, request := range map[string]string{"HTTP/1.1": plainRequest, "HTTP/1.0": request10} {
			cases[name+", to "+client] = relayed{request: request, raw: chunkedAnswer + body, rule: "RFC 9112 §7.1", line: "502", fresh: true}
		}
	}
	rigs := startRigs(t, 1, "--log-level", "warn")
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tc.then, tc.end = open, open
			if tc.request == request10 {
				tc.end = closed
			}
			tc.run(t, rigs.borrow(t), whole)
		})
	}
}

// dataOf returns what data there can be in a broken body: that of its first chunk, or of 17 small ones.
func dataOf(body string) string {
	switch {
	case strings.HasPrefix(body, "1;"):
		return strings.Repeat("x", 17)
	case strings.HasPrefix(body, "6\r\n"):
		return "hello\r"
	}
	return "hello"
}

// A part of a body larger than the buffer is forwarded before its error comes: the backend must not see an end of the body, and its
// connection must not be used again.
func TestChunked_breaksWhileItStreams(t *testing.T) {
	big := "10000\r\n" + strings.Repeat("x", 64<<10) + "\r\n"
	for name, body := range brokenChunks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := startRig(t, "--buffer", "4KiB")
			r.replies(plainReply)
			o, c := r.exchangeOpen(t, chunkedRequest+big+body, smuggled, whole)
			c.Close()
			if err := cmp.Or(refused(o, "400", "POST"), citesSection(o.last(), cmp.Or(chunkSections[name], "RFC 9112 §7.1"))); err != nil {
				t.Fatalf("%v\ngot %q, then %s\nwant 400 and a close\nfor a big chunk and %q", err, o.raw, o.end, body)
			}
			onlyCanary(t, r, body)
			if _, bytes := r.backend.seen(); strings.HasPrefix(bytes, "POST") {
				r.backend.awaitEnd(t, 0)
			}
		})
	}
}

// A body that streams stays chunked, with sizes of our own and without extensions; if all of it is known, it gets a length.
func TestChunked_streamsWhole(t *testing.T) {
	r := startRig(t, "--buffer", "4KiB")
	var raw, content strings.Builder
	for n := 1; content.Len() < 300<<10; n = n*3 + 1 {
		n = min(n, 100<<10)
		data := strings.Repeat(string(rune('a'+n%26)), n)
		fmt.Fprintf(&raw, "%x;ext=1\r\n%s\r\n", n, data)
		content.WriteString(data)
	}
	raw.WriteString("0\r\nX: trailer\r\n\r\n")

	t.Run("to the backend", func(t *testing.T) {
		r.replies(plainReply)
		o := r.exchange(t, chunkedRequest+raw.String(), whole)
		requests, _ := r.backend.seen()
		if len(requests) != 1 || requests[0].body != content.String() || o.last().body != "plain" {
			t.Errorf("got %q; the backend met %d requests, want one with the whole content", o.raw, len(requests))
		}
	})
	t.Run("to the client", func(t *testing.T) {
		r.replies(reply{raw: chunkedAnswer + raw.String(), then: open})
		o := r.exchange(t, plainRequest, whole)
		if o.err != nil || o.last().body != content.String() || o.end != open {
			t.Errorf("got %d bytes of content (%v), then %s, want all %d and an open connection", len(o.last().body), o.err, o.end, content.Len())
		}
	})
	t.Run("to a client of HTTP/1.0", func(t *testing.T) {
		r.replies(reply{raw: chunkedAnswer + raw.String(), then: open})
		o := r.exchange(t, "GET / HTTP/1.0\r\n\r\n", whole)
		if o.err != nil || o.last().body != content.String() || o.end != closed || len(o.last().values("Transfer-Encoding")) > 0 {
			t.Errorf("got %d bytes of content (%v), then %s, want all %d without transfer coding and a close", len(o.last().body), o.err, o.end, content.Len())
		}
	})
}

// Trailer fields are dropped, and with them the announcement (RFC 9110 §6.5.1).
func TestChunked_dropsTheTrailerField(t *testing.T) {
	r := startRig(t)
	r.replies(reply{raw: "HTTP/1.1 200 OK\r\nTrailer: X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n", then: open})
	o := r.exchange(t, "POST / HTTP/1.1\r\nHost: a\r\nTrailer: X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n", whole)
	requests, bytes := r.backend.seen()
	if len(requests) != 1 || len(requests[0].without(setByProxy...)) > 0 || requests[0].body != "hello" {
		t.Errorf("the backend met %q, want neither Trailer nor X", bytes)
	}
	if o.err != nil || slices.ContainsFunc(o.last().fields, func(f string) bool { return f == "Trailer: X" || f == "X: y" }) || o.last().body != "hello" {
		t.Errorf("the client got %q, want neither Trailer nor X", o.raw)
	}
}

// A client that ends its sending in a body has not sent a request (RFC 9112 §8).
func TestChunked_endsBeforeItsLastLine(t *testing.T) {
	const raw = chunkedRequest + "5\r\nhello\r\n0\r\n\r\n"
	r := startRig(t)
	r.replies(plainReply)
	for cut := len(chunkedRequest); cut < len(raw); cut++ {
		c := r.dial(t)
		if err := c.send(raw[:cut], "", whole); err != nil {
			t.Fatal(err)
		}
		c.CloseWrite()
		if got, end := c.rest(); end == open || got != "" && !strings.HasPrefix(got, "HTTP/1.1 400 ") {
			t.Fatalf("got %q, then %s, for %q and a FIN, want 400 or nothing, and a close", got, end, raw[:cut])
		}
		c.Close()
	}
	onlyCanary(t, r, raw)
}
