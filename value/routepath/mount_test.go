package routepath

import (
	"net/http"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func mounted() *Mount {
	return &Mount{Prefix: "/app", Backend: "10.0.0.1:9001", Own: [2][]byte{[]byte("front.example"), []byte("[::1]:8000")}}
}

func TestMount_putsThePrefixBackIntoURLs(t *testing.T) {
	for url, want := range map[string]string{
		"/login":                           "/app/login",
		"/":                                "/app/",
		"/?q=/x":                           "/app/?q=/x",
		"/login?next=http://10.0.0.1:9001": "/app/login?next=http://10.0.0.1:9001",
		"/app":                             "/app",
		"/app/login":                       "/app/login",
		"/app?x":                           "/app?x",
		"/apple":                           "/app/apple",
		"http://10.0.0.1:9001/login":       "/app/login",
		"HTTP://10.0.0.1:9001":             "/app/",
		"https://10.0.0.1:9001?x":          "/app/?x",
		"//10.0.0.1:9001/x":                "/app/x",
		"http://10.0.0.1:90012/x":          "http://10.0.0.1:90012/x",
		"http://10.0.0.1/x":                "http://10.0.0.1/x",
		"http://front.example/x":           "http://front.example/app/x",
		"https://Front.Example:443/x#y":    "https://Front.Example:443/app/x#y",
		"http://front.example:443/x":       "http://front.example:443/x",
		"//front.example/x":                "//front.example/app/x",
		"http://[::1]:8000":                "http://[::1]:8000/app/",
		"http://front.example/app/x":       "http://front.example/app/x",
		"http://user@front.example/x":      "http://user@front.example/x",
		"http://other.example/x":           "http://other.example/x",
		"//other.example/x":                "//other.example/x",
		"http:/x":                          "http:/x",
		"mailto:a@b":                       "mailto:a@b",
		"x":                                "x",
		"../x":                             "../x",
		"?x":                               "?x",
		"#x":                               "#x",
		"":                                 "",
	} {
		if got := string(mounted().AppendURL([]byte("L: "), []byte(url))); got != "L: "+want {
			t.Errorf("%q: got %q, want %q", url, got, want)
		}
	}
	outer := mounted()
	outer.Outer = []byte("/outer")
	for url, want := range map[string]string{"/x": "/outer/app/x", "/outer/app/x": "/outer/app/x", "/outer/x": "/outer/app/outer/x", "http://10.0.0.1:9001/x": "/outer/app/x"} {
		if got := string(outer.AppendURL(nil, []byte(url))); got != want {
			t.Errorf("with a proxy in front, %q: got %q, want %q", url, got, want)
		}
	}
}

func TestMount_putsThePrefixBackIntoRefresh(t *testing.T) {
	for value, want := range map[string]string{
		"5; url=/x": "5; url=/app/x", "0;URL='/x'": "0;URL='/app/x'", `0; url="http://10.0.0.1:9001/x"; y`: `0; url="/app/x"; y`, "0;url=\"/x": "0;url=\"/app/x",
		"5": "5", "5;": "5;", "5; x": "5; x", "5; url=x": "5; url=x", "": "", "5; url=": "5; url=",
	} {
		if got := string(mounted().AppendRefresh(nil, []byte(value))); got != want {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
	}
}

func TestMount_putsThePrefixBackIntoThePathOfCookies(t *testing.T) {
	for cookie, want := range map[string]string{
		"a=b; Path=/":                      "a=b; Path=/app/",
		"a=b; Path=/x; Secure":             "a=b; Path=/app/x; Secure",
		"a=b;path=/x;HttpOnly":             "a=b;path=/app/x;HttpOnly",
		"a=b;\tPATH = /x ; Max-Age=1":      "a=b;\tPATH = /app/x ; Max-Age=1",
		"a=b; Path=/; Path=/x":             "a=b; Path=/app/; Path=/app/x",
		"a=b; Path=/app":                   "a=b; Path=/app",
		"a=b; Path=/app; Secure":           "a=b; Path=/app; Secure",
		"a=b; Path=/app/x":                 "a=b; Path=/app/x",
		"a=b; Path=/apple":                 "a=b; Path=/app/apple",
		"Path=/x":                          "Path=/x",
		"Path=/x; Path=/y":                 "Path=/x; Path=/app/y",
		"a=Path=/x; Secure":                "a=Path=/x; Secure",
		"a=b":                              "a=b",
		"a=b;":                             "a=b;",
		"a=b; Path":                        "a=b; Path",
		"a=b; Path=":                       "a=b; Path=",
		"a=b; Path=x":                      "a=b; Path=x",
		`a=b; Path="/x"`:                   `a=b; Path="/x"`,
		`a="b;Path=/x"`:                    `a="b;Path=/x"`,
		`a="b"; Path=/x`:                   `a="b"; Path=/app/x`,
		"a=b; X-Path=/x; Paths=/x":         "a=b; X-Path=/x; Paths=/x",
		"__Host-a=b; Path=/; Secure":       "__Host-a=b; Path=/; Secure",
		"__host-a=b; Path=/; Secure":       "__host-a=b; Path=/; Secure",
		"__Secure-a=b; Path=/; Secure":     "__Secure-a=b; Path=/app/; Secure",
		"a=1; Path=/, b=2; Path=/x":        "a=1; Path=/app/, b=2; Path=/app/x",
		"a=b; Expires=Wed, 01 Jan; Path=/": "a=b; Expires=Wed, 01 Jan; Path=/app/",
		";;; Path=/x":                      ";;; Path=/app/x",
		"":                                 "",
	} {
		if got := string(mounted().AppendCookie(nil, []byte(cookie))); got != want {
			t.Errorf("%q: got %q, want %q", cookie, got, want)
		}
	}
}

// TestMount_breaksNoCookie: of any cookie, a client reads the same name, value and attributes, but for the Path.
func TestMount_breaksNoCookie(t *testing.T) {
	piece := rapid.SampledFrom([]string{"a", "=", "b", ";", "; ", "Path", "path=/", "Path=/x", `"`, `\"`, ",", " ", "\t", "/", "Secure", "Max-Age=1", "Domain=x.example", "é"})
	read := func(line string) *http.Cookie {
		c, err := http.ParseSetCookie(line)
		if err != nil {
			return nil
		}
		c.Path, c.Raw = "", ""
		return c
	}
	rapid.Check(t, func(t *rapid.T) {
		cookie := strings.Join(rapid.SliceOfN(piece, 0, 12).Draw(t, "pieces"), "")
		got := string(mounted().AppendCookie(nil, []byte(cookie)))
		if strings.ReplaceAll(got, "/app", "") != cookie {
			t.Fatalf("%q: got %q: more than the prefix has changed", cookie, got)
		}
		before, after := read(cookie), read(got)
		if before == nil && after == nil {
			return
		}
		if before == nil || after == nil || before.String() != after.String() {
			t.Fatalf("%q: got %q, which is read as %v, and before as %v", cookie, got, after, before)
		}
	})
}
