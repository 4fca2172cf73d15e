package target

import (
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParse_readsWhereACallbackGoes(t *testing.T) {
	none := netip.Addr{}
	tests := map[string]struct {
		want URL
		text string
	}{
		"https://hooks.example.org":         {URL{true, "hooks.example.org", none, 443, "/", ""}, "https://hooks.example.org/"},
		"HTTPS://Hooks.Example.ORG/A":       {URL{true, "hooks.example.org", none, 443, "/A", ""}, "https://hooks.example.org/A"},
		"https://h:443/a?b=c/../d?e":        {URL{true, "h", none, 443, "/a", "?b=c/../d?e"}, "https://h/a?b=c/../d?e"},
		"http://h:8080?":                    {URL{false, "h", none, 8080, "/", "?"}, "http://h:8080/?"},
		"http://127.0.0.1:9000/x%20y;v=1/":  {URL{false, "127.0.0.1", netip.MustParseAddr("127.0.0.1"), 9000, "/x%20y;v=1/", ""}, "http://127.0.0.1:9000/x%20y;v=1/"},
		"http://[2001:DB8:0::1]:81/":        {URL{false, "2001:db8::1", netip.MustParseAddr("2001:db8::1"), 81, "/", ""}, "http://[2001:db8::1]:81/"},
		"https://[::1]":                     {URL{true, "::1", netip.MustParseAddr("::1"), 443, "/", ""}, "https://[::1]/"},
		"https://xn--bcher-kva.example/a~b": {URL{true, "xn--bcher-kva.example", none, 443, "/a~b", ""}, "https://xn--bcher-kva.example/a~b"},
		"https://h/a//b/...":                {URL{true, "h", none, 443, "/a//b/...", ""}, "https://h/a//b/..."},
	}
	for text, tc := range tests {
		u, err := Parse(text)
		if err != nil || u != tc.want || u.String() != tc.text {
			t.Errorf("%s: got %+v, %v, %q; want %+v, %q", text, u, err, u, tc.want, tc.text)
		}
		if again, err := Parse(u.String()); err != nil || again != u {
			t.Errorf("%s: %s is read as %+v, %v", text, u, again, err)
		}
	}
}

// TestParse_refusesWhatHasTwoReadings: each is a way to name another host, or another path, to one of two readers.
func TestParse_refusesWhatHasTwoReadings(t *testing.T) {
	for _, text := range []string{
		"", "h", "//h/", "h:443", "ftp://h/", "file:///etc/passwd", "unix:/run/x", "javascript://h/", "https:/h/", "https:h", " https://h/", "https ://h/",
		// no host, or more than one
		"https://", "https:///", "https://?q", "https://:443/", "https://u@h/", "https://u:p@h/", "https://h@evil/", "https://evil#@h/", "https://h%40evil/",
		"https://h\\@evil/", "https://h\\evil/", "https://h\t.evil/", "https://h\r\nX: y/", "https://h\x00/", "https://h,evil/", "https://h evil/", "https://h;evil/",
		"https://h%2eevil/", "https://h%00/", "https://%68/", "https://h&evil/", "https://(h)/", "https://h!/", "https://h$/",
		// names
		"https://h./", "https://.h/", "https://a..b/", "https://-a/", "https://a-/", "https://bücher.example/", "https://h。evil/", "https://h\u2024evil/",
		"https://" + strings.Repeat("a", 64) + "/", "https://" + strings.Repeat("a.", 127) + "a/",
		// addresses in other forms
		"http://127.1/", "http://127.0.1/", "http://2130706433/", "http://017700000001/", "http://0x7f000001/", "http://0x7f.0.0.1/", "http://0177.0.0.1/",
		"http://127.0.0.01/", "http://127.0.0.1./", "http://127.0.0.256/", "http://1.2.3.4.5/", "http://a.1/", "http://a.0x1/", "http://127.0.0.0x1/", "http://１２７.0.0.1/",
		"http://::1/", "http://::1:80/", "http://[::1/", "http://::1]/", "http://[]/", "http://[127.0.0.1]/", "http://[h]/", "http://[::ffff:127.0.0.1]/",
		"http://[::ffff:7f00:1]/", "http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/", "http://[::1]x/", "http://x[::1]/", "http://[[::1]]/", "http://[v1.a]/",
		// ports
		"https://h:/", "https://h:0/", "https://h:65536/", "https://h:+443/", "https://h:0443/", "https://h:443:443/", "https://h:https/", "https://h: 443/",
		"https://h:443evil/", "https://h:443@evil/", "http://[::1]:/", "http://[::1]80/",
		// paths
		"https://h/a/../b", "https://h/..", "https://h/.", "https://h/./b", "https://h/a/..;/b", "https://h/a/..;x=1/b", "https://h/a/.;/b", "https://h/a/%2e%2e/b",
		"https://h/a/%2E./b", "https://h/a/.%2e/b", "https://h/a/%252e%252e/b", "https://h/a%2fb", "https://h/a%2Fb", "https://h/a%5cb", "https://h/a\\..\\b",
		"https://h/a/..%3b/b", "https://h/%00", "https://h/%0d%0aX:", "https://h/%7f", "https://h/%", "https://h/%2", "https://h/%zz", "https://h/a b", "https://h/ü",
		"https://h/a#b", "https://h/a?b#c", "https://h/a?b c", "https://h/a\"b", "https://h/{a}", "https://h/<a>", "https://h/a|b", "https://h/a^b", "https://h/`",
		"https://h/" + strings.Repeat("a", Most),
	} {
		if u, err := Parse(text); err == nil || u != (URL{}) {
			t.Errorf("%q: got %+v, %v", text, u, err)
		} else if len(text) > 1 && strings.Contains(err.Error(), text) {
			t.Errorf("%q is in its error, and may have a secret: %v", text, err)
		}
	}
}

func TestParseEntry_refusesWhatIsNoPlace(t *testing.T) {
	for text, want := range map[string]string{
		"https://*.example.org/": "*", "https://h/*": "*", "https://h/?a=b": "query", "https://h/?": "query",
		"http://localhost:9000/": "127.0.0.1", "http://LocalHost/": "127.0.0.1", "http://a.localhost/": "127.0.0.1",
		"http://0.0.0.0/": "not one of a machine", "http://[::]/": "not one of a machine", "http://224.0.0.1/": "not one of a machine", "http://[ff02::1]/": "not one of a machine",
		"hooks.example.org": Wants, "https://h/a/../b": Wants, "": Wants,
	} {
		if e, err := ParseEntry(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, %v; want an error with %q", text, e, err, want)
		}
	}
	for _, text := range []string{"https://h/", "http://127.0.0.1:9000/hooks", "http://169.254.169.254/", "https://[::1]:8443/a/"} {
		if e, err := ParseEntry(text); err != nil || e.String() != text {
			t.Errorf("%q: got %q, %v", text, e, err)
		}
	}
}

func TestAllow_permitsWhatAnEntryNames(t *testing.T) {
	tests := map[string]struct{ yes, no []string }{
		"https://hooks.example.org/": {
			[]string{"https://hooks.example.org", "https://hooks.example.org:443/a/b?c", "HTTPS://HOOKS.example.ORG/", "https://hooks.example.org//evil/"},
			[]string{
				"http://hooks.example.org/", "http://hooks.example.org:443/", "https://hooks.example.org:8443/", "https://example.org/", "https://a.hooks.example.org/",
				"https://hooks.example.org.evil.example/", "https://evil.example/hooks.example.org/", "https://hooks.example.org./", "https://hooks.example.org@evil.example/",
				"https://hooks-example.org/", "https://xhooks.example.org/",
			},
		},
		"https://h:8443/jobs": {
			[]string{"https://h:8443/jobs", "https://h:8443/jobs/", "https://h:8443/jobs/7", "https://h:8443/jobs?x=/../y"},
			[]string{
				"https://h/jobs", "https://h:8443/", "https://h:8443/job", "https://h:8443/jobsx", "https://h:8443/Jobs", "https://h:8443/%6aobs", "https://h:8443/jobs/../x",
				"https://h:8443//jobs/", "https://h:8443/jobs%2f7", "https://h:8443/jobs;x", "https://h:8443/jobs.", "https://h:8443/?/jobs",
			},
		},
		"https://h/jobs/": {[]string{"https://h/jobs/", "https://h/jobs/7"}, []string{"https://h/jobs", "https://h/jobsx/", "https://h/jobs?/"}},
		"http://127.0.0.1:9000/": {
			[]string{"http://127.0.0.1:9000/a"},
			[]string{"http://localhost:9000/a", "http://127.0.0.2:9000/", "http://127.1:9000/", "http://[::ffff:127.0.0.1]:9000/", "http://[::1]:9000/", "http://127.0.0.1/", "https://127.0.0.1:9000/"},
		},
		"http://[::1]:9000/": {[]string{"http://[0:0:0:0:0:0:0:1]:9000/"}, []string{"http://127.0.0.1:9000/", "http://[::]:9000/", "http://[::2]:9000/"}},
	}
	for text, tc := range tests {
		e, err := ParseEntry(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		other, _ := ParseEntry("https://other.example/")
		for _, allow := range []Allow{{e}, {other, e}, {e, other}} {
			for _, u := range tc.yes {
				if _, err := allow.Permits(u); err != nil {
					t.Errorf("%s refuses %s: %v", text, u, err)
				}
			}
			for _, u := range tc.no {
				if got, err := allow.Permits(u); err == nil {
					t.Errorf("%s permits %s as %+v", text, u, got)
				}
			}
		}
	}
	if _, err := (Allow)(nil).Permits("https://h/"); err != ErrNotAllowed {
		t.Errorf("nothing allows with %v", err)
	}
}

// TestParse_writesWhatItReadsTheSame: whatever is read is written so that it is read the same, and has no byte that could end a head's line.
func TestParse_writesWhatItReadsTheSame(t *testing.T) {
	parts := rapid.SampledFrom([]string{
		"http", "https", "://", "/", "//", ".", "..", ":", "@", "[", "]", "::1", "127.0.0.1", "h", "a.b", "80", "%", "2e", "%41", "?", "#", ";", "\\", "\r\n", " ", "ü", "0x7f",
	})
	rapid.Check(t, func(t *rapid.T) {
		text := "http" + rapid.SampledFrom([]string{"://", "s://", ""}).Draw(t, "scheme") + strings.Join(rapid.SliceOfN(parts, 0, 8).Draw(t, "parts"), "")
		u, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(u.String())
		if err != nil || again != u || strings.ContainsFunc(u.String(), notOfURL) || strings.ContainsAny(u.Host, "/@%?#") {
			t.Fatalf("%q: %+v is written %q, which is %+v, %v", text, u, u, again, err)
		}
	})
}
