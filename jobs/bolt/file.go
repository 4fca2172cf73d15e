package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"syscall"

	"tenfour/jobs"

	bbolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// The buckets of the file.
var (
	jobsBucket   = []byte("jobs")   // by jobs.ID.Key: a record
	bodiesBucket = []byte("bodies") // by number: a small body
	dedupeBucket = []byte("dedupe") // by jobs.Dedupe.Key: a joint
)

func (s *Store) path() string { return filepath.Join(s.dir, "jobs.db") }

// options are bbolt's, each that matters. Its lock is for other programs that know its files; ours is lock.go.
func (s *Store) options() *bbolt.Options {
	return &bbolt.Options{
		FreelistType: bbolt.FreelistMapType, // the other one is slow with many free pages
		Timeout:      s.o.LockWait,
		NoStatistics: true,
	}
}

// makeFile makes the file, if it is missing, under another name first: so it is whole, or not there.
func (s *Store) makeFile() error {
	if _, err := os.Lstat(s.path()); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	unfinished := s.path() + ".new"
	if err := os.Remove(unfinished); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	db, err := bbolt.Open(unfinished, 0o600, s.options())
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{jobsBucket, bodiesBucket, dedupeBucket} {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	if err := os.Rename(unfinished, s.path()); err != nil {
		return err
	}
	return syncDirectory(s.dir)
}

// openFile opens the file and reads every record's head, so that one that is damaged is refused now. bbolt panics where a page is not
// what it must be, and the kernel raises a fault where the file ends too soon: both are that refusal.
func (s *Store) openFile(o *bbolt.Options) (err error) {
	var file *os.File
	o.OpenFile = func(name string, flag int, mode os.FileMode) (_ *os.File, err error) {
		file, err = os.OpenFile(name, flag, mode)
		return file, err
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = errors.Join(s.damaged(fmt.Errorf("%v", p)), unlock(file))
		}
	}()
	if s.db, err = bbolt.Open(s.path(), 0o600, o); err != nil {
		s.db = nil
		switch {
		case errors.Is(err, berrors.ErrTimeout):
			return fmt.Errorf("%s: %w: stop it", s.path(), jobs.ErrInUse)
		case isOfSystem(err):
			return s.failure("open", err)
		}
		return s.damaged(err)
	}
	return s.db.View(s.readAll)
}

// errGone is a file that the next start would not find: what is written to it is no promise.
var errGone = errors.New("jobs.db is not in its place any more: put the directory back, or start tenfour again, which begins without those jobs")

// inPlace fails if the file that is open is not the one under its name.
func (s *Store) inPlace() error {
	if info, err := os.Stat(s.path()); err != nil || !os.SameFile(info, s.file) {
		return errGone
	}
	return nil
}

// unlock closes the file of a database that bbolt has left open. Its memory map stays, and would keep the lock with it.
func unlock(file *os.File) error {
	return errors.Join(syscall.Flock(int(file.Fd()), syscall.LOCK_UN), file.Close())
}

// readAll checks the file, and counts what it has.
func (s *Store) readAll(tx *bbolt.Tx) error {
	info, err := os.Stat(s.path())
	if err != nil {
		return s.failure("open", err)
	}
	s.file = info
	if info.Size() < tx.Size() {
		return s.damaged(fmt.Errorf("it has %d bytes of %d", info.Size(), tx.Size()))
	}
	for _, name := range [][]byte{jobsBucket, bodiesBucket, dedupeBucket} {
		b := tx.Bucket(name)
		if b == nil {
			return s.damaged(fmt.Errorf("it has no %s", name))
		}
		c := b.Cursor()
		for key, value := c.First(); key != nil; key, value = c.Next() {
			if string(name) != string(jobsBucket) {
				continue
			}
			head, err := readHead(value)
			if err != nil {
				return s.damaged(fmt.Errorf("record %x: %w", key, err))
			}
			add(&s.usage, head, 1)
		}
	}
	return nil
}

// damaged says what to do about a file that cannot be trusted.
func (s *Store) damaged(why error) error {
	return fmt.Errorf("%s: %w (%v). It is left as it is: put back a copy of the directory, or move the directory away to start without its jobs",
		s.path(), jobs.ErrDamaged, why)
}

// syncDirectory makes the names in a directory survive a power cut.
func syncDirectory(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
