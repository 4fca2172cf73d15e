package program

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"tenfour/jobs"
	"tenfour/jobs/control"
	"tenfour/tests/await"
)

// onTerminal runs the command on a terminal of a width, and returns what is shown.
func onTerminal(t *testing.T, columns int, args ...string) string {
	t.Helper()
	program, shown := await.Terminal(t)
	await.Columns(t, program, columns)
	ended := make(chan string)
	go func() {
		text, _ := bufio.NewReader(shown).ReadString(0)
		ended <- strings.ReplaceAll(strings.TrimSuffix(text, "\x00"), "\r\n", "\n")
	}()
	var errs bytes.Buffer
	if code := Run(t.Context(), append([]string{"jobs"}, args...), program, &errs, nil); code != 0 {
		t.Errorf("%q: got %d, %s", args, code, &errs)
	}
	io.WriteString(program, "\x00")
	return await.Value(t, ended, "what the terminal shows")
}

// TestJobs_onATerminalAreForPeople: columns that fit, times in words, and nothing that a backend wrote moves the cursor.
func TestJobs_onATerminalAreForPeople(t *testing.T) {
	long := failed(t, 2, 2*time.Hour, "the backend said \x1b[2J, and so on: "+strings.Repeat("why ", 50))
	dir, _ := storeWith(t, accepted(1, 3*time.Minute), long)
	const want = `ID            STATE     ROUTE   REQUEST                  MADE           TRIED  OUTCOME
010101010100  accepted  /sign/  POST /sign/pdf?token=*…  3 minutes ago  0
020202020200  failed    /sign/  POST /sign/pdf?token=*…  2 hours ago    0      2 hours ago: the backen…
`
	if got := onTerminal(t, 103, "list", "--data", dir); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	for _, columns := range []int{40, 80, 110, 200} {
		got := onTerminal(t, columns, "list", "--data", dir)
		for line := range strings.Lines(got) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > columns {
				t.Errorf("%d columns: a line has %d: %q", columns, n, line)
			}
		}
		if !strings.Contains(got, "020202020200  failed") || strings.Contains(got, "\x1b") {
			t.Errorf("%d columns: got\n%s", columns, got)
		}
	}
	if got := onTerminal(t, 80, "list", "--data", dir, "--limit", "1"); !strings.HasSuffix(got, "the newest 1 of 2 jobs; --limit 0 shows all\n") {
		t.Errorf("got %s", got)
	}
	got := onTerminal(t, 80, "show", "02020202", "--data", dir)
	for _, words := range []string{"job " + long.ID.String(), "state     failed, 2 hours ago: the backend said \\x1b[2J", "Authorization: ***", "removed   in 21 hours"} {
		if !strings.Contains(got, words) {
			t.Errorf("it does not show %q:\n%s", words, got)
		}
	}
	if got := onTerminal(t, 80, "list", "--json", "--data", dir, "--state", "accepted"); !strings.HasPrefix(got, `{"id":"0101`) {
		t.Errorf("with --json it shows %s", got)
	}
}

// TestJobs_progressIsOneLineOfATerminal, which is gone at the end.
func TestJobs_progressIsOneLineOfATerminal(t *testing.T) {
	program, shown := await.Terminal(t)
	await.Columns(t, program, 30)
	line := progressLine{to: screenOf(program), verb: "retry"}
	line.show(control.Progress{Of: 20_000, Done: 12_000, Failed: 10})
	line.show(control.Progress{Of: 20_000, Done: 20_000, Ended: true})
	line.clear()
	want := "\rretry: 12,010 of 20,000 jobs…\x1b[K\r\x1b[K"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(shown, got); err != nil || string(got) != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	var file bytes.Buffer
	line = progressLine{to: screenOf(&file), verb: "retry"}
	line.show(control.Progress{Of: 2, Done: 1})
	if line.clear(); file.Len() > 0 {
		t.Errorf("where no terminal is it writes %q", file.String())
	}
}

// slow is a store that writes nothing before it may.
type slow struct {
	jobs.Store
	may chan struct{}
}

func (s slow) Update(j jobs.Job) (jobs.Job, error) {
	<-s.may
	return s.Store.Update(j)
}

// TestJobs_progressIsShownWhileManyAreChanged: while the first ones are, and not after the end.
func TestJobs_progressIsShownWhileManyAreChanged(t *testing.T) {
	may := make(chan struct{})
	dir, _ := storeWithin(t, func(s jobs.Store) jobs.Store { return slow{s, may} }, accepted(1, 0), accepted(2, 0))
	program, shown := await.Terminal(t)
	await.Columns(t, program, 80)
	type result struct {
		code int
		out  string
	}
	ended := make(chan result, 1)
	go func() {
		var out bytes.Buffer
		code := Run(context.Background(), []string{"jobs", "cancel", "--state", "accepted", "--data", dir}, &out, program, nil)
		ended <- result{code, out.String()}
	}()
	if text, err := bufio.NewReader(shown).ReadString('K'); text != "\rcancel: 0 of 2 jobs, 0 %\x1b[K" {
		t.Errorf("it shows %q, %v", text, err)
	}
	close(may)
	if got := await.Value(t, ended, "the command to end"); got.code != 0 || !strings.Contains(got.out, `"done":2`) {
		t.Errorf("got %+v", got)
	}
}
