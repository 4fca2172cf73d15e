package lab

import (
	"encoding/xml"
	"io"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func TestWelcome_serves4096BytesAt4k(t *testing.T) {
	r := ask(t, start(t, Welcome()), "GET", "/4k")
	r.want(t, 200)
	if len(r.content) != 4096 || r.ContentLength != 4096 {
		t.Errorf("got %d bytes, Content-Length %d; want exactly 4096", len(r.content), r.ContentLength)
	}
	if got := r.Header.Get("Content-Type"); got != "text/html; charset=utf-8" {
		t.Errorf("got Content-Type %q", got)
	}
}

func TestWelcome_namesTheBackendThatAnswered(t *testing.T) {
	b, err := Start(Welcome(), 3)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for range 2 { // the page is made, then remembered
		for _, addr := range b.Addrs() {
			r := ask(t, addr, "GET", "/")
			r.want(t, 200)
			if !strings.Contains(r.content, ">"+addr+"<") {
				t.Errorf("the page of %s does not name it", addr)
			}
			if strings.Contains(r.content, answeredBy) {
				t.Errorf("the page of %s still has %q in it", addr, answeredBy)
			}
		}
	}
}

// The address is that of the client's request. At any width it is whole: it wraps, and is not scrolled out of sight.
func TestWelcome_showsTheAddressThatItWasAskedAt(t *testing.T) {
	tests := map[string]struct{ host, proto, want string }{
		"a name and a port":           {"localhost:8443", "", "http://localhost:8443"},
		"over TLS":                    {"a.example", "https", "https://a.example"},
		"an address in brackets":      {"[::1]:8000", "http", "http://[::1]:8000"},
		"no Host":                     {"", "", "http://127.0.0.1:8000"},
		"what a shell would read":     {"a;reboot", "", "http://127.0.0.1:8000"},
		"what a browser would read":   {"<b>", "", "http://127.0.0.1:8000"},
		"a scheme that is neither":    {"a.example", "gopher", "http://a.example"},
		"the mark of the page itself": {"127.0.0.1:PORT", "", "http://127.0.0.1:PORT"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.Host = tc.host
			r.Header.Set("X-Forwarded-Proto", tc.proto)
			w := httptest.NewRecorder()
			Welcome().ServeHTTP(w, r)
			page := w.Body.String()
			for _, part := range []string{
				`<span class="address">` + tc.want + "</span>",
				"curl -i " + tc.want + "/<",
				"ab -n 4000 -c 80 " + tc.want + "/4k<",
				"pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }",
			} {
				if !strings.Contains(page, part) {
					t.Errorf("the page has no %q", part)
				}
			}
			if strings.Contains(page, askedAt) {
				t.Errorf("the page still has %q in it", askedAt)
			}
		})
	}
}

func TestWelcome_answersWithoutASocket(t *testing.T) {
	w := httptest.NewRecorder()
	Welcome().ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 200 {
		t.Errorf("got status %d, want 200", w.Code)
	}
}

func TestWelcome_namesCommandsToTry(t *testing.T) {
	addr := start(t, Welcome())
	page := ask(t, addr, "GET", "/").content
	for _, command := range []string{
		"ab -n 4000 -c 80 http://" + addr + "/4k",
		"curl -i http://" + addr + "/",
		"go run . --backend 127.0.0.1:9001",
		"go run . --serve DIR",
	} {
		if !strings.Contains(page, command) {
			t.Errorf("the page does not say %q", command)
		}
	}
}

func TestWelcome_answersHeadWithTheLengthOfGet(t *testing.T) {
	addr := start(t, Welcome())
	for _, target := range []string{"/", "/4k", "/favicon.ico", "/favicon.svg", "/nothing"} {
		get, head := ask(t, addr, "GET", target), ask(t, addr, "HEAD", target)
		head.want(t, get.StatusCode)
		if head.content != "" || head.ContentLength != get.ContentLength || int64(len(get.content)) != get.ContentLength {
			t.Errorf("%s: HEAD has %d bytes and Content-Length %d; GET has %d and %d",
				target, len(head.content), head.ContentLength, len(get.content), get.ContentLength)
		}
	}
}

func TestWelcome_refusesOtherPathsAndMethods(t *testing.T) {
	tests := map[string]struct {
		method, target string
		status         int
	}{
		"a page that is not there": {"GET", "/nothing", 404},
		"a page below a page":      {"GET", "/4k/", 404},
		"a file of its own source": {"GET", "/pages.html", 404},
		"a POST":                   {"POST", "/", 405},
		"a DELETE of nothing":      {"DELETE", "/nothing", 405},
	}
	addr := start(t, Welcome())
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := ask(t, addr, tc.method, tc.target, "Content-Length: 0")
			r.want(t, tc.status)
			if got := r.Header.Get("Allow"); tc.status == 405 && got != "GET, HEAD" {
				t.Errorf("got Allow %q", got)
			}
		})
	}
}

func TestWelcome_hasAnIcon(t *testing.T) {
	addr := start(t, Welcome())
	for _, target := range []string{"/favicon.ico", "/favicon.svg"} {
		r := ask(t, addr, "GET", target)
		r.want(t, 200)
		if got := r.Header.Get("Content-Type"); got != "image/svg+xml" {
			t.Errorf("%s: got Content-Type %q", target, got)
		}
		wellFormed(t, r.content)
	}
}

func TestPages_areWellFormedAndSelfContained(t *testing.T) {
	welcome, dir := start(t, Welcome()), start(t, tree(t))
	pages := map[string]response{
		"welcome":         ask(t, welcome, "GET", "/"),
		"4k":              ask(t, welcome, "GET", "/4k"),
		"404":             ask(t, welcome, "GET", "/nothing"),
		"405":             ask(t, welcome, "PUT", "/"),
		"listing":         ask(t, dir, "GET", "/"),
		"nested listing":  ask(t, dir, "GET", "/sub/"),
		"empty directory": ask(t, dir, "GET", "/empty/"),
		"redirect":        ask(t, dir, "GET", "/sub"),
	}
	for name, r := range pages {
		t.Run(name, func(t *testing.T) {
			if !strings.HasPrefix(r.content, "<!doctype html>\n<html lang=\"en\">") {
				t.Errorf("it begins with %.60q", r.content)
			}
			for _, part := range []string{"<title>", `name="viewport"`, "prefers-color-scheme: dark"} {
				if !strings.Contains(r.content, part) {
					t.Errorf("it has no %q", part)
				}
			}
			wellFormed(t, r.content)
			selfContained(t, r.content, welcome)
		})
	}
}

// wellFormed checks more than HTML demands: each element that begins also ends, as in XML.
func wellFormed(t *testing.T, page string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	d.Entity = xml.HTMLEntity
	ids := map[string]bool{}
	for {
		token, err := d.Token()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		element, _ := token.(xml.StartElement)
		for _, a := range element.Attr {
			if a.Name.Local == "id" && ids[a.Value] {
				t.Errorf("two elements have the id %q", a.Value)
			}
			ids[a.Value] = ids[a.Value] || a.Name.Local == "id"
		}
	}
}

var (
	absolute = regexp.MustCompile(`(?i)\b[a-z]+://[^/\s"'<]*`)
	fetched  = regexp.MustCompile(`(?i)(src|href|url|import)\s*[=(]\s*["']?(//|[a-z]+:)[^"')\s]*`)
)

// selfContained checks that the page refers to nothing elsewhere: addr is where it was asked.
func selfContained(t *testing.T, page, addr string) {
	t.Helper()
	for _, ref := range absolute.FindAllString(page, -1) {
		if ref != "http://www.w3.org" && ref != "http://"+addr {
			t.Errorf("it refers to %q", ref)
		}
	}
	for _, ref := range fetched.FindAllString(page, -1) {
		if ref != `href="data:,` {
			t.Errorf("it fetches %q", ref)
		}
	}
}
