package bolt

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"tenfour/jobs"
)

// TestTry_makesNothing, neither where there is nothing nor beside what is there.
func TestTry_makesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "data")
	if err := Try(dir); err != nil {
		t.Errorf("a directory that can be made: %v", err)
	}
	if _, err := os.Lstat(filepath.Dir(dir)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it was made: %v", err)
	}
	s := opened(t, dir, plenty)
	created(t, s, 100)
	s.Close()
	before := listed(t, dir)
	if err := Try(dir); err != nil {
		t.Errorf("a directory that can be opened: %v", err)
	}
	if after := listed(t, dir); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	opened(t, dir, plenty) // it is not locked any more
}

// listed is what a directory has, with sizes and times but for the lock's.
func listed(t *testing.T, dir string) (all string) {
	t.Helper()
	err := filepath.Walk(dir, func(path string, info fs.FileInfo, err error) error {
		if err == nil && info.Name() != "lock" {
			all += path + " " + info.ModTime().Format(time.RFC3339Nano) + "\n"
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestTry_saysWhatOpenSays: another process has the directory, its file is damaged, or it lies beneath a file.
func TestTry_saysWhatOpenSays(t *testing.T) {
	dir := t.TempDir()
	opened(t, dir, plenty)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	damaged := t.TempDir() // and without a lock, as one that was put back
	if err := os.WriteFile(filepath.Join(damaged, "jobs.db"), bytes.Repeat([]byte("text\n"), 10_000), 0o600); err != nil {
		t.Fatal(err)
	}
	o := plenty
	o.LockWait = time.Millisecond
	for where, want := range map[string]error{dir: jobs.ErrInUse, damaged: jobs.ErrDamaged, filepath.Join(file, "data"): syscall.ENOTDIR} {
		s, err := Open(where, o)
		if err == nil {
			s.Close()
		}
		if tried := Try(where); !errors.Is(err, want) || tried == nil || tried.Error() != err.Error() {
			t.Errorf("%s: Try says %v, and Open %v; want %v", where, tried, err, want)
		}
	}
}

// TestFailure_saysWhatToDo where the directory cannot be written to. The errors are made here, because a test may run as root, to which no directory is closed.
func TestFailure_saysWhatToDo(t *testing.T) {
	s := &Store{dir: "data"}
	for number, want := range map[syscall.Errno]string{
		syscall.EACCES: "data: tenfour may not write there (permission denied): give the directory to the user that tenfour runs as, or choose another one",
		syscall.EROFS:  "data: tenfour cannot write there (read-only file system): choose a directory of another file system",
	} {
		if got := s.failure("make jobs.db", &fs.PathError{Op: "open", Path: "data/x", Err: number}); got.Error() != want {
			t.Errorf("got %v, want %s", got, want)
		}
	}
}

// TestSetCaps_holdsFromThenOn for jobs that are new.
func TestSetCaps_holdsFromThenOn(t *testing.T) {
	s := opened(t, t.TempDir(), plenty)
	created(t, s, 100)
	s.SetCaps(jobs.Caps{Jobs: 1, Bytes: 1 << 30})
	if _, err := s.Create(job()); !errors.Is(err, jobs.ErrFull) {
		t.Errorf("a second job of one: got %v, want ErrFull", err)
	}
	s.SetCaps(jobs.Caps{Jobs: 2, Bytes: 1 << 30})
	created(t, s, 100)
}
