// Package bolt keeps jobs in one file on this machine, and large bodies in files next to it.
//
//	store, err := bolt.Open("tenfour-data", bolt.Options{Caps: jobs.Caps{Jobs: 100_000, Bytes: 1 << 30}})
//	defer store.Close()
//
// The file is a bbolt database: pages that are never overwritten while they are in use, and two meta pages that take turns. So a crash
// between any two writes leaves the last state that was committed. What many goroutines write at once is committed together
// (commit.go), because the disk's sync costs more than all else. A body over 64 KiB is a file of its own, synced before the record
// that names it, and removed after the record is gone (bodies.go).
//
// The directory has:
//
//	jobs.db   the records, what joins equal requests, and small bodies
//	bodies/   large bodies; one that no record has is removed at start
//	lock      held by the process that uses the directory, with its number
//
// The package does not decide what happens to a job. It is one jobs.Store; jobs/storetest has its tests.
package bolt

import (
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"tenfour/jobs"

	bbolt "go.etcd.io/bbolt"
)

// Options are what a store needs to know.
type Options struct {
	Caps       jobs.Caps
	SweepEvery time.Duration // from one removal of expired jobs to the next; 0 is a minute
	LockWait   time.Duration // how long to wait for another process that still has the directory; 0 is a second
	Told       func(error)   // hears what fails in the background, such as a file that cannot be removed; nil for none

	step func(string) error // for tests: called before each step of a write; its error is the step's
}

// Store is a directory with jobs. Safe for use by several goroutines.
type Store struct {
	o      Options
	dir    string
	bodies string // the directory of large bodies
	lock   *os.File
	db     *bbolt.DB
	file   os.FileInfo // of the file that is open

	writes  chan *write   // to the commit loop
	quit    chan struct{} // closed by Close
	stopped chan struct{} // closed by the commit loop, when it commits nothing more
	ended   sync.Once
	loops   sync.WaitGroup
	err     error // of Close
	caps    atomic.Pointer[jobs.Caps]

	mu     sync.Mutex // guards the rest
	usage  jobs.Usage // of what is committed
	recent recent
	last   last  // the commit that began last
	unsure error // why nothing more is taken; nil while all is well
}

var _ jobs.Store = (*Store)(nil)

// Open opens the store in a directory, and makes it if it is missing. It fails with jobs.ErrInUse when another process has it, and with
// jobs.ErrDamaged when the file cannot be trusted; the file is then left as it is.
func Open(dir string, o Options) (*Store, error) {
	s := &Store{
		o: o.filled(), dir: dir, bodies: filepath.Join(dir, "bodies"),
		writes: make(chan *write, batchMost), quit: make(chan struct{}), stopped: make(chan struct{}),
	}
	s.SetCaps(o.Caps)
	if err := s.open(); err != nil {
		s.release()
		return nil, err
	}
	s.tellRights()
	found, err := s.listBodies()
	if err != nil {
		s.release()
		return nil, s.failure("look for bodies without a record", err)
	}
	s.loops.Go(s.commitLoop)                    // ends on quit
	s.loops.Go(s.sweepLoop)                     // ends on quit
	s.loops.Go(func() { s.sweepBodies(found) }) // ends when it has looked at all of them, or on quit
	return s, nil
}

// filled is o with what its zero values mean.
func (o Options) filled() Options {
	if o.SweepEvery == 0 {
		o.SweepEvery = time.Minute
	}
	if o.LockWait == 0 {
		o.LockWait = time.Second
	}
	if o.Told == nil {
		o.Told = func(error) {}
	}
	if o.step == nil {
		o.step = func(string) error { return nil }
	}
	return o
}

func (s *Store) open() (err error) {
	if err := os.MkdirAll(s.bodies, 0o700); err != nil {
		return s.failure("make the directory", err)
	}
	if s.lock, err = s.lockDirectory(os.O_CREATE); err != nil {
		return err
	}
	if err := s.makeFile(); err != nil {
		return s.failure("make jobs.db", err)
	}
	return s.openFile(s.options())
}

// SetCaps bounds what is created from now on.
func (s *Store) SetCaps(caps jobs.Caps) { s.caps.Store(&caps) }

// Close ends the store after the writes that have begun. Others fail with jobs.ErrClosed.
func (s *Store) Close() error {
	s.ended.Do(func() {
		close(s.quit)
		s.loops.Wait()
		s.err = s.release()
	})
	return s.err
}

// release gives back what open took.
func (s *Store) release() (err error) {
	s.mu.Lock()
	s.recent.clear() // also what is kept may not be had from a store that is closed
	s.mu.Unlock()
	if s.db != nil {
		err = s.db.Close()
	}
	if s.lock != nil {
		s.lock.Close() // that unlocks it
	}
	return err
}

// Usage is what is committed.
func (s *Store) Usage() jobs.Usage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.usage
}
