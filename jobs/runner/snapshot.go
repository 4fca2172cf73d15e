package runner

import (
	"time"

	"tenfour/jobs"
)

// Snapshot is the state of the jobs at a moment. It shares nothing with the runner.
type Snapshot struct {
	jobs.Usage                              // what the store has, by state, and its bytes
	Running    int                          // attempts that have begun, and whose end is not stored
	Due        int                          // jobs whose attempt could begin: they wait for their turn
	Limited    int                          // jobs that wait for a limit
	Unsaved    int                          // ends of attempts that the store could not take, and that are kept in memory
	Awaited    int                          // errands that wait for a job's end
	Oldest     time.Duration                // since the creation of the oldest job that has not ended; 0 for none
	Ended      [jobs.Interrupted + 1]uint64 // jobs that have ended since the start, by how
	Attempts   uint64                       // attempts that have begun since the start
}

// Snapshot returns the state of the jobs.
func (r *Runner) Snapshot() Snapshot {
	s := Snapshot{Usage: r.Store.Usage()}
	r.mu.Lock()
	defer r.mu.Unlock()
	s.Running, s.Unsaved, s.Ended, s.Attempts = len(r.running), len(r.unsaved), r.counts.ended, r.counts.attempts
	oldest := int64(0)
	for _, e := range r.book {
		if e.created != 0 && (oldest == 0 || e.created < oldest) {
			oldest = e.created
		}
		for w := e.awaited; w != nil; w = w.next {
			s.Awaited++
		}
	}
	for _, l := range r.lanes {
		s.Due += l.waiting
	}
	for _, l := range r.lines {
		s.Limited += l.count
	}
	if oldest != 0 {
		s.Oldest = time.Since(time.Unix(0, oldest))
	}
	return s
}

// counts is what has happened since the start.
type counts struct {
	ended    [jobs.Interrupted + 1]uint64
	attempts uint64
}
