package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"tenfour/jobs"

	berrors "go.etcd.io/bbolt/errors"
)

// noRoom is what a system says about a disk, a quota or a file that is full.
var noRoom = []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG}

// isFull reports whether err is one of noRoom. bbolt has the text alone of an error of growing its file.
func isFull(err error) bool {
	for _, full := range noRoom {
		if errors.Is(err, full) || strings.HasSuffix(err.Error(), ": "+full.Error()) {
			return true
		}
	}
	return false
}

// isOfSystem reports whether err is of a system call, and not about what the file has in it.
func isOfSystem(err error) bool {
	var path *fs.PathError
	var number syscall.Errno
	return errors.As(err, &path) || errors.As(err, &number)
}

// failure says what was attempted where, and what to do when the disk is full.
func (s *Store) failure(what string, err error) error {
	if isFull(err) && !errors.Is(err, jobs.ErrUnsure) {
		return fmt.Errorf("%s: %s: %w: make room on its file system (%v)", s.dir, what, jobs.ErrNoRoom, err)
	}
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: tenfour may not write there (%w): give the directory to the user that tenfour runs as, or choose another one", s.dir, fs.ErrPermission)
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%s: tenfour cannot write there (%w): choose a directory of another file system", s.dir, syscall.EROFS)
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%s: it cannot be made (%w): choose another directory", s.dir, syscall.ENOTDIR)
	case errors.Is(err, berrors.ErrDatabaseNotOpen):
		err = jobs.ErrClosed
	}
	return fmt.Errorf("%s: %s: %w", s.dir, what, err)
}
