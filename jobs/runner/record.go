package runner

import (
	"errors"

	"tenfour/jobs"
)

// change changes a job in the store. change is a pure function.
func (r *Runner) change(id jobs.ID, change func(jobs.Job) (jobs.Job, error)) (jobs.Job, error) {
	return jobs.Change(r.Store, id, change)
}

// errUnchanged ends a change that has nothing to change.
var errUnchanged = errors.New("nothing changes")

func isRefusal(err error) bool { return err == errUnchanged || errors.As(err, new(*jobs.Refusal)) }
func isUnknown(err error) bool { return errors.Is(err, jobs.ErrUnknown) }
