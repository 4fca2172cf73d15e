package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"tenfour/tests/await"
	"tenfour/value/rate"
)

// drawn reads a file, called tenfour.toml, and flags.
func drawn(t testing.TB, text string, args ...string) (*draft, error) {
	t.Helper()
	var bad problems
	flags, _, err := readFlags(args, &bad)
	if err != nil {
		t.Fatal(err)
	}
	return draw(newFile("tenfour.toml", []byte(text)), flags, bad)
}

// holds is what check prints for a file and flags, its columns a space apart; or what is wrong.
func holds(t testing.TB, text string, args ...string) string {
	t.Helper()
	d, err := drawn(t, text, args...)
	if err != nil {
		return err.Error()
	}
	var out strings.Builder
	d.show(&out)
	var lines []string
	for line := range strings.Lines(out.String()) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return strings.Join(lines, "\n")
}

func TestParse_withoutAnythingIsTheDefault(t *testing.T) {
	t.Chdir(t.TempDir())
	c, err := Parse(nil)
	if err != nil || !reflect.DeepEqual(c, Default) {
		t.Errorf("got %+v, %v\nwant %+v", c, err, Default)
	}
	if c, err := drawn(t, ""); err != nil || !reflect.DeepEqual(c.resolved(), Default) {
		t.Errorf("an empty file: got %+v, %v\nwant %+v", c, err, Default)
	}
}

// TestParse_files says what holds for files and flags, and where that came from.
func TestParse_files(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("TENFOUR_TEST_TOKEN", "hunter2")
	tests := map[string]struct {
		file  string
		flags []string
		want  []string // lines that check prints, one after the other
	}{
		"a value of the file": {"workers = 8", nil, []string{"workers = 8 # tenfour.toml:1"}},
		"a flag over it":      {"workers = 8", []string{"--workers", "2"}, []string{"workers = 2 # --workers"}},
		"the last of a flag":  {"", []string{"--workers", "2", "--workers=3"}, []string{"workers = 3 # --workers"}},
		"auto":                {"workers = \"auto\"\nworkers_max = 16", nil, []string{`workers = "auto" # tenfour.toml:1`, "workers_max = 16 # tenfour.toml:2"}},
		"a number over auto":  {`workers = "auto"`, []string{"--workers", "3"}, []string{"workers = 3 # --workers"}},
		"numbers as TOML has them": {"workers = 0x10\nqueue = 10_000", nil,
			[]string{"workers = 16 # tenfour.toml:1", "queue = 10000 # tenfour.toml:2"}},
		"the top, a route over it, and a flag over both": {
			"hold = \"1s\"\nqueue = 5\n[[route]]\npath = \"/a\"\nqueue = 7\nhold = \"3s\"\n[[route]]\npath = \"/b\"", []string{"--hold", "4s"},
			[]string{"[[route]]", `path = "/a" # tenfour.toml:4`, "queue = 7 # tenfour.toml:5", `hold = "4s" # --hold`,
				"[[route]]", `path = "/b" # tenfour.toml:8`, "queue = 5 # tenfour.toml:2", `hold = "4s" # --hold`}},
		"timeouts of all, and of a route": {
			"[timeouts]\nhead = \"1s\"\nconnect = \"3s\"\nbackend = \"5s\"\n[[route]]\n[route.timeouts]\nbackend = \"6s\"", nil,
			[]string{`head = "1s" # tenfour.toml:2`, `connect = "3s" # tenfour.toml:3`, `backend = "6s" # tenfour.toml:7`}},
		"dotted keys":                  {"timeouts.head = \"1s\"\nrequest.remove = \"Cookie\"", nil, []string{`head = "1s" # tenfour.toml:1`, `remove = "Cookie" # tenfour.toml:2`}},
		"inline tables":                {`route = [{path = "/a", timeouts = {connect = "1s"}}, {path = "/b"}]`, nil, []string{`path = "/a" # tenfour.toml:1`, `connect = "1s" # tenfour.toml:1`, `path = "/b" # tenfour.toml:1`}},
		"one text for a list of one":   {`path = "/a"`, nil, []string{`path = "/a" # tenfour.toml:1`}},
		"a list":                       {"path = [\n  \"/a\", # why\n  \"/b\",\n]", nil, []string{`path = ["/a", "/b"] # tenfour.toml:1`}},
		"lines that end as on Windows": {"workers = 8\r\nqueue = 9\r\n", nil, []string{"queue = 9 # tenfour.toml:2"}},
		"the one route at the top":     {"backends = \"a:1\"\npath = \"/x/\"", nil, []string{`backends = "a:1" # tenfour.toml:1`, `path = "/x/" # tenfour.toml:2`}},
		"flags for the one route replace its own": {"[[route]]\nbackends = \"a:1\"\npath = \"/x/\"", []string{"--backend", "b:1", "--backend", "https://c", "--path", "/y"},
			[]string{`backends = ["b:1", "https://c:443"] # --backend`, `path = "/y" # --path`}},
		"a directory by flag replaces backends": {"backends = \"a:1\"", []string{"--serve", "."}, []string{`backends = [] # default`, `serve = "." # --serve`}},
		"backends by flag replace a directory":  {"serve = \".\"", []string{"--backend", "a:1"}, []string{`backends = "a:1" # --backend`, `serve = "" # default`}},
		"backends for all routes but one": {"backends = \"a:1\"\n[[route]]\npath = \"/a\"\n[[route]]\npath = \"/b\"\nserve = \".\"", nil,
			[]string{`backends = "a:1" # tenfour.toml:1`, `path = "/a" # tenfour.toml:3`, `backends = [] # default`, `serve = "." # tenfour.toml:6`, `path = "/b" # tenfour.toml:5`}},
		"a path for two methods": {"[[route]]\npath = \"/a\"\nmethods = \"GET\"\n[[route]]\npath = \"/a\"\nmethods = [\"POST\", \"PUT\"]", nil,
			[]string{`methods = "GET" # tenfour.toml:3`, `methods = ["POST", "PUT"] # tenfour.toml:6`}},
		"nothing in place of what the top has": {"health = \"/h\"\n[[route]]\npath = \"/a\"\n[[route]]\npath = \"/b\"\nhealth = \"\"", nil,
			[]string{`health = "/h" # tenfour.toml:1`, `health = "" # tenfour.toml:6`}},
		"sizes":                        {"buffer = 4096", nil, []string{`buffer = "4KiB" # tenfour.toml:1`}},
		"no hold":                      {"hold = 0", nil, []string{`hold = "0s" # tenfour.toml:1`}},
		"an hour and a day":            {"hold = \"1h\"\nqueue_timeout = \"1d\"", nil, []string{`queue_timeout = "24h" # tenfour.toml:2`, `hold = "1h" # tenfour.toml:1`}},
		"p95, or a duration":           {`hedge_after = "50ms"`, nil, []string{`hedge_after = "50ms" # tenfour.toml:1`}},
		"the backend's own name":       {`host = "backend"`, nil, []string{`host = "backend" # tenfour.toml:1`}},
		"a prefix has no slash at end": {"path = \"/a/\"\nstrip_prefix = \"/a/\"", nil, []string{`strip_prefix = "/a" # tenfour.toml:2`}},
		"addresses and networks":       {"", []string{"--allow-from", "10.0.0.0/8,::1", "--allow-from", "::ffff:1.2.3.4"}, []string{`allow_from = ["10.0.0.0/8", "::1", "1.2.3.4"] # --allow-from`}},
		"proxies that are believed":    {`trusted_proxies = ["10.0.0.0/8"]`, nil, []string{`trusted_proxies = "10.0.0.0/8" # tenfour.toml:1`}},
		"methods by flag":              {"", []string{"--race-methods", "POST,PUT"}, []string{`race_methods = ["POST", "PUT"] # --race-methods`}},
		"credentials are not told":     {"", []string{"--credential-file", "env:TENFOUR_TEST_TOKEN"}, []string{`credential_file = "env:TENFOUR_TEST_TOKEN" # --credential-file`}},
		"fields, in the file's order":  {"[request.set]\nX-B = \"1\"\nX-A = \"2\"", nil, []string{`set = { X-B = "1", X-A = "2" } # tenfour.toml:1`}},
		"fields that have a secret":    {`request.set = { Authorization = "hunter2", X-A = "env:TENFOUR_TEST_TOKEN", "x!" = "" }`, nil, []string{`set = { Authorization = "***", X-A = "env:TENFOUR_TEST_TOKEN", "x!" = "" } # tenfour.toml:1`}},
		"a field several times":        {`response.add = { Link = ["a", "b"], X-A = "c" }`, nil, []string{`add = { Link = ["a", "b"], X-A = "c" } # tenfour.toml:1`}},
		"a limit":                      {"[limit.api]\nrate = \"10/1m\"\nby = \"header:X-Key\"\n[[route]]\nlimit = \"api\"", nil, []string{`limit = "api" # tenfour.toml:5`, "[limit.api]", `rate = "10/1m" # tenfour.toml:2`, `by = "header:X-Key" # tenfour.toml:3`, `over = "reject" # default`}},
		"a limit by flags":             {"", []string{"--limit", "5/s", "--over", "wait"}, []string{`limit = "flag" # --limit`, "[limit.flag]", `rate = "5/1s" # --limit`, `by = "route" # default`, `over = "wait" # --over`}},
		"a limit by flags, beside others": {"[limit.a]\nrate = \"1/1d\"\n[[route]]\npath = \"/a\"\nlimit = \"a\"\n[[route]]\npath = \"/b\"", []string{"--limit", "5/s"},
			[]string{`limit = ["a", "flag"] # tenfour.toml:5, --limit`, `limit = "flag" # --limit`, `rate = "1/24h" # tenfour.toml:2`, `rate = "5/1s" # --limit`}},
		"a rate of bytes":              {`min_rate = "1KiB/s"`, nil, []string{`min_rate = "1KiB/s" # tenfour.toml:1`}},
		"a rate of thousands of bytes": {`min_rate = "1kB/s"`, nil, []string{`min_rate = "1000B/s" # tenfour.toml:1`}},
		"any rate":                     {`min_rate = "0B/s"`, nil, []string{`min_rate = "0B/s" # tenfour.toml:1`}},
		"what is held": {"hold_max = \"1GiB\"\nmax_per_client = 20", []string{"--max-per-client", "30"},
			[]string{`hold_max = "1GiB" # tenfour.toml:1`, `max_per_client = 30 # --max-per-client`}},
		"a body's time": {"[timeouts]\nbody = \"90s\"", nil, []string{`body = "90s" # tenfour.toml:2`}},
		"kept connections, for all and for a route": {"keep_alive = \"bodyless\"\nkeep_idle = \"1s\"\n[[route]]\npath = \"/a\"\nkeep_alive = \"off\"\nresend = 0\n[[route]]\npath = \"/b\"\nkeep_idle = 0", nil,
			[]string{`resend = 0 # tenfour.toml:6`, `keep_alive = "off" # tenfour.toml:5`, `keep_idle = "1s" # tenfour.toml:2`,
				`resend = 1 # default`, `keep_alive = "bodyless" # tenfour.toml:1`, `keep_idle = "0s" # tenfour.toml:9`}},
		"resend by flag": {"resend = 2", []string{"--resend", "0"}, []string{"resend = 0 # --resend"}},
		"two routes that share a backend": {"[[route]]\npath = \"/a\"\nbackends = \"a:1\"\nworkers = 2\n[[route]]\npath = \"/b\"\nbackends = [\"http://a:1\", \"b:1\"]\nworkers = 2", nil,
			[]string{`backends = ["a:1", "b:1"] # tenfour.toml:7`}},
	}
	for name, tc := range tests {
		got := holds(t, tc.file, tc.flags...)
		rest := got
		for _, line := range tc.want {
			_, after, found := strings.Cut("\n"+rest+"\n", "\n"+line+"\n")
			if !found {
				t.Errorf("%s: no %s (or not there) in\n%s", name, line, got)
				break
			}
			rest = after
		}
	}
}

// TestParse_wrong has every mistake, and the whole of what is said of it.
func TestParse_wrong(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("file", []byte("not PEM\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("blank", []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TENFOUR_TEST_KEY", testKey)
	t.Setenv("TENFOUR_TEST_LINES", "a\nb")
	t.Setenv("TENFOUR_TEST_SHORT", "0123456789abcde")
	tests := map[string]struct {
		file  string
		flags []string
		want  string
	}{
		"a word for a number": {`workers = "many"`, nil,
			`tenfour.toml:1:11: workers = "many": write, without quotes, a number from 1 to 65536, or "auto"`},
		"the same by flag":   {"", []string{"--workers", "many"}, `--workers many: write a number from 1 to 65536, or auto`},
		"the same, by route": {"[[route]]\npath = \"/a\"\n[[route]]\n  workers = \"many\"", nil, `tenfour.toml:4:13: route[2].workers = "many": write, without quotes, a number from 1 to 65536, or "auto"`},
		"a number in quotes": {`queue = "5"`, nil, `tenfour.toml:1:9: queue = "5": write it without quotes: 5`},
		"a fraction":         {`queue = 1.5`, nil, `tenfour.toml:1:9: queue = 1.5: write a whole number from 0 to 1000000000`},
		"yes for a number":   {`queue = true`, nil, `tenfour.toml:1:9: queue = true: write a number from 0 to 1000000000`},
		"a date for a number": {`queue = 1979-05-27`, nil,
			`tenfour.toml:1:9: queue = 1979-05-27: write a number from 0 to 1000000000`},
		"an array for a number":                  {`queue = [1]`, nil, `tenfour.toml:1:9: queue: write a number from 0 to 1000000000`},
		"a table for a number":                   {`queue = {a = 1}`, nil, `tenfour.toml:1:9: queue: write a number from 0 to 1000000000`},
		"a number for a text":                    {`listen = 8000`, nil, `tenfour.toml:1:10: listen = 8000: write, in quotes, HOST:PORT, such as 127.0.0.1:8000; or https://HOST:PORT, unix:/PATH, fd://3`},
		"a number for a directory":               {`serve = 1`, nil, `tenfour.toml:1:9: serve = 1: write, in quotes, the name of a directory`},
		"a duration without a unit":              {`queue_timeout = 5`, nil, `tenfour.toml:1:17: queue_timeout = 5: write, in quotes, a duration of 1ms or more, such as 500ms or 2s`},
		"a duration too short":                   {`queue_timeout = "0s"`, nil, `tenfour.toml:1:17: queue_timeout = "0s": write a duration of 1ms or more, such as 500ms or 2s`},
		"a duration below zero":                  {`hold = "-1s"`, nil, `tenfour.toml:1:8: hold = "-1s": write a duration such as 500ms or 2s; 0 is none`},
		"a size too large":                       {`buffer = "1.1GiB"`, nil, `tenfour.toml:1:10: buffer = "1.1GiB": write a size such as 4096, 64KiB or 1MiB, at most 1GiB`},
		"a word that is none":                    {`race = "hegde"`, nil, `tenfour.toml:1:8: race = "hegde": write off, parallel, serial or hedge`},
		"a rate of none":                         {"[limit.a]\nrate = \"0/1m\"\n[[route]]\nlimit = \"a\"", nil, `tenfour.toml:2:8: limit.a.rate = "0/1m": write a number of exchanges and a duration, such as 10/1m: 1 to 1000000000, in 1ms to 365d`},
		"a limit by nothing":                     {"", []string{"--limit", "1/s", "--limit-by", "clients"}, `--limit-by clients: write route, client, token or header:NAME`},
		"a limit by no header":                   {"", []string{"--limit", "1/s", "--limit-by", "header:"}, `--limit-by header:: write the name of a field after header:, such as header:X-Api-Key`},
		"a status that is none":                  {`usable = "2xx,600"`, nil, `tenfour.toml:1:10: usable = "2xx,600": write classes or codes from 100 to 599, such as 2xx,304,404`},
		"a path without a slash":                 {`path = ["/a", "b"]`, nil, `tenfour.toml:1:15: path = "b": write a path that begins with /`},
		"no path":                                {`path = []`, nil, `tenfour.toml:1:8: path: write a path that begins with /`},
		"a path of two readings":                 {`path = "/a/../b"`, nil, `tenfour.toml:1:8: path = "/a/../b": write it without the segments . and .., and without empty ones`},
		"a path with a query":                    {`path = "/a?b"`, nil, `tenfour.toml:1:8: path = "/a?b": write it without ?, #, %, \ and spaces`},
		"a path twice":                           {`path = ["/a", "/a"]`, nil, `tenfour.toml:1:15: path = "/a": named twice`},
		"a number among paths":                   {`path = ["/a", 5]`, nil, `tenfour.toml:1:15: path = 5: write, in quotes, a path that begins with /`},
		"small methods":                          {`methods = "get"`, nil, `tenfour.toml:1:11: methods = "get": methods have capital letters: write GET`},
		"a method that is none":                  {`methods = "A B"`, nil, `tenfour.toml:1:11: methods = "A B": write the name of a method, such as GET`},
		"a method that none has":                 {`methods = "TRACE"`, nil, `tenfour.toml:1:11: methods = "TRACE": tenfour forwards none of these`},
		"a backend without a port":               {`backends = "a"`, nil, `tenfour.toml:1:12: backends = "a": write host:port, such as 127.0.0.1:9001`},
		"a backend twice":                        {`backends = ["a:1", "http://a:1"]`, nil, `tenfour.toml:1:20: backends = "http://a:1": named twice`},
		"a backend with a password":              {`backends = "http://u:hunter2@a:1"`, nil, `tenfour.toml:1:12: backends = "http://***@a:1": credentials do not belong here: write them into a file, for credential_file`},
		"the same without a scheme":              {"", []string{"--backend", "u:hunter2@a:1"}, `--backend ***@a:1: write host:port, such as 127.0.0.1:9001`},
		"one that is no URL either":              {"", []string{"--backend", "http://u:hunter2/@a:1"}, `--backend http://***@a:1: write host:port, http://host:port or https://host:port`},
		"a network with bits set after its mask": {`allow_from = "10.0.0.1/8"`, nil, `tenfour.toml:1:14: allow_from = "10.0.0.1/8": it has bits after its mask: write 10.0.0.0/8, or 10.0.0.1 alone`},
		"an empty list of networks":              {`allow_from = []`, nil, `tenfour.toml:1:14: allow_from: write an address or a network, such as 10.0.0.0/8`},
		"a network that is a name":               {"", []string{"--deny-from", "::1,localhost"}, `--deny-from localhost: write an address or a network, such as 10.0.0.0/8`},
		"an address with a zone":                 {"", []string{"--trusted-proxies", "fe80::1%lo"}, `--trusted-proxies fe80::1%lo: write an address or a network, such as 10.0.0.0/8`},
		"a network in disguise":                  {"", []string{"--allow-from", "::ffff:10.0.0.0/104"}, `--allow-from ::ffff:10.0.0.0/104: write it as a network of IPv4`},

		"a rate without its second":   {`min_rate = "500B"`, nil, `tenfour.toml:1:12: min_rate = "500B": write a size in a second, such as 500B/s or 1KiB/s; 0B/s is any`},
		"a rate as a number":          {`min_rate = 500`, nil, `tenfour.toml:1:12: min_rate = 500: write, in quotes, a size in a second, such as 500B/s or 1KiB/s; 0B/s is any`},
		"a word for what is kept":     {`keep_alive = "on"`, nil, `tenfour.toml:1:14: keep_alive = "on": write auto, bodyless or off`},
		"what is for all, in a route": {"[[route]]\nmin_rate = \"1B/s\"", nil, `tenfour.toml:2:1: route[1].min_rate: there is no such key here; it belongs at the top of the file, before the first table`},
		"a body's time, in a route":   {"[[route]]\n[route.timeouts]\nbody = \"1s\"", nil, `tenfour.toml:3:1: route[1].timeouts.body: there is no such key here; it belongs in [timeouts], for all routes`},
		"one backend, kept for two times": {"[[route]]\npath = \"/a\"\nbackends = \"a:1\"\n[[route]]\npath = \"/b\"\nbackends = \"a:1\"\nkeep_idle = \"1s\"", nil,
			`tenfour.toml:7:13: route[2].keep_idle = "1s": route[1] has keep_idle = "4s" (by default); they share the backend a:1, so make it the same`},

		"a key misspelt":                {"\n workrs = 3", nil, `tenfour.toml:2:2: workrs: there is no such key; did you mean workers?`},
		"a key misspelt in a table":     {"[timeouts]\nconect = \"1s\"", nil, `tenfour.toml:2:1: timeouts.conect: there is no such key; did you mean timeouts.connect?`},
		"a key misspelt in a route":     {"[[route]]\nworkrs = 3", nil, `tenfour.toml:2:1: route[1].workrs: there is no such key; did you mean workers?`},
		"a key misspelt in a limit":     {"[limit.a]\nrat = 3\nrate = \"1/s\"\n[[route]]\nlimit = \"a\"", nil, `tenfour.toml:2:1: limit.a.rat: there is no such key; did you mean rate?`},
		"a table misspelt":              {"[timeout]\nhead = \"1s\"", nil, `tenfour.toml:1:2: timeout: there is no such key; did you mean timeouts?`},
		"routes misspelt":               {"[[routes]]\npath = \"/\"", nil, `tenfour.toml:1:3: routes: there is no such key; did you mean route?`},
		"a flag's name":                 {`backend = "a:1"`, nil, `tenfour.toml:1:1: backend: there is no such key; did you mean backends?`},
		"a flag's name for a table's":   {`head_timeout = "1s"`, nil, `tenfour.toml:1:1: head_timeout: there is no such key; did you mean timeouts.head?`},
		"a key that nothing is like":    {`password = "hunter2"`, nil, `tenfour.toml:1:1: password: there is no such key`},
		"a key for all, in a route":     {"[[route]]\nlisten = \"a:1\"", nil, `tenfour.toml:2:1: route[1].listen: there is no such key here; it belongs at the top of the file, before the first table`},
		"a key for the top, in a table": {"[timeouts]\nworkers = 3", nil, `tenfour.toml:2:1: timeouts.workers: there is no such key here; it belongs in a [[route]], or at the top of the file, before the first table`},
		"a table's key, at the top":     {`head = "1s"`, nil, `tenfour.toml:1:1: head: there is no such key here; it belongs in [timeouts], for all routes`},
		"a table's key, in a route":     {"[[route]]\nconnect = \"1s\"", nil, `tenfour.toml:2:1: route[1].connect: there is no such key here; it belongs in [timeouts], or [route.timeouts]`},
		"a timeout of all, in a route":  {"[[route]]\n[route.timeouts]\ndrain = \"1s\"", nil, `tenfour.toml:3:1: route[1].timeouts.drain: there is no such key here; it belongs in [timeouts], for all routes`},
		"a limit's key, at the top":     {`rate = "1/s"`, nil, `tenfour.toml:1:1: rate: there is no such key here; it belongs in a [limit.NAME]`},
		"a limit's name, at the top":    {`limit = "a"`, nil, `tenfour.toml:1:1: limit: at the top, [limit.NAME] defines a limit; a [[route]] names it: limit = "NAME"`},
		"one bracket for a route":       {"[route]\npath = \"/\"", nil, `tenfour.toml:1:2: route: write [[route]], with two brackets on each side`},
		"a text for a route":            {`route = ["/a"]`, nil, `tenfour.toml:1:10: route[1]: write a [[route]] with keys of its own`},
		"two brackets for a table":      {"[[timeouts]]\nhead = \"1s\"", nil, `tenfour.toml:1:3: timeouts: write it as a table: [timeouts]`},
		"a rate for a limit":            {`limit.a = "1/s"`, nil, `tenfour.toml:1:7: limit.a: a limit is a table: write [limit.NAME], and rate = "10/1m" in it`},
		"a name that no limit can have": {"[limit.\"a b\"]\nrate = \"1/s\"", nil, "tenfour.toml:1:8: limit.\"a b\": a limit's name has letters, digits, - and _ alone"},
		"a flag misspelt":               {"", []string{"--worker", "3"}, `unknown flag: --worker; did you mean --workers? (tenfour --help lists the flags)`},
		"flags misspelt, and another":   {"", []string{"--worker=3", "-w", "3", "--queue", "x"}, "unknown flag: --worker; did you mean --workers? (tenfour --help lists the flags)\nunknown shorthand flag: 'w' in -w (tenfour --help lists the flags)\n--queue x: write a number from 0 to 1000000000"},
		"short flags, and another":      {"", []string{"-wx=3", "-v", "--queue=x"}, "unknown shorthand flag: 'v' in -v (tenfour --help lists the flags)\nunknown shorthand flag: 'w' in -wx=3 (tenfour --help lists the flags)\n--queue x: write a number from 0 to 1000000000"},
		"a flag without its value":      {"", []string{"--workers"}, `flag needs an argument: --workers (tenfour --help lists the flags)`},
		"a word that is no command":     {"", []string{"serve"}, `"serve": not a command; tenfour takes flags, and the commands check, jobs, lab and version`},
		"a text without quotes":         {`race = hedge`, nil, `tenfour.toml:1:8: race: unexpected character U+0068 'h' at start of value; text stands in quotes: "…"`},
		"a duration without quotes":     {`hold = 2s`, nil, `tenfour.toml:1:9: hold: strings must be quoted; text stands in quotes: "…"`},
		"no value":                      {"\nworkers =\n", nil, "tenfour.toml:2:10: workers: unexpected character U+000A at start of value; text stands in quotes: \"…\""},
		"a key twice":                   {"workers = 3\nworkers = 4", nil, `tenfour.toml:2:1: workers: it stands there twice, first in line 1`},
		"a table twice":                 {"[timeouts]\n[timeouts]", nil, `tenfour.toml:2:2: timeouts stands there twice, first in line 1`},
		"a table over a value":          {"timeouts = 3\n[timeouts.a]\n[[timeouts]]", nil, "tenfour.toml:1:1: timeouts: write it as a table: [timeouts]\ntenfour.toml:2:2: timeouts is a value already, and has no tables"}, "a table without its bracket": {"[timeouts\nhead = 3", nil, `tenfour.toml:1:10: expected ']' to close table name`}, "a text that is not UTF-8": {"serve = \"\xff\"", nil, `tenfour.toml:1:10: serve: invalid UTF-8 character in basic string`}, "an array without its bracket": {"path = [\"/a\",\n", nil, `tenfour.toml:1:14: path: array is incomplete`},
		"what stands before the mistake": {"queue = -1\nrace = hedge\nworkers = 0", nil, "tenfour.toml:1:9: queue = -1: write a number from 0 to 1000000000\n" + `tenfour.toml:2:8: race: unexpected character U+0068 'h' at start of value; text stands in quotes: "…"`},

		"a directory that is not there": {`serve = "missing"`, nil, `tenfour.toml:1:9: serve = "missing": no such file or directory`},
		"a directory that is a file":    {`serve = "file"`, nil, `tenfour.toml:1:9: serve = "file": it is not a directory`},
		"a directory and backends":      {"serve = \".\"\nbackends = \"a:1\"", nil, `tenfour.toml:1:9: serve and backends: one of the two`},
		"both by flag":                  {"", []string{"--serve", ".", "--backend", "a:1"}, `--serve and --backend: one of the two`},
		"a certificate without its key": {`tls_cert = "file"`, nil, `tenfour.toml:1:12: tls_cert = "file": it needs tls_key too`},
		"a key without its certificate": {"", []string{"--tls-key", "file"}, `--tls-key file: it needs --tls-cert too`},
		"a certificate that is none":    {"tls_cert = \"file\"\ntls_key = \"file\"", nil, `tenfour.toml:1:12: tls_cert = "file": with the key file: tls: failed to find any PEM data in certificate input`},
		"a log in a directory":          {`access_log = "."`, nil, `tenfour.toml:1:14: access_log = ".": it is a directory`},
		"a log without a directory":     {`access_log = "a/b"`, nil, `tenfour.toml:1:14: access_log = "a/b": its directory: no such file or directory`},
		"a secret that is not there":    {`credential_file = "missing"`, nil, `tenfour.toml:1:19: credential_file = "missing": no such file or directory`},
		"a secret without an end":       {`credential_file = "/dev/zero"`, nil, `tenfour.toml:1:19: credential_file = "/dev/zero": it is not a file but a device`},
		"a secret that is empty":        {`client_token_file = "blank"`, nil, `tenfour.toml:1:21: client_token_file = "blank": it is empty`},
		"a secret in no variable":       {"", []string{"--credential-file", "env:TENFOUR_TEST_NONE"}, `--credential-file env:TENFOUR_TEST_NONE: the environment has no variable TENFOUR_TEST_NONE`},
		"a secret of two lines":         {"", []string{"--credential-file", "env:TENFOUR_TEST_LINES"}, `--credential-file env:TENFOUR_TEST_LINES: a field's value has no line breaks and no control characters`},
		"a credential that is set too":  {"credential_file = \"env:HOME\"\nrequest.set = { authorization = \"x\" }", nil, `tenfour.toml:2:17: request.set.authorization: credential_file sets this field: one of the two`},
		"a field of no variable":        {`request.set = { X-A = "env:TENFOUR_TEST_NONE" }`, nil, `tenfour.toml:1:23: request.set.X-A: the environment has no variable TENFOUR_TEST_NONE`},
		"a field of a variable":         {`request.set = { X-A = "env:TENFOUR_TEST_LINES" }`, nil, `tenfour.toml:1:23: request.set.X-A: a field's value has no line breaks and no control characters`},
		"Host among the fields":         {`request.set = { host = "a" }`, nil, `tenfour.toml:1:17: request.set.host: use host = "backend", or host = "keep"`},
		"a length among the fields":     {`response.add = { Content-Length = "5" }`, nil, `tenfour.toml:1:18: response.add.Content-Length: this field is about the connection or the framing of a message, which tenfour sees to itself`},
		"a name that no field can have": {`request.set = { "X A" = "5" }`, nil, `tenfour.toml:1:17: request.set."X A": a field's name has letters, digits and - alone`},
		"a value that no field has":     {`request.set = { X-A = "a\nhunter2" }`, nil, `tenfour.toml:1:23: request.set.X-A: a field's value has no line breaks and no control characters`},
		"a value with a space after it": {`request.set = { X-A = "hunter2 " }`, nil, `tenfour.toml:1:23: request.set.X-A: a field's value neither begins nor ends with a space`},
		"a value without quotes":        {`request.set = { X-A = 5 }`, nil, `tenfour.toml:1:23: request.set.X-A: write a value in quotes`},
		"a field set to two values":     {`request.set = { X-A = ["a", "b"] }`, nil, `tenfour.toml:1:23: request.set.X-A: write one value`},
		"a field in two spellings":      {`request.set = { X-A = "a", x-a = "b" }`, nil, `tenfour.toml:1:28: request.set.x-a: named twice: field names have no case`},
		"a text for fields":             {`request.set = "Authorization: hunter2"`, nil, `tenfour.toml:1:15: request.set: write a table of field names with their values, such as { X-Name = "value" }`},
		"a field removed that cannot":   {`request.remove = ["Cookie", "Connection"]`, nil, `tenfour.toml:1:29: request.remove = "Connection": this field is about the connection or the framing of a message, which tenfour sees to itself`},
		"a prefix the path has not":     {"path = [\"/app/\", \"/apple\"]\nstrip_prefix = \"/app\"", nil, `tenfour.toml:2:16: strip_prefix = "/app": the path /apple does not begin with it`},
		"a credential in no field":      {`credential_header = "Host"`, nil, `tenfour.toml:1:21: credential_header = "Host": use host = "backend", or host = "keep"`},

		"a path of two routes": {"[[route]]\npath = \"/a\"\n[[route]]\npath = [\"/b\", \"/a\"]\nmethods = \"POST\"", nil,
			`tenfour.toml:4:15: route[2].path = "/a": route[1] has the path /a too (line 2): write another, or methods that they do not share`},
		"HEAD goes with GET": {"[[route]]\nmethods = \"GET\"\n[[route]]\nmethods = \"HEAD\"", nil,
			`tenfour.toml:3:3: route[2].path: route[1] has the path / too (by default): write another, or methods that they do not share`},
		"a path for several routes": {"path = \"/a\"\n[[route]]\npath = \"/b\"\n[[route]]\npath = \"/c\"", nil, `tenfour.toml:1:8: path = "/a": there are 2 routes: name paths in each [[route]]`},
		"flags for several routes": {"[[route]]\npath = \"/b\"\n[[route]]\npath = \"/c\"", []string{"--path", "/x", "--backend", "http://u:p@a:1"},
			"--backend http://***@a:1: credentials do not belong here: write them into a file, for credential_file\n" +
				"--backend http://***@a:1: the file has 2 routes: name backends there\n--path /x: the file has 2 routes: name paths there"},
		"a backend of two minds": {"[[route]]\npath = \"/a\"\nbackends = \"a:1\"\nworkers = 2\n[[route]]\npath = \"/b\"\nbackends = \"http://a:1\"\nworkers = 3", nil,
			`tenfour.toml:8:11: route[2].workers = 3: route[1] has workers = 2 (line 4); they share the backend a:1, so make it the same`},
		"one of them by default": {"[[route]]\npath = \"/a\"\nbackends = \"a:1\"\nhealth = \"/h\"\n[[route]]\npath = \"/b\"\nbackends = \"a:1\"", nil,
			`tenfour.toml:4:10: route[1].health = "/h": route[2] has health = "" (by default); they share the backend a:1, so make it the same`},
		"a limit that there is not":       {"[limit.api]\nrate = \"1/s\"\n[[route]]\nlimit = [\"apii\"]", nil, `tenfour.toml:4:10: route[1].limit = "apii": there is no [limit.apii]; did you mean api?`},
		"a limit that no route is under":  {"[limit.api]\nrate = \"1/s\"", nil, `tenfour.toml:1:8: limit.api: no route is under it: write limit = "api" in a [[route]]`},
		"a limit without a rate":          {"[limit.api]\n[[route]]\nlimit = \"api\"", nil, `tenfour.toml:1:8: limit.api: it needs a rate, such as rate = "10/1m"`},
		"a word for true":                 {`async = yes`, nil, `tenfour.toml:1:9: async: unexpected character U+0079 'y' at start of value; text stands in quotes: "…"`},
		"another word for true, by flag":  {"", []string{"--async=yes"}, `--async yes: write true or false`},
		"no attempt":                      {"async = true\nattempts = 0", nil, `tenfour.toml:2:12: attempts = 0: write a number from 1 to 1000`},
		"no status to retry on":           {"async = true\nretry_on = \"\"", nil, `tenfour.toml:2:12: retry_on = "": write classes or codes from 100 to 599, such as 2xx,304,404`},
		"no time to keep":                 {"async = true\nkeep = \"0s\"", nil, `tenfour.toml:2:8: keep = "0s": write a duration of 1ms or more, such as 500ms or 2s`},
		"a field that is none":            {"dedupe = \"1m\"\ndedupe_fields = [\"Accept\", \"X A\"]", nil, `tenfour.toml:2:28: dedupe_fields = "X A": a field's name has letters, digits and - alone`},
		"jobs' bytes below the least":     {`jobs_bytes_max = "1KiB"`, nil, `tenfour.toml:1:18: jobs_bytes_max = "1KiB": write a size from 1MiB to 1024GiB`},
		"no name for the data":            {`data = ""`, nil, `tenfour.toml:1:8: data = "": write the name of a directory`},
		"data in a file":                  {"async = true\ndata = \"file\"", nil, `tenfour.toml:2:8: data = "file": it is not a directory`},
		"data beneath a file":             {"", []string{"--async", "--data", "file/x"}, `--data file/x: not a directory`},
		"data of a route":                 {"[[route]]\ndata = \"x\"", nil, `tenfour.toml:2:1: route[1].data: there is no such key here; it belongs at the top of the file, before the first table`},
		"a job's time without jobs":       {`async_after = "5s"`, nil, `tenfour.toml:1:15: async_after = "5s": it does nothing without async`},
		"a job's time without jobs, flag": {"", []string{"--async-after", "5s"}, `--async-after 5s: it does nothing without --async`},
		"what is kept without jobs": {"keep = \"5s\"\nattempts = 7\n[[route]]\nretry_unsafe = true\n[[route]]\npath = \"/b\"", nil, "tenfour.toml:1:8: keep = \"5s\": it does nothing without async\n" +
			"tenfour.toml:2:12: attempts = 7: it does nothing without async\ntenfour.toml:4:16: route[1].retry_unsafe = true: it does nothing without async"},
		"callbacks to any host":   {`callback_allow = "https://*.example.com/"`, nil, `tenfour.toml:1:18: callback_allow = "https://*.example.com/": write each host on its own: * is not understood here`},
		"callbacks without a key": {"async = true\ncallback_allow = \"https://a.example/\"", nil, `tenfour.toml:2:18: callback_allow = "https://a.example/": it needs callback_secret_file too`},
		"a key without callbacks": {"async = true\ncallback_secret_file = \"file\"", nil, `tenfour.toml:2:24: callback_secret_file = "file": it needs callback_allow too`},
		"a key that is none":      {"async = true\ncallback_allow = \"https://a.example/\"\ncallback_secret_file = \"blank\"", nil, `tenfour.toml:3:24: callback_secret_file = "blank": it is empty`},
		"an end that is none":     {`callback_on = ["done", "lost"]`, nil, `tenfour.toml:1:24: callback_on = "lost": write done, failed, cancelled or interrupted`},
		"no end":                  {"async = true\ncallback_on = []", nil, `tenfour.toml:2:15: callback_on: write done, failed, cancelled or interrupted`},
		"callbacks without jobs": {"callback_allow = \"https://a.example/\"\ncallback_secret_file = \"env:TENFOUR_TEST_KEY\"", nil, "tenfour.toml:1:18: callback_allow = \"https://a.example/\": it does nothing without async\n" +
			`tenfour.toml:2:24: callback_secret_file = "env:TENFOUR_TEST_KEY": it does nothing without async`},
		"less memory than a job's body":    {"async = true\nhold_max = \"1MiB\"", nil, `tenfour.toml:2:12: hold_max = "1MiB": job_body_max is 8MiB (by default): a job's body is held in memory while it is sent, so hold_max is at least job_body_max`},
		"a job's body that no memory has":  {"async = true\nhold_max = \"9MiB\"\njob_body_max = \"10MiB\"", nil, `tenfour.toml:3:16: job_body_max = "10MiB": hold_max is 9MiB (line 2): a job's body is held in memory while it is sent, so hold_max is at least job_body_max`},
		"fields of nothing that is joined": {`dedupe_fields = []`, nil, `tenfour.toml:1:17: dedupe_fields: it does nothing without dedupe`},

		"a console for other machines":    {"queue = 5\nconsole = \"0.0.0.0:8900\"", nil, `tenfour.toml:2:11: console = "0.0.0.0:8900": other machines reach this address, so it needs console_token_file too; or write 127.0.0.1:8900`},
		"a console for others, by flag":   {"", []string{"--console", ":8900"}, `--console :8900: other machines reach this address, so it needs console_token_file too; or write 127.0.0.1:8900`},
		"a console that speaks TLS":       {`console = "https://127.0.0.1:8900"`, nil, `tenfour.toml:1:11: console = "https://127.0.0.1:8900": the console speaks plain HTTP, on a socket of its own: write off, HOST:PORT, such as 127.0.0.1:8900, or unix:/PATH`},
		"a console that is a port":        {`console = 8900`, nil, `tenfour.toml:1:11: console = 8900: write, in quotes, off, HOST:PORT, such as 127.0.0.1:8900, or unix:/PATH`},
		"a console where clients are":     {"listen = [\"[::1]:1\", \"http://127.0.0.1:8900\"]\nconsole = \"127.0.0.1:8900\"", nil, `tenfour.toml:2:11: console = "127.0.0.1:8900": listen has this address: write another`},
		"a console's token that is short": {"console = \"0.0.0.0:8900\"\nconsole_token_file = \"env:TENFOUR_TEST_SHORT\"", nil, `tenfour.toml:2:22: console_token_file = "env:TENFOUR_TEST_SHORT": its token is too short to be safe: write 16 characters or more, such as those of openssl rand -hex 16`},
		"a console's token of two words":  {`console_token_file = "env:TENFOUR_TEST_LINES"`, nil, `tenfour.toml:1:22: console_token_file = "env:TENFOUR_TEST_LINES": it is not one token: write one word of letters, digits and signs`},
		"a console's token that is none":  {`console_token_file = "blank"`, nil, `tenfour.toml:1:22: console_token_file = "blank": it is empty`},
		"a console's host that is none":   {`console_hosts = ["a", "http://b/"]`, nil, `tenfour.toml:1:23: console_hosts = "http://b/": write a name or an address, and a port if there is one: app.example.com`},
		"a console's route":               {"[[route]]\nconsole = \"off\"", nil, `tenfour.toml:2:1: route[1].console: there is no such key here; it belongs at the top of the file, before the first table`},

		"a limit by no token": {"[limit.api]\nrate = \"1/s\"\nby = \"token\"\n[[route]]\nlimit = \"api\"", nil, `tenfour.toml:3:6: limit.api.by = "token": route[1] asks for no token: it needs client_token_file`},
		"a flag by no token":  {"", []string{"--limit", "1/s", "--limit-by", "token"}, `--limit-by token: the route asks for no token: it needs client_token_file`},
		"flags that name no file": {"", []string{"--client-token-file", "", "--tls-cert=", "--tls-key", ""}, "--client-token-file: it is empty: write the name, or leave the flag out\n" +
			"--tls-cert: it is empty: write the name, or leave the flag out\n--tls-key: it is empty: write the name, or leave the flag out"},
		"half a limit by flag":       {"", []string{"--over", "wait"}, `--over wait: it needs --limit, such as --limit 10/1m`},
		"a limit by the flags' name": {"[limit.flag]\nrate = \"1/s\"\n[[route]]\nlimit = \"flag\"", []string{"--limit", "1/s"}, `tenfour.toml:1:8: limit.flag: --limit makes a limit of this name: give yours another`},

		"all of them, by place": {"[[route]]\npath = \"b\"\nlimit = \"x\"\n[timeouts]\nhead = \"5\"\nxyz = 1", []string{"--queue", "x", "--workers", "0"},
			"tenfour.toml:2:8: route[1].path = \"b\": write a path that begins with /\n" +
				"tenfour.toml:3:9: route[1].limit = \"x\": there is no [limit.x]\n" +
				"tenfour.toml:5:8: timeouts.head = \"5\": write a duration of 1ms or more, such as 500ms or 2s\n" +
				"tenfour.toml:6:1: timeouts.xyz: there is no such key\n" +
				"--workers 0: write a number from 1 to 65536, or auto\n" +
				"--queue x: write a number from 0 to 1000000000"},
		"the top's mistake, once for two routes": {"workers = 0\n[[route]]\npath = \"/a\"\n[[route]]\npath = \"/b\"", nil, `tenfour.toml:1:11: workers = 0: write a number from 1 to 65536, or "auto"`},
		"and where every route says otherwise":   {"workers = 0\n[[route]]\nworkers = 2", nil, `tenfour.toml:1:11: workers = 0: write a number from 1 to 65536, or "auto"`},
	}
	for name, tc := range tests {
		got := holds(t, tc.file, tc.flags...)
		if got != tc.want {
			t.Errorf("%s:\n%s\n%q\ngot  %s\nwant %s", name, tc.file, tc.flags, got, tc.want)
		}
		if strings.Contains(got, "hunter2") {
			t.Errorf("%s: it shows a secret", name)
		}
	}
}

// TestParse_findsItsFile: the one that is named, or tenfour.toml if it is there.
func TestParse_findsItsFile(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parse := func(want int, args ...string) {
		t.Helper()
		if c, err := Parse(args); err != nil || c.Routes[0].Workers != want {
			t.Errorf("%q: got %v, want %d workers", args, err, want)
		}
	}
	parse(4)
	write("tenfour.toml", "\ufeffworkers = 5\r\n") // with what some editors make of it
	write("other.toml", "workers = 6")
	parse(5)
	parse(6, "--config", "other.toml")
	parse(4, "--config", "/dev/null")
	parse(7, "--config", "other.toml", "--workers", "7")

	write("large.toml", strings.Repeat("# 1,048,576 and one\n", largestFile/20+1)[:largestFile+1])
	for name, want := range map[string]string{
		"missing.toml": "--config missing.toml: no such file or directory\n--workers 0: write a number from 1 to 65536, or auto",
		".":            "--config .: it is not a file but a directory\n--workers 0: write a number from 1 to 65536, or auto",
		"large.toml":   "--config large.toml: it is larger than 1MiB\n--workers 0: write a number from 1 to 65536, or auto",
	} {
		if _, err := Parse([]string{"--config", name, "--workers", "0"}); err == nil || err.Error() != want {
			t.Errorf("%s: got %v\nwant %s", name, err, want)
		}
	}
	write("tenfour.toml", "workrs = 5")
	sub := filepath.Join(t.TempDir(), "my.toml")
	write(sub, "\n\tworkrs = 5")
	for _, args := range [][]string{nil, {"--config", sub}} {
		at := "tenfour.toml:1:1"
		if args != nil {
			at = sub + ":2:2"
		}
		if _, err := Parse(args); err == nil || err.Error() != at+": workrs: there is no such key; did you mean workers?" {
			t.Errorf("%q: got %v, want its place to be %s", args, err, at)
		}
	}
}

// TestParse_takesValuesFromTheEnvironment: Parse has them, and what is shown has not.
func TestParse_takesValuesFromTheEnvironment(t *testing.T) {
	t.Setenv("TENFOUR_TEST_TOKEN", "hunter2\n")
	d, err := drawn(t, "request.set = { Authorization = \"env:TENFOUR_TEST_TOKEN\" }\nresponse.add = { X-A = [\"a\", \"env:TENFOUR_TEST_TOKEN\"] }")
	if err != nil {
		t.Fatal(err)
	}
	r := d.resolved().Routes[0]
	if want := []Field{{"Authorization", "hunter2"}}; !reflect.DeepEqual(r.Request.Set, want) {
		t.Errorf("got %q, want %q", r.Request.Set, want)
	}
	if want := []Field{{"X-A", "a"}, {"X-A", "hunter2"}}; !reflect.DeepEqual(r.Response.Add, want) {
		t.Errorf("got %q, want %q", r.Response.Add, want)
	}
	var out strings.Builder
	d.show(&out)
	if strings.Contains(out.String(), "hunter2") {
		t.Errorf("a secret is shown:\n%s", &out)
	}
}

// TestParse_makesValuesThatShareNothing: a route's lists are its own.
func TestParse_makesValuesThatShareNothing(t *testing.T) {
	d, err := drawn(t, "methods = [\"GET\"]\n[[route]]\npath = \"/a\"\n[[route]]\npath = \"/b\"", "--limit", "1/s")
	if err != nil {
		t.Fatal(err)
	}
	c := d.resolved()
	c.Routes[0].Methods[0], c.Routes[0].Limits[0] = "X", "x"
	if c.Routes[1].Methods[0] != "GET" || c.Routes[1].Limits[0] != "flag" || Default.Routes[0].Limits != nil {
		t.Errorf("a change of one route is one of another: %+v", c.Routes[1])
	}
}

func TestWritten_valuesAtTheirEdges(t *testing.T) {
	tests := map[string]struct {
		file string
		ok   bool
	}{
		"no worker":                 {"workers = 0", false},
		"one":                       {"workers = 1", true},
		"the most":                  {"workers = 65536", true},
		"one more":                  {"workers = 65537", false},
		"more than a number":        {"workers = 9223372036854775807", false},
		"below zero":                {"queue = -1", false},
		"none waits":                {"queue = 0", true},
		"a GiB":                     {`buffer = "1GiB"`, true},
		"a GiB and a byte":          {"buffer = 1073741825", false},
		"no buffer":                 {"buffer = 0", true},
		"999µs":                     {`hold_every = "999us"`, false},
		"1ms":                       {`hold_every = "1ms"`, true},
		"no hold":                   {`hold = "0"`, true},
		"endless":                   {"hold = inf", false},
		"no number":                 {"buffer = nan", false},
		"a hedge of nothing":        {`hedge_after = "0s"`, false},
		"100 years":                 {`hold = "36500d"`, true},
		"more":                      {`hold = "36501d"`, false},
		"a rate of none":            {`min_rate = "0B/s"`, true},
		"a rate below none":         {`min_rate = "-1B/s"`, false},
		"a rate of GiBs":            {`min_rate = "1GiB/s"`, true},
		"a faster one":              {`min_rate = "1073741825B/s"`, false},
		"a rate of bare bytes":      {`min_rate = "500/s"`, true},
		"a rate an hour":            {`min_rate = "500B/h"`, false},
		"a rate of nothing":         {`min_rate = "/s"`, false},
		"a rate of seconds":         {`min_rate = "B/s"`, false},
		"nothing is held":           {"hold_max = 0", true},
		"a TiB is held":             {`hold_max = "1024GiB"`, true},
		"more than a TiB":           {`hold_max = "1025GiB"`, false},
		"never again":               {"resend = 0", true},
		"again 100 times":           {"resend = 100", true},
		"again 101 times":           {"resend = 101", false},
		"no idle connection":        {"keep_idle = 0", true},
		"a negative idle time":      {`keep_idle = "-1s"`, false},
		"any time for a body":       {"timeouts.body = 0", true},
		"any number of connections": {"max_per_client = 0", true},
		"fewer than none":           {"max_per_client = -1", false},
		"port 65535":                {`listen = ":65535"`, true},
		"port 65536":                {`listen = ":65536"`, false},
		"a service's name":          {`listen = ":http"`, true},
		"an empty listen":           {`listen = ""`, false},
		"an empty access log":       {`access_log = ""`, false},
		"an empty directory":        {`serve = ""`, true},
		"an empty prefix":           {`strip_prefix = ""`, true},
		"a prefix of all":           {`strip_prefix = "/"`, true},
		"an empty value":            {`request.set = { X-A = "" }`, true},
		"a tab in a value":          {`request.set = { X-A = "a\tb" }`, true},
		"a value in UTF-8":          {`request.set = { X-A = "ä" }`, true},
		"DEL in a value":            {`request.set = { X-A = "a\u007Fb" }`, false},
	}
	for name, tc := range tests {
		if _, err := drawn(t, tc.file); (err == nil) != tc.ok {
			t.Errorf("%s: %s: got %v", name, tc.file, err)
		}
	}
}

func TestWritten_ratesAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]rate.Rate{
		"10/1m": {N: 10, Per: time.Minute}, "1/s": {N: 1, Per: time.Second}, "1000/1d": {N: 1000, Per: 24 * time.Hour},
		"5/500ms": {N: 5, Per: 500 * time.Millisecond}, "1000000000/365d": {N: 1e9, Per: 365 * 24 * time.Hour}, "3/1.5h": {N: 3, Per: 90 * time.Minute},
		"3/.5s": {N: 3, Per: 500 * time.Millisecond},
	} {
		d, err := drawn(t, "", "--limit", text)
		if err != nil || d.c.Limits[0].Rate != want {
			t.Errorf("%s: got %v, %+v", text, err, d)
		}
	}
	for _, text := range []string{"", "10", "/", "10/", "/1m", "1.5/1m", "-1/1m", "+1/1m", "10/0s", "10/999us", "10/1", "10/1m/1m", "1000000001/1s", "1/366d", "99999999999999999999/1s"} {
		if _, err := drawn(t, "", "--limit", text); err == nil {
			t.Errorf("%q is taken for a rate", text)
		}
	}
}

// TestParse_manyRoutes: each is looked at beside the others that have its path or its backend, not beside all.
func TestParse_manyRoutes(t *testing.T) {
	var text strings.Builder
	text.WriteString("backends = \"127.0.0.1:9001\"\n")
	for i := range 10_000 {
		fmt.Fprintf(&text, "[[route]]\npath = \"/%d/\"\n", i)
	}
	fmt.Fprintf(&text, "[[route]]\npath = \"/77/\"\nworkers = 5\n")
	var err error
	await.Soon(t, 10*time.Second, "reading them", func() { _, err = drawn(t, text.String()) })
	for _, want := range []string{"route[78] has the path /77/ too (line 157)", "route[1] has workers = 4 (by default)"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
}

// TestParse_aMistakeInASecretShowsNothingOfIt, not even where a value has several lines, and looks like a key.
func TestParse_aMistakeInASecretShowsNothingOfIt(t *testing.T) {
	for _, text := range []string{
		"[request.set]\nX-Api-Key = \"\"\"\nhunter2==\\q\n\"\"\"",
		"[request.set]\nX-Api-Key = '''\nhunter2==\x01\n'''",
		"[request.add]\nX-Api-Key = [\n\"hunter2==\" 5\n]",
		"[request.set]\nX-Api-Key = hunter2",
	} {
		if _, err := drawn(t, text); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: got %v, want an error that does not show the value", text, err)
		}
	}
}

// TestParse_aPipe is read as a file is; one to which no program writes keeps Parse from nothing, and is no configuration that says nothing.
func TestParse_aPipe(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Parse([]string{"--config", name}); err == nil || !strings.Contains(err.Error(), "no program writes to it") {
		t.Errorf("without a writer: got %v", err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	w.WriteString("workers = 3\n")
	w.Close()
	if _, err := os.Stat("/dev/fd"); err != nil {
		t.Fatal(err)
	}
	c, err := Parse([]string{"--config", fmt.Sprintf("/dev/fd/%d", r.Fd())})
	if err != nil || c.Routes[0].Workers != 3 {
		t.Errorf("of a pipe with three workers: got %+v, %v", c, err)
	}
}
