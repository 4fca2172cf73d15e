package listen

import (
	"strings"
	"testing"
)

func TestParse_readsWhatStringWrites(t *testing.T) {
	for text, want := range map[string]Address{
		"127.0.0.1:8000":         {TCP, "127.0.0.1:8000", Unstated},
		":0":                     {TCP, ":0", Unstated},
		"[::1]:http":             {TCP, "[::1]:http", Unstated},
		"http://localhost:8000":  {TCP, "localhost:8000", HTTP},
		"https://0.0.0.0:8443":   {TCP, "0.0.0.0:8443", HTTPS},
		"unix:/run/tenfour.sock": {Unix, "/run/tenfour.sock", Unstated},
		"unix:a b":               {Unix, "a b", Unstated},
		"fd://3":                 {Given, "3", Unstated},
	} {
		if got, err := Parse(text); err != nil || got != want || got.String() != text {
			t.Errorf("%s: got %+v (%v), written %s", text, got, err, got)
		}
	}
	for text, want := range map[string]Address{ // these have a shorter form
		"https://[::1]":        {TCP, "[::1]:443", HTTPS},
		"http://example.com/":  {TCP, "example.com:80", HTTP},
		"https://localhost:1/": {TCP, "localhost:1", HTTPS},
	} {
		if got, err := Parse(text); err != nil || got != want {
			t.Errorf("%s: got %+v (%v)", text, got, err)
		}
	}
}

func TestParse_saysWhatToWrite(t *testing.T) {
	for text, want := range map[string]string{
		"": Wants, "8000": Wants, "localhost": Wants, "a:": Wants, "ftp://a:1": Wants, "https://": Wants, "unix://": "the path of a socket",
		"127.0.0.1:65536": "0 to 65535", "127.0.0.1:-1": "0 to 65535", "127.0.0.1:99999999999999999999": "0 to 65535", "a b:1": "neither a name nor an address",
		"http://a/b:1": "neither a name nor an address", "https://u@a:1": "neither a name nor an address",
		"unix:": "the path of a socket", "unix:/run/": "the path of a socket", "unix:@abstract": "in the file system",
		"unix:" + strings.Repeat("x", PathMost+1): "may have", "fd://2": "3 or more", "fd://x": "3 or more", "fd://+3": "3 or more",
	} {
		if got, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v (%v), want an error that says %q", text, got, err, want)
		}
	}
	if _, err := Parse("unix:" + strings.Repeat("x", PathMost)); err != nil {
		t.Errorf("a path of %d bytes: %v", PathMost, err)
	}
}

func TestSecure_isByTheSchemeOrTheCertificate(t *testing.T) {
	plain, secure, bare := Address{Where: "a:1", Scheme: HTTP}, Address{Where: "a:2", Scheme: HTTPS}, Address{Where: "a:3"}
	unix, given := Address{Kind: Unix, Where: "/a"}, Address{Kind: Given, Where: "3"}
	for name, tc := range map[string]struct {
		all  []Address
		want string // 1 for TLS, with a certificate
	}{
		"one without a scheme":       {[]Address{bare}, "1"},
		"one beside https://":        {[]Address{bare, secure, given}, "010"},
		"http:// with a bare one":    {[]Address{plain, bare, given}, "011"},
		"a unix socket":              {[]Address{unix, bare}, "01"},
		"a unix socket and https://": {[]Address{unix, secure, plain}, "010"},
	} {
		got := ""
		for _, a := range tc.all {
			if Secure(tc.all, a, false) {
				t.Errorf("%s: %v is secure without a certificate", name, a)
			}
			if Secure(tc.all, a, true) {
				got += "1"
			} else {
				got += "0"
			}
		}
		if got != tc.want {
			t.Errorf("%s: got %s, want %s", name, got, tc.want)
		}
	}
}

func TestSocket_isTheSameForTheSameSocket(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		same bool
	}{
		{"a:1", "http://a:1", true}, {"http://a:1", "https://a:1", true}, {"a:1", "a:2", false}, {"a:0", "https://a:0", false}, {"a:0", "a:0", true},
		{"unix:3", "fd://3", false},
	} {
		a, err := Parse(tc.a)
		b, errB := Parse(tc.b)
		if err != nil || errB != nil || (a.Socket() == b.Socket()) != tc.same {
			t.Errorf("%s and %s: the same is %t (%v, %v), want %t", tc.a, tc.b, a.Socket() == b.Socket(), err, errB, tc.same)
		}
	}
}
