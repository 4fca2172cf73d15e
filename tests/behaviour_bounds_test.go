package tests

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tenfour/program"
)

// largest is how many bytes a file of settings may have.
const largest = 1 << 20

// fill repeats what line makes of 0, 1, 2, … after a beginning, and ends, for about n bytes in all.
func fill(n int, begin string, line func(i int) string, end string) string {
	var b strings.Builder
	b.WriteString(begin)
	for i := 0; ; i++ {
		next := line(i)
		if b.Len()+len(next)+len(end) > n {
			break
		}
		b.WriteString(next)
	}
	b.WriteString(end)
	return b.String()
}

// same is the same text each time.
func same(text string) func(int) string { return func(int) string { return text } }

func numbers(format string) func(int) string {
	return func(i int) string { return fmt.Sprintf(format, i) }
}

// nasty are files that would be expensive to read, each of about n bytes.
var nasty = map[string]func(n int) string{
	"a key of many parts":                 func(n int) string { return fill(n, "a", same(".a"), " = 1\n") },
	"a table of many parts":               func(n int) string { return fill(n, "[a", same(".a"), "]\n") },
	"a key of one part":                   func(n int) string { return fill(n, "a", same("a"), " = 1\n") },
	"many keys in a table of a long name": func(n int) string { return fill(n, "["+strings.Repeat("a", n/4)+"]\n", numbers("k%d=1\n"), "") },
	"deep arrays":                         func(n int) string { return fill(n, "path = ", same("["), "") },
	"deep arrays that end":                func(n int) string { return "path = " + strings.Repeat("[", n/2-5) + strings.Repeat("]", n/2-5) },
	"deep inline tables":                  func(n int) string { return fill(n, "request = ", same("{a="), "") },
	"many small items":                    func(n int) string { return fill(n, "path = [", same("1,"), "1]\n") },
	"many small tables":                   func(n int) string { return fill(n, "route = [", same("{},"), "]\n") },
	"many tables in tables":               func(n int) string { return fill(n, "route = [", same("{a={b={}}},"), "]\n") },
	"many unknown keys":                   func(n int) string { return fill(n, "", numbers("wrokers%d = 1\n"), "") },
	"many unknown tables":                 func(n int) string { return fill(n, "", numbers("[rute%d]\n"), "") },
	"many unknown keys in routes":         func(n int) string { return fill(n, "", numbers("[[route]]\npth%d = 1\n"), "") },
	"the same key again and again":        func(n int) string { return fill(n, "", same("workers = 3\n"), "") },
	"routes":                              func(n int) string { return fill(n, "", same("[[route]]\n"), "") },
	"routes, each with its path":          func(n int) string { return fill(n, "", numbers("[[route]]\npath = \"/%d/\"\n"), "") },
	"routes with one path":                func(n int) string { return fill(n, "", same("[[route]]\npath = \"/\"\n"), "") },
	"routes with one path and a method each": func(n int) string {
		return fill(n, "", numbers("[[route]]\nmethods = \"M%d\"\n"), "")
	},
	"routes that share backends and disagree": func(n int) string {
		return fill(n, "", func(i int) string {
			return fmt.Sprintf("[[route]]\npath = \"/%d\"\nworkers = %d\nbackends = [\"a:1\", \"b:1\"]\n", i, 1+i)
		}, "")
	},
	"many limits": func(n int) string { return fill(n, "", numbers("[limit.l%d]\nrate = \"1/s\"\n"), "") },
	"many limits, and routes under them": func(n int) string {
		return fill(n, "", numbers("[limit.l%[1]d]\nrate = \"1/s\"\n[[route]]\npath = \"/%[1]d\"\nlimit = \"l%[1]d\"\n"), "")
	},
	"many limits that there are not": func(n int) string { return fill(n, "[[route]]\nlimit = [", numbers("\"l%d\","), "]\n") },
	"many networks": func(n int) string {
		return fill(n, "deny_from = [", func(i int) string { return fmt.Sprintf("\"10.%d.%d.%d\",", i>>16&255, i>>8&255, i&255) }, "]\n")
	},
	"many networks for many routes": func(n int) string {
		networks := fill(n/2, "deny_from = [", func(i int) string { return fmt.Sprintf("\"10.%d.%d.%d\",", i>>16&255, i>>8&255, i&255) }, "]\n")
		return fill(n, networks, numbers("[[route]]\npath = \"/%d\"\n"), "")
	},
	"many backends": func(n int) string { return fill(n, "backends = [", numbers("\"h%d:1\","), "]\n") },
	"many paths":    func(n int) string { return fill(n, "path = [", numbers("\"/%d/\","), "]\n") },
	"many paths and many methods": func(n int) string {
		return fill(n, fill(n/2, "methods = [", numbers("\"M%d\","), "]\n")+"path = [", numbers("\"/%d/\","), "]\n")
	},
	"many statuses": func(n int) string { return fill(n, "usable = \"2xx", same(",2xx"), "\"\n") },
	"many fields":   func(n int) string { return fill(n, "[request.set]\n", numbers("X-%d = \"a\"\n"), "") },
	"many values of a field": func(n int) string {
		return fill(n, "[response.add]\nLink = [", same("\"a\","), "]\n")
	},
	"many fields for many routes": func(n int) string {
		return fill(n, fill(n/2, "[request.set]\n", numbers("X-%d = \"a\"\n"), ""), numbers("[[route]]\npath = \"/%d\"\n"), "")
	},
	"a file for many routes": func(n int) string {
		return fill(n, "client_token_file = \"tokens\"\n", numbers("[[route]]\npath = \"/%d\"\n"), "")
	},
	"no file for many routes": func(n int) string {
		return fill(n, "credential_file = \"none\"\n", numbers("[[route]]\npath = \"/%d\"\n"), "")
	},
	"one line of comment":       func(n int) string { return fill(n, "#", same("["), "\n") },
	"lines of nothing":          func(n int) string { return fill(n, "", same("\n"), "") },
	"one text":                  func(n int) string { return fill(n, "serve = \"", same("a"), "\"\n") },
	"a text of many escapes":    func(n int) string { return fill(n, "serve = \"", same(`\u0061`), "\"\n") },
	"a path of many segments":   func(n int) string { return fill(n, "path = \"", same("/a"), "\"\n") },
	"a text that does not end":  func(n int) string { return fill(n, "serve = '''", same("'\n"), "") },
	"many numbers of a backend": func(n int) string { return fill(n, "backends = \"a:", same("1"), "\"\n") },
}

// read is what `tenfour check` took for a file.
type read struct {
	code   int
	cpu    time.Duration
	memory int64 // bytes that it took from the system
	out    []byte
}

func checkFile(t *testing.T, dir, text string) read {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "tenfour.toml"), text)
	ctx, stop := context.WithTimeout(t.Context(), 4*time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, self, "check")
	memory := filepath.Join(dir, "memory")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), asProgram+"=1", memoryFile+"="+memory)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.Run()
	s := cmd.ProcessState
	r := read{code: s.ExitCode(), cpu: s.UserTime() + s.SystemTime(), out: out.Bytes()}
	if text, err := os.ReadFile(memory); err != nil {
		t.Errorf("it did not end by itself: %v", err)
	} else if _, err := fmt.Sscan(string(text), &r.memory); err != nil {
		t.Error(err)
	}
	return r
}

// TestConfig_readingIsBounded: whatever stands in a file of settings, below its largest size, reading it takes 100 MB at most, a time
// that grows with the file's size and no faster, and few lines of errors.
func TestConfig_readingIsBounded(t *testing.T) {
	if underRace {
		t.Skip("-race takes memory of its own")
	}
	t.Parallel()
	const most = 100e6
	for name, text := range nasty {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			var tokens strings.Builder
			for i := range 10_000 {
				fmt.Fprintf(&tokens, "name%d secret%d\n", i, i)
			}
			writeFile(t, filepath.Join(dir, "tokens"), tokens.String())
			var before time.Duration
			for n := largest >> 4; n <= largest; n <<= 2 {
				got := checkFile(t, dir, text(n-1))
				for tries := 1; tries < 5 && got.memory > most; tries++ { // its collector had no processor when it wanted one
					got = checkFile(t, dir, text(n-1))
				}
				t.Logf("%4d KiB: %d in %v, %d MB, %d bytes of output: %.100q", n>>10, got.code, got.cpu, got.memory/1e6, len(got.out), got.out)
				if got.code != program.Stopped && got.code != program.Usage {
					t.Errorf("check ended with %d\n%.2000s", got.code, got.out)
				}
				if got.memory > most {
					t.Errorf("it took %d MB, want %d at most", got.memory/1e6, int(most/1e6))
				}
				if before > 0 && got.cpu > 10*before+500*time.Millisecond {
					t.Errorf("a file took %v, and one four times as large %v", before, got.cpu)
				}
				if got.code == program.Usage && len(got.out) > 64<<10 {
					t.Errorf("it says what is wrong in %d bytes", len(got.out))
				}
				before = got.cpu
			}
		})
	}
}
