package tests

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tenfour/tests/await"
)

// The rows about a backend's answers (RFC 9112 §4, §6.3 and §8, RFC 9110 §15): status-lines, interim responses, those
// without body, each framing to each kind of client, answers that are cut, early, surplus or late, Date, and the
// answers that are tenfour's own. Their heads' syntax is in rules_fields_test.go.

const (
	request10     = "GET / HTTP/1.0\r\n\r\n"
	request10Stay = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
	requestHEAD   = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
)

func TestStatusLine_relays(t *testing.T) {
	const rest = "\r\nContent-Length: 1\r\n\r\nb"
	cases := map[string]relayed{
		"a plain one":                   {raw: "HTTP/1.1 200 OK" + rest, line: "HTTP/1.1 200 OK"},
		"a reason of its own":           {raw: "HTTP/1.1 200 Oh, very well" + rest, line: "HTTP/1.1 200 Oh, very well"},
		"two spaces before the code":    {raw: "HTTP/1.1  200 OK" + rest, line: "HTTP/1.1 200 OK"},
		"spaces before both parts":      {raw: "HTTP/1.1   200   Oh well" + rest, line: "HTTP/1.1 200 Oh well"},
		"two spaces and no reason":      {raw: "HTTP/1.1  200  " + rest, line: "200"},
		"an empty line in front":        {raw: "\r\nHTTP/1.1 200 OK" + rest, line: "HTTP/1.1 200 OK"},
		"four empty lines in front":     {raw: "\r\n\n\n\r\nHTTP/1.1 200 OK" + rest, line: "HTTP/1.1 200 OK"},
		"an empty reason":               {raw: "HTTP/1.1 200 " + rest, line: "200"},
		"no reason and no space":        {raw: "HTTP/1.1 200" + rest, line: "200"},
		"a reason above ASCII":          {raw: "HTTP/1.1 404 Pas trouv\xc3\xa9" + rest, line: "HTTP/1.1 404 Pas trouv\xc3\xa9"},
		"a reason with control bytes":   {raw: "HTTP/1.1 200 O\x01\x1b\x7fK" + rest, line: "HTTP/1.1 200 OK"},
		"HTTP/1.0 as 1.1":               {raw: "HTTP/1.0 200 OK" + rest, then: closed, line: "HTTP/1.1 200 OK", fresh: true},
		"HTTP/1.9 as 1.1":               {raw: "HTTP/1.9 200 OK" + rest, line: "HTTP/1.1 200 OK"},
		"an unknown code":               {raw: "HTTP/1.1 299 Fine" + rest, line: "HTTP/1.1 299 Fine"},
		"an error":                      {raw: "HTTP/1.1 503 Down" + rest, line: "HTTP/1.1 503 Down"},
		"a code of the highest class":   {raw: "HTTP/1.1 599 Odd" + rest, line: "HTTP/1.1 599 Odd"},
		"to HTTP/1.0, still as 1.1":     {request: request10, raw: "HTTP/1.1 200 OK" + rest, line: "HTTP/1.1 200 OK", end: closed},
		"of HTTP/1.0 to HTTP/1.0":       {request: request10, raw: "HTTP/1.0 200 OK" + rest, then: closed, line: "HTTP/1.1 200 OK", end: closed, fresh: true},
		"of HTTP/1.0 to one that stays": {request: request10Stay, raw: "HTTP/1.0 200 OK" + rest, then: closed, line: "HTTP/1.1 200 OK", fresh: true},
	}
	for name, tc := range cases {
		tc.rule, tc.body = "RFC 9112 §4", "b"
		cases[name] = tc
	}
	relayEach(t, cases)
}

func TestStatusLine_refuses(t *testing.T) {
	cases := make(map[string]relayed)
	for name, raw := range map[string]string{
		"no status-line":                "HELLO\r\nContent-Length: 1\r\n\r\nb",
		"a page without head":           "<html><body>hello</body></html>\r\n\r\n",
		"only empty lines":              "\r\n\r\n\r\n\r\n\r\n\r\n",
		"five empty lines in front":     "\r\n\r\n\n\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb",
		"a bare CR in front":            "\rHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb",
		"a space and a tab":             "HTTP/1.1 \t200 OK\r\nContent-Length: 1\r\n\r\nb",
		"a space within the code":       "HTTP/1.1 20 0 OK\r\nContent-Length: 1\r\n\r\nb",
		"a field line first":            "Content-Length: 1\r\n\r\nb",
		"HTTP/2 by name":                "HTTP/2 200 OK\r\nContent-Length: 1\r\n\r\nb",
		"HTTP/2.0":                      "HTTP/2.0 200 OK\r\nContent-Length: 1\r\n\r\nb",
		"HTTP/0.9":                      "HTTP/0.9 200 OK\r\nContent-Length: 1\r\n\r\nb",
		"a minor version of two digits": "HTTP/1.10 200 OK\r\nContent-Length: 1\r\n\r\nb",
		"no version":                    "HTTP 200 OK\r\nContent-Length: 1\r\n\r\nb",
		"another protocol":              "ICY 200 OK\r\nContent-Length: 1\r\n\r\nb",
		"lower case":                    "http/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb",
		"a version alone":               "HTTP/1.1\r\nContent-Length: 1\r\n\r\nb",
		"a version and a space":         "HTTP/1.1 \r\nContent-Length: 1\r\n\r\nb",
		"a tab":                         "HTTP/1.1\t200 OK\r\nContent-Length: 1\r\n\r\nb",
		"no space after the code":       "HTTP/1.1 200OK\r\nContent-Length: 1\r\n\r\nb",
		"a code of two digits":          "HTTP/1.1 20 OK\r\nContent-Length: 1\r\n\r\nb",
		"a code of four digits":         "HTTP/1.1 2000 OK\r\nContent-Length: 1\r\n\r\nb",
		"a code with a sign":            "HTTP/1.1 +20 OK\r\nContent-Length: 1\r\n\r\nb",
		"a code of letters":             "HTTP/1.1 abc OK\r\nContent-Length: 1\r\n\r\nb",
		"a code below 100":              "HTTP/1.1 099 OK\r\nContent-Length: 1\r\n\r\nb",
		"code 000":                      "HTTP/1.1 000 OK\r\nContent-Length: 1\r\n\r\nb",
		"white space before it":         " HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb",
		"an answer to no upgrade":       "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nhello",
	} {
		section := "RFC 9112 §4"
		if raw != "" && strings.IndexByte("\r\n", raw[0]) >= 0 { // what is wrong stands in front of the status-line
			section = "RFC 9112 §2.2"
		}
		cases[name] = relayed{raw: raw, rule: section, line: "502", fresh: true}
		cases[name+", and a FIN"] = relayed{raw: raw, then: closed, rule: section, line: "502", fresh: true}
	}
	relayEach(t, cases)
}

// TestAnswer_hasAFramingForEachClient has each framing of a backend's for each kind of client.
func TestAnswer_hasAFramingForEachClient(t *testing.T) {
	const (
		line       = "HTTP/1.1 200 OK"
		length     = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
		chunks     = chunkedAnswer + oneChunk
		untilClose = "HTTP/1.1 200 OK\r\n\r\nhello"
		rule       = "RFC 9112 §6.3"
	)
	relayEach(t, map[string]relayed{
		"a length to HTTP/1.1":                {raw: length, rule: rule, line: line, body: "hello", length: "5"},
		"a length to HTTP/1.0":                {request: request10, raw: length, rule: rule, line: line, body: "hello", length: "5", end: closed},
		"a length to HTTP/1.0 that stays":     {request: request10Stay, raw: length, rule: rule, line: line, body: "hello", length: "5"},
		"a length of HTTP/1.0 to HTTP/1.1":    {raw: "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", then: closed, rule: rule, line: line, body: "hello", length: "5", fresh: true},
		"chunks to HTTP/1.1":                  {raw: chunks, rule: rule, line: line, body: "hello"},
		"chunks to HTTP/1.0":                  {request: request10, raw: chunks, rule: rule, line: line, body: "hello", end: closed},
		"the connection's end to HTTP/1.1":    {raw: untilClose, then: closed, rule: rule, line: line, body: "hello", fresh: true},
		"the end, of HTTP/1.0, to HTTP/1.1":   {raw: "HTTP/1.0 200 OK\r\n\r\nhello", then: closed, rule: rule, line: line, body: "hello", fresh: true},
		"the end, announced, to HTTP/1.1":     {raw: "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello", then: closed, rule: rule, line: line, body: "hello", fresh: true},
		"the end, and no body, to HTTP/1.1":   {raw: "HTTP/1.0 200 OK\r\n\r\n", then: closed, rule: rule, line: line, fresh: true},
		"the connection's end to HTTP/1.0":    {request: request10, raw: untilClose, then: closed, rule: rule, line: line, body: "hello", end: closed, fresh: true},
		"the end, and no body, to HTTP/1.0":   {request: request10, raw: "HTTP/1.0 200 OK\r\n\r\n", then: closed, rule: rule, line: line, end: closed, fresh: true},
		"an answer of HTTP/1.0 by name only":  {raw: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello", rule: rule, line: line, body: "hello", length: "5"},
		"a length and a reset after the body": {raw: length, then: reset, rule: rule, line: line, body: "hello", length: "5", fresh: true},
		"chunks and a reset after the body":   {raw: chunks, then: reset, rule: rule, line: line, body: "hello", fresh: true},
	})
}

// To a client of HTTP/1.0 that stays, an answer without length gets a length if all of it is known, or ends with the connection.
func TestAnswer_toHTTP10ThatStays(t *testing.T) {
	r := startRig(t)
	for _, next := range []reply{
		{raw: chunkedAnswer + oneChunk, then: open},
		{raw: "HTTP/1.0 200 OK\r\n\r\nhello", then: closed},
	} {
		for _, how := range everyWay(next.raw) {
			next.how = how
			r.replies(next)
			o := r.exchange(t, request10Stay, whole)
			m := o.last()
			said := o.end == closed && m.has("Connection", "close") || o.end == open && m.framing == "length" && m.has("Connection", "keep-alive")
			if o.err != nil || m.body != "hello" || !said || m.has("Transfer-Encoding", "chunked") {
				t.Fatalf("got %q, then %s (%v), for %q %v; want hello, and an end that is announced", o.raw, o.end, o.err, next.raw, how)
			}
		}
	}
}

// TestAnswer_withoutBody has the answers that have no body, whatever their fields say (RFC 9112 §6.3): bytes after them are not
// forwarded.
func TestAnswer_withoutBody(t *testing.T) {
	const (
		ok          = "HTTP/1.1 200 OK"
		noContent   = "HTTP/1.1 204 No Content"
		notModified = "HTTP/1.1 304 Not Modified"
		rule        = "RFC 9112 §6.3"
	)
	relayEach(t, map[string]relayed{
		"HEAD with a length":               {request: requestHEAD, raw: ok + "\r\nContent-Length: 5\r\n\r\n", rule: rule, line: ok, length: "5"},
		"HEAD with a length and a body":    {request: requestHEAD, raw: ok + "\r\nContent-Length: 5\r\n\r\n", surplus: "hello", rule: rule, line: ok, length: "5", fresh: true},
		"HEAD with a length of zero":       {request: requestHEAD, raw: ok + "\r\nContent-Length: 0\r\n\r\n", rule: rule, line: ok, length: "0"},
		"HEAD with chunks":                 {request: requestHEAD, raw: ok + "\r\nTransfer-Encoding: chunked\r\n\r\n", rule: rule, line: ok, length: "none"},
		"HEAD with chunks and a body":      {request: requestHEAD, raw: ok + "\r\nTransfer-Encoding: chunked\r\n\r\n", surplus: oneChunk, rule: rule, line: ok, length: "none", fresh: true},
		"HEAD with neither":                {request: requestHEAD, raw: ok + "\r\n\r\n", rule: rule, line: ok, length: "none"},
		"HEAD with neither, and a FIN":     {request: requestHEAD, raw: "HTTP/1.0 200 OK\r\n\r\n", then: closed, rule: rule, line: ok, length: "none", fresh: true},
		"HEAD that fails":                  {request: requestHEAD, raw: "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\n", surplus: "hello", rule: rule, line: "HTTP/1.1 404 Not Found", length: "5", fresh: true},
		"HEAD from HTTP/1.0":               {request: "HEAD / HTTP/1.0\r\n\r\n", raw: ok + "\r\nContent-Length: 5\r\n\r\n", rule: rule, line: ok, length: "5", end: closed},
		"204":                              {raw: noContent + "\r\n\r\n", rule: rule, line: noContent, length: "none"},
		"204 with a length of zero":        {raw: noContent + "\r\nContent-Length: 0\r\n\r\n", rule: "RFC 9110 §8.6", line: noContent, length: "none"},
		"204 with a length and a body":     {raw: noContent + "\r\nContent-Length: 5\r\n\r\n", surplus: "hello", rule: "RFC 9110 §8.6", line: noContent, length: "none", fresh: true},
		"204 with chunks and a body":       {raw: noContent + "\r\nTransfer-Encoding: chunked\r\n\r\n", surplus: oneChunk, rule: rule, line: noContent, length: "none", fresh: true},
		"204 with a body alone":            {raw: noContent + "\r\n\r\n", surplus: "hello", rule: rule, line: noContent, length: "none", fresh: true},
		"204 with another answer":          {raw: noContent + "\r\n\r\n", surplus: "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", rule: rule, line: noContent, length: "none", fresh: true},
		"204 to HTTP/1.0":                  {request: request10, raw: noContent + "\r\n\r\n", rule: rule, line: noContent, length: "none", end: closed},
		"304":                              {raw: notModified + "\r\nETag: \"x\"\r\n\r\n", rule: rule, line: notModified, fields: []string{"ETag: \"x\""}},
		"304 with a length":                {raw: notModified + "\r\nContent-Length: 5\r\n\r\n", rule: rule, line: notModified, length: "5"},
		"304 with a length and a body":     {raw: notModified + "\r\nContent-Length: 5\r\n\r\n", surplus: "hello", rule: rule, line: notModified, length: "5", fresh: true},
		"304 with chunks and a body":       {raw: notModified + "\r\nTransfer-Encoding: chunked\r\n\r\n", surplus: oneChunk, rule: rule, line: notModified, fresh: true},
		"304 with another answer":          {raw: notModified + "\r\n\r\n", surplus: "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", rule: rule, line: notModified, fresh: true},
		"a length with more after it":      {raw: ok + "\r\nContent-Length: 5\r\n\r\nhello", surplus: "evil", rule: "RFC 9112 §9.2", line: ok, body: "hello", length: "5", fresh: true},
		"a length with an answer after it": {raw: ok + "\r\nContent-Length: 5\r\n\r\nhello", surplus: "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", rule: "RFC 9112 §9.2", line: ok, body: "hello", length: "5", fresh: true},
		"chunks with an answer after them": {raw: chunkedAnswer + oneChunk, surplus: "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", rule: "RFC 9112 §9.2", line: ok, body: "hello", fresh: true},
		"a length of zero and an answer":   {raw: ok + "\r\nContent-Length: 0\r\n\r\n", surplus: "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", rule: "RFC 9112 §9.2", line: ok, length: "0", fresh: true},
		"surplus to HTTP/1.0":              {request: request10, raw: ok + "\r\nContent-Length: 5\r\n\r\nhello", surplus: "evil", rule: "RFC 9112 §9.2", line: ok, body: "hello", length: "5", end: closed, fresh: true},
	})
}

// TestAnswer_cutIsVisible has the answers that end before their framing says so: they must not look complete (RFC 9112 §8).
func TestAnswer_cutIsVisible(t *testing.T) {
	const line = "HTTP/1.1 200 OK"
	cases := make(map[string]relayed)
	for client, request := range map[string]string{"HTTP/1.1": plainRequest, "HTTP/1.0": request10, "HTTP/1.0 that stays": request10Stay} {
		for _, then := range []end{closed, reset} {
			for name, raw := range map[string]string{
				"short of its length":            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
				"at its head's end":              "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
				"in chunk data":                  chunkedAnswer + "a\r\nhello",
				"in a chunk line":                chunkedAnswer + "5\r\nhello\r\n1",
				"after a chunk":                  chunkedAnswer + "5\r\nhello\r\n",
				"before the CR LF of a chunk":    chunkedAnswer + "5\r\nhello",
				"before the first chunk":         chunkedAnswer,
				"before the last line":           chunkedAnswer + "5\r\nhello\r\n0\r\n",
				"within the last line":           chunkedAnswer + "5\r\nhello\r\n0\r\n\r",
				"in a trailer section":           chunkedAnswer + "5\r\nhello\r\n0\r\nX: y\r\n",
				"in a body that ends with a FIN": "HTTP/1.1 200 OK\r\n\r\nhello",
			} {
				if name == "in a body that ends with a FIN" && then == closed {
					continue
				}
				cases[name+" by "+string(then)+", to "+client] = relayed{request: request, raw: raw, then: then, rule: "RFC 9112 §8", line: line, body: "hello", cut: true, end: closed, fresh: true}
			}
		}
	}
	relayEach(t, cases)
}

// When an answer streams, its head and a part are sent before the cut: it is too late for a 502.
func TestAnswer_isCutWhileItStreams(t *testing.T) {
	x := strings.Repeat("x", 600<<10)
	heads := map[string]string{
		"by length":             "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n",
		"chunked":               chunkedAnswer + "F0000\r\n",
		"by the connection end": "HTTP/1.1 200 OK\r\n\r\n",
	}
	for name, head := range heads {
		for client, request := range map[string]string{"HTTP/1.1": plainRequest, "HTTP/1.0": request10, "HTTP/1.0 that stays": request10Stay} {
			for _, then := range []end{closed, reset} {
				if name == "by the connection end" && then == closed {
					continue
				}
				t.Run(name+", "+string(then)+", to "+client, func(t *testing.T) {
					t.Parallel()
					r := startRig(t, "--buffer", "64KiB")
					r.replies(reply{raw: head + x, then: then})
					o := r.exchange(t, request, whole)
					tc := relayed{request: request, body: x, cut: true}
					if err := tc.check(o); err != nil {
						t.Errorf("%v: got %d bytes, then %s, which begin %.200q", err, len(o.raw), o.end, o.raw)
					}
					if o.last().status() != 200 {
						t.Errorf("got %.200q, want 200 and a part of the body", o.raw)
					}
				})
			}
		}
	}
}

// A large body that ends with a clean FIN is complete, for every client.
func TestAnswer_streamsToItsFIN(t *testing.T) {
	x := strings.Repeat("0123456789abcdef", 64<<10)
	r := startRig(t, "--buffer", "64KiB")
	for client, request := range map[string]string{"HTTP/1.1": plainRequest, "HTTP/1.0": request10, "HTTP/1.0 that stays": request10Stay} {
		r.replies(reply{raw: "HTTP/1.0 200 OK\r\n\r\n" + x, then: closed})
		o := r.exchange(t, request, whole)
		want := closed
		if client == "HTTP/1.1" {
			want = open
		}
		if o.err != nil || o.last().body != x || o.end != want {
			t.Errorf("%s got %d bytes (%v), then %s, want %d, then %s", client, len(o.last().body), o.err, o.end, len(x), want)
		}
	}
}

// A large body of a known length is forwarded unchanged, and both connections can be used for the next exchange.
func TestAnswer_streamsByLength(t *testing.T) {
	x := strings.Repeat("0123456789abcdef", 256<<10)
	r := startRig(t, "--buffer", "64KiB")
	for range 3 {
		r.replies(reply{raw: fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", len(x)) + x, then: open})
		o, c := r.exchangeOpen(t, plainRequest, "", whole)
		if o.err != nil || o.last().body != x || o.end != open || o.surplus != "" {
			t.Errorf("got %d bytes (%v), then %s, want %d and an open connection", len(o.last().body), o.err, o.end, len(x))
		}
		if err := r.canary(t, c); err != nil {
			t.Error(err)
		}
		c.Close()
	}
	if n := r.backend.visitors(); n != 1 {
		t.Errorf("the backend met %d connections for six requests in turn, want 1", n)
	}
}

// An answer may begin before the request has ended, and need the rest of the request: an echo returns all bytes.
func TestAnswer_echoesWhileTheBodyComes(t *testing.T) {
	x := strings.Repeat("0123456789abcdef", 128<<10)
	b := startBackend(t, func(v *visit) {
		m, err := v.head()
		if err != nil {
			return
		}
		if m.has("Transfer-Encoding", "chunked") {
			v.say(chunkedAnswer)
		} else {
			v.say(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", len(x)))
		}
		io.Copy(v, v.in)
	})
	for name, raw := range map[string]string{
		"by length": fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", len(x), x),
		"chunked":   fmt.Sprintf("%s%x\r\n%s\r\n0\r\n\r\n", chunkedRequest, len(x), x),
	} {
		t.Run(name, func(t *testing.T) {
			c := startTenfour(t, []string{b.addr}, "--buffer", "64KiB").dial(t)
			defer c.Close()
			sent := make(chan error, 1)
			send := func() { sent <- c.send(raw, "", whole) }
			go send() // ends with the connection
			o := c.listen("POST")
			c.Close()
			if err := <-sent; err != nil {
				t.Errorf("sending: %v", err)
			}
			if o.err != nil || o.last().body != x {
				t.Errorf("got %d bytes (%v) of %d back, in an answer that begins %.500q", len(o.last().body), o.err, len(x), o.raw)
			}
		})
	}
}

func TestAnswer_thatNeverBeginsIs502(t *testing.T) {
	relayEach(t, map[string]relayed{
		"half a status-line and a FIN": {raw: "HTTP/1.1 2", then: closed, rule: "RFC 9110 §15.6.3", line: "502", fresh: true},
		"half a status-line and a RST": {raw: "HTTP/1.1 2", then: reset, rule: "RFC 9110 §15.6.3", line: "502", fresh: true},
		"half a field line and a FIN":  {raw: "HTTP/1.1 200 OK\r\nX: ", then: closed, rule: "RFC 9110 §15.6.3", line: "502", fresh: true},
		"half a field line and a RST":  {raw: "HTTP/1.1 200 OK\r\nX: ", then: reset, rule: "RFC 9110 §15.6.3", line: "502", fresh: true},
		"all but a byte and a FIN":     {raw: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r", then: closed, rule: "RFC 9110 §15.6.3", line: "502", fresh: true},
		"an interim one and a FIN":     {raw: "HTTP/1.1 103 Early Hints\r\n\r\n", then: closed, rule: "RFC 9110 §15.6.3", line: "502", fresh: true},
	})
}

func TestBackend_unreachableIs502(t *testing.T) {
	t.Parallel()
	tf := startTenfour(t, []string{refusing(t)})
	for _, request := range []string{plainRequest, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", requestHEAD} {
		o := tf.exchange(t, request, whole)
		if s := o.last().status(); o.err != nil || s != 502 && s != 503 || ownAnswer(o.last(), methodOf(request)) != nil {
			t.Errorf("got %q (%v, %v), want 502 or 503, for %q", o.raw, o.err, ownAnswer(o.last(), methodOf(request)), request)
		}
	}
}

func TestBackend_lateIs504(t *testing.T) {
	t.Parallel()
	b := startBackend(t, func(v *visit) {
		m, err := v.request()
		if err != nil {
			return
		}
		switch strings.Fields(m.line)[1] {
		case "/half-a-head":
			v.say("HTTP/1.1 200 OK\r\nX: ")
		case "/half-a-body":
			v.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
		}
		v.untilGone()
	})
	tf := startTenfour(t, []string{b.addr}, "--backend-timeout", "300ms")
	for _, target := range []string{"/nothing", "/half-a-head"} {
		o := tf.exchange(t, "GET "+target+" HTTP/1.1\r\nHost: a\r\n\r\n", whole)
		if err := ownAnswer(o.last(), "GET"); o.err != nil || o.last().status() != 504 || err != nil {
			t.Errorf("got %q (%v, %v), want 504, for %s", o.raw, o.err, err, target)
		}
	}
	o := tf.exchange(t, "GET /half-a-body HTTP/1.1\r\nHost: a\r\n\r\n", whole)
	if o.last().status() != 504 && (o.err == nil || o.end == open) {
		t.Errorf("got %q, then %s, want 504 or a visible cut, for half a body in time", o.raw, o.end)
	}
	b.awaitEnd(t, 0)
}

func TestInterim_isRelayed(t *testing.T) {
	const final = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
	hints := "HTTP/1.1 103 Early Hints\r\nX: " + strings.Repeat("y", 1024-33) + "\r\n\r\n" // 1 KiB
	tests := map[string]struct {
		request, raw string
		want         []string // the interim status-lines
		status       int
		fields       []string // of the first interim response
	}{
		"103 to HTTP/1.1":                     {plainRequest, "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\nLink: </b>\r\n\r\n" + final, []string{"HTTP/1.1 103 Early Hints"}, 200, []string{"Link: </a>; rel=preload", "Link: </b>"}},
		"102 and 103 to HTTP/1.1":             {plainRequest, "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + final, []string{"HTTP/1.1 102 Processing", "HTTP/1.1 103 Early Hints"}, 200, nil},
		"an unknown one to HTTP/1.1":          {plainRequest, "HTTP/1.1 199 Hm\r\n\r\n" + final, []string{"HTTP/1.1 199 Hm"}, 200, nil},
		"100 that the client did not ask for": {plainRequest, "HTTP/1.1 100 Continue\r\n\r\n" + final, nil, 200, nil},
		"103 with a length":                   {plainRequest, "HTTP/1.1 103 Early Hints\r\nContent-Length: 9\r\nConnection: close\r\n\r\n" + final, []string{"HTTP/1.1 103 Early Hints"}, 200, nil},
		"103 with chunked":                    {plainRequest, "HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n" + final, []string{"HTTP/1.1 103 Early Hints"}, 200, nil},
		"103 to HTTP/1.0":                     {request10, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + final, nil, 200, nil},
		"100 to HTTP/1.0":                     {request10, "HTTP/1.1 100 Continue\r\n\r\n" + final, nil, 200, nil},
		"103 to HTTP/1.0 that stays":          {request10Stay, "HTTP/1.1 103 Early Hints\r\n\r\n" + final, nil, 200, nil},
		"two hundred of them":                 {plainRequest, strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 200) + final, slices.Repeat([]string{"HTTP/1.1 102 Processing"}, 200), 200, nil},
		"64 KiB of them":                      {plainRequest, strings.Repeat(hints, 64) + final, slices.Repeat([]string{"HTTP/1.1 103 Early Hints"}, 64), 200, []string{"X: " + strings.Repeat("y", 1024-33)}},
		"more than 64 KiB of them":            {plainRequest, strings.Repeat(hints, 64) + "HTTP/1.1 103 X\r\n\r\n" + final, slices.Repeat([]string{"HTTP/1.1 103 Early Hints"}, 65), 502, []string{"X: " + strings.Repeat("y", 1024-33)}},
		"103 before an answer to HEAD":        {requestHEAD, "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", []string{"HTTP/1.1 103 Early Hints"}, 200, nil},
		"103 before an answer of chunks":      {plainRequest, "HTTP/1.1 103 Early Hints\r\n\r\n" + chunkedAnswer + oneChunk, []string{"HTTP/1.1 103 Early Hints"}, 200, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := startRig(t)
			for _, how := range everyWay(tc.raw) {
				r.replies(reply{raw: tc.raw, how: how, then: open})
				o := r.exchange(t, tc.request, whole)
				m := o.last()
				var got []string
				for _, i := range m.interim {
					got = append(got, i.line)
				}
				right := slices.Equal(got, tc.want) || tc.status == 502 && len(got) <= len(tc.want)
				if o.err != nil || m.status() != tc.status || !right {
					t.Fatalf("got %.300q (%v), want %.300q and %d\nfor %q, answered by %.300q %v", o.raw, o.err, tc.want, tc.status, tc.request, tc.raw, how)
				}
				if len(got) > 0 && !slices.Equal(m.interim[0].without("Date", "Via", "X-Backend"), tc.fields) {
					t.Fatalf("got the interim response %.300q, want its fields %.300q, answered by %.300q %v", m.interim[0].fields, tc.fields, tc.raw, how)
				}
			}
		})
	}
}

// Interim responses do not put off the time for the final one, unless they say that the backend works on it.
func TestInterim_andTheBackendTimeout(t *testing.T) {
	t.Parallel()
	for interim, want := range map[string]int{"103 Early Hints": 504, "102 Processing": 200, "104 Upload Resumption Supported": 200} {
		t.Run(interim, func(t *testing.T) {
			t.Parallel()
			b := startBackend(t, func(v *visit) {
				if _, err := v.request(); err != nil {
					return
				}
				for range 10 {
					v.say("HTTP/1.1 " + interim + "\r\n\r\n")
					await.Pace(250 * time.Millisecond)
				}
				v.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			})
			tf := startTenfour(t, []string{b.addr}, "--backend-timeout", "2s")
			if o := tf.exchange(t, plainRequest, whole); o.last().status() != want {
				t.Errorf("got %q (%v), want %d after ten times %s in 2.5 s, with 2 s for the backend", o.raw, o.err, want, interim)
			}
		})
	}
}

// An answer may come before all of the request's body has been sent (RFC 9112 §9.3). It is forwarded at once, and the rest of the body
// is never taken for a request.
func TestAnswer_comesBeforeTheBodyIsThere(t *testing.T) {
	const early = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 5\r\n\r\nearly"
	var taken atomic.Bool // a part of a body came as a request
	b := startBackend(t, func(v *visit) {
		for {
			m, err := v.head()
			switch {
			case err != nil:
				return
			case strings.HasPrefix(m.line, "GET /canary "):
				v.say("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ncanary")
			case strings.HasPrefix(m.line, "GET /smuggled "):
				taken.Store(true)
				return
			default:
				v.say(early)
				v.untilGone()
				return
			}
		}
	})
	r := &rig{tenfour: startTenfour(t, []string{b.addr}, "--workers", "1", "--buffer", "1KiB", withoutSpool(t)), backend: b}
	body := strings.Repeat(smuggled, 300)
	for name, tc := range map[string]struct{ head, sent, more string }{
		"by length": {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n", body, body},
		"chunked":   {chunkedRequest, "F0000\r\n" + body, body},
	} {
		t.Run(name, func(t *testing.T) {
			c := r.dial(t)
			defer c.Close()
			if err := c.send(tc.head, tc.sent, whole); err != nil {
				t.Fatal(err)
			}
			m, err := readAnswer(c.in, "POST") // while the client has more to send
			if err != nil || m.line != "HTTP/1.1 413 Content Too Large" || m.body != "early" || !m.has("Connection", "close") {
				t.Fatalf("got %q (%v), want the backend's early answer with Connection: close", c.raw, err)
			}
			for range 3 {
				if err := c.sendAndAwaitRead(tc.more); err != nil {
					t.Errorf("sending on after the answer: %v", err)
				}
			}
			if got, end := c.rest(); got != "" || end != closed {
				t.Errorf("got %q, then %s, after the answer, want a FIN", got, end)
			}
			if err := r.canary(t, nil); err != nil {
				t.Error(err)
			}
			if _, bytes := b.seen(); taken.Load() || strings.Contains(bytes, "\r\n0\r\n\r\n") {
				t.Error("the backend met what was left of the body as a request, or an end that it does not have")
			}
		})
	}
}

// The same for an answer of our own: the rest of the body is read and dropped, whatever it contains.
func TestOwnAnswer_comesBeforeTheBodyIsThere(t *testing.T) {
	var taken atomic.Bool          // a part of a body came as a request
	busy := make(chan struct{}, 1) // has an element when the only worker is taken
	serve := make(chan struct{})   // closed when it may be served
	b := startBackend(t, func(v *visit) {
		for {
			m, err := v.head()
			switch {
			case err != nil:
				return
			case strings.HasPrefix(m.line, "GET /canary "), strings.HasPrefix(m.line, "GET /queued "):
				v.say("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ncanary")
				continue
			case strings.HasPrefix(m.line, "GET /smuggled "):
				taken.Store(true)
				return
			case strings.HasPrefix(m.line, "GET /busy "):
				busy <- struct{}{}
				<-serve
				v.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
				continue
			case strings.HasPrefix(m.line, "POST /dies "):
				return
			case strings.HasPrefix(m.line, "POST /resets "):
				v.reset()
				return
			case strings.HasPrefix(m.line, "POST /malformed "):
				v.say("HELLO\r\n\r\n")
			}
			v.untilGone()
			return
		}
	})
	r := &rig{tenfour: startTenfour(t, []string{b.addr}, "--workers", "1", "--queue", "1", "--buffer", "4KiB", withoutSpool(t)), backend: b}
	body := strings.Repeat(smuggled, 300)
	run := func(t *testing.T, target, want string) {
		for _, tc := range []struct{ head, sent string }{
			{"POST " + target + " HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n", body},
			{"POST " + target + " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nF0000\r\n", body},
		} {
			c := r.dial(t)
			defer c.Close()
			if err := c.send(tc.head, tc.sent, whole); err != nil {
				t.Fatal(err)
			}
			m, err := readAnswer(c.in, "POST") // while the client has more to send
			if err == nil {
				err = ownAnswer(m, "POST")
			}
			if err != nil || !strings.Contains(want, fmt.Sprint(m.status())) || !m.has("Connection", "close") {
				t.Fatalf("got %q (%v), want %s with Connection: close, for %q and a part of a body", c.raw, err, want, tc.head)
			}
			for range 3 {
				if err := c.sendAndAwaitRead(body); err != nil {
					t.Errorf("sending on after the answer: %v", err)
				}
			}
			if got, end := c.rest(); got != "" || end != closed {
				t.Errorf("got %q, then %s, after the answer, want a FIN", got, end)
			}
		}
	}
	for target, want := range map[string]string{"/dies": "502", "/resets": "502", "/malformed": "502"} {
		t.Run(target, func(t *testing.T) { run(t, target, want) })
	}
	t.Run("a full queue", func(t *testing.T) {
		c := r.dial(t)
		defer c.Close()
		c.send("GET /busy HTTP/1.1\r\nHost: a\r\n\r\n", "", whole)
		<-busy
		waiting := r.queued(t, "GET /queued HTTP/1.1\r\nHost: a\r\n\r\n")
		defer waiting.Close()
		run(t, "/never", "503")
		close(serve)
		c.listen("GET")
		waiting.listen("GET")
	})
	if err := r.canary(t, nil); err != nil {
		t.Error(err)
	}
	if taken.Load() {
		t.Error("the backend met a part of a body as a request")
	}
}

// Each read is forwarded when it comes: an event must not wait for the next one (RFC 9110 §7.6).
func TestAnswer_streamsEventByEvent(t *testing.T) {
	tests := map[string]struct{ head, first, second, end string }{
		"by length":                    {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", "first", "secon", ""},
		"chunked":                      {chunkedAnswer, "5\r\nfirst\r\n", "5\r\nsecon\r\n", "0\r\n\r\n"},
		"chunked, in the midst of one": {chunkedAnswer + "a\r\n", "first", "secon", "\r\n0\r\n\r\n"},
		"an event stream by chunks":    {"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\nfirst\r\n", "5\r\nsecon\r\n", "0\r\n\r\n"},
		"an event stream to its end":   {"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", "first", "secon", ""},
	}
	for name, tc := range tests {
		for client, request := range map[string]string{"HTTP/1.1": plainRequest, "HTTP/1.0": request10} {
			t.Run(name+", to "+client, func(t *testing.T) {
				t.Parallel()
				read := make(chan struct{}) // one for each event that the client has read
				b := startBackend(t, func(v *visit) {
					v.request()
					v.say(tc.head + tc.first)
					if _, ok := <-read; !ok {
						return
					}
					v.say(tc.second)
					if _, ok := <-read; !ok {
						return
					}
					v.say(tc.end)
				})
				t.Cleanup(func() { close(read) })
				c := startTenfour(t, []string{b.addr}).dial(t)
				defer c.Close()
				if err := c.send(request, "", whole); err != nil {
					t.Fatal(err)
				}
				for _, event := range []string{"first", "secon"} {
					for !strings.Contains(c.raw.String(), event) {
						if _, err := c.in.Peek(c.in.Buffered() + 1); err != nil {
							t.Fatalf("got %q (%v), want %q before the backend says more", c.raw, err, event)
						}
					}
					read <- struct{}{}
				}
				if o := c.listen("GET"); o.err != nil || o.last().body != "firstsecon" {
					t.Errorf("got %q (%v), want both events and their end", o.raw, o.err)
				}
			})
		}
	}
}

func TestDate_isAddedWhenMissing(t *testing.T) {
	r := startRig(t)
	r.replies(reply{raw: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", then: open})
	o := r.exchange(t, plainRequest, whole)
	dates := o.last().values("Date")
	if len(dates) != 1 {
		t.Fatalf("got %q, want one Date", o.raw)
	}
	at, err := time.Parse("Mon, 02 Jan 2006 15:04:05 GMT", dates[0])
	if age := time.Since(at); err != nil || age < -2*time.Second || age > time.Minute {
		t.Errorf("got Date: %s (%v, %v old), want the time of receipt", dates[0], err, age)
	}
}

func TestAnswer_keepsWhatTheBackendSaid(t *testing.T) {
	fields := []string{"Date: Thu, 01 Jan 1970 00:00:00 GMT", "Server: BASIC/0.1", "ETag: W/\"x\"", "Location: http://127.0.0.1:1/x", "Content-Encoding: gzip", "Content-Type: text/x", "Set-Cookie: a=b; Path=/", "Cache-Control: no-store", "Content-Location: /x", "Vary: *"}
	raw := "HTTP/1.1 302 Found\r\n" + strings.Join(fields, "\r\n") + "\r\nContent-Length: 1\r\n\r\nb"
	r := startRig(t)
	r.replies(reply{raw: raw, then: open})
	o := r.exchange(t, plainRequest, whole)
	if got := o.last().without("Content-Length", "Via", "X-Backend"); !slices.Equal(got, fields) {
		t.Errorf("got %q, want %q", got, fields)
	}
	if got := o.last().values("X-Backend"); !slices.Equal(got, []string{r.backend.addr}) {
		t.Errorf("got X-Backend %q, want %q", got, r.backend.addr)
	}
}

// An answer of our own has a text, but not for HEAD; a program that asks for JSON gets JSON.
func TestOwnAnswer_words(t *testing.T) {
	t.Parallel()
	tf := startTenfour(t, []string{refusing(t)})

	o := tf.exchange(t, "GET / HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\n\r\n", whole)
	var reason map[string]any
	if err := json.Unmarshal([]byte(o.last().body), &reason); err != nil || len(reason) == 0 || !o.last().has("Content-Type", "application/json") {
		t.Errorf("got %q (%v), want a JSON object", o.raw, err)
	}
	o = tf.exchange(t, plainRequest, whole)
	if types := o.last().values("Content-Type"); len(types) != 1 || !strings.HasPrefix(types[0], "text/plain") {
		t.Errorf("got %q, want text/plain", o.raw)
	}
	for _, raw := range []string{"HEAD / HTTP/1.1\r\n\r\n", "HEAD / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n", requestHEAD} {
		o := tf.exchange(t, raw, whole)
		if err := ownAnswer(o.last(), "HEAD"); o.err != nil || err != nil || o.surplus != "" {
			t.Errorf("got %q (%v, %v), want a head alone, for %q", o.raw, o.err, err, raw)
		}
	}
}

// The answer for a full queue, or after a timeout in the queue, says so, and when to come again (RFC 9110 §15.6.4).
func TestOwnAnswer_fromTheQueue(t *testing.T) {
	for name, flags := range map[string][]string{
		"that is full":        {"--workers", "1", "--queue", "0"},
		"that takes too long": {"--workers", "1", "--queue-timeout", "200ms"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			serve := make(chan struct{}) // closed when the first may be answered
			b := startBackend(t, repeat(func(message) reply {
				<-serve
				return plainReply
			}))
			tf := startTenfour(t, []string{b.addr}, flags...)
			first := tf.dial(t)
			defer first.Close()
			first.send(plainRequest, "", whole)
			b.await(t, "the first request", func() bool { return len(b.requests) == 1 })
			o := tf.exchange(t, plainRequest, whole)
			close(serve)
			if err := ownAnswer(o.last(), "GET"); o.err != nil || o.last().status() != 503 || err != nil || len(o.last().values("Retry-After")) != 1 {
				t.Errorf("got %q (%v, %v), want 503 with Retry-After", o.raw, o.err, err)
			}
			if o := first.listen("GET"); o.last().body != "plain" {
				t.Errorf("got %q, want the first answer", o.raw)
			}
			if requests, bytes := b.seen(); len(requests) != 1 {
				t.Errorf("the backend met %q, want the first request alone", bytes)
			}
		})
	}
}

// A client that sends on after it was refused can still read why: tenfour reads on until the client stops (RFC 9112 §9.6).
func TestLingeringClose_letsTheAnswerBeRead(t *testing.T) {
	const refusedHead = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\nTransfer-Encoding: chunked\r\n\r\n"
	r := startRig(t)
	for range 10 {
		c := r.dial(t)
		sent := make(chan error, 1)
		send := func() {
			err := c.send(refusedHead, "", whole)
			for n := 0; n < 1<<20 && err == nil; n += 64 << 10 {
				_, err = io.WriteString(c, strings.Repeat("x", 64<<10))
			}
			sent <- err
		}
		go send() // ends with the connection
		o := c.listen("POST")
		if err := <-sent; err != nil {
			t.Errorf("sending a body of 1 MiB: %v", err)
		}
		if err := refused(o, "400", "POST"); err != nil {
			t.Errorf("got %q, then %s, want 400 and a FIN: %v", o.raw, o.end, err)
		}
		c.Close()
	}
	onlyCanary(t, r, refusedHead)
}

// An upload may go on for longer than tenfour waits for one byte: its client may read only when it has sent all.
func TestLingeringClose_goesOnWhileTheClientSends(t *testing.T) {
	t.Parallel()
	tf := startTenfour(t, []string{refusing(t)}, "--path", "/else")
	c := tf.dial(t)
	await.Within(c, 3*await.Patience)
	c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n", "", whole)
	for began := time.Now(); time.Since(began) < 5600*time.Millisecond; {
		if _, err := io.WriteString(c, strings.Repeat("x", 1024)); err != nil {
			t.Fatalf("%v after its head: %v", time.Since(began), err)
		}
		await.Pace(100 * time.Millisecond)
	}
	if o := c.listen("POST"); o.last().status() != 404 || o.end != closed {
		t.Errorf("got %q, then %s, want 404 and a FIN", o.raw, o.end)
	}
}

// The same holds for a client that has begun another request after the one that closes: what it sends is read and dropped, and
// causes no reset.
func TestLingeringClose_afterAPipelinedRequest(t *testing.T) {
	for _, closing := range []string{"GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET /1 HTTP/1.0\r\n\r\n"} {
		r := startRig(t)
		r.replies(plainReply)
		c := r.dial(t)
		defer c.Close()
		if err := c.send(closing, "GET /2 HT", whole); err != nil {
			t.Fatal(err)
		}
		if m, err := readAnswer(c.in, "GET"); err != nil || m.body != "plain" || !m.has("Connection", "close") {
			t.Fatalf("got %q (%v), want the answer, with Connection: close", c.raw, err)
		}
		for _, part := range []string{"TP/1.1\r\n", "Host: a\r\n", "\r\n"} {
			if err := c.sendAndAwaitRead(part); err != nil {
				t.Errorf("sending %q after %q and its answer: %v", part, closing, err)
			}
		}
		if got, end := c.rest(); got != "" || end != closed {
			t.Errorf("got %q, then %s, after the answer, want a FIN", got, end)
		}
		if requests, bytes := r.backend.seen(); len(requests) != 1 {
			t.Errorf("the backend met %q, want the first request alone", bytes)
		}
	}
}
