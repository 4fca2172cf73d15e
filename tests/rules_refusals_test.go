package tests

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"tenfour/tests/await"
)

// shown is what the JSON of a refusal has.
type shown struct {
	Status                                       int
	Detail, Rule, Section, Excerpt, Caret, Title string
	Offset, Line                                 *int
}

// TestRefusal_inJSON: a client that names application/json gets the rule, its section, and the byte apart, also when its head was
// refused before that field.
func TestRefusal_inJSON(t *testing.T) {
	t.Parallel()
	tf := startTenfour(t, []string{startBackend(t, always(plainReply.raw)).addr}, "--buffer", "4KiB")
	for name, tc := range map[string]struct {
		raw          string
		offset, line int
		want         shown
	}{
		"in a head, before Accept": {"GET / HTTP/1.1\r\nHost : <a>\r\nAccept: application/json\r\n\r\n", 20, 2,
			shown{Status: 400, Title: "Bad Request", Section: "RFC 9112 §5.1", Rule: "white space before the colon", Excerpt: `Host : <a>\r\n`, Caret: `    ^`}},
		"in a head, after Accept": {"GET / HTTP/1.1\r\nHost: a\r\naccept: text/html, application/json;q=1\r\nContent-Length: 5x\r\n\r\n", 83, 4,
			shown{Status: 400, Title: "Bad Request", Section: "RFC 9112 §6.3", Rule: "a Content-Length that is no number", Excerpt: `Content-Length: 5x\r\n`, Caret: strings.Repeat(" ", 17) + "^"}},
		"in a body": {"POST / HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0x5\r\n", 11, 0,
			shown{Status: 400, Title: "Bad Request", Section: "RFC 9112 §7.1", Rule: "a chunk-size that is no hexadecimal number", Excerpt: `0x5\r\n`, Caret: ` ^`}},
		"in a body that streams": {"POST / HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2710\r\n" + strings.Repeat("x", 10000) + "\r\n0x5\r\n", 10009, 0,
			shown{Status: 400, Title: "Bad Request", Section: "RFC 9112 §7.1", Rule: "a chunk-size that is no hexadecimal number", Excerpt: `0x5\r\n`, Caret: ` ^`}},
		"a limit": {"GET / HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\n" + strings.Repeat("X:\r\n", 199), 843, 202,
			shown{Status: 431, Title: "Request Header Fields Too Large", Section: "RFC 6585 §5", Rule: "too many field lines: more than fields_max (200)", Excerpt: `X:\r\n`, Caret: `^`}},
		"a credential": {"GET / HTTP/1.1\r\nAccept: application/json\r\nAuthorization: Basic c2Vj\x00cmV0\r\n\r\n", 67, 3,
			shown{Status: 400, Title: "Bad Request", Section: "RFC 9110 §5.5", Rule: "a control byte in a field value", Excerpt: `Authorization: Basic ***\x00***\r\n`, Caret: strings.Repeat(" ", 24) + "^"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := tf.exchange(t, tc.raw, whole, "POST")
			m := o.last()
			var got shown
			if err := json.Unmarshal([]byte(m.body), &got); err != nil || m.status() != got.Status || len(m.values("X-Content-Type-Options")) != 1 {
				t.Fatalf("got %q (%v)", o.raw, err)
			}
			line := 0
			if got.Line != nil {
				line = *got.Line
			}
			if got.Offset == nil || *got.Offset != tc.offset || line != tc.line || !strings.HasPrefix(got.Detail, got.Section+": "+got.Rule+", at byte ") {
				t.Errorf("got %s, want byte %d of line %d", m.body, tc.offset, tc.line)
			}
			got.Offset, got.Line, got.Detail = nil, nil, ""
			if got != tc.want {
				t.Errorf("got  %+v\nwant %+v", got, tc.want)
			}
			if strings.Contains(m.body, "<a>") || strings.Contains(m.body, "c2Vj") {
				t.Errorf("the answer has a byte as it came: %s", m.body)
			}
		})
	}
}

// TestRefusal_ofWholeHeads: a request that is refused by its route points at the byte too.
func TestRefusal_ofWholeHeads(t *testing.T) {
	t.Parallel()
	b := startBackend(t, always(plainReply.raw))
	tokens := writeFile(t, filepath.Join(t.TempDir(), "tokens"), "ann 0123456789abcdef0123456789abcdef\n")
	secret := writeFile(t, filepath.Join(t.TempDir(), "secret"), "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n")
	tf := configured(t, b.addr, `
data = "`+t.TempDir()+`"
[limit.keyed]
rate = "1000/1s"
by = "header:X-Tenant"
[[route]]
path = "/"
backends = "BACKEND"
[[route]]
path = "/api/"
backends = "BACKEND"
[[route]]
path = "/limited"
limit = "keyed"
backends = "BACKEND"
[[route]]
path = "/token"
client_token_file = "`+tokens+`"
backends = "BACKEND"
[[route]]
path = "/jobs"
async = true
callback_allow = ["https://a.example"]
callback_secret_file = "`+secret+`"
backends = "BACKEND"
`)
	const job = " HTTP/1.1\r\nHost: a\r\nPrefer: respond-async\r\n"
	for name, tc := range map[string]struct{ raw, want string }{
		"TRACE": {"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", `405 RFC 9110 §9.3.8: TRACE is not served here, at byte 0, in line 1|TRACE / HTTP/1.1\r\n|^`},
		"an ambiguous path": {"GET /api/../x HTTP/1.1\r\nHost: a\r\n\r\n",
			`400 RFC 3986 §6.2.2: servers could read this path as one of another route: write it without the segments . and .., //, \, ; and encoded characters, at byte 9, in line 1|GET /api/../x HTTP/1.1\r\n|         ^`},
		"an encoded one, in absolute-form": {"GET http://b/api%2Fx HTTP/1.1\r\nHost: a\r\n\r\n",
			`400 RFC 3986 §6.2.2: servers could read this path as one of another route: write it without the segments . and .., //, \, ; and encoded characters, at byte 16, in line 1|GET http://b/api%2Fx HTTP/1.1\r\n|                ^`},
		"a counted field that stands twice": {"GET /limited HTTP/1.1\r\nHost: a\r\nX-Tenant: 1\r\nX_Tenant: 2\r\n\r\n",
			`400 RFC 9110 §5.3: there is more than one X-Tenant, and this route decides by it: send one, at byte 45, in line 4|X_Tenant: 2\r\n|^`},
		"Authorization that stands twice": {"GET /token HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer secret\r\nauthorization: Bearer secret\r\n\r\n",
			`400 RFC 9110 §5.3: there is more than one Authorization, and this route decides by it: send one, at byte 60, in line 4|authorization: Bearer ***\r\n|^`},
		"an Idempotency-Key with a space": {"GET /jobs" + job + "Idempotency-Key: \"a b\"\r\n\r\n",
			`400 draft-ietf-httpapi-idempotency-key-header §2.1: the Idempotency-Key is not one value of 1 to 255 visible characters, with or without quotes, at byte 71, in line 4|Idempotency-Key: *** ***\r\n|                    ^`},
		"two of them": {"GET /jobs" + job + "Idempotency-Key: a\r\nIdempotency-Key: a\r\n\r\n",
			`400 draft-ietf-httpapi-idempotency-key-header §2.1: the Idempotency-Key is not one value of 1 to 255 visible characters, with or without quotes, at byte 72, in line 5|Idempotency-Key: ***\r\n|^`},
		"a callback in both places": {"GET /jobs?a=b&callback=x" + job + "Callback-URL: https://a.example/\r\n\r\n",
			`400 the request names more than one callback, in the field Callback-URL or the parameter callback: send one, at byte 67, in line 4|Callback-URL: https://a.example/\r\n|^`},
		"a callback of two parameters": {"GET /jobs?callback=x&b=c&callback=y" + job + "\r\n",
			`400 the request names more than one callback, in the field Callback-URL or the parameter callback: send one, at byte 25, in line 1|GET /jobs?callback=x&b=c&callback=y HTTP/1.1\r\n|                         ^`},
		"a callback that is encoded badly": {"GET /jobs?callback=https%3A//a.example/%zz" + job + "\r\n",
			`400 RFC 3986 §2.1: the callback's URL is not percent-encoded as it must: invalid URL escape "%zz", at byte 39, in line 1|GET /jobs?callback=https%3A//a.example/%zz HTTP/1.1\r\n|                                       ^`},
		"a forwarding loop": {"GET / HTTP/1.1\r\nHost: a\r\nVia: " + strings.Repeat("1.1 tenfour,", 6) + "\r\n\r\n",
			`508 RFC 9110 §7.6.3: the request has passed through this proxy 6 times: a forwarding loop`},
	} {
		t.Run(name, func(t *testing.T) {
			m := tf.exchange(t, tc.raw, whole, methodOf(tc.raw)).last()
			if got := shownIn(m); got != tc.want {
				t.Errorf("got  %s\nwant %s\nfor  %q", got, tc.want, tc.raw)
			}
		})
	}
}

// shownIn returns an answer's status and words, and its excerpt and caret after "|".
func shownIn(m message) string {
	page, _, _ := strings.Cut(m.body, "\n\ntenfour, request ")
	title, words, _ := strings.Cut(page, "\n\n")
	return strings.ReplaceAll(strings.ReplaceAll(title[:3]+" "+strings.TrimSuffix(words, "\n"), "\n\n    ", "|"), "\n    ", "|")
}

// TestRefusal_ofHTTPWithoutTLS: the bytes that came are shown in plain text.
func TestRefusal_ofHTTPWithoutTLS(t *testing.T) {
	t.Parallel()
	tf := startTLS(t, newAuthority(t), []string{startBackend(t, always(plainReply.raw)).addr})
	m := tf.exchange(t, plainHTTP, whole, "GET").last()
	const want = `400 RFC 8446 §5.1: this port speaks HTTPS, and the request came without TLS: write https:// in front of its address, at byte 0, in line 1|GET /|^`
	if got := shownIn(m); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestRefusal_ofAResponseIsInTheLog: the operator sees the backend's bytes, and the client does not.
func TestRefusal_ofAResponseIsInTheLog(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ raw, want, told string }{
		"no status-line": {"HTTP/2 200 \x1b[31m\r\n\r\n", `RFC 9112 §4: not an HTTP/1 status-line, at byte 5, in line 1: HTTP/‹2› 200 \x1b[31m\r\n`, "not an HTTP/1 status-line, at byte 5, in line 1\n"},
		"a cookie":       {"HTTP/1.1 200 OK\r\nSet-Cookie: id=s3cret\x00\r\n\r\n", `a control byte in a field value, at byte 38, in line 2: Set-Cookie: ***‹\x00›\r\n`, "a control byte in a field value, at byte 38, in line 2\n"},
		"a chunk line":   {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nlast\r\n", `RFC 9112 §7.1: a chunk-size that is no hexadecimal number, at byte 10 of the body: ‹l›ast\r\n`, "no hexadecimal number, at byte 10 of the body\n"},
	} {
		t.Run(name, func(t *testing.T) {
			tf := startTenfour(t, []string{startBackend(t, always(tc.raw)).addr}, "--log-level", "warn", "--log-format", "json")
			m := tf.exchange(t, plainRequest, whole, "GET").last()
			if m.status() != 502 || !strings.Contains(m.body, tc.told) || strings.Contains(m.body, "^") {
				t.Errorf("the client got %q, want 502 with %q", m.body, tc.told)
			}
			var said string
			await.Until(t, "the log has the bytes", func() bool {
				for line := range strings.Lines(tf.log.String()) {
					var entry struct{ ID, Message string }
					if json.Unmarshal([]byte(line), &entry) == nil && entry.ID == strings.Join(m.values("X-Request-Id"), "") {
						said = entry.Message
						return true
					}
				}
				return false
			})
			if !strings.HasSuffix(said, tc.want) || strings.Contains(said, "s3cret") {
				t.Errorf("the log has %s\nwant its end to be %s", said, tc.want)
			}
		})
	}
}
