package bolt

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Try returns why Open would fail, as far as that can be found out without making or changing anything. It takes the lock meanwhile, so
// no process can begin to use the directory.
func Try(dir string) (err error) {
	s := &Store{o: Options{}.filled(), dir: dir, bodies: filepath.Join(dir, "bodies")}
	if err := s.mayWrite(s.bodies); err != nil {
		return err
	}
	if s.lock, err = s.lockDirectory(0); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	defer func() { s.release() }()
	if _, missing := os.Lstat(s.path()); missing != nil {
		return nil
	}
	o := s.options()
	o.ReadOnly, o.PreLoadFreelist = true, true
	return s.openFile(o)
}

// mayWrite returns why nothing can be made in a directory; if it is missing, why it cannot be made.
func (s *Store) mayWrite(dir string) error {
	err := unix.Access(dir, unix.W_OK|unix.X_OK)
	if up := filepath.Dir(dir); errors.Is(err, fs.ErrNotExist) && up != dir {
		return s.mayWrite(up)
	}
	if err != nil {
		return s.failure("make the directory", &fs.PathError{Op: "mkdir", Path: s.bodies, Err: err})
	}
	return nil
}
