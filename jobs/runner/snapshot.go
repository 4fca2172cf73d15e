package runner

import (
	"time"

	"tenfour/jobs"
)

// Snapshot is the state of the jobs at a moment. It shares nothing with the runner.
type Snapshot struct {
	jobs.Usage                              // what the store has, by state, and its bytes
	Running    int                          // attempts under way
	Due        int                          // jobs whose attempt could begin: they wait for their turn
	Limited    int                          // jobs that wait for a limit
	Unsaved    int                          // ends of attempts that the store could not take, and that are kept in memory
	Awaited    int                          // errands that wait for a job's end
	Oldest     time.Duration                // since the creation of the oldest job that has not ended; 0 for none
	Ended      [jobs.Interrupted + 1]uint64 // jobs that have ended since the start, by how
	Attempts   uint64                       // attempts that have begun since the start
	Changes    Changes                      // of states since the start
}

// Changes counts changes of jobs' states: how often a job went from one to another.
type Changes [Unmade + 1][jobs.Interrupted + 1]uint64

// Unmade is what a job comes from when it is made. No job is in that state.
const Unmade = jobs.Interrupted + 1

// count counts what a change of a record was. An attempt that was over soon has begun and ended in the same change.
func (c *Changes) count(before, after *jobs.Job) {
	from := before.State
	if begun(after) > begun(before) && after.State != jobs.Running {
		c[from][jobs.Running]++
		from = jobs.Running
	}
	if from != after.State {
		c[from][after.State]++
	}
}

// begun is how many attempts of a job have begun.
func begun(j *jobs.Job) int { return j.Earlier + len(j.Attempts) }

// Snapshot returns the state of the jobs.
func (r *Runner) Snapshot() Snapshot {
	s := Snapshot{Usage: r.Store.Usage()}
	r.mu.Lock()
	defer r.mu.Unlock()
	s.Running, s.Unsaved = len(r.running)-len(r.unsaved), len(r.unsaved)
	s.Ended, s.Attempts, s.Changes = r.counts.ended, r.counts.attempts, r.counts.changes
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
	changes  Changes
}

// countNew counts a job that was made just now. The runner is locked.
func (c *counts) countNew(j *jobs.Job) { c.changes[Unmade][j.State]++ }
