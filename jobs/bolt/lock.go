package bolt

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"tenfour/jobs"
)

// lockDirectory takes the lock of the directory, and writes this process' number into it. It waits for another process that has it,
// because one that is being replaced needs a moment to end. The kernel gives the lock back when the process ends, in whatever way.
// create is os.O_CREATE, or 0 for a file that must be there.
func (s *Store) lockDirectory(create int) (*os.File, error) {
	path := filepath.Join(s.dir, "lock")
	f, err := os.OpenFile(path, os.O_RDWR|create, 0o600)
	if err != nil {
		return nil, s.failure("lock the directory", err)
	}
	for end := time.Now().Add(s.o.LockWait); ; time.Sleep(5 * time.Millisecond) {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			break
		}
		if time.Now().After(end) {
			defer f.Close()
			return nil, fmt.Errorf("%s: %w%s: stop it, or choose another directory", path, jobs.ErrInUse, holder(f))
		}
	}
	if err := f.Truncate(0); err == nil {
		fmt.Fprintf(f, "%d\n", os.Getpid()) // only for people: it may fail
	}
	return f, nil
}

// holder names the process that has the lock, if it could write its number.
func holder(f *os.File) string {
	var text [20]byte
	n, _ := f.ReadAt(text[:], 0)
	pid, err := strconv.Atoi(strings.TrimSpace(string(text[:n])))
	if err != nil {
		return ""
	}
	return fmt.Sprintf(" (number %d)", pid)
}
