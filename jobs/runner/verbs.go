package runner

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"time"

	"tenfour/forward"
	"tenfour/jobs"
	"tenfour/lot"
)

// ask makes an errand that a goroutine does.
func (r *Runner) ask(w *lot.Waiter, do func(*Errand)) *Errand {
	e := &Errand{r: r, waiter: w}
	r.doers.do(nil, func() {
		defer func() {
			if v := recover(); v != nil {
				e.settle(jobs.Job{}, fmt.Errorf("tenfour has a bug; its log has the stack"))
				panic(v)
			}
		}()
		do(e)
	})
	return e
}

// Accept stores a job that is new, in state Accepted, with its body, which may be nil and is the runner's then, and runs it when it is
// due. admitted says that the limits of its route have admitted its first attempt. The errand is settled when the job is on the disk. Its
// error is jobs.ErrFull, jobs.ErrNoRoom, jobs.ErrBodyTooLarge, jobs.ErrKeyReused or jobs.ErrDuplicate, with the job that there is
// already, or another one of the store. If its client leaves before, the job is not stored.
func (r *Runner) Accept(w *lot.Waiter, j jobs.Job, body *forward.Body, admitted bool) *Errand {
	return r.ask(w, func(e *Errand) {
		defer leaveBody(body)
		if e.abandoned() {
			return
		}
		j, err := r.create(j, body)
		if err == nil {
			r.mu.Lock()
			r.counts.countNew(&j)
			r.mu.Unlock()
		}
		switch {
		case err == nil && admitted:
			r.settle(j, asAdmitted)
		case err == nil:
			r.settle(j, asNew)
		}
		e.settle(r.joined(j, err), err)
	})
}

// joined is what the store returned: a new job, or the one that there is already, as Get returns that.
func (r *Runner) joined(j jobs.Job, err error) jobs.Job {
	if !errors.Is(err, jobs.ErrDuplicate) {
		return j
	}
	if now, err := r.Get(j.ID); err == nil {
		return now
	}
	return j // it was removed just now
}

func leaveBody(b *forward.Body) {
	if b != nil {
		b.Leave()
	}
}

// create stores a job with its body.
func (r *Runner) create(j jobs.Job, content *forward.Body) (created jobs.Job, err error) {
	defer func() {
		if errors.Is(err, jobs.ErrFull) {
			r.makeRoom()
		}
	}()
	caps := r.Caps()
	body, size := content.Reader(), content.Len()
	if used := r.Store.Usage().Bytes; used+int64(size) > caps.BytesMax/8*7 {
		return jobs.Job{}, fmt.Errorf("create a job: %w: %d bytes of them, of %d that jobs may have before their results", jobs.ErrFull, used, caps.BytesMax/8*7)
	}
	hash := sha256.New()
	stored, err := r.Store.PutBody(j.ID, io.TeeReader(body, hash), min(caps.BodyMax, int64(size))) // the store makes room for so many
	if err != nil {
		return jobs.Job{}, err
	}
	j.Request.Body = stored
	created, err = r.Store.Create(j.WithBody(jobs.Hash(hash.Sum(nil))))
	if err != nil {
		r.dropBody(j.ID, stored)
	}
	return created, err
}

// sweepLeast is the time between two sweeps for want of room.
const sweepLeast = time.Second

// makeRoom removes what has expired, because there is no room for a new job. Else that would take up to a minute, while each client is told to try
// again in a second.
func (r *Runner) makeRoom() {
	now := time.Now()
	r.mu.Lock()
	isDue := now.Sub(r.swept) >= sweepLeast && !r.stopping
	if isDue {
		r.swept = now
	}
	r.mu.Unlock()
	if !isDue {
		return
	}
	r.doers.do(nil, func() {
		if _, err := r.Store.Sweep(time.Now()); err != nil {
			r.Log.Warn().Err(err).Msg("jobs whose time is over could not be removed")
		}
	})
}

// dropBody removes a body that was stored for a job whose record does not have it.
func (r *Runner) dropBody(id jobs.ID, b jobs.Body) {
	if err := r.Store.DropBody(b); err != nil {
		r.Log.Warn().Str("job", id.Short()).Err(err).Msg("a body that no job has could not be removed before the next start")
	}
}

// Await is settled when the job has ended, or is removed. It costs no goroutine meanwhile.
func (r *Runner) Await(w *lot.Waiter, id jobs.ID) *Errand {
	return r.ask(w, func(e *Errand) {
		j, err := r.Store.Get(id)
		if err != nil || j.State.Ended() {
			e.settle(j, err)
			return
		}
		r.adopt(id)
		r.mu.Lock()
		if known := r.book[id]; known != nil {
			known.join(e)
			r.mu.Unlock()
			if e.abandoned() { // just before
				e.Abandon()
			}
			return
		}
		r.mu.Unlock()
		j, err = r.Store.Get(id) // it ended just now
		e.settle(j, err)
	})
}

// Cancel ends a job that has not ended: the record first, and then the attempt that runs.
func (r *Runner) Cancel(w *lot.Waiter, id jobs.ID) *Errand {
	return r.alter(w, id, func(j jobs.Job) (jobs.Job, error) { return r.Shown(j).Cancel(time.Now()) })
}

// Pause lets no further attempt of a job begin. One that runs goes on.
func (r *Runner) Pause(w *lot.Waiter, id jobs.ID) *Errand { return r.alter(w, id, jobs.Job.Pause) }

// Resume lets attempts of a job begin again.
func (r *Runner) Resume(w *lot.Waiter, id jobs.ID) *Errand { return r.alter(w, id, jobs.Job.Resume) }

// Rerun accepts a job again that has failed, or was cancelled or interrupted. Its route says how long it may go on.
func (r *Runner) Rerun(w *lot.Waiter, id jobs.ID) *Errand {
	return r.alter(w, id, func(j jobs.Job) (jobs.Job, error) {
		_, most := r.rulesOf(j)
		if most == 0 {
			return j, &jobs.Refusal{Event: "run again", ID: j.ID, In: j.In(), Why: "and its route is not configured any more"}
		}
		return j.Rerun(time.Now().Add(most))
	})
}

// alter changes a job's record, and then what is known of it. A *jobs.Refusal says that its state does not allow it.
func (r *Runner) alter(w *lot.Waiter, id jobs.ID, change func(jobs.Job) (jobs.Job, error)) *Errand {
	return r.ask(w, func(e *Errand) {
		r.adopt(id)
		s := r.sofarOf(id) // first, as in Get
		j, err := r.change(id, change)
		if err == nil {
			r.settle(j, asNew)
		}
		e.settle(s.on(j), err)
	})
}
