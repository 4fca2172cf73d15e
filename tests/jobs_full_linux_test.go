package tests

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tenfour/tests/await"

	"golang.org/x/sys/unix"
)

// limitFiles is the largest size that the files of a process may have, from now on: to it, its disk is full.
func (p *process) limitFiles(t testing.TB, size uint64) {
	t.Helper()
	var l unix.Rlimit
	err := unix.Prlimit(p.cmd.Process.Pid, unix.RLIMIT_FSIZE, nil, &l)
	if err == nil {
		l.Cur = min(size, l.Max)
		err = unix.Prlimit(p.cmd.Process.Pid, unix.RLIMIT_FSIZE, &l, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestJobs_goOnWhileTheDiskIsFull: the kernel lets no file of tenfour grow. A request that should become a job is refused with 507, in words. Jobs
// that run go on: their results are kept in memory, and are stored when there is room. Other clients notice nothing. Killed then,
// tenfour finds all that it promised.
func TestJobs_goOnWhileTheDiskIsFull(t *testing.T) {
	t.Parallel()
	d := startDoomed(t, "")
	d.mustBegin()
	w := d.witness()
	var running []*errand
	for i := range 4 {
		e := &errand{order: order{key: fmt.Sprintf("running-%d", i), plan: []deed{asks}, filler: 1000}, method: "POST", path: onceRoute, callback: true}
		if err := w.send(e); err != nil {
			t.Fatal(err)
		}
		w.errands = append(w.errands, e)
		running = append(running, e)
		eventually(t, "the origin has the request", func() bool { return len(d.origin.of(e.key)) == 1 })
	}
	info, err := os.Stat(filepath.Join(filepath.Dir(d.settings), "data", "jobs.db"))
	if err != nil {
		t.Fatal(err)
	}
	d.process.limitFiles(t, uint64(info.Size()))
	refused := d.fill(t, w)
	if refused.status != 507 || !strings.Contains(refused.body, "full") {
		t.Errorf("with a full disk a new job got %d %v %q, want 507 and words", refused.status, refused.head, refused.body)
	}
	for i, ends := range []deed{large, answers, fails, missing} {
		d.origin.decide(running[i].key, 0, ends)
	}
	plain := order{key: "plain", plan: []deed{answers}}
	if got, err := d.ask("POST", onceRoute, plain.text()); err != nil || got.status != 200 {
		t.Errorf("with a full disk a plain request got %d %.300q (%v)", got.status, got.body, err)
	}
	d.process.limitFiles(t, math.MaxUint64)
	eventually(t, "there is room for new jobs", func() bool {
		e := &errand{order: order{key: "later", plan: []deed{answers}}, method: "PUT", path: onceRoute, keyed: true}
		got, err := d.ask(e.method, e.target(), e.text(), e.fields("")...)
		return err == nil && got.status == 202
	})
	for _, e := range running {
		if !await.Holds(4*patience, func() bool {
			ended, err := w.read(e, "Prefer: wait=1")
			return ended && err == nil
		}) {
			v, _, _ := w.look(e.id)
			t.Errorf("%s was running while the disk was full, and has not ended: %+v\n%.5000s", e.key, v, d.process.log)
		}
	}
	d.kill()
	d.awaitDeath()
	d.mustBegin()
	w.settle(4 * patience)
	for _, wrong := range w.wrong {
		t.Error(wrong)
	}
	t.Logf("%d jobs, %v", len(w.errands), w.counts)
}

// fill makes jobs until one is refused, and returns that answer.
func (d *doomed) fill(t *testing.T, w *witness) heard {
	t.Helper()
	for began := time.Now(); time.Since(began) < 6*patience; {
		e := &errand{order: order{key: fmt.Sprintf("fills-%d", len(w.errands)), plan: []deed{answers}, filler: 60_000}, method: "PUT", path: onceRoute}
		got, err := d.ask(e.method, e.target(), e.text(), e.fields("")...)
		if err != nil {
			t.Fatal(err)
		}
		if got.status != 202 {
			return got
		}
		w.errands = append(w.errands, e)
		w.promise(e, got)
	}
	t.Fatal("the disk does not become full")
	return heard{}
}
