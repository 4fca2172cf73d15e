package config

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

// everything is a file that says something of most settings.
const everything = `
listen = "[::1]:0"
trusted_proxies = ["10.0.0.0/8", "::1"]
access_log = "stdout"
workers = "auto"
workers_max = 9
queue = 0
buffer = 1000
usable = "2xx, 304"
hedge_after = "15ms"
race_methods = ["POST"]
data = "jobs \"here\""
job_body_max = 5000
jobs_max = 7
console = "[::1]:0"
console_hosts = ["tenfour.example:80", "other"]
console_debug = true
attempts = 3
retry_on = "429,5xx"

[timeouts]
head = "1.5s"
connect = "90m"
drain = "0s"

[[route]]
path = ["/a/", "/b\"ü"]
backends = ["127.0.0.1:9001", "https://[::1]", "http://example.com"]
race = "hedge"
health = "/healthz?q=\"\\"
strip_prefix = ""
limit = ["one", "two-2"]
[route.request]
set = { X-B = "tab\there", "X.A!" = "\"quoted\\" }
add = { Link = ["<a>; rel=\"x\"", "b"] }
remove = ["Cookie"]

[[route]]
path = "/c/d"
methods = ["GET", "POST"]
serve = "."
host = "backend"
async = true
async_after = "1.5s"
retry_unsafe = true
dedupe = "1d"
dedupe_fields = []
callback_allow = ["https://a.example/b/", "http://127.0.0.1:9/"]
callback_on = ["failed", "done"]
callback_secret_file = "env:TENFOUR_TEST_KEY"
strip_prefix = "/c"
credential_file = "env:TENFOUR_TEST_TOKEN"
credential_header = "X-Api-Key"
client_token_file = "env:TENFOUR_TEST_TOKEN"
allow_from = "10.0.0.0/8"
deny_from = ["10.0.0.1", "fe80::/10"]
limit = "two-2"
[route.response]
set = { Cache-Control = "no-store", X-Token = "env:TENFOUR_TEST_TOKEN" }

[limit.one]
rate = "10/1m"
by = "header:X-Key"
over = "wait"
wait_max = "1ms"
[limit.two-2]
rate = "1/1d"
by = "client"
on_error = "admit"
`

// testKey signs callbacks.
const testKey = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// again reads what check prints for d, and fails the test when that says anything else.
func again(t testing.TB, d *draft) {
	t.Helper()
	var out strings.Builder
	d.show(&out)
	if strings.Contains(out.String(), `"***"`) {
		return // what was not shown cannot be read
	}
	d2, err := drawn(t, out.String())
	switch {
	case err != nil:
		t.Errorf("what check prints is wrong: %v\n%s", err, &out)
	case !reflect.DeepEqual(d2.c, d.c):
		t.Errorf("check prints something else:\n%s\ngot  %+v\nwant %+v", &out, d2.c, d.c)
	}
}

func TestShow_saysTheSameAgain(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("TENFOUR_TEST_TOKEN", "hunter2")
	t.Setenv("TENFOUR_TEST_KEY", testKey)
	for name, args := range map[string][]string{
		"a file alone":   nil,
		"flags over it":  {"--workers", "3", "--hold", "1h30m", "--log-level", "debug", "--allow-from", "::1,10.0.0.0/8"},
		"a limit beside": {"--limit", "7/500ms", "--limit-by", "client"},
	} {
		d, err := drawn(t, everything, args...)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		again(t, d)
	}
	d, err := drawn(t, "", "--backend", "a:1", "--path", "/a", "--path", "/b", "--limit", "1/s")
	if err != nil {
		t.Fatal(err)
	}
	again(t, d)
}

// TestShow_namesAFileByWhateverName: a comment ends with its line.
func TestShow_namesAFileByWhateverName(t *testing.T) {
	d, err := draw(newFile("a\nworkers = 9\x00\xff", []byte("queue = 1")), layer{}, problems{})
	if err != nil {
		t.Fatal(err)
	}
	again(t, d)
}

// TestShow_isWhatTheCommandShows reads a file and flags from where the command does.
func TestShow_isWhatTheCommandShows(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("tenfour.toml", []byte("\nworkers = 8"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	e, err := Read([]string{"--queue", "3"})
	if err != nil || e.Config().Routes[0].Queue != 3 {
		t.Fatalf("got %+v, %v", e, err)
	}
	if err := e.Show(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"# What holds: tenfour.toml, with the flags over it.\n",
		"workers = 8                              # tenfour.toml:2\n",
		"queue = 3                                # --queue\n",
		"listen = \"127.0.0.1:8000\"                # default\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in\n%s", want, &out)
		}
	}
	if _, err := Read([]string{"--queue", "x", "--help"}); err != ErrHelp {
		t.Errorf("--help: got %v", err)
	}
}

// TestShow_hidesCredentials whatever they are called, and says where those of the environment are.
func TestShow_hidesCredentials(t *testing.T) {
	for _, name := range []string{
		"Authorization", "Proxy-Authorization", "Cookie", "set-cookie", "X-Api-Key", "X-Auth", "API-TOKEN", "X-Client-Secret", "Password",
	} {
		got := holds(t, "request.set = { "+name+` = "hunter2" }`+"\n"+"response.add = { "+name+` = ["hunter2", "hunter2"] }`)
		if strings.Contains(got, "hunter2") || !strings.Contains(got, name+` = "***"`) {
			t.Errorf("%s: it shows\n%s", name, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Setenv("TENFOUR_TEST_TOKEN", "hunter2")
	f.Setenv("TENFOUR_TEST_KEY", testKey)
	f.Add(everything)
	f.Add("workers = 0\nroute = [{path = '/a'}, 5]\n[limit.'']\nrate=1\n[[timeouts]]")
	f.Add("[[route]]\nrequest.set.X-A = '''\na'''\n[route.timeouts]\nhead=1979-05-27T07:32:00Z\n[[route.request]]\nset=[{}]")
	f.Add("a.b.c = 1\n[a.b]\n[[a]]\n[a]\n\"\" = nan\r\n# \r\x00")
	f.Add("path = [[[\"/\"]]]\nbackends = \"http://u:p@[::1%25a]:1\"\nusable = \"xxx,+1x\"\nallow_from = \"1.2.3.4/0\"")
	f.Add("a.b = 1\n[a]\n[a.c]\n[[a.d]]\n[a.d.e]\n[a.d]\n[[a.c]]\n[x.y]\n[x]\nx.y=1\nz={a.b=1,a={}}")
	f.Add(strings.Repeat("[", 20) + "\n" + strings.Repeat("a.", 20) + "b = 1.1.1 # [[\n'''[[[\"\\\"'''")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := drawn(t, text)
		var bad, over problems
		_, isTOML := newFile("", []byte(text)).parse(&bad)
		switch decoded := toml.Unmarshal([]byte(text), &map[string]any{}); {
		case newFile("", []byte(text)).outOfBounds(&over):
		case decoded == nil && !isTOML:
			t.Errorf("this is TOML: %v", bad.err())
		case decoded != nil && err == nil:
			t.Errorf("this is no TOML: %v", decoded)
		}
		if err == nil {
			again(t, d)
			d.resolved()
			return
		}
		for line := range strings.Lines(err.Error()) {
			if !strings.HasPrefix(line, "tenfour.toml:") && line != moreWrong {
				t.Errorf("an error has no place: %q", err)
			}
		}
	})
}

// TestShow_leavesOutJobsWhereThereAreNone: a route without jobs has no line for what it would do with them.
func TestShow_leavesOutJobsWhereThereAreNone(t *testing.T) {
	t.Chdir(t.TempDir())
	for async, lines := range map[string]int{"false": 0, "true": 1} {
		e, err := Read([]string{"--async=" + async})
		if err != nil {
			t.Fatal(err)
		}
		var shown strings.Builder
		if err := e.Show(&shown); err != nil {
			t.Fatal(err)
		}
		for _, key := range ofJobs {
			if n := strings.Count(shown.String(), "\n"+key+" = "); n != lines && key != "callback_secret_file" {
				t.Errorf("async = %s: %d lines of %s, want %d", async, n, key, lines)
			}
		}
	}
}
