package runner

import (
	"time"

	"tenfour/jobs"
)

// panicked goes on after a bug: it costs the job that it was about.
func (r *Runner) panicked(of *entry, v any, stack []byte) {
	line := r.Log.Error().Interface("panic", v).Bytes("stack", stack)
	if of == nil {
		line.Msg("the runner of jobs has a bug, and goes on")
		return
	}
	line.Str("job", of.id.Short()).Msg("the runner of jobs has a bug; it costs this job")
	r.mu.Lock()
	n := of.run
	if n != nil {
		n.leaveLane()
		n.leaveRunner()
	}
	r.mu.Unlock()
	if n != nil {
		n.grip.Cut()
	}
	r.doers.do(nil, func() { r.failByBug(of) })
}

// failByBug ends a job that a bug was about.
func (r *Runner) failByBug(e *entry) {
	const why = "tenfour has a bug; its log has the stack"
	j, err := r.change(e.id, func(j jobs.Job) (jobs.Job, error) {
		if j.State == jobs.Running {
			return j.End(time.Now(), jobs.Outcome{Failure: why, Last: true}, jobs.Verdict{State: jobs.Failed, Why: why})
		}
		return j.Fail(time.Now(), why)
	})
	r.settleOrLater(e, j, err)
}
