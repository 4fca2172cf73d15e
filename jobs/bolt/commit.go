package bolt

import (
	"errors"
	"fmt"
	"math"
	"runtime"

	"tenfour/jobs"

	bbolt "go.etcd.io/bbolt"
)

// batchMost is how many writes are committed together at most.
const batchMost = 1024

// write is one change of the file, which one goroutine waits for.
type write struct {
	do   func(*change) error // it changes nothing when it returns an error other than errFile
	err  error               // what the goroutine is told
	drop []string            // names of body files that no record has any more; the goroutine removes them
	done chan struct{}       // closed by the commit loop; then the rest belongs to the goroutine that waits
}

// change is what the writes of one transaction see and do.
type change struct {
	tx    *bbolt.Tx
	usage jobs.Usage                 // with the changes so far
	known func(key) (jobs.Job, bool) // those that are kept as values, as they were before the transaction
	news  news                       // what it has changed
	drop  []string                   // for the write that is being done: its drop
}

// errFile is a write that the file could not take; it may have been half done, and the transaction is given up.
var errFile = errors.New("write to jobs.db")

// write does a change, and returns when it is on the disk, and the body files are removed that it leaves without a record.
func (s *Store) write(do func(*change) error) error {
	w := &write{do: do, done: make(chan struct{})}
	if err := s.queue(w); err != nil {
		return err
	}
	for _, name := range w.drop {
		s.removeFile(name)
	}
	return nil
}

// queue gives w to the commit loop, and returns when that is done with it.
func (s *Store) queue(w *write) error {
	select {
	case <-s.quit:
		return s.failure("write", jobs.ErrClosed)
	case s.writes <- w:
	}
	select {
	case <-w.done:
		return w.err
	case <-s.stopped: // it may have taken w before it ended
	}
	select {
	case <-w.done:
		return w.err
	default:
		return s.failure("write", jobs.ErrClosed)
	}
}

// commitLoop commits all writes that have come while it committed those before them. So one alone waits for nothing but the disk, and
// many share its time. No timer is needed.
func (s *Store) commitLoop() {
	defer close(s.stopped)
	for {
		select {
		case <-s.quit:
			return
		case w := <-s.writes:
			s.commit(s.batch(w))
		}
	}
}

// batch is the first write, and those that have come meanwhile. Goroutines that can run do so first, as long as they bring further writes:
// on a busy machine many are about to. One that is alone loses no time by that.
func (s *Store) batch(first *write) []*write {
	all := []*write{first}
	for before := 0; before < len(all) && len(all) < batchMost; {
		before = len(all)
		runtime.Gosched()
		all = s.waiting(all)
	}
	return all
}

// waiting appends the writes that wait at this moment.
func (s *Store) waiting(all []*write) []*write {
	for len(all) < batchMost {
		select {
		case w := <-s.writes:
			all = append(all, w)
		default:
			return all
		}
	}
	return all
}

// commit does the writes in one transaction, and tells each how it went.
func (s *Store) commit(all []*write) {
	err := s.transact(all)
	for _, w := range all {
		if err != nil {
			w.err = err
		}
		close(w.done)
	}
}

// transact does the writes. Its error is that of every write.
func (s *Store) transact(all []*write) (err error) {
	s.mu.Lock()
	c := change{usage: s.usage, known: s.known, news: news{}}
	unsure := s.unsure
	s.mu.Unlock()
	if unsure != nil {
		return unsure
	}
	if err := s.inPlace(); err != nil {
		return s.failure("write", err)
	}
	if c.tx, err = s.db.Begin(true); err != nil {
		return s.gaveUp(err)
	}
	for _, w := range all {
		c.drop = nil
		w.err = w.do(&c)
		w.drop = c.drop
		if errors.Is(w.err, errFile) {
			c.tx.Rollback()
			return s.failure("write", w.err)
		}
	}
	number := c.tx.ID()
	defer close(s.begins(number))
	if err := s.finish(c.tx); err != nil {
		if isFull(err) && s.committed() < number {
			return s.failure("write", err) // all is as it was, and the next write may find room
		}
		return s.gaveUp(err)
	}
	s.mu.Lock()
	s.usage = c.usage
	s.recent.take(c.news)
	s.mu.Unlock()
	return nil
}

// finish commits: bbolt writes the new pages and syncs, then the meta page that leads to them, and syncs again.
func (s *Store) finish(tx *bbolt.Tx) error {
	if err := s.o.step("commit"); err != nil {
		tx.Rollback()
		return err
	}
	if err := tx.Commit(); err != nil {
		tx.Rollback() // bbolt does it after most errors, not after all
		return err
	}
	if err := s.o.step("answer"); err != nil {
		return fmt.Errorf("after the commit: %w", err)
	}
	return nil
}

// committed is the number of the last transaction whose meta page is written.
func (s *Store) committed() (number int) {
	err := s.db.View(func(tx *bbolt.Tx) error {
		number = tx.ID()
		return nil
	})
	if err != nil {
		return math.MaxInt
	}
	return number
}

// gaveUp is the error of a transaction of which it is unknown what is on the disk: a sync that failed once may succeed the second time
// although pages were lost. So nothing more is taken, and the next start reads what is there.
func (s *Store) gaveUp(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recent.clear()
	s.unsure = s.failure("write", fmt.Errorf("%w (%w)", jobs.ErrUnsure, err))
	return s.unsure
}
