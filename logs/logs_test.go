package logs

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"tenfour/tests/await"
	"tenfour/value/choice"
)

// write opens logs, has use write to them, closes them, and returns what stdout and stderr got.
func write(t *testing.T, o Options, use func(*Logs)) (stdout, stderr string) {
	t.Helper()
	defer goleak.VerifyNone(t)
	var out, errs bytes.Buffer
	l, err := Open(o, &out, &errs)
	if err != nil {
		t.Fatal(err)
	}
	use(l)
	l.Close()
	return out.String(), errs.String()
}

func TestLogs_dropLinesBelowTheirLevel(t *testing.T) {
	for level, want := range map[choice.LogLevel]int{choice.LogDebug: 4, choice.LogInfo: 3, choice.LogWarn: 2, choice.LogError: 1} {
		_, stderr := write(t, Options{Level: level, Format: choice.FormatJSON}, func(l *Logs) {
			l.Log.Debug().Msg("")
			l.Log.Info().Msg("")
			l.Log.Warn().Msg("")
			l.Log.Error().Msg("")
		})
		if got := strings.Count(stderr, "\n"); got != want {
			t.Errorf("level %v: %d lines, want %d: %q", level, got, want, stderr)
		}
	}
}

// TestLogs_areJSONWhereNoPersonReads: a buffer is no terminal.
func TestLogs_areJSONWhereNoPersonReads(t *testing.T) {
	for _, format := range []choice.LogFormat{choice.FormatAuto, choice.FormatJSON} {
		_, stderr := write(t, Options{Level: choice.LogInfo, Format: format}, func(l *Logs) {
			if l.Text {
				t.Errorf("format %v: it says that people read it", format)
			}
			l.Log.Info().Str("backend", "b").Msg("it is \"down\"")
		})
		var line struct{ Level, Time, Backend, Message string }
		if err := json.Unmarshal([]byte(stderr), &line); err != nil || line.Backend != "b" || line.Message != "it is \"down\"" || line.Level != "info" || line.Time == "" {
			t.Errorf("format %v: got %q (%v)", format, stderr, err)
		}
	}
}

func TestLogs_asTextHaveMessageAndFields(t *testing.T) {
	_, stderr := write(t, Options{Level: choice.LogInfo, Format: choice.FormatText}, func(l *Logs) { l.Log.Warn().Str("backend", "b").Msg("it is down") })
	if !strings.Contains(stderr, "WRN it is down backend=b\n") || strings.Contains(stderr, "\x1b") {
		t.Errorf("got %q, want words without colours", stderr)
	}
}

func TestSay_goesToStdoutAsItIs(t *testing.T) {
	stdout, stderr := write(t, Options{Level: choice.LogError, Format: choice.FormatText}, func(l *Logs) { l.Say("ready on %s", "a:1") })
	if stdout != "ready on a:1\n" || stderr != "" {
		t.Errorf("stdout got %q, stderr %q", stdout, stderr)
	}
}

func TestAccess_isNilWhenOff(t *testing.T) {
	write(t, Options{Level: choice.LogInfo}, func(l *Logs) {
		if l.Access != nil {
			t.Error("there is an access log, though none was asked for")
		}
	})
}

// TestAccess_onStdoutKeepsTheOrder of its lines and of what Say wrote.
func TestAccess_onStdoutKeepsTheOrder(t *testing.T) {
	stdout, _ := write(t, Options{Level: choice.LogError, Format: choice.FormatJSON, Access: choice.AccessLog{Stdout: true}}, func(l *Logs) {
		l.Say("first")
		l.Access.Write(&Entry{Reason: "second"}) // the level is the log's alone
		l.Say("third")
	})
	lines := strings.Split(stdout, "\n")
	if len(lines) != 4 || lines[0] != "first" || !strings.Contains(lines[1], `"second"`) || lines[2] != "third" {
		t.Errorf("got %q", stdout)
	}
}

func TestReopen_goesOnInANewFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "access")
	write(t, Options{Format: choice.FormatJSON, Access: choice.AccessLog{File: name}}, func(l *Logs) {
		l.Access.Write(&Entry{Reason: "before"})
		if !l.access.Flush(await.Patience) {
			t.Fatal("the line is not written")
		}
		if err := os.Rename(name, name+".1"); err != nil {
			t.Fatal(err)
		}
		if err := l.Reopen(); err != nil {
			t.Fatal(err)
		}
		l.Access.Write(&Entry{Reason: "after"})
	})
	for file, want := range map[string]string{name + ".1": "before", name: "after"} {
		text, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(text), `"`+want+`"`) || strings.Count(string(text), "\n") != 1 {
			t.Errorf("%s has %q (%v), want the line %q alone", file, text, err, want)
		}
	}
}

func TestReopen_thatFailsGoesOnInTheOldFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "logs")
	os.Mkdir(dir, 0o700)
	name := filepath.Join(dir, "access")
	write(t, Options{Format: choice.FormatJSON, Access: choice.AccessLog{File: name}}, func(l *Logs) {
		if err := os.Rename(dir, dir+".1"); err != nil {
			t.Fatal(err)
		}
		if err := l.Reopen(); err == nil {
			t.Error("a file in a folder that is not there was opened")
		}
		l.Access.Write(&Entry{Reason: "after"})
	})
	if text, err := os.ReadFile(filepath.Join(dir+".1", "access")); err != nil || !strings.Contains(string(text), `"after"`) {
		t.Errorf("the old file has %q (%v)", text, err)
	}
}
