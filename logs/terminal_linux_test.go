package logs

import (
	"bufio"
	"bytes"
	"os"
	"strings"
	"testing"

	"tenfour/tests/await"
	"tenfour/value/choice"
)

// TestLogs_onATerminalAreForPeople: with colours, unless NO_COLOR says otherwise or the terminal has none, and never in a file.
func TestLogs_onATerminalAreForPeople(t *testing.T) {
	const plainAccess, plainLog = "GET /hello 200 205B 2.2ms ← 127.0.0.1:9001", "INF it is down"
	for environment, want := range map[[2]string]struct{ access, log string }{
		{"", "xterm"}:  {"GET /hello \x1b[32m200\x1b[0m 205B 2.2ms ← 127.0.0.1:9001", "\x1b[1mit is down\x1b[0m"},
		{"1", "xterm"}: {plainAccess, plainLog},
		{"", "dumb"}:   {plainAccess, plainLog},
	} {
		t.Setenv("NO_COLOR", environment[0])
		t.Setenv("TERM", environment[1])
		program, shown := await.Terminal(t)
		l, err := Open(Options{Level: choice.LogInfo, Access: choice.AccessLog{Stdout: true}}, program, program)
		if err != nil {
			t.Fatal(err)
		}
		if !l.Text {
			t.Error("it does not know that people read it")
		}
		e := hello()
		l.Access.Write(&e)
		l.Flush()
		l.Log.Info().Msg("it is down")
		l.Close()
		lines := bufio.NewReader(shown)
		for _, words := range []string{want.access, want.log} {
			if line, err := lines.ReadString('\n'); err != nil || !strings.Contains(line, words) {
				t.Errorf("NO_COLOR=%s, TERM=%s: got %q (%v), want %q", environment[0], environment[1], line, err, words)
			}
		}
	}
}

// TestFormats_askedForHoldOnATerminalAndElsewhere: only auto looks where it writes.
func TestFormats_askedForHoldOnATerminalAndElsewhere(t *testing.T) {
	terminal, _ := await.Terminal(t)
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if !isTerminal(terminal) || isTerminal(null) || isTerminal(new(bytes.Buffer)) {
		t.Errorf("a terminal is one: %t; /dev/null is one: %t", isTerminal(terminal), isTerminal(null))
	}
	for format, begins := range map[choice.AccessFormat]string{choice.AccessJSON: "{", choice.AccessCombined: "192.0.2.7 - - ["} {
		for _, on := range []bool{true, false} {
			var out bytes.Buffer
			e := hello()
			newAccess(&out, format, on).Write(&e)
			if !strings.HasPrefix(out.String(), begins) {
				t.Errorf("%v, on a terminal %t: got %s", format, on, &out)
			}
		}
	}
	for format, people := range map[choice.LogFormat][2]bool{choice.FormatAuto: {true, false}, choice.FormatText: {true, true}, choice.FormatJSON: {false, false}} {
		if readByPeople(format, terminal) != people[0] || readByPeople(format, null) != people[1] {
			t.Errorf("%v: for people on a terminal %t, elsewhere %t", format, readByPeople(format, terminal), readByPeople(format, null))
		}
	}
}
