package runner

import (
	"errors"
	"time"

	"tenfour/forward"
	"tenfour/jobs"
)

// Handover is an exchange of a client that becomes a job if it takes long: its record is stored, then its client is let go, and the same
// attempt goes on. A nil Handover is of an exchange that cannot become one.
type Handover struct {
	r    *Runner
	n    *run
	job  jobs.Job // as it was, or is stored
	body *forward.Body
	told func() // that the client is free
	bell bell   // for when it is to become a job

	// Guarded by the runner.
	over   bool // it is not handed over any more
	stored bool // its record is in the store
	freed  bool // its client was let go
}

// Handover makes x, which is about to enter, a job if it has not answered after that time. j is the job, as for Accept. told is called once,
// when the job is on the disk and the client's connection is free: from then on x, its place and the Handover are the runner's, and are
// used for no other request. leave is called when x has ended after that. Both must not block. told is never called when the response has
// begun before, when the store refuses the job, or when x has ended: then the exchange is an ordinary one, x.Owner hears of its end, and calls End.
//
// It returns nil for an exchange that is raced, that asks for a tunnel, or of whose request a part has still to come. That one goes on as ever.
func (r *Runner) Handover(j jobs.Job, x *forward.Exchange, after time.Duration, told, leave func()) *Handover {
	if !x.MayLetGo() {
		return nil
	}
	h := &Handover{r: r, job: j, body: x.Body.Share(), told: told}
	n := &run{r: r, e: r.newEntry(j.ID), x: x, leave: leave, beside: beside(x.Route)}
	h.n = n
	n.noteBell.of = noting{n}
	n.sofar.began = time.Now()
	n.waiter.Init(r.Lot, n)
	n.grip.Waiter = &n.waiter
	n.grip.Owner, n.grip.Record, n.grip.Stop = n, int(r.Caps().BodyMax), &r.stop
	n.grip.Freed, n.grip.Stays, n.grip.AtGate = h.free, h.stay, n.atGate
	x.Grip, x.Observer = &n.grip, n
	h.bell.of = timeIsUp{h}
	r.mu.Lock()
	r.alarm.set(&h.bell, n.sofar.began.Add(after))
	r.mu.Unlock()
	return h
}

// timeIsUp is what the bell of a handover rings for.
type timeIsUp struct{ *Handover }

func (h timeIsUp) rung() { h.r.doers.do(nil, h.handOver) }

// Job is the job that told was called for. It is not for an earlier moment.
func (h *Handover) Job() jobs.Job { return h.job }

// End says that x has ended for its first owner: it becomes no job.
func (h *Handover) End() {
	if h == nil {
		return
	}
	r := h.r
	r.mu.Lock()
	h.over = true
	r.alarm.set(&h.bell, time.Time{})
	stored := h.stored
	body := h.takeBody()
	r.mu.Unlock()
	leaveBody(body)
	if stored {
		r.doers.do(nil, h.undo)
	}
}

// takeBody takes the request's body out of h, for the caller to leave once the runner is unlocked: that may close a file, and wake what waits
// for memory. The runner is locked.
func (h *Handover) takeBody() (body *forward.Body) {
	body, h.body = h.body, nil
	return body
}

// handOver stores the record, and then lets the client go.
func (h *Handover) handOver() {
	r, n := h.r, h.n
	body, some := h.reserve()
	defer leaveBody(body)
	if !some {
		return
	}
	n.policy, _ = r.rulesOf(h.job)
	n.once = !h.job.Request.MayRepeat(n.policy.Unsafe)
	never := n.once && n.grip.Shut() // nothing of it goes out while that it has not is written down
	j, err := r.create(n.begun(h.job, never), body)
	if err != nil {
		if !errors.Is(err, jobs.ErrDuplicate) && !errors.Is(err, jobs.ErrKeyReused) {
			r.Log.Warn().Str("route", h.job.Request.Route).Err(err).Msg("a request that takes long could not become a job; its client waits on")
		}
		h.release()
		n.grip.Open()
		return
	}
	waitsFor, entered := h.enter(j)
	switch {
	case !entered || !n.grip.LetGo():
		h.undo()
	case waitsFor != "":
		n.openGate(waitsFor)
	}
}

// reserve makes the attempt its job's, before the store has a record: a start that reads it from there takes it for one that ran when tenfour
// stopped. It reports false if the exchange has ended.
func (h *Handover) reserve() (body *forward.Body, some bool) {
	r, n := h.r, h.n
	r.mu.Lock()
	defer r.mu.Unlock()
	if h.over {
		return nil, false
	}
	r.book[h.job.ID] = n.e
	n.e.run = n
	return h.body.Share(), true
}

// release undoes reserve.
func (h *Handover) release() {
	r, n := h.r, h.n
	r.mu.Lock()
	defer r.mu.Unlock()
	n.leaveRunner()
	r.forget(n.e)
}

// begun is the record of an exchange that runs; never says that nothing of its request has gone out.
func (n *run) begun(j jobs.Job, never bool) jobs.Job {
	s, _, _ := n.look()
	switch {
	case never:
		s.asks, s.reached = 0, forward.NothingSent
	case n.once:
		s.reached = max(s.reached, forward.PartlySent)
	}
	return s.on(j)
}

// enter makes the job known, which is stored, and returns the backend to which it could send meanwhile; "" for none. It reports false if its
// exchange has ended.
func (h *Handover) enter(j jobs.Job) (waitsFor string, entered bool) {
	r, n := h.r, h.n
	r.mu.Lock()
	defer r.mu.Unlock()
	h.job = j
	if h.over {
		return "", false
	}
	h.stored = true
	r.place(n.e, j)
	n.lane = n.e.lane
	n.lane.running++
	n.lane.most = n.beside // others of its route may run beside it, also if it is the first
	r.running[n] = struct{}{}
	return n.waitsFor, true
}

// free goes on once the client was let go.
func (h *Handover) free() {
	h.r.mu.Lock()
	h.freed = true
	h.r.counts.attempts++ // that which runs is the first of a job from now on
	h.r.counts.countNew(&h.job)
	body := h.takeBody()
	h.r.mu.Unlock()
	leaveBody(body)
	h.told()
}

// stay undoes what was stored, because the response has begun.
func (h *Handover) stay() { h.r.doers.do(nil, h.undo) }

// undo removes the record: its exchange is an ordinary one.
func (h *Handover) undo() {
	r, n := h.r, h.n
	n.grip.Open()
	r.mu.Lock()
	if h.freed {
		r.mu.Unlock()
		return
	}
	h.stored, h.over = false, true
	if n.lane != nil {
		n.leaveLane()
	}
	n.leaveRunner()
	r.forget(n.e)
	r.mu.Unlock()
	j := h.job
	for {
		err := r.Store.Remove(j)
		if err == nil || isUnknown(err) {
			return
		}
		if errors.Is(err, jobs.ErrConflict) { // how far it was has been stored since
			if j, err = r.Store.Get(j.ID); err == nil {
				continue
			}
		}
		r.Log.Warn().Str("job", j.ID.Short()).Err(err).Msg("the record of a request that was answered could not be removed; it is recovered with the next start")
		return
	}
}
