package runner

import (
	"errors"

	"tenfour/jobs"
)

// change changes a job in the store. change is a pure function.
func (r *Runner) change(id jobs.ID, change func(jobs.Job) (jobs.Job, error)) (jobs.Job, error) {
	var before jobs.Job
	after, err := jobs.Change(r.Store, id, func(j jobs.Job) (jobs.Job, error) {
		before = j
		return change(j)
	})
	if err == nil {
		r.mu.Lock()
		r.counts.changes.count(&before, &after)
		r.mu.Unlock()
	}
	return after, err
}

// errUnchanged ends a change that has nothing to change.
var errUnchanged = errors.New("nothing changes")

func isRefusal(err error) bool { return err == errUnchanged || errors.As(err, new(*jobs.Refusal)) }
func isUnknown(err error) bool { return errors.Is(err, jobs.ErrUnknown) }
