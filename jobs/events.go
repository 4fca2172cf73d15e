package jobs

import (
	"time"

	"tenfour/forward"
)

// The events of a job's life, in the order of the picture in docs/design/jobs.md. Each returns the record after it, or the
// record unchanged with a *Refusal when the picture has no such arrow.

// Begin starts an attempt: the job leaves the queue of waiting jobs and enters the pool. Nothing of it has been sent.
func (j Job) Begin(now time.Time) (Job, error) {
	switch {
	case j.State != Accepted && j.State != Waiting:
		return j.refuse("begin", "")
	case j.Paused:
		return j.refuse("begin", "and begins after resume")
	case now.Before(j.Next):
		return j.refuse("begin", "and its next attempt is not due")
	case !now.Before(j.Deadline):
		return j.refuse("begin", "and its deadline is over")
	}
	j.State, j.Next = Running, time.Time{}
	j.Tried++
	j.addAttempt(Attempt{Began: stamp(now)})
	return j, nil
}

// Reach records how far the running attempt may have come, at which backend. For a request that may be sent only once it is stored
// before the first byte goes out: after a crash the record says more than what has happened, never less.
func (j Job) Reach(backend string, p forward.Progress) (Job, error) {
	if j.State != Running {
		return j.refuse("send", "")
	}
	a := j.last()
	a.Backend = backend
	a.Reached = max(a.Reached, p)
	return j, nil
}

// End ends the running attempt: the job waits for another one, is done, or has failed, as the verdict says (Policy.Decide).
func (j Job) End(now time.Time, o Outcome, v Verdict) (Job, error) {
	if j.State != Running {
		return j.refuse("end an attempt of", "")
	}
	o.endAttempt(j.last(), now)
	if o.Result.Status != 0 {
		j.Result = o.Result
	}
	if v.State == Waiting {
		j.State, j.Next = Waiting, stamp(v.At)
		return j, nil
	}
	if v.State == Done {
		j.Request.Body = Body{} // only a job that failed is run again
	}
	return j.end(now, v.State, v.Why), nil
}

// Fail ends a job that no attempt can help any more: its deadline is over, or its route is gone.
func (j Job) Fail(now time.Time, why string) (Job, error) {
	if j.State != Accepted && j.State != Waiting {
		return j.refuse("fail", "")
	}
	return j.end(now, Failed, why), nil
}

// Cancel ends a job that has not ended. The caller cuts the attempt that runs, once the record is stored.
func (j Job) Cancel(now time.Time) (Job, error) {
	if j.State.Ended() {
		return j.refuse("cancel", "and has ended")
	}
	const why = "it was cancelled"
	if j.State == Running {
		a := j.last()
		a.Ended, a.Failure = stamp(now), why
	}
	return j.end(now, Cancelled, why), nil
}

// Pause lets no further attempt begin. One that runs goes on to its end: cutting it could cost a request that may be sent only once.
func (j Job) Pause() (Job, error) {
	if j.State.Ended() || j.Paused {
		return j.refuse("pause", "")
	}
	j.Paused = true
	return j, nil
}

// Resume lets attempts begin again.
func (j Job) Resume() (Job, error) {
	if !j.Paused {
		return j.refuse("resume", "and is not paused")
	}
	j.Paused = false
	return j, nil
}

// Rerun accepts a job again that ended without an answer, with its first request, until another deadline. Its attempts stay in the
// record. The result of a job that is done stays as it is.
func (j Job) Rerun(deadline time.Time) (Job, error) {
	if !j.State.Ended() || j.State == Done {
		return j.refuse("run again", "")
	}
	j.State, j.Deadline, j.Tried = Accepted, stamp(deadline), 0
	j.Ended, j.Reason, j.Result = time.Time{}, "", Result{}
	j.Callback = j.Callback.again()
	return j, nil
}

// Recover says what becomes of a job that is found at start, after tenfour stopped in whatever way. unsafe is the route's
// retry_unsafe. Only a job that ran is changed: it waits for another attempt, due at once, or is interrupted.
func (j Job) Recover(now time.Time, unsafe bool) (after Job, changed bool) {
	if j.State != Running {
		return j, false
	}
	a := j.last()
	a.Ended, a.Failure = stamp(now), "tenfour stopped"
	neverSent := a.Reached == forward.NothingSent
	if neverSent {
		j.Tried-- // it is no fault of the backend
	}
	if neverSent || j.Request.MayRepeat(unsafe) {
		j.State, j.Next = Waiting, stamp(now)
		return j, true
	}
	return j.end(now, Interrupted, "tenfour stopped after it may have sent the request, which may be sent only once"), true
}

// MayRepeat reports whether the request may reach a backend twice.
func (r Request) MayRepeat(unsafe bool) bool { return r.Idempotent || r.Keyed || unsafe }

// end puts the job into a state that has ended, and its callback is due.
func (j Job) end(now time.Time, s State, why string) Job {
	j.State, j.Ended, j.Reason = s, stamp(now), why
	j.Next, j.Paused = time.Time{}, false
	j.Callback = j.Callback.due(s, j.Ended)
	return j
}

// addAttempt appends to the attempts, and drops the oldest if they are too many.
func (j *Job) addAttempt(a Attempt) {
	first := max(0, len(j.Attempts)+1-attemptsKept)
	j.Earlier += first
	kept := make([]Attempt, 0, len(j.Attempts)-first+1)
	j.Attempts = append(append(kept, j.Attempts[first:]...), a)
}

// stamp is t as it is stored.
func stamp(t time.Time) time.Time { return t.Round(0).UTC() }
