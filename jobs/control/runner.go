package control

import "tenfour/jobs"

// Runner changes jobs, so that those that run take notice. Each call returns when the job is stored.
type Runner interface {
	Cancel(jobs.ID) (jobs.Job, error)
	Pause(jobs.ID) (jobs.Job, error)
	Resume(jobs.ID) (jobs.Job, error)
	Rerun(jobs.ID) (jobs.Job, error)
}
