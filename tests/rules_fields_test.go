package tests

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The rows about a head's syntax (RFC 9112 §2.2 and §5, RFC 9110 §5), of requests and of a backend's answers: line
// ends, control bytes, white space, folds, names, repetitions; then a head's limits in bytes, lines and time
// (RFC 6585 §5, RFC 9110 §15.5.9 and §15.5.15).

func TestFields_refuses(t *testing.T) {
	refuseEach(t, map[string]refusal{
		"a bare LF after the request-line":     {"GET / HTTP/1.1\nHost: a\r\n\r\n", "RFC 9112 §2.2", "400"},
		"a bare LF after a field line":         {"GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", "RFC 9112 §2.2", "400"},
		"a bare LF for the empty line":         {"GET / HTTP/1.1\r\nHost: a\r\n\n", "RFC 9112 §2.2", "400"},
		"CR LF after a bare LF":                {"GET / HTTP/1.1\nHost: a\r\n\n", "RFC 9112 §2.2", "400"},
		"CR LF for the empty line, after LFs":  {"GET / HTTP/1.1\nHost: a\n\r\n", "RFC 9112 §2.2", "400"},
		"CR LF after LFs, and no field":        {"GET / HTTP/1.0\n\r\n", "RFC 9112 §2.2", "400"},
		"a bare LF in a name":                  {"GET / HTTP/1.1\r\nHost: a\r\nX\n: y\r\n\r\n", "RFC 9112 §2.2", "400"},
		"two bare LFs within a value":          {"GET / HTTP/1.1\r\nHost: a\r\nX: y\n\nGET /b HTTP/1.1\r\n\r\n", "RFC 9112 §2.2", "400"},
		"a bare CR among LFs":                  {"GET / HTTP/1.1\nHost: a\nX: y\rz\n\n", "RFC 9112 §2.2", "400"},
		"CR CR LF among LFs":                   {"GET / HTTP/1.1\nHost: a\r\r\n\n", "RFC 9112 §2.2", "400"},
		"a fold among LFs":                     {"GET / HTTP/1.1\nHost: a\nX: y\n z\n\n", "RFC 9112 §5.2", "400"},
		"a space before a colon among LFs":     {"GET / HTTP/1.1\nHost: a\nX : y\n\n", "RFC 9112 §5.1", "400"},
		"a control byte among LFs":             {"GET / HTTP/1.1\nHost: a\nX: \x01\n\n", "RFC 9110 §5.5", "400"},
		"both lengths among LFs":               {"POST / HTTP/1.1\nHost: a\nContent-Length: 15\nTransfer-Encoding: chunked\n\n" + oneChunk, "RFC 9112 §6.1", "400"},
		"two lengths among LFs":                {"POST / HTTP/1.1\nHost: a\nContent-Length: 5\nContent-Length: 5\n\nhello", "RFC 9110 §8.6", "400"},
		"a length after a mixed line":          {"POST / HTTP/1.1\nHost: a\r\nContent-Length: 5\n\nhello", "RFC 9112 §2.2", "400"},
		"LFs, and chunk lines that end in LF":  {"POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n5\nhello\n0\n\n", "RFC 9112 §7.1", "400"},
		"LFs, and a trailer section of LFs":    {"POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n5\r\nhello\r\n0\r\nX: y\n\n", "RFC 9112 §7.1", "400"},
		"a bare CR in the request-line":        {"GET /a\rb HTTP/1.1\r\nHost: a\r\n\r\n", "RFC 9112 §3", "400"},
		"a bare CR in a name":                  {"GET / HTTP/1.1\r\nHost: a\r\nX\rY: z\r\n\r\n", "RFC 9112 §2.2", "400"},
		"a bare CR in a value":                 {"GET / HTTP/1.1\r\nHost: a\r\nX: y\rz\r\n\r\n", "RFC 9112 §2.2", "400"},
		"a bare CR for a line end":             {"GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", "RFC 9112 §2.2", "400"},
		"a bare CR at the start of a value":    {"GET / HTTP/1.1\r\nHost: a\r\nX:\ry\r\n\r\n", "RFC 9112 §2.2", "400"},
		"CR CR LF after the request-line":      {"GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", "RFC 9112 §2.2", "400"},
		"CR CR LF after a field line":          {"GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", "RFC 9112 §2.2", "400"},
		"CR CR LF for the empty line":          {"GET / HTTP/1.1\r\nHost: a\r\n\r\r\n", "RFC 9112 §2.2", "400"},
		"a NUL in a name":                      {"GET / HTTP/1.1\r\nHost: a\r\nX\x00: y\r\n\r\n", "RFC 9110 §5.1", "400"},
		"a NUL in a value":                     {"GET / HTTP/1.1\r\nHost: a\r\nX: y\x00z\r\n\r\n", "RFC 9110 §5.5", "400"},
		"a NUL at the end of a value":          {"GET / HTTP/1.1\r\nHost: a\r\nX: y\x00\r\n\r\n", "RFC 9110 §5.5", "400"},
		"a control byte in a value":            {"GET / HTTP/1.1\r\nHost: a\r\nX: y\x01z\r\n\r\n", "RFC 9110 §5.5", "400"},
		"an escape byte in a value":            {"GET / HTTP/1.1\r\nHost: a\r\nX: \x1b[0m\r\n\r\n", "RFC 9110 §5.5", "400"},
		"a vertical tab before a value":        {"GET / HTTP/1.1\r\nHost: a\r\nX:\vy\r\n\r\n", "RFC 9110 §5.5", "400"},
		"a form feed after a value":            {"GET / HTTP/1.1\r\nHost: a\r\nX: y\f\r\n\r\n", "RFC 9110 §5.5", "400"},
		"a DEL in a value":                     {"GET / HTTP/1.1\r\nHost: a\r\nX: y\x7f\r\n\r\n", "RFC 9110 §5.5", "400"},
		"a fold by a space":                    {"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", "RFC 9112 §5.2", "400"},
		"a fold by a tab":                      {"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\tz\r\n\r\n", "RFC 9112 §5.2", "400"},
		"a fold that looks like a field line":  {"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n Z: 1\r\n\r\n", "RFC 9112 §5.2", "400"},
		"a fold that looks blank":              {"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n \r\n\r\n", "RFC 9112 §5.2", "400"},
		"a fold after an empty value":          {"GET / HTTP/1.1\r\nHost: a\r\nX:\r\n y\r\n\r\n", "RFC 9112 §5.2", "400"},
		"a fold of Host":                       {"GET / HTTP/1.1\r\nHost:\r\n a\r\n\r\n", "RFC 9112 §5.2", "400"},
		"white space before the first field":   {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", "RFC 9112 §2.2", "400"},
		"a blank line before the first field":  {"GET / HTTP/1.1\r\n \r\nHost: a\r\n\r\n", "RFC 9112 §2.2", "400"},
		"a space before the colon":             {"GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n", "RFC 9112 §5.1", "400"},
		"a tab before the colon":               {"GET / HTTP/1.1\r\nHost: a\r\nX\t: y\r\n\r\n", "RFC 9112 §5.1", "400"},
		"a space before Host's colon":          {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", "RFC 9112 §5.1", "400"},
		"a line without colon":                 {"GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", "RFC 9112 §5", "400"},
		"an empty name":                        {"GET / HTTP/1.1\r\nHost: a\r\n: y\r\n\r\n", "RFC 9110 §5.1", "400"},
		"a space within a name":                {"GET / HTTP/1.1\r\nHost: a\r\nX Y: z\r\n\r\n", "RFC 9112 §5.1", "400"},
		"a parenthesis within a name":          {"GET / HTTP/1.1\r\nHost: a\r\nX(Y): z\r\n\r\n", "RFC 9110 §5.1", "400"},
		"a slash within a name":                {"GET / HTTP/1.1\r\nHost: a\r\nX/Y: z\r\n\r\n", "RFC 9110 §5.1", "400"},
		"a name in quotes":                     {"GET / HTTP/1.1\r\nHost: a\r\n\"X\": z\r\n\r\n", "RFC 9110 §5.1", "400"},
		"a name with a byte above ASCII":       {"GET / HTTP/1.1\r\nHost: a\r\nX\xe9: z\r\n\r\n", "RFC 9110 §5.1", "400"},
		"a name after a byte order mark":       {"GET / HTTP/1.1\r\n\xef\xbb\xbfHost: a\r\n\r\n", "RFC 9110 §5.1", "400"},
		"a request-line among the field lines": {"GET / HTTP/1.1\r\nHost: a\r\nGET /b HTTP/1.1\r\n\r\n", "RFC 9112 §5.1", "400"},
	})
}

func TestFields_forwards(t *testing.T) {
	forwardEach(t, map[string]forwarded{
		"their order and case":              {raw: "GET / HTTP/1.1\r\nz-lAst: 1\r\nHost: a\r\nA-First: 2\r\nUSER-AGENT: x\r\n\r\n", rule: "RFC 9110 §5.3", line: "GET / HTTP/1.1", host: "a", fields: []string{"z-lAst: 1", "A-First: 2", "USER-AGENT: x"}},
		"white space around a value off":    {raw: "GET / HTTP/1.1\r\nHost: a\r\nX:y\r\nY:\t y  z \t \r\n\r\n", rule: "RFC 9110 §5.5", line: "GET / HTTP/1.1", host: "a", fields: []string{"X: y", "Y: y  z"}},
		"a tab within a value":              {raw: "GET / HTTP/1.1\r\nHost: a\r\nX: y\tz\r\n\r\n", rule: "RFC 9110 §5.5", line: "GET / HTTP/1.1", host: "a", fields: []string{"X: y\tz"}},
		"bytes above ASCII, none trimmed":   {raw: "GET / HTTP/1.1\r\nHost: a\r\nX: \xa0\x85caf\xc3\xa9\xff\x85\xa0\r\n\r\n", rule: "RFC 9110 §5.5", line: "GET / HTTP/1.1", host: "a", fields: []string{"X: \xa0\x85caf\xc3\xa9\xff\x85\xa0"}},
		"underscores, which are no hyphens": {raw: "GET / HTTP/1.1\r\nHost: a\r\nX_Custom: 1\r\nX-Custom: 2\r\n_: 3\r\nX_Forwarder_For: 4\r\nX.Y~Z: 5\r\n\r\n", rule: "RFC 9110 §5.1", line: "GET / HTTP/1.1", host: "a", fields: []string{"X_Custom: 1", "X-Custom: 2", "_: 3", "X_Forwarder_For: 4", "X.Y~Z: 5"}},
		"but no name that passes for ours":  {raw: "GET / HTTP/1.1\r\nHost: a\r\nContent_Length: 9\r\nTransfer_Encoding: chunked\r\nX_Forwarded_For: b\r\nX-Forwarded_Proto: https\r\nx_forwarded-HOST: b\r\nX.Forwarded~For: b\r\nKeep_Alive: 1\r\nProxy_Connection: x\r\nMax_Forwards: 0\r\nHTTP2_Settings: AA\r\nZ: 3\r\n\r\n", rule: "RFC 9110 §5.1, RFC 3875 §4.1.18", line: "GET / HTTP/1.1", host: "a", fields: []string{"Z: 3"}},
		"a name of every sign":              {raw: "GET / HTTP/1.1\r\nHost: a\r\n!#$%&'*+-.^_`|~1a: z\r\n\r\n", rule: "RFC 9110 §5.1", line: "GET / HTTP/1.1", host: "a", fields: []string{"!#$%&'*+-.^_`|~1a: z"}},
		"a name of one byte":                {raw: "GET / HTTP/1.1\r\nHost: a\r\na: z\r\n\r\n", rule: "RFC 9110 §5.1", line: "GET / HTTP/1.1", host: "a", fields: []string{"a: z"}},
		"repeated fields, line by line":     {raw: "GET / HTTP/1.1\r\nHost: a\r\nCookie: b=1\r\nX: 1\r\nCookie: c=2\r\nx: 2\r\nX: 1\r\n\r\n", rule: "RFC 9110 §5.3", line: "GET / HTTP/1.1", host: "a", fields: []string{"Cookie: b=1", "X: 1", "Cookie: c=2", "x: 2", "X: 1"}},
		"empty values":                      {raw: "GET / HTTP/1.1\r\nHost: a\r\nX:\r\nY: \t\r\n\r\n", rule: "RFC 9110 §5.5", line: "GET / HTTP/1.1", host: "a", fields: []string{"X: ", "Y: "}},
		"colons within a value":             {raw: "GET / HTTP/1.1\r\nHost: a\r\nX:: y: z\r\n\r\n", rule: "RFC 9112 §5", line: "GET / HTTP/1.1", host: "a", fields: []string{"X: : y: z"}},
		"quotes that never close":           {raw: "GET / HTTP/1.1\r\nHost: a\r\nX: \"y\r\nZ: 1\r\n\r\n", rule: "RFC 9110 §5.5", line: "GET / HTTP/1.1", host: "a", fields: []string{"X: \"y", "Z: 1"}},
		"credentials":                       {raw: "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YTpi\r\nCookie: a=\"b\"; c\r\n\r\n", rule: "RFC 9110 §11.6.2", line: "GET / HTTP/1.1", host: "a", fields: []string{"Authorization: Basic YTpi", "Cookie: a=\"b\"; c"}},
	})
}

// A head typed into nc, or made by printf, has lines that end in LF, all of them. What follows it is as after any other head.
func TestLineEnds_forwardsHeadsOfLFs(t *testing.T) {
	const rule = "RFC 9112 §2.2"
	forwardEach(t, map[string]forwarded{
		"of HTTP/1.0":               {raw: "GET / HTTP/1.0\n\n", rule: rule, line: "GET / HTTP/1.1", host: "BACKEND", end: closed},
		"of HTTP/1.0 that stays":    {raw: "GET / HTTP/1.0\nConnection: keep-alive\n\n", rule: rule, line: "GET / HTTP/1.1", host: "BACKEND"},
		"of HTTP/1.1":               {raw: "GET /x?y HTTP/1.1\nHost: a\n\n", rule: rule, line: "GET /x?y HTTP/1.1", host: "a"},
		"of HTTP/1.1 that closes":   {raw: "GET / HTTP/1.1\nHost: a\nConnection: close\n\n", rule: rule, line: "GET / HTTP/1.1", host: "a", end: closed},
		"with fields":               {raw: "GET / HTTP/1.1\nz: 1\nHost: a\nX:\t y \nY:\nX: 2\n\n", rule: rule, line: "GET / HTTP/1.1", host: "a", fields: []string{"z: 1", "X: y", "Y: ", "X: 2"}},
		"after one LF":              {raw: "\nGET / HTTP/1.1\nHost: a\n\n", rule: rule, line: "GET / HTTP/1.1", host: "a"},
		"after four LFs":            {raw: "\n\n\n\nGET / HTTP/1.1\nHost: a\n\n", rule: rule, line: "GET / HTTP/1.1", host: "a"},
		"with an absolute target":   {raw: "GET http://b/x HTTP/1.1\nHost: a\n\n", rule: rule, line: "GET /x HTTP/1.1", host: "b"},
		"HEAD":                      {raw: "HEAD / HTTP/1.1\nHost: a\n\n", rule: rule, line: "HEAD / HTTP/1.1", host: "a"},
		"and a length":              {raw: "POST / HTTP/1.1\nHost: a\nContent-Length: 5\n\nhello", rule: rule, line: "POST / HTTP/1.1", host: "a", body: "hello"},
		"and a body like a head":    {raw: "POST / HTTP/1.1\nHost: a\nContent-Length: 27\n\n\nGET /smuggled HTTP/1.1\nX:\n", rule: rule, line: "POST / HTTP/1.1", host: "a", body: "\nGET /smuggled HTTP/1.1\nX:\n"},
		"and a body of line ends":   {raw: "POST / HTTP/1.1\nHost: a\nContent-Length: 4\n\n\r\n\r\n", rule: rule, line: "POST / HTTP/1.1", host: "a", body: "\r\n\r\n"},
		"and chunks":                {raw: "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n" + oneChunk, rule: rule, line: "POST / HTTP/1.1", host: "a", body: "hello"},
		"and chunks like a head":    {raw: "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n7\r\n\n\nGET /\r\n0\r\n\r\n", rule: rule, line: "POST / HTTP/1.1", host: "a", body: "\n\nGET /"},
		"and an empty chunked body": {raw: "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n0\r\n\r\n", rule: rule, line: "POST / HTTP/1.1", host: "a"},
	})
}

// Each head of a connection has line ends of its own.
func TestLineEnds_ofPipelinedRequests(t *testing.T) {
	const raw = "GET /1 HTTP/1.1\nHost: a\n\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n\nPOST /3 HTTP/1.1\nHost: a\nContent-Length: 5\n\nhelloGET /4 HTTP/1.0\n\n"
	r := startRig(t)
	for _, how := range everyWay(raw) {
		r.replies(plainReply)
		o := r.exchange(t, raw, how, "GET", "GET", "POST", "GET")
		requests, bytes := r.backend.seen()
		if o.err != nil || len(o.answers) != 4 || o.end != closed || len(requests) != 4 {
			t.Fatalf("got %q, then %s (%v), the backend met %q, sent %v; want four answers and a close", o.raw, o.end, o.err, bytes, how)
		}
	}
}

// A refused head says in which line the flaw is, and by which rule it is one.
func TestRefusal_saysWhatIsWrong(t *testing.T) {
	r := startRig(t)
	for name, tc := range map[string]struct{ raw, want string }{
		"line ends of two kinds":        {"GET / HTTP/1.1\r\nHost: a\r\nX: y\nZ: 1\r\n\r\n", "RFC 9112 §2.2: a line end of another kind than the first, CRLF or a bare LF, at byte 29, in line 3"},
		"CR LF after LFs":               {"GET / HTTP/1.1\nHost: a\n\r\n", "a line end of another kind than the first, CRLF or a bare LF, at byte 23, in line 3"},
		"a space before a colon":        {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", "RFC 9112 §5.1: white space before the colon, at byte 20, in line 2"},
		"no Host, where the head ends":  {"GET / HTTP/1.1\r\nX: y\r\n\r\n", "RFC 9112 §3.2: HTTP/1.1 without Host, at byte 22, in line 3"},
		"a space in the target":         {"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", "RFC 9112 §3.2: a space in the request-target, or no HTTP-version after it, at byte 6, in line 1"},
		"two spaces before the version": {"GET /  HTTP/1.1\r\nHost: a\r\n\r\n", "RFC 9112 §3: more than a single space before the version"},
		"a space after the version":     {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", "RFC 9112 §3: white space after the version"},
		"two spaces after the method":   {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "RFC 9112 §3: no request-target after a single space"},
		"a space before the method":     {" GET / HTTP/1.1\r\nHost: a\r\n\r\n", "RFC 9112 §3: white space before the method"},
		"a request of HTTP/0.9":         {"GET /\n", "RFC 9112 §3: a request-line without a version"},
		"a TLS hello":                   {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "RFC 9112 §2.2: a TLS handshake, but HTTP is plain here"},
		"the preface of HTTP/2":         {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "RFC 9113 §3.4: the preface of HTTP/2, but only HTTP/1 is spoken here"},
	} {
		t.Run(name, func(t *testing.T) {
			o := r.exchange(t, tc.raw, whole, "GET")
			if err := refused(o, "400", "GET"); err != nil || !strings.Contains(o.last().body, tc.want) {
				t.Errorf("got %q (%v), want 400 with %q, for %q", o.raw, err, tc.want, tc.raw)
			}
		})
	}
}

func TestFields_ofAnswers(t *testing.T) {
	const ok = "HTTP/1.1 200 OK"
	relayEach(t, map[string]relayed{
		"their order and case":               {raw: "HTTP/1.1 200 OK\r\nz-lAst: 1\r\nContent-Length: 1\r\nA-First: 2\r\nSERVER: x\r\n\r\nb", rule: "RFC 9110 §5.3", line: ok, fields: []string{"z-lAst: 1", "A-First: 2", "SERVER: x"}, body: "b"},
		"Set-Cookie line by line":            {raw: "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nX: y\r\nSet-Cookie: b=2, c\r\nset-cookie: a=1\r\nContent-Length: 1\r\n\r\nb", rule: "RFC 9110 §5.3", line: ok, fields: []string{"Set-Cookie: a=1", "X: y", "Set-Cookie: b=2, c", "set-cookie: a=1"}, body: "b"},
		"bare LFs":                           {raw: "HTTP/1.1 200 OK\nX: y\nContent-Length: 1\n\nb", rule: "RFC 9112 §2.2", line: ok, fields: []string{"X: y"}, body: "b"},
		"bare LFs among CR LFs":              {raw: "HTTP/1.1 200 OK\nX: y\r\nContent-Length: 1\r\n\nb", rule: "RFC 9112 §2.2", line: ok, fields: []string{"X: y"}, body: "b"},
		"bare LFs before CR LFs":             {raw: "HTTP/1.1 200 OK\r\nX: y\nContent-Length: 1\n\r\nb", rule: "RFC 9112 §2.2", line: ok, fields: []string{"X: y"}, body: "b"},
		"white space around a value":         {raw: "HTTP/1.1 200 OK\r\nX:y\r\nY:\t y  z \t\r\nContent-Length:\t1 \r\n\r\nb", rule: "RFC 9110 §5.5", line: ok, fields: []string{"X: y", "Y: y  z"}, body: "b"},
		"bytes above ASCII":                  {raw: "HTTP/1.1 200 OK\r\nX: \xa0\x85\xc3\xa9\xa0\r\nContent-Length: 1\r\n\r\nb", rule: "RFC 9110 §5.5", line: ok, fields: []string{"X: \xa0\x85\xc3\xa9\xa0"}, body: "b"},
		"underscores and empty values":       {raw: "HTTP/1.1 200 OK\r\nContent_Length: 9\r\nX:\r\nContent-Length: 1\r\n\r\nb", rule: "RFC 9110 §5.1", line: ok, fields: []string{"Content_Length: 9", "X: "}, body: "b"},
		"a fold, which becomes a space":      {raw: "HTTP/1.1 200 OK\r\nX: y\r\n\t z\r\nContent-Length: 1\r\n\r\nb", rule: "RFC 9112 §5.2", line: ok, fields: []string{"X: y z"}, body: "b"},
		"a fold that looks like a field":     {raw: "HTTP/1.1 200 OK\r\nX: y\r\n Content-Length: 9\r\nContent-Length: 1\r\n\r\nb", rule: "RFC 9112 §5.2", line: ok, fields: []string{"X: y Content-Length: 9"}, body: "b"},
		"a fold of Content-Length":           {raw: "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n 2\r\n\r\nbcdefghijklm", rule: "RFC 9112 §5.2", line: "502", fresh: true},
		"a fold of Transfer-Encoding":        {raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n chunked\r\n\r\n1\r\nb\r\n0\r\n\r\n", rule: "RFC 9112 §6.1", line: "502", fresh: true},
		"white space before the first field": {raw: "HTTP/1.1 200 OK\r\n X: y\r\nContent-Length: 1\r\n\r\nb", rule: "RFC 9112 §2.2", line: "502", fresh: true},
		"a line without colon":               {raw: "HTTP/1.1 200 OK\r\nX\r\nContent-Length: 1\r\n\r\nb", rule: "RFC 9112 §5", line: "502", fresh: true},
		"an empty name":                      {raw: "HTTP/1.1 200 OK\r\n: y\r\nContent-Length: 1\r\n\r\nb", rule: "RFC 9110 §5.1", line: "502", fresh: true},
		"a name that is no token":            {raw: "HTTP/1.1 200 OK\r\nX Y: z\r\nContent-Length: 1\r\n\r\nb", rule: "RFC 9110 §5.1", line: "502", fresh: true},
		"a bare CR in a value":               {raw: "HTTP/1.1 200 OK\r\nX: y\rz\r\nContent-Length: 1\r\n\r\nb", rule: "RFC 9112 §2.2", line: "502", fresh: true},
		"CR CR LF":                           {raw: "HTTP/1.1 200 OK\r\nX: y\r\r\nContent-Length: 1\r\n\r\nb", rule: "RFC 9112 §2.2", line: "502", fresh: true},
		"a NUL in a value":                   {raw: "HTTP/1.1 200 OK\r\nX: y\x00\r\nContent-Length: 1\r\n\r\nb", rule: "RFC 9110 §5.5", line: "502", fresh: true},
		"a space before a colon":             {raw: "HTTP/1.1 200 OK\r\nX : y\r\nContent-Length: 1\r\n\r\nb", rule: "RFC 9112 §5.1", line: ok, fields: []string{"X: y"}, body: "b"},
		"white space before colons":          {raw: "HTTP/1.1 200 OK\r\nX\t: y\r\nSet-Cookie \t : z\r\nContent-Length: 1\r\n\r\nb", rule: "RFC 9112 §5.1", line: ok, fields: []string{"X: y", "Set-Cookie: z"}, body: "b"},
		"white space before close's colon":   {raw: "HTTP/1.1 200 OK\r\nConnection : close\r\nContent-Length: 1\r\n\r\nb", rule: "RFC 9112 §5.1", line: ok, body: "b", fresh: true},
		"a space before a length's colon":    {raw: "HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\nb", rule: "RFC 9112 §5.1", line: "502", fresh: true},
		"a tab before a coding's colon":      {raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding\t: chunked\r\n\r\n" + oneChunk, rule: "RFC 9112 §5.1", line: "502", fresh: true},
		"white space and no colon":           {raw: "HTTP/1.1 200 OK\r\nX \r\nContent-Length: 1\r\n\r\nb", rule: "RFC 9112 §5", line: "502", fresh: true},
		"control bytes, which become spaces": {raw: "HTTP/1.1 200 OK\r\nX: y\x01z\x7f\x1b[0m\r\nY: \x02\r\nContent-Length: 1\r\n\r\nb", rule: "RFC 9110 §5.5", line: ok, fields: []string{"X: y z  [0m", "Y: "}, body: "b"},
		"a control byte in a fold":           {raw: "HTTP/1.1 200 OK\r\nX: y\r\n z\x01z\r\nContent-Length: 1\r\n\r\nb", rule: "RFC 9110 §5.5", line: ok, fields: []string{"X: y z z"}, body: "b"},
		"a control byte in a length":         {raw: "HTTP/1.1 200 OK\r\nContent-Length: 1\x01\r\n\r\nb", rule: "RFC 9110 §5.5", line: "502", fresh: true},
		"a DEL in a coding":                  {raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\x7f\r\n\r\n" + oneChunk, rule: "RFC 9110 §5.5", line: "502", fresh: true},
		"250 cookies":                        {raw: "HTTP/1.1 200 OK\r\n" + strings.Repeat("Set-Cookie: a=1\r\n", 250) + "Content-Length: 1\r\n\r\nb", rule: "RFC 9110 §5.4", line: ok, fields: slices.Repeat([]string{"Set-Cookie: a=1"}, 250), body: "b"},
		"5000 short lines":                   {raw: "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 5000) + "Content-Length: 1\r\n\r\nb", rule: "RFC 9110 §5.4", line: ok, fields: slices.Repeat([]string{"X: y"}, 5000), body: "b"},
		"201 names in Connection":            {raw: "HTTP/1.1 200 OK\r\nConnection: " + strings.Repeat("x,", 201) + "\r\nContent-Length: 1\r\n\r\nb", rule: "RFC 9110 §5.4", line: "502", fresh: true},
		"a head of just under 64 KiB":        {raw: "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("y", 64<<10-100) + "\r\nContent-Length: 1\r\n\r\nb", rule: "RFC 9110 §5.4", line: ok, fields: []string{"X: " + strings.Repeat("y", 64<<10-100)}, body: "b"},
		"a head of more than 64 KiB":         {raw: "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("y", 64<<10) + "\r\nContent-Length: 1\r\n\r\nb", rule: "RFC 9110 §5.4", line: "502", fresh: true},
	})
}

// headOf returns a request of exactly n bytes.
func headOf(n int) string {
	const start, end = "GET / HTTP/1.1\r\nHost: a\r\nX: ", "\r\n\r\n"
	return start + strings.Repeat("y", n-len(start)-len(end)) + end
}

// fieldLines returns a request of exactly n field lines.
func fieldLines(n int) string {
	return "GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X: y\r\n", n-1) + "\r\n"
}

func TestHeadLimits_atThem(t *testing.T) {
	const limit = 32 << 10
	longTarget := "/" + strings.Repeat("t", 7999)
	tests := map[string]struct {
		raw  string
		want int
	}{
		"a target of 8000 bytes":         {"GET " + longTarget + " HTTP/1.1\r\nHost: a\r\n\r\n", 200},
		"a head one byte below 32 KiB":   {headOf(limit - 1), 200},
		"a head of 32 KiB":               {headOf(limit), 200},
		"a head one byte above 32 KiB":   {headOf(limit + 1), 431},
		"199 field lines":                {fieldLines(199), 200},
		"200 field lines":                {fieldLines(200), 200},
		"201 field lines":                {fieldLines(201), 431},
		"a head of very many bytes":      {headOf(1 << 20), 431},
		"a request-line above the limit": {"GET /" + strings.Repeat("t", limit) + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
		"a field line that never ends":   {"GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("y", limit), 431},
		"a 201st line, and no end yet":   {strings.TrimSuffix(fieldLines(201), "\r\n"), 431},
		"a request-line that never ends": {"GET /" + strings.Repeat("t", limit), 414},
	}
	r := startRig(t)
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r.replies(plainReply)
			for _, how := range []way{whole, {len(tc.raw) / 2}, {len(tc.raw) - 1}} {
				o := r.exchange(t, tc.raw, how)
				requests, _ := r.backend.seen()
				r.backend.forget()
				if tc.want == 200 {
					if o.last().status() != 200 || len(requests) != 1 {
						t.Fatalf("got %q, the backend met %d requests, want 200 and one, sent %v", o.raw, len(requests), how)
					}
					continue
				}
				if err := refused(o, fmt.Sprint(tc.want), "GET"); err != nil || len(requests) != 0 {
					t.Fatalf("got %q, then %s, and the backend met %d requests, want %d and a close: %v, sent %v", o.raw, o.end, len(requests), tc.want, err, how)
				}
			}
		})
	}
}

func TestHeadTimeout_answers408(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		before string // a whole exchange, first
		raw    string
		want   string // "" is a close without an answer
	}{
		"half a request-line":            {"", "GET / HT", "408"},
		"half a field line":              {"", "GET / HTTP/1.1\r\nHost: a\r\nX: ", "408"},
		"all but the last byte":          {"", "GET / HTTP/1.1\r\nHost: a\r\n\r", "408"},
		"half a head after an exchange":  {plainRequest, "GET / HTTP/1.1\r\nHost: a\r\n", "408"},
		"nothing at all":                 {"", "", ""},
		"nothing more after an exchange": {plainRequest, "", ""},
	}
	r := startRig(t, "--head-timeout", "1s", "--idle-timeout", "1s")
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := r.dial(t)
			defer c.Close()
			if tc.before != "" {
				if err := c.send(tc.before, "", whole); err != nil {
					t.Fatal(err)
				}
				if o := c.listen("GET"); o.last().status() != 200 || o.end != open {
					t.Fatalf("got %q, then %s, want 200 and an open connection", o.raw, o.end)
				}
			}
			c.raw.Reset()
			if err := c.send(tc.raw, "", whole); err != nil {
				t.Fatal(err)
			}
			if tc.want == "" {
				if got, end := c.rest(); got != "" || end != closed {
					t.Errorf("got %q, then %s, want nothing, then a close", got, end)
				}
			} else if o := c.listen("GET"); refused(o, tc.want, "GET") != nil || !strings.Contains(o.last().body, "--head-timeout") {
				t.Errorf("got %q, then %s, want %s that names --head-timeout, and a close: %v", o.raw, o.end, tc.want, refused(o, tc.want, "GET"))
			}
		})
	}
}

// The time is for the whole head, however often a byte of it comes.
func TestHeadTimeout_isNotPutOffByBytes(t *testing.T) {
	t.Parallel()
	r := startRig(t, "--head-timeout", "300ms")
	c := r.dial(t)
	defer c.Close()
	drip := func(done chan<- error) {
		err := c.send("GET / HTTP/1.1\r\nHost: a\r\nX: ", "", whole)
		for tick := time.NewTicker(50 * time.Millisecond); err == nil; <-tick.C {
			_, err = io.WriteString(c, "y")
		}
		done <- err
	}
	done := make(chan error, 1)
	go drip(done) // ends when the connection does
	o := c.listen("GET")
	c.Close()
	if err := <-done; err != nil && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, net.ErrClosed) {
		t.Errorf("sending: %v", err)
	}
	if err := refused(o, "408", "GET"); err != nil {
		t.Errorf("got %q, then %s, want 408 and a close, from a client that goes on sending: %v", o.raw, o.end, err)
	}
}
