package bolt

import (
	"tenfour/jobs"

	bbolt "go.etcd.io/bbolt"
)

// last is a commit: its number, and when it was over. The zero value is of none.
type last struct {
	number int
	over   chan struct{} // closed once the store has what it changed, or has given it up
}

// begins notes that a commit begins. The caller closes what it returns when the commit is over.
func (s *Store) begins(number int) (over chan struct{}) {
	over = make(chan struct{})
	s.mu.Lock()
	s.last = last{number, over}
	s.mu.Unlock()
	return over
}

// view reads the file. bbolt shows a commit before its last sync, and before the rest of the store has it (usage, recent). A reader that has
// seen it waits until it is over. So a reader returns nothing that a power cut could undo, and the next one returns nothing older.
func (s *Store) view(read func(*bbolt.Tx) error) error {
	seen := 0
	err := s.db.View(func(tx *bbolt.Tx) error {
		seen = tx.ID()
		return read(tx)
	})
	s.mu.Lock()
	last := s.last
	s.mu.Unlock()
	if seen == last.number && last.over != nil {
		<-last.over
	}
	return err
}

// known returns a job that is kept as a value, as it is committed.
func (s *Store) known(k key) (jobs.Job, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.recent.get(k)
}
