package tests

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// redirecting is a backend that answers with lines, in which BACKEND is its own address. It counts, and remembers, the prefix that each
// request says.
func redirecting(t *testing.T, lines string, prefixes chan<- []string) *server {
	t.Helper()
	var s *server
	s = startServer(t, func(p *peer) {
		for {
			r, err := http.ReadRequest(p.in)
			if err != nil {
				return
			}
			prefixes <- append([]string{r.RequestURI}, r.Header.Values("X-Forwarded-Prefix")...)
			fmt.Fprintf(p, "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n%s\r\n", strings.ReplaceAll(lines, "BACKEND", s.addr))
		}
	})
	return s
}

// TestStripPrefix_isPutBackIntoTheResponse, and the backend is told it.
func TestStripPrefix_isPutBackIntoTheResponse(t *testing.T) {
	t.Parallel()
	prefixes := make(chan []string, 10)
	s := redirecting(t, "Location: /login?next=/x\r\nContent-Location: http://BACKEND/doc\r\nRefresh: 5; url=/x\r\n"+
		"Set-Cookie: a=b; Path=/; HttpOnly\r\nSet-Cookie: __Host-c=d; Path=/; Secure\r\nset-cookie: e=f; path=/x\r\nX-Path: /x\r\n", prefixes)
	settings := `
[[route]]
path = "/app/"
backends = "BACKEND"
strip_prefix = "/app"
[[route]]
path = "/plain/"
backends = "BACKEND"
[[route]]
path = "/silent/"
backends = "BACKEND"
strip_prefix = "/silent"
request.remove = "X-Forwarded-Prefix"
[[route]]
path = "/raced/"
backends = ["BACKEND", "REFUSES"]
strip_prefix = "/raced"
race = "serial"
`
	settings = strings.ReplaceAll(settings, "REFUSES", refusing(t))
	stranger := configured(t, s.addr, settings)
	trusting := configured(t, s.addr, settings, "--trusted-proxies", "127.0.0.1")
	for _, tc := range []struct {
		tf                 *tenfour
		target, says, told string // X-Forwarded-Prefix, of the client and for the backend
		prefix             string // what stands before each path in the response
	}{
		{stranger, "/app/a", "", "/app", "/app"},
		{stranger, "/app/a", "/evil", "/app", "/app"},
		{stranger, "/silent/a", "", "", "/silent"},
		{stranger, "/plain/a", "/evil", "", ""},
		{stranger, "/raced/a", "", "/raced", "/raced"},
		{trusting, "/app/a", "/outer/", "/outer/app", "/outer/app"},
		{trusting, "/app/a", "//evil", "/app", "/app"},
		{trusting, "/plain/a", "/outer", "/outer", ""},
	} {
		lines := ""
		if tc.says != "" {
			lines = "X-Forwarded-Prefix: " + tc.says + "\r\n"
		}
		r, _ := tc.tf.raw(t, request("GET", tc.target, lines+"X-End: 1"))
		about := fmt.Sprintf("%s with %q", tc.target, tc.says)
		if told := strings.Join((<-prefixes)[1:], ", "); told != tc.told {
			t.Errorf("%s: the backend is told the prefix %q, want %q", about, told, tc.told)
		}
		for name, want := range map[string]string{
			"Location": tc.prefix + "/login?next=/x", "Refresh": "5; url=" + tc.prefix + "/x", "X-Path": "/x",
			"Content-Location": map[bool]string{true: tc.prefix + "/doc", false: "http://" + s.addr + "/doc"}[tc.prefix != ""],
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", about, name, got, want)
			}
		}
		want := []string{"a=b; Path=" + tc.prefix + "/; HttpOnly", "__Host-c=d; Path=/; Secure", "e=f; path=" + tc.prefix + "/x"}
		if got := r.Header.Values("Set-Cookie"); !slices.Equal(got, want) {
			t.Errorf("%s: the cookies are %q, want %q", about, got, want)
		}
	}
}

// TestStripPrefix_knowsTheOwnHost: a redirect to the host that the client asked stays there, below the prefix.
func TestStripPrefix_knowsTheOwnHost(t *testing.T) {
	t.Parallel()
	prefixes := make(chan []string, 10)
	own := redirecting(t, "Location: https://front.example/login\r\n", prefixes)
	settings := `
[[route]]
path = "/app/"
backends = "BACKEND"
strip_prefix = "/app"
`
	tf := configured(t, own.addr, settings)
	trusting := configured(t, own.addr, settings, "--trusted-proxies", "127.0.0.1")
	for _, tc := range []struct {
		tf                *tenfour
		host, lines, want string
	}{
		{tf, "front.example", "", "https://front.example/app/login"},
		{tf, "Front.Example:443", "", "https://front.example/app/login"},
		{tf, "front.example:8000", "", "https://front.example/login"},
		{tf, "other.example", "X-Forwarded-Host: front.example\r\n", "https://front.example/login"},
		{trusting, "other.example", "X-Forwarded-Host: front.example\r\n", "https://front.example/app/login"},
	} {
		r, _ := tc.tf.raw(t, "GET /app/ HTTP/1.1\r\nHost: "+tc.host+"\r\n"+tc.lines+"\r\n")
		if got := r.Header.Get("Location"); got != tc.want {
			t.Errorf("Host %s with %q: got %q, want %q", tc.host, tc.lines, got, tc.want)
		}
		<-prefixes
	}
}
