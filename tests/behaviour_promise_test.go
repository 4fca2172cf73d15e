package tests

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tenfour/program"
)

// promise is how long TestCheck_whatItAcceptsStarts tries configurations.
const promise = 2 * time.Second

// TestCheck_whatItAcceptsStarts: of configurations with right and wrong values, files that are there, missing and wrong, and addresses that
// are free and taken, what check accepts starts, and what it refuses does not, with the same code and in the same words.
func TestCheck_whatItAcceptsStarts(t *testing.T) {
	t.Parallel()
	g := newGuesser(t)
	file := filepath.Join(t.TempDir(), "tenfour.toml")
	ends := map[int]int{} // how often check ended with each code
	begun := time.Now()
	few := func() bool { return min(ends[program.Stopped], ends[program.Usage], ends[program.Failed]) < 5 }
	for n := 0; n < 2000 && (time.Since(begun) < promise || few()); n++ {
		text := g.configuration()
		writeFile(t, file, text)
		code, _, wrong := checkedAs("--config", file)
		started, runCode, runWrong := starts("--config", file)
		ends[code]++
		if started != (code == program.Stopped) || runCode != code || runWrong != wrong {
			t.Fatalf("configuration %d:\n%s\ncheck ended with %d and\n%s\nand a start, which answered clients: %t, with %d and\n%s", n, text, code, wrong, started, runCode, runWrong)
		}
	}
	t.Logf("%d were accepted, %d are wrong, %d could not start", ends[program.Stopped], ends[program.Usage], ends[program.Failed])
	if few() {
		t.Errorf("too few of a kind to show anything: %v", ends)
	}
}

// TestCheck_addressesThatExcludeEachOther: each may be free, and one of them is taken when the other is open.
func TestCheck_addressesThatExcludeEachOther(t *testing.T) {
	t.Parallel()
	dir := filepath.Dir(socketPath(t))
	os.Mkdir(filepath.Join(dir, "in"), 0o700)
	os.Symlink("in", filepath.Join(dir, "link"))
	here, _ := os.Getwd()
	relative, _ := filepath.Rel(here, dir)
	port := refusing(t)[len("127.0.0.1"):]
	for _, pair := range [][2]string{
		{"127.0.0.1" + port, "0.0.0.0" + port},
		{port, "127.0.0.1" + port},
		{"localhost" + port, "127.0.0.1" + port},
		{"unix:" + dir + "/s", "unix:" + dir + "/./s"},
		{"unix:" + dir + "/s", "unix:" + relative + "/s"},
		{"unix:" + dir + "/in/s", "unix:" + dir + "/link/s"},
	} {
		args := []string{"--listen", pair[0], "--listen", pair[1]}
		code, _, wrong := checkedAs(args...)
		started, runCode, runWrong := starts(args...)
		if code != program.Failed || started || runCode != code || runWrong != wrong || !strings.Contains(wrong, "tenfour itself listens there, by "+pair[0]) {
			t.Errorf("%v: check ended with %d and\n%s\nand a start, which answered clients: %t, with %d and\n%s", pair, code, wrong, started, runCode, runWrong)
		}
		if left, _ := filepath.Glob(dir + "/in/s"); len(left) > 0 {
			t.Errorf("%v: a socket is left: %v", pair, left)
		}
	}
}

// starts reports whether tenfour answers clients with some flags. It ends it then, and returns the exit code and what it said was wrong.
func starts(args ...string) (started bool, code int, wrong string) {
	var out bytes.Buffer
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	code = program.Run(ctx, args, io.Discard, &out, func(net.Addr) { started = true; stop() })
	for line := range strings.Lines(out.String()) {
		if rest, is := strings.CutPrefix(line, "tenfour: "); is {
			wrong += rest
		}
	}
	return started, code, wrong
}

// guesser makes configurations from the table of settings.
type guesser struct {
	random   *rand.Rand
	keys     []guessed
	special  map[string][]string // values of keys that name something outside of the file
	ordinary []string            // values that are right for some keys and wrong for others
}

// guessed is a setting, as the example has it.
type guessed struct{ table, key, value string }

// newGuesser takes the settings from what check --example prints, so that a new setting is tried without a change here.
func newGuesser(t *testing.T) *guesser {
	_, example, _ := checkedAs("--example")
	g := &guesser{random: rand.New(rand.NewPCG(10, 4))}
	table := ""
	for line := range strings.Lines(example) {
		if found := regexp.MustCompile(`^#?\[([a-z.]+|limit\.NAME)\]`).FindStringSubmatch(line); found != nil {
			table = found[1]
		}
		found := regexp.MustCompile(`^#?([a-z_]+) = (.+)\n$`).FindStringSubmatch(line)
		if found != nil && (table == "" || table == "timeouts") && found[1] != "limit" {
			g.keys = append(g.keys, guessed{table, found[1], found[2]})
		}
	}
	if len(g.keys) < 40 {
		t.Fatalf("the example has %d settings:\n%s", len(g.keys), example)
	}
	g.surroundings(t)
	return g
}

// surroundings makes what the values of settings name: files, directories, certificates, and sockets that are free and taken.
func (g *guesser) surroundings(t *testing.T) {
	dir := filepath.Dir(socketPath(t))
	at := func(name string) string { return filepath.Join(dir, name) }
	_, cert, key := newAuthority(t).sign("127.0.0.1")
	for name, text := range map[string]string{
		"tokens": "ann hunter2\n", "bad-tokens": "ann\n", "secret": "hunter2\n", "two-lines": "a\nb\n", "garbage": "\x00\x01", "empty": "", "unreadable": "x",
		"webhook-keys": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n",
	} {
		writeFile(t, at(name), text)
	}
	os.Chmod(at("unreadable"), 0)
	os.Mkdir(at("directory"), 0o700)
	os.Mkdir(at("damaged"), 0o700)
	writeFile(t, at("damaged/jobs.db"), strings.Repeat("text\n", 10_000))
	taken := startServer(t, okay)
	alive, err := net.Listen("unix", at("alive"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { alive.Close() })
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: at("dead"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	dead.Close()

	quoted := func(names ...string) (values []string) {
		for _, name := range names {
			values = append(values, fmt.Sprintf("%q", name))
		}
		return values
	}
	files := quoted(at("tokens"), at("bad-tokens"), at("secret"), at("two-lines"), at("garbage"), at("empty"), at("unreadable"), at("directory"), at("missing"), "env:TENFOUR_TEST_MISSING")
	g.special = map[string][]string{
		"listen": append(quoted("127.0.0.1:0", "127.0.0.1:0", taken.addr, "192.0.2.1:1", "127.0.0.1:no-such-service", "https://127.0.0.1:0", "http://127.0.0.1:0", "fd://999",
			"unix:"+at("free"), "unix:"+at("dead"), "unix:"+at("alive"), "unix:"+at("empty"), "unix:"+at("missing/s"), "unix:"+at("empty/s"), "8000"),
			fmt.Sprintf("[%q, %q]", "127.0.0.1:0", "unix:"+at("free")), fmt.Sprintf("[%q, %q]", "127.0.0.1:0", taken.addr), fmt.Sprintf("[%q, %q]", "unix:"+at("alive"), "fd://999")),
		"serve":                quoted(dir, at("directory"), at("missing"), at("empty"), at("empty/x")),
		"tls_cert":             quoted(cert, cert, cert, key, at("garbage"), at("missing"), at("directory")),
		"tls_key":              quoted(key, key, key, cert, at("missing")),
		"client_token_file":    files,
		"credential_file":      files,
		"callback_secret_file": append(quoted(at("webhook-keys"), at("webhook-keys")), files...),
		"access_log":           quoted("off", "stdout", at("log"), at("empty"), at("directory"), at("missing/log"), at("empty/log"), at("alive"), "/dev/null", "/dev/full"),
		"async":                {"false", "true", "true", `"true"`, "1"},
		"data":                 quoted(at("data"), at("directory"), at("missing/data"), at("damaged"), at("empty"), at("empty/data"), ""),
		"callback_allow":       quoted("https://a.example/b/", "https://a.example/", "http://127.0.0.1:9/", "https://localhost/", "a.example"),
		"workers":              {"1", "3", `"auto"`, "0", `"0"`},
		"workers_max":          {"1", "5", "0"},
	}
	g.ordinary = []string{`0`, `1`, `-1`, `"5"`, `"1s"`, `"0s"`, `"64KiB"`, `"x"`, `""`, `true`, `[]`, `["GET"]`, `"/a/"`, `["/a", "/b"]`, `"127.0.0.1:9"`, `"10.0.0.0/8"`, `"off"`, `"auto"`, `{}`, `{ X-A = "b" }`}
}

// configuration is a file with a few settings: at their defaults mostly, or with another value.
func (g *guesser) configuration() string {
	var top, timeouts, routes strings.Builder
	for _, i := range g.random.Perm(len(g.keys))[:g.random.IntN(5)] {
		k := g.keys[i]
		if g.special[k.key] == nil {
			g.write(&top, &timeouts, k)
		}
	}
	secure, calls := g.random.IntN(6) == 0, g.random.IntN(6) == 0
	for _, k := range g.keys {
		isTLS, isCalled := strings.HasPrefix(k.key, "tls_"), strings.HasPrefix(k.key, "callback_")
		some := k.key == "listen" || k.key == "data" || k.key == "async" && (calls || g.random.IntN(4) == 0) || isTLS && secure || isCalled && calls
		if g.special[k.key] != nil && (some || !isTLS && !isCalled && g.random.IntN(8) == 0) {
			g.write(&top, &timeouts, k)
		}
	}
	if g.random.IntN(4) == 0 {
		routes.WriteString("[[route]]\npath = \"/one/\"\n[[route]]\npath = \"/two\"\n")
	}
	return top.String() + "[timeouts]\n" + timeouts.String() + routes.String()
}

// write writes a setting into the part of the file where it belongs.
func (g *guesser) write(top, timeouts io.Writer, k guessed) {
	value := k.value
	switch of := g.special[k.key]; {
	case of != nil && g.random.IntN(2) == 0:
		value = of[g.random.IntN(len(of))]
	case of != nil:
		value = of[0] // it is right
	case g.random.IntN(6) == 0:
		value = g.ordinary[g.random.IntN(len(g.ordinary))]
	}
	if slices.Contains([]string{"workers", "workers_max"}, k.key) && len(value) > 6 {
		value = "2" // more would take time to start
	}
	to := top
	if k.table == "timeouts" {
		to = timeouts
	}
	fmt.Fprintf(to, "%s = %s\n", k.key, value)
}
