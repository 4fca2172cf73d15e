package runner

import (
	"bytes"
	"math/rand/v2"
	"time"

	"tenfour/jobs"
)

// saveAgain is how long to wait for a store that could not take something.
const saveAgain = time.Second

// save stores how the attempt ended. What the store cannot take stays in memory, and no other attempt begins until it could.
func (n *run) save() {
	r := n.r
	j, err := n.saveOnce()
	if err == nil || isRefusal(err) || isUnknown(err) {
		n.saved(j, err)
		return
	}
	r.Log.Error().Str("job", n.e.id.Short()).Err(err).Msg("how an attempt of a job ended could not be stored; it is kept in memory and tried again each second, and no job begins until then")
	r.mu.Lock()
	r.unsaved = append(r.unsaved, n)
	r.alarm.set(&r.retry, time.Now().Add(saveAgain))
	r.mu.Unlock()
}

// saveOnce stores the result's body, and then the record that has it.
func (n *run) saveOnce() (jobs.Job, error) {
	r := n.r
	o := n.outcome
	if o.Result.Status != 0 {
		_, content := n.x.Recorded()
		body, err := r.Store.PutBody(n.e.id, bytes.NewReader(content), int64(len(content)))
		if err != nil {
			return jobs.Job{}, err
		}
		o.Result.Body = body
	}
	random := rand.Float64()
	j, err := r.change(n.e.id, func(j jobs.Job) (jobs.Job, error) {
		s, cut, runs := n.look()
		if !runs {
			return j, errUnchanged // it was cancelled, and may have been run again since
		}
		j = s.on(j)
		if (cut == cutStop || n.stopped) && o.Failure != "" {
			if after, changed := j.Recover(n.ended, n.policy.Unsafe); changed {
				return after, nil
			}
			return j, errUnchanged
		}
		return j.End(n.ended, o, n.policy.Decide(j, o, n.ended, random))
	})
	if err != nil && o.Result.Body.Name != "" {
		r.dropBody(n.e.id, o.Result.Body)
	}
	return j, err
}

// saved ends the attempt, and goes on with its job.
func (n *run) saved(j jobs.Job, err error) {
	r := n.r
	n.x.Reset()
	r.mu.Lock()
	n.leaveRunner()
	r.mu.Unlock()
	r.settleOrLater(n.e, j, err)
	r.pump()
}

// retrySaving is what rings when the store is asked again.
type retrySaving struct{ *Runner }

func (r retrySaving) rung() { r.doers.do(nil, r.saveUnsaved) }

// saveUnsaved stores what the store could not take before, until it cannot again.
func (r *Runner) saveUnsaved() {
	for {
		r.mu.Lock()
		if len(r.unsaved) == 0 {
			r.mu.Unlock()
			break
		}
		n := r.unsaved[0]
		r.mu.Unlock()
		j, err := n.saveOnce()
		failed := err != nil && !isRefusal(err) && !isUnknown(err)
		r.mu.Lock()
		if failed {
			r.alarm.set(&r.retry, time.Now().Add(saveAgain))
			r.mu.Unlock()
			return
		}
		r.unsaved = r.unsaved[1:]
		r.mu.Unlock()
		n.saved(j, err)
	}
	r.pump()
}
