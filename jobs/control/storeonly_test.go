package control

import (
	"time"

	"tenfour/jobs"
)

type storeOnly struct{ jobs.Store }

func (s storeOnly) Cancel(id jobs.ID) (jobs.Job, error) {
	return jobs.Change(s, id, func(j jobs.Job) (jobs.Job, error) { return j.Cancel(time.Now()) })
}
func (s storeOnly) Pause(id jobs.ID) (jobs.Job, error)  { return jobs.Change(s, id, jobs.Job.Pause) }
func (s storeOnly) Resume(id jobs.ID) (jobs.Job, error) { return jobs.Change(s, id, jobs.Job.Resume) }
func (s storeOnly) Rerun(id jobs.ID) (jobs.Job, error) {
	return jobs.Change(s, id, func(j jobs.Job) (jobs.Job, error) { return j.Rerun(time.Now().Add(time.Hour)) })
}
