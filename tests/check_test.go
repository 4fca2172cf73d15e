package tests

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tenfour/program"
)

// written makes a file in a directory of its own, and returns its name.
func written(t testing.TB, name, text string) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// checked runs the command check. It looks whether it could listen: on a free port, unless args say otherwise.
func checked(args ...string) (code int, stdout, stderr string) {
	if !slices.Contains(args, "--example") && !slices.Contains(args, "--listen") {
		args = append(args, "--listen", "127.0.0.1:0")
	}
	return checkedAs(args...)
}

// checkedAs runs the command check with args alone.
func checkedAs(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = program.Run(context.Background(), append([]string{"check"}, args...), &out, &errs, nil)
	return code, out.String(), errs.String()
}

func TestCheck_saysWhatHoldsOrWhatIsWrong(t *testing.T) {
	good := written(t, "good.toml", "workers = 8\n[[route]]\npath = \"/a\"\nbackends = \"127.0.0.1:9001\"")
	bad := written(t, "bad.toml", "workrs = 8\nqueue = \"x\"")
	tokens := written(t, "tokens", "# NAME TOKEN\nann hunter2\nbob\n")
	tests := map[string]struct {
		args           []string
		code           int
		stdout, stderr string // what is there; "" for nothing
	}{
		"the default":           {nil, program.Stopped, `queue = 1024                             # default` + "\n", ""},
		"a file":                {[]string{"--config", good}, program.Stopped, "workers = 8                              # " + good + ":1\n", ""},
		"a flag over it":        {[]string{"--config", good, "--workers", "2"}, program.Stopped, "workers = 2                              # --workers\n", ""},
		"a bad file":            {[]string{"--config", bad}, program.Usage, "", bad + ":1:1: workrs: there is no such key; did you mean workers?\n" + bad + `:2:9: queue = "x": write, without quotes, a number from 0 to 1000000000` + "\n"},
		"a bad flag":            {[]string{"--workers", "many"}, program.Usage, "", "--workers many: write a number from 1 to 65536, or auto\n"},
		"no file":               {[]string{"--config", bad + "x"}, program.Usage, "", "--config " + bad + "x: no such file or directory\n"},
		"what is in tokens":     {[]string{"--client-token-file", tokens}, program.Usage, "", tokens + ":3: it has 1 words: write NAME TOKEN, or NAME sha256:HEX\n"},
		"the example":           {[]string{"--example"}, program.Stopped, "\nworkers = 4\n", ""},
		"the example, and more": {[]string{"--example", "--workers", "2"}, program.Usage, "", "--example: it stands alone\n"},
		"help":                  {[]string{"--help"}, program.Stopped, "tenfour check --example", ""},
	}
	for name, tc := range tests {
		code, stdout, stderr := checked(tc.args...)
		if code != tc.code || stderr != tc.stderr || !strings.Contains(stdout, tc.stdout) || (stdout == "") != (tc.stdout == "") {
			t.Errorf("%s: left with %d\n%s\n%s\nwant %d\n%s\n%s", name, code, stdout, stderr, tc.code, tc.stdout, tc.stderr)
		}
	}
}

// TestCheck_acceptsItsOwnOutput: what it prints is a file that says the same, and so is its example.
func TestCheck_acceptsItsOwnOutput(t *testing.T) {
	secret := written(t, "secret", "hunter2")
	_, standard, _ := checked()
	_, example, _ := checked("--example")
	_, flagged, _ := checked("--workers", "auto", "--path", "/a", "--path", "/b", "--limit", "10/1m", "--credential-file", secret)
	for first, want := range map[string]string{standard: standard, example: standard, flagged: flagged} {
		code, second, stderr := checked("--config", written(t, "tenfour.toml", first))
		if code != program.Stopped || withoutOrigins(second) != withoutOrigins(want) {
			t.Errorf("left with %d and said %s\n%s\nof\n%s\nwant\n%s", code, stderr, second, first, want)
		}
		if strings.Contains(first+second, "hunter2") {
			t.Errorf("a secret is shown:\n%s", first+second)
		}
	}
}

// withoutOrigins is what check prints, less its comments.
func withoutOrigins(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, " #")
		if !strings.HasPrefix(line, "#") {
			b.WriteString(strings.TrimSpace(line) + "\n")
		}
	}
	return b.String()
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestCheck_failsWhenItsReaderHasGone(t *testing.T) {
	var stderr bytes.Buffer
	if code := program.Run(context.Background(), []string{"check"}, brokenPipe{}, &stderr, nil); code != program.Failed || !strings.Contains(stderr.String(), "broken pipe") {
		t.Errorf("left with %d and said %q", code, &stderr)
	}
}

// TestStart_wrongFile: the program does not start, and says where everything is that is wrong.
func TestStart_wrongFile(t *testing.T) {
	name := written(t, "bad.toml", "\nworkrs = 8\n[[route]]\nqueue = \"x\"\n")
	code, said := ran(t, "--config", name, "--hold", "5")
	for _, want := range []string{
		"tenfour: " + name + ":2:1: workrs: there is no such key; did you mean workers?\n",
		"tenfour: " + name + `:4:9: route[1].queue = "x": write, without quotes, a number from 0 to 1000000000` + "\n",
		"tenfour: --hold 5: write a duration such as 500ms or 2s; 0 is none\n",
	} {
		if code != program.Usage || !strings.Contains(said, want) {
			t.Errorf("left with %d and\n%s\nwant 2 and %s", code, said, want)
		}
	}
}
