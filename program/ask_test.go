package program

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tenfour/forward"
	"tenfour/jobs"
	"tenfour/jobs/bolt"
	"tenfour/jobs/control"
	"tenfour/jobs/runner"
	"tenfour/lot"
)

// storeWith is a store with some jobs, and a tenfour's side of tenfour jobs, which runs none of them.
func storeWith(t *testing.T, all ...jobs.Job) (dir string, store *bolt.Store) {
	t.Helper()
	return storeWithin(t, func(s jobs.Store) jobs.Store { return s }, all...)
}

// storeWithin is storeWith, with another store around it.
func storeWithin(t *testing.T, around func(jobs.Store) jobs.Store, all ...jobs.Job) (dir string, store *bolt.Store) {
	t.Helper()
	dir = shortDirectory(t)
	store, err := bolt.Open(dir, bolt.Options{Caps: jobs.Caps{Jobs: 10_000, Bytes: 1 << 30}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	for _, j := range all {
		if _, err := store.Create(j); err != nil {
			t.Fatal(err)
		}
	}
	lot, err := lot.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(lot.Close)
	run := runner.New(runner.Config{Store: around(store), Lot: lot, Routes: anyRoute{}, Caps: func() runner.Caps { return runner.Caps{} }})
	t.Cleanup(func() { run.Stop(0) })
	s, err := control.Listen(dir, control.Config{Store: around(store), Runner: run})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return dir, store
}

// shortDirectory is a directory whose path leaves room for a socket's name: those of t.TempDir have the name of the test.
func shortDirectory(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "jobs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// anyRoute has a route of every name, whose jobs may go on for an hour.
type anyRoute struct{}

func (anyRoute) Enter(string) (*runner.Route, func(), bool) {
	return &runner.Route{Route: &forward.Route{}, Deadline: time.Hour}, func() {}, true
}

// accepted is a job that was accepted so long ago.
func accepted(n byte, ago time.Duration) jobs.Job {
	made := time.Now().Add(-ago).UTC()
	return jobs.Job{
		ID: jobs.ID{n, n, n, n, n}, Created: made, Deadline: made.Add(24 * time.Hour), Keep: 24 * time.Hour,
		Request: jobs.Request{Route: "/sign/", Method: "POST", Target: []byte("/sign/pdf?token=hunter2"), Fields: []byte("Authorization: hunter2\r\nHost: a\r\n")},
	}
}

// failed is a job that was accepted and failed so long ago.
func failed(t *testing.T, n byte, ago time.Duration, why string) jobs.Job {
	j := accepted(n, ago)
	j, err := j.Fail(j.Created, why)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// tenfourJobs runs the command.
func tenfourJobs(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Run(t.Context(), append([]string{"jobs"}, args...), &out, &errs, nil)
	return code, out.String(), errs.String()
}

func TestJobs_listIsOneObjectALine(t *testing.T) {
	dir, _ := storeWith(t, accepted(1, 3*time.Minute), failed(t, 2, 2*time.Minute, "its route is gone"), accepted(3, time.Minute))
	for args, want := range map[string][]string{
		"list":                                 {"03030303", "02020202", "01010101"},
		"list --limit 2":                       {"03030303", "02020202"},
		"list --state failed":                  {"02020202"},
		"list --state failed,accepted":         {"03030303", "02020202", "01010101"},
		"list --route /sign/ --state accepted": {"03030303", "01010101"},
		"list --route /other/":                 nil,
		"list --older 150s":                    {"01010101"},
	} {
		code, out, errs := tenfourJobs(t, append(strings.Fields(args), "--data", dir)...)
		var got []string
		for line := range strings.Lines(out) {
			var j struct{ ID, State, Route, Method, Target string }
			if err := json.Unmarshal([]byte(line), &j); err != nil || j.Route != "/sign/" || j.Method != "POST" || j.Target != "/sign/pdf?token=***" {
				t.Errorf("%s: got %s", args, line)
			}
			got = append(got, j.ID[:8])
		}
		if code != 0 || !slices.Equal(got, want) || strings.Contains(out, "hunter2") {
			t.Errorf("%s: got %d, %q, want %q; %s", args, code, got, want, errs)
		}
	}
}

func TestJobs_changesJobs(t *testing.T) {
	dir, store := storeWith(t, accepted(1, time.Hour), failed(t, 2, time.Hour, "a"), failed(t, 3, time.Minute, "b"))
	states := func() (all string) {
		for n := range byte(3) {
			j, err := store.Get(jobs.ID{n + 1, n + 1, n + 1, n + 1, n + 1})
			if err != nil {
				all += "gone "
				continue
			}
			all += j.In() + " "
		}
		return all
	}
	for _, step := range []struct {
		args      string
		code      int
		out, errs string
		states    string
	}{
		{"retry 02020202", 0, "1 job was accepted again\n", "", "accepted accepted failed "},
		{"retry --state failed", 0, "1 job was accepted again\n", "", "accepted accepted accepted "},
		{"retry --state failed", 0, "no job was accepted again\n", "", "accepted accepted accepted "},
		{"pause --route /sign/", 0, "3 jobs were paused\n", "", "accepted, paused accepted, paused accepted, paused "},
		{"resume 0101010101", 0, "1 job was resumed\n", "", "accepted accepted, paused accepted, paused "},
		{"cancel 0202020202 03030303 ffffffff", 1, "2 jobs were cancelled\n",
			"tenfour jobs: ffffffff: there is no such job: tenfour jobs list shows which there are\n", "accepted cancelled cancelled "},
		{"cancel 02020202", 1, "no job was cancelled\n", "tenfour jobs: 02020202020000000000000000000000: it is cancelled, and has ended\n", "accepted cancelled cancelled "},
		{"purge --older 24h", 0, "no job was removed\n", "", "accepted cancelled cancelled "},
		{"purge --older 0s --state cancelled", 0, "2 jobs were removed\n", "", "accepted gone gone "},
	} {
		code, out, errs := tenfourJobs(t, append(strings.Fields(step.args), "--text", "--data", dir)...)
		if code != step.code || out != step.out || !strings.HasPrefix(errs, step.errs) || (errs == "") != (step.errs == "") || states() != step.states {
			t.Errorf("%s: got %d, %q, %q; the jobs are %s\nwant %+v", step.args, code, out, errs, states(), step)
		}
	}
	code, out, _ := tenfourJobs(t, "cancel", "01010101", "ffffffff", "--data", dir)
	want := `{"verb":"cancel","of":2,"done":1,"skipped":0,"callback_due":0,"failed":1,` +
		`"failures":[{"id":"ffffffff","error":"there is no such job: tenfour jobs list shows which there are"}],"ended":true}` + "\n"
	if code != 1 || out != want {
		t.Errorf("got %d, %s, want %s", code, out, want)
	}
}

func TestJobs_saysWhatIsWrong(t *testing.T) {
	dir, _ := storeWith(t, accepted(1, 0))
	empty := t.TempDir()
	for args, want := range map[string]struct {
		code int
		errs string
	}{
		"lst":                                 {2, `"lst" is no command of jobs: write one of list, show, retry, cancel, pause, resume, purge, stats; did you mean list?`},
		"list --stat failed":                  {2, "did you mean --state?"},
		"list --state faild":                  {2, `"faild" is no state of a job: write one of accepted, running, waiting, done, failed, cancelled, interrupted, paused`},
		"list --limit -3":                     {2, "--limit: write a number of jobs"},
		"list --older soon":                   {2, `older "soon": write how long ago, such as 24h`},
		"list --force":                        {2, "--force is not for list"},
		"list --json --text":                  {2, "--json and --text: write one of them"},
		"list 01010101":                       {2, "list takes no ids"},
		"list --route=":                       {2, "--route is empty"},
		"show":                                {2, "show: name a job by its id"},
		"show 0101":                           {2, `"0101" is no id of a job: write its 32 digits (0-9, a-f), or at least its first 8`},
		"show 01010101 --data " + empty:       {1, "no tenfour runs with data " + empty + ": start it, or name another directory with --data"},
		"show ffffffff --data " + dir:         {1, "ffffffff: there is no such job"},
		"retry":                               {2, "retry: name jobs by their ids, or choose them with --state, --route and --older"},
		"retry 01010101 --state done":         {2, "and not both"},
		"retry --state running --data " + dir: {1, "retry is not for jobs that are running"},
		"purge":                               {2, "purge: say with --older how long ago the jobs ended"},
		"stats --data " + filepath.Join(empty, strings.Repeat("d", 120)): {1, "tenfour cannot have jobs there"},
		"list --config " + filepath.Join(empty, "none.toml"):             {2, "or name the directory with --data"},
	} {
		code, out, errs := tenfourJobs(t, strings.Fields(args)...)
		if code != want.code || !strings.Contains(errs, want.errs) || out != "" {
			t.Errorf("%s: got %d, %q, %q; want %+v", args, code, out, errs, want)
		}
	}
}

// TestJobs_findTheDirectoryAsTenfourDoes: in the file that the configuration is read from.
func TestJobs_findTheDirectoryAsTenfourDoes(t *testing.T) {
	dir, _ := storeWith(t, accepted(1, 0))
	file := filepath.Join(t.TempDir(), "a.toml")
	if err := os.WriteFile(file, []byte("data = \""+dir+"\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, errs := tenfourJobs(t, "list", "--config", file); code != 0 || strings.Count(out, "\n") != 1 {
		t.Errorf("got %d, %q, %q", code, out, errs)
	}
}

func TestJobs_helpNamesEveryCommand(t *testing.T) {
	for _, args := range [][]string{nil, {"--help"}, {"list", "-h"}} {
		code, out, _ := tenfourJobs(t, args...)
		for _, v := range askVerbs() {
			if code != 0 || !strings.Contains(out, v.name+" ") {
				t.Errorf("%q: got %d, and nothing about %s", args, code, v.name)
			}
		}
	}
}

func TestAgo_isInWords(t *testing.T) {
	now := time.Now()
	for d, want := range map[time.Duration]string{
		0: "just now", 999 * time.Millisecond: "just now", time.Second: "1 second ago", 59 * time.Second: "59 seconds ago", time.Minute: "1 minute ago",
		119 * time.Second: "1 minute ago", time.Hour: "1 hour ago", 47 * time.Hour: "47 hours ago", 48 * time.Hour: "2 days ago",
		-20 * time.Second: "in 20 seconds", -time.Minute: "in 1 minute",
	} {
		if got := ago(now, now.Add(-d)); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}

// TestTable_fitsIntoEveryWidth, as far as its ids and states do.
func TestTable_fitsIntoEveryWidth(t *testing.T) {
	for width := 30; width < 120; width++ {
		var out bytes.Buffer
		tab := table{to: screen{Writer: &out, columns: width}, columns: []column{{title: "ID"}, {title: "REQUEST", least: 8}, {title: "ROUTE", least: 4, drop: 1}, {title: "WHY", drop: 2}}}
		tab.add("0123456789ab", "GET /a/very/long/target/ü/"+strings.Repeat("x", 50), "/route/of/it/", "the backend\x1b[31m is down")
		tab.flush()
		for line := range strings.Lines(out.String()) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > width || strings.Contains(line, "\x1b") {
				t.Errorf("width %d: %d columns: %q", width, n, line)
			}
		}
		if !strings.Contains(out.String(), "0123456789ab") {
			t.Errorf("width %d: no id in %q", width, out.String())
		}
	}
}

func TestStats_areInWords(t *testing.T) {
	var out bytes.Buffer
	sayStats(screen{Writer: &out}, control.Stats{
		Jobs: 1234, States: map[string]int{"done": 1191, "running": 3, "waiting": 40}, Bytes: 1300 << 10, Oldest: 200, Due: 40, Running: 3, Attempts: 2345,
		Unsaved: 1, Awaited: 12, Ended: map[string]uint64{"done": 2300, "failed": 3}, Callbacks: control.CallbackStats{Due: 3, Running: 1, Delivered: 40, GaveUp: 2, Attempts: 45, Failures: 5},
	})
	want := `jobs       1,234: 3 running, 40 waiting, 1,191 done
bytes      1.3 MiB
oldest     made 3 minutes ago, and not ended
attempts   3 run, 40 jobs wait for their turn; 2,345 have begun since the start
           the disk could not take how 1 more ended: the log says why
ended      2,300 done, 3 failed since the start
clients    12 wait for a job's end
callbacks  3 are due, 1 on their way; 40 delivered, 2 given up since the start; 5 of 45 attempts failed
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", &out, want)
	}
}
