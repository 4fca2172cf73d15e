package storetest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tenfour/jobs"
)

// cycles is the environment variable that says how often Kill kills; without it, as often as fits into killFor.
const (
	cycles  = "TENFOUR_KILLS"
	killFor = 4 * time.Second
)

// Kill runs a process that uses the store with several goroutines, and kills it: from outside at some moment, or by itself at some step of a
// write. Then it opens the store and looks for all that the process said was promised. The next process goes on with
// the same store. TENFOUR_KILLS=300 does that 300 times.
func (s Suite) Kill(t *testing.T) {
	t.Parallel()
	w := witness{t: t, suite: s, dir: t.TempDir(), promised: map[jobs.ID]jobs.Job{}, leaving: map[jobs.ID]bool{}}
	most, _ := strconv.Atoi(os.Getenv(cycles))
	late := time.Now().Add(killFor)
	n := 0
	for ; n < most || most == 0 && time.Now().Before(late); n++ {
		w.cycle(n)
		if t.Failed() {
			break
		}
	}
	t.Logf("killed %d times: %d promises, %d jobs that may be sent once were sent, %d were interrupted", n, w.promises, len(w.sent()), w.interrupted)
}

// witness remembers what the processes have said.
type witness struct {
	t           *testing.T
	suite       Suite
	dir         string
	promised    map[jobs.ID]jobs.Job // as it was promised last
	leaving     map[jobs.ID]bool     // may have been removed
	promises    int
	interrupted int
}

// said is a line that a process writes.
type said struct {
	Leaving bool // the job is going to be removed; else it is stored so
	Job     jobs.Job
}

// cycle starts a process, kills it, and checks.
func (w *witness) cycle(n int) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+w.dir)
	lines := rand.IntN(80)
	if n%2 == 0 {
		cmd.Env = append(cmd.Env, fmt.Sprintf("%s=%d", childStep, 1+rand.IntN(120)))
		lines = 1 << 20
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.listen(bufio.NewReader(out), lines, func() { cmd.Process.Kill() })
	err = cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Exited() {
		w.t.Fatalf("cycle %d: the process was not killed, but ended with %v: %s", n, err, stderr.String())
	}
	w.check(n)
}

// listen reads what the process says, and kills it after some lines; what it said until then counts too.
func (w *witness) listen(from *bufio.Reader, lines int, kill func()) {
	for n := 0; ; n++ {
		if n == lines {
			kill()
		}
		line, err := from.ReadBytes('\n')
		if err != nil {
			return // a line without its end was not said
		}
		var s said
		if err := json.Unmarshal(line, &s); err != nil {
			w.t.Fatalf("%q: %v", line, err)
		}
		if s.Leaving {
			w.leaving[s.Job.ID] = true
			continue
		}
		w.promised[s.Job.ID] = s.Job
		w.promises++
	}
}

// check looks for what was promised, and at how often requests were sent.
func (w *witness) check(n int) {
	store := w.suite.open(w.t, w.dir, plenty)
	defer store.Close()
	w.interrupted = store.Usage().States[jobs.Interrupted]
	for id, want := range w.promised {
		got, err := store.Get(id)
		switch {
		case w.leaving[id] && errors.Is(err, jobs.ErrUnknown):
			delete(w.promised, id)
		case err != nil:
			w.t.Errorf("cycle %d: job %s was promised, %s, revision %d: %v", n, id, want.In(), want.Revision, err)
		case got.Revision < want.Revision || got.Revision == want.Revision && text(got) != text(want):
			w.t.Errorf("cycle %d: got %s\nwant %s, or a later one", n, text(got), text(want))
		case want.State == jobs.Done && got.State != jobs.Done:
			w.t.Errorf("cycle %d: job %s was done, and is %s", n, id, got.In())
		default:
			haveAll(w.t, store, got)
		}
	}
	for id, times := range w.sent() {
		if times > 1 {
			w.t.Errorf("cycle %d: job %s may be sent once, and was sent %d times", n, id, times)
		}
	}
}

// sent is how often each request that may be sent once was sent.
func (w *witness) sent() map[string]int {
	times := map[string]int{}
	log, _ := os.ReadFile(filepath.Join(w.dir, sentLog)) // missing before the first
	for id := range strings.FieldsSeq(string(log)) {
		times[id]++
	}
	return times
}
