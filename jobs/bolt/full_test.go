package bolt

import (
	"bytes"
	"errors"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"tenfour/jobs"
)

// fullDir is the environment variable with the directory of a process whose files cannot grow.
const fullDir = "TENFOUR_FULL_DIR"

// TestFullDisk_goesOnWhenThereIsRoom: the kernel itself refuses to let the files grow, in a process of the test's own.
func TestFullDisk_goesOnWhenThereIsRoom(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0], "-test.run=^TestFullDisk_child$", "-test.v")
	cmd.Env = append(os.Environ(), fullDir+"="+t.TempDir())
	if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("--- PASS: TestFullDisk_child")) {
		t.Errorf("%v: %s", err, out)
	}
}

// TestFullDisk_child is what that process does.
func TestFullDisk_child(t *testing.T) {
	dir := os.Getenv(fullDir)
	if dir == "" {
		return // not that process
	}
	signal.Ignore(syscall.SIGXFSZ)
	s := opened(t, dir, plenty)
	promised := []jobs.Job{created(t, s, 100), created(t, s, 100_000)}
	limit(t, 1<<20)
	var err error
	for err == nil {
		j := job()
		if j.Request.Body, err = s.PutBody(j.ID, bytes.NewReader(make([]byte, 60_000)), 1<<20); err == nil {
			j, err = s.Create(j)
		}
		if err == nil {
			promised = append(promised, j)
		}
	}
	if !errors.Is(err, jobs.ErrNoRoom) || !strings.Contains(err.Error(), "make room") {
		t.Fatalf("after %d jobs: %v, want ErrNoRoom and what to do", len(promised), err)
	}
	_, err = s.PutBody(jobs.NewID(), bytes.NewReader(make([]byte, 2<<20)), 8<<20)
	if !errors.Is(err, jobs.ErrNoRoom) || suite.Bodies(dir) != 1 {
		t.Errorf("a body that does not fit: %v, and there are %d files", err, suite.Bodies(dir))
	}
	for _, j := range promised {
		if _, err := s.Get(j.ID); err != nil {
			t.Errorf("while it is full: %v", err)
		}
	}
	limit(t, math.MaxUint64)
	promised = append(promised, created(t, s, 60_000), created(t, s, 2<<20))
	s.Close()
	s = opened(t, dir, plenty)
	if n := s.Usage().Jobs(); n != len(promised) {
		t.Errorf("opened again it has %d jobs, want %d", n, len(promised))
	}
	for _, j := range promised {
		if _, err := s.Get(j.ID); err != nil {
			t.Error(err)
		}
	}
}

// limit is the largest size that files of this process may have.
func limit(t *testing.T, size uint64) {
	t.Helper()
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &l); err != nil {
		t.Fatal(err)
	}
	l.Cur = min(size, l.Max)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &l); err != nil {
		t.Fatal(err)
	}
}
