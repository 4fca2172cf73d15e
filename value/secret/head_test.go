package secret

import (
	"regexp"
	"strings"
	"testing"
)

// TestInHead_findsWhatMayBeACredential: each line stands in a head of its own. ‹…› is what is hidden; the rest stays.
func TestInHead_findsWhatMayBeACredential(t *testing.T) {
	for _, line := range []string{
		"Authorization: Basic ‹s3›", "authorization:Bearer  ‹s3›", "Authorization: ‹s3›", "Authorization: ‹s3  ›", "Authorization: ‹s3 \x00›", "Authorization : Basic ‹s3›",
		"Authorization: Digest ‹a=s3, b=s4›", "Authorization: ‹a=s3, b=s4›", "Auth\x00orization: ‹s3›", "Authorization ‹Basic s3›", "Authorization\t‹s3›",
		"Authorization; ‹s3›", "\tAuthorization: Basic ‹s3›", "Authorization:\r\n ‹s3›", "Authorization:\n\t‹s3›", "Authorization: Basic ‹s3›\r‹s4›",
		"X: a\rAuthorization: Basic ‹s3›", "Proxy-Authorization: Basic ‹s3›", "proxy_authorization: ‹s3›",
		"Cookie: a=‹s3›; b=‹s4›;c=‹s5›;‹s6›", "Cookie2: ‹a=s3›", "Cookie: a=‹s3›\r\n ‹; b=s4›", "Cookie: ‹s3›", "Cookie: a=",
		"Set-Cookie: a=‹s3›; Path=/; Expires=Thu, 26 Nov 2026 08:00:00 GMT; HttpOnly", "Set-Cookie: a=‹s3›; Path=/,‹ b=s4›; Secure", "Set-Cookie: ‹s3›",
		"Set-Cookie: a=‹s3›; Expires=Thu,‹ 26 Nov 2026 08:00:00 GMT, b=s4›", "Set-Cookie: a=‹s3›; b=‹s4›; ‹s5›",
		"X-Api-Key:‹s3›", "x_api_key: ‹s3›", "X-Jwt: ‹s3›", "X-Pwd: ‹s3›", "X-CSRF: ‹s3›", "Bearer: ‹s3›", "X-Pin: ‹s3›", "Authentication-Info: ‹a=\"s3\"›",
		"Sec-WebSocket-Protocol: chat, Bearer, ‹s3›", "Sec-WebSocket-Protocol: ‹0123456789abcdef0123456789abcdef›, chat", "Sec-WebSocket-Protocol: ‹token.s3›",
		"WWW-Authenticate: Negotiate ‹czM=›", `WWW-Authenticate: Basic realm="a", Bearer`, "Sec-WebSocket-Key: abc==", "Sec-WebSocket-Protocol: v2.chat.example, soap",
		"Referer: http://‹u:s3›@b/?token=‹s4›", "Link: <http://a/>, <http://‹u:s3›@b/?page=1>", "Host: ‹s3›@b", "X-Form: a=1&password=‹s3›",
		"Trailer: token=‹s3›", "Location: /cb?code=‹s3›&state=1", "ETag: \"a=\"", "Content-Type: text/plain; charset=utf-8", "From: bob@a", "Range: bytes=0-1",
		"Access-Control-Allow-Credentials: true", "no colon at all", "password ‹s3›", ":", "::", "=", "@", "a:@",
	} {
		checkHidden(t, "GET / HTTP/1.1\r\nA: b\r\n", line)
	}
	for _, line := range []string{
		"GET /?token=‹s3› HTTP/1.1", "GET /?token=‹s 3› HTTP/1.1", "GET\t/?token=‹s3›\tHTTP/1.1", "GET http://‹u:s 3›@a/ HTTP/1.1", "CONNECT ‹u:s3›@a:80 HTTP/1.1", "GET /?token=‹s3›",
		"\thttp://‹u:s3›@a/ HTTP/1.1", "HTTP/1.1 200 token=‹s3›", "token=‹s3›", "ICY?token=‹s3› 200", "Set-Cookie: a=‹s3›", "1;token=‹s3›", "GET / HTTP/1.1", "HTTP/1.1 200 OK", "GET", "",
	} {
		checkHidden(t, "", line)
		checkHidden(t, "\r\n", line)
	}
}

// checkHidden checks what is hidden of a line, in which ‹ and › are around it. before stands in front of it in its head.
func checkHidden(t *testing.T, before, line string) {
	t.Helper()
	head := []byte(before + strings.NewReplacer("‹", "", "›", "").Replace(line) + "\r\nB: c\r\n\r\n")
	want := before + regexp.MustCompile("(?s)‹.*?›").ReplaceAllString(line, Shown) + "\r\nB: c\r\n\r\n"
	if got := Without(head, InHead(head, []string{"x-pin"})); string(got) != want {
		t.Errorf("%q: got %q, want %q", head, got, want)
	}
}

// BenchmarkInHead has heads of 32 KiB that are made to make it slow. None takes more than some ms.
func BenchmarkInHead(b *testing.B) {
	for _, s := range []string{"a", "=", "token=", "code=\"", "code=%22&", "//", ":/@", "eyJ", "eyJ.a.", "%25", "/jobs/0", "a: b\r\n", "X-Token: b\r\n c\r\n"} {
		b.Run(s, func(b *testing.B) {
			head := []byte("GET / HTTP/1.1\r\nX: " + strings.Repeat(s, 32<<10/len(s)))
			b.SetBytes(int64(len(head)))
			for b.Loop() {
				InHead(head, nil)
			}
		})
	}
}

func TestInValues_findsAllValues(t *testing.T) {
	head := []byte("HTTP/1.1 200 token=s3\r\nA: b c\r\n d\r\nE:\r\nF\r\n\r\n")
	if got, want := string(Without(head, InValues(head))), "HTTP/1.1 200 token=***\r\nA: ***\r\n ***\r\nE:\r\nF\r\n\r\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// FuzzInHead: parts are in order, within the head, and do not overlap.
func FuzzInHead(f *testing.F) {
	f.Add([]byte("GET http://u:p@a/?token=%253D&a=%41 HTTP/1.1\r\nCookie: a=b; c\r\n d\r\nSet-Cookie: a=b; Path=/,x=y\rz\nHost: @\r\nX: eyJa.b.c %2"))
	f.Add([]byte("WWW-Authenticate: a b\nSec-WebSocket-Protocol: token,,a\nAuthorization: a-  \n/jobs/00000000000000000"))
	f.Fuzz(func(t *testing.T, head []byte) {
		for _, parts := range [][]part{InHead(head, nil), InValues(head), InText(head)} {
			from := 0
			for _, p := range parts {
				if p[0] < from || p[1] <= p[0] || p[1] > len(head) {
					t.Fatalf("%q: %v", head, parts)
				}
				from = p[1]
			}
		}
	})
}
