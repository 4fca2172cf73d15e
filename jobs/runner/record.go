package runner

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"time"

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

// on is j with the attempt so far. A record that has it already, or that has gone on, is as it was.
func (s sofar) on(j jobs.Job) jobs.Job {
	if s.began.IsZero() {
		return j
	}
	if j.State == jobs.Accepted || j.State == jobs.Waiting {
		paused := j.Paused
		j.Paused = false // one that runs goes on
		begun, err := j.Begin(s.began)
		j = begun
		j.Paused = paused
		if err != nil {
			return j
		}
	}
	if j.State == jobs.Running && s.backend != "" {
		j, _ = j.Reach(s.backend, s.mayHaveReached())
	}
	return j
}

// shown is a job with what its record does not have yet of the attempt that runs.
func (r *Runner) shown(j jobs.Job) jobs.Job {
	if j.State.Ended() {
		return j
	}
	r.mu.Lock()
	var s sofar
	if e := r.book[j.ID]; e != nil && e.run != nil {
		s = e.run.sofar
	}
	r.mu.Unlock()
	return s.on(j)
}

// Shown is a job of the store with what the runner knows besides: its record has the attempt that runs some time after it has begun.
func (r *Runner) Shown(j jobs.Job) jobs.Job { return r.shown(j) }

// noteAfter is how long an attempt runs before its begin is stored. One that is over sooner costs one write less.
const noteAfter = 100 * time.Millisecond

// noting is what the bell rings for that says so.
type noting struct{ *run }

func (n noting) rung() { n.r.doers.do(n.e, n.note) }

// note stores how far the attempt is.
func (n *run) note() { n.store(func(s sofar) sofar { return s }) }

// store stores how far the attempt is, or may be, and reports whether it could.
func (n *run) store(may func(sofar) sofar) bool {
	j, err := n.r.change(n.e.id, func(j jobs.Job) (jobs.Job, error) {
		s, _, runs := n.look()
		if !runs || n.hasEnded() {
			return j, errUnchanged
		}
		return may(s).on(j), nil
	})
	switch {
	case err == nil:
		n.r.settle(j, asFound)
	case !isRefusal(err) && !isUnknown(err):
		n.r.Log.Warn().Str("job", short(n.e.id)).Err(err).Msg("that an attempt of a job runs could not be stored")
	}
	return err == nil
}

// look returns how far the attempt is, why it was cut, and whether it is still its job's.
func (n *run) look() (s sofar, c cut, runs bool) {
	n.r.mu.Lock()
	defer n.r.mu.Unlock()
	return n.sofar, n.cut, n.e.run == n && n.r.book[n.e.id] == n.e
}

// hasEnded reports whether its exchange has ended.
func (n *run) hasEnded() bool {
	n.r.mu.Lock()
	defer n.r.mu.Unlock()
	return n.over
}

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
	r.Log.Error().Str("job", short(n.e.id)).Err(err).Msg("how an attempt of a job ended could not be stored; it is kept in memory and tried again each second, and no job begins until then")
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
		if err := r.Store.DropBody(o.Result.Body); err != nil {
			r.Log.Warn().Str("job", short(n.e.id)).Err(err).Msg("a body that no job has could not be removed before the next start")
		}
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

// panicked goes on after a bug: it costs the job that it was about.
func (r *Runner) panicked(of *entry, v any, stack []byte) {
	line := r.Log.Error().Interface("panic", v).Bytes("stack", stack)
	if of == nil {
		line.Msg("the runner of jobs has a bug, and goes on")
		return
	}
	line.Str("job", short(of.id)).Msg("the runner of jobs has a bug; it costs this job")
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
