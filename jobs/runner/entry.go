package runner

import (
	"time"

	"tenfour/jobs"
)

// entry is what the runner knows of a job that has not ended. Its record is in the store. Guarded by the runner.
type entry struct {
	r        *Runner // fixed
	id       jobs.ID // fixed
	revision uint64  // of the record that the rest goes by; 0 before there was one
	lane     *lane   // of its route; nil before there was a record
	created  int64   // for how long it has been there; in nanoseconds since 1970
	deadline time.Time
	bell     bell // for its next attempt, or its deadline

	queued     bool    // it is due, and in its lane
	line       *line   // of a limit, in which it waits; nil for none. It is due, and in no lane
	next, prev *entry  // in its lane or its line
	grants     []grant // of the limits that have admitted its next attempt
	admitted   bool    // the limits were asked before its first attempt, and have admitted it
	run        *run    // its attempt, from when it has left its lane; nil for none
	failure    string  // why its last attempt failed, for the log; "" for none

	awaited *Errand // the first of those that wait for its end
}

func (r *Runner) newEntry(id jobs.ID) *entry {
	e := &entry{r: r, id: id}
	e.bell.of = due{e}
	return e
}

// how says how a record came to be known.
type how uint8

const (
	asFound    how = iota
	asNew          // it was changed just now, or is new
	asAdmitted     // it is new, and the limits have admitted its first attempt
)

// settle makes what is known of a job what its record says. An older record than the one that is known changes nothing. Of a job that is not
// known the store is asked again: it may have ended, and been forgotten, since the record was written or read.
func (r *Runner) settle(j jobs.Job, came how) {
	r.mu.Lock()
	e := r.book[j.ID]
	if e != nil || j.State.Ended() {
		r.settleKnown(e, j, came) // unlocks
		return
	}
	e = r.know(j.ID)
	r.mu.Unlock()
	now, err := r.Store.Get(j.ID)
	switch {
	case isUnknown(err):
		r.dismiss(e, jobs.Job{}, jobs.ErrUnknown)
		return
	case err != nil: // the record in hand is the best that there is
		now = j
	case now.State.Ended():
		r.dismiss(e, now, nil)
		return
	}
	r.mu.Lock()
	r.settleKnown(e, now, came)
}

// know makes a job known, before its record is looked at. The runner is locked.
func (r *Runner) know(id jobs.ID) *entry {
	e := r.newEntry(id)
	r.book[id] = e
	return e
}

// settleKnown is settle for a job that has an entry; nil if it has none any more. The runner is locked; settleKnown unlocks it.
func (r *Runner) settleKnown(e *entry, j jobs.Job, came how) {
	if e == nil || r.book[j.ID] != e || j.Revision < e.revision {
		r.mu.Unlock()
		return
	}
	e.admitted = e.admitted || came == asAdmitted
	if j.State.Ended() {
		r.end(e, j) // unlocks
		return
	}
	r.place(e, j)
	r.mu.Unlock()
	if came != asFound || j.State != jobs.Running {
		r.pump()
	}
}

// place puts a job that has not ended where it waits now. The runner is locked.
func (r *Runner) place(e *entry, j jobs.Job) {
	if e.lane == nil {
		e.lane = r.laneOf(j.Request.Route)
		e.lane.entries++
	}
	e.revision, e.created, e.deadline = j.Revision, j.Created.UnixNano(), j.Deadline
	if e.run != nil { // its end places it
		r.alarm.set(&e.bell, e.deadline)
		return
	}
	isDue := !j.Paused && !j.Next.After(time.Now())
	switch {
	case isDue && !e.queued && e.line == nil:
		e.lane.join(e)
		r.turn(e.lane)
	case !isDue:
		r.unqueue(e)
	}
	at := e.deadline
	if !j.Paused && !isDue && j.Next.Before(at) {
		at = j.Next
	}
	r.alarm.set(&e.bell, at)
}

// unqueue takes a job out of its lane, or out of a limit's line, and gives back what limits have admitted. The runner is locked.
func (r *Runner) unqueue(e *entry) {
	if e.queued {
		e.lane.remove(e)
	}
	if e.line != nil {
		e.line.leave(e)
	}
	if e.run == nil {
		r.refund(e)
	}
}

// end forgets a job that has ended, cuts its attempt if that still runs, and tells those that wait. The runner is locked; end
// unlocks it.
func (r *Runner) end(e *entry, j jobs.Job) {
	n := e.run
	if n != nil && n.cut == uncut {
		n.cut = cutEnded
	}
	awaited := r.forget(e)
	r.counts.ended[j.State]++
	failure := e.failure
	r.mu.Unlock()
	if n != nil {
		n.grip.Cut()
	}
	for _, w := range awaited {
		w.settle(j, nil)
	}
	r.logEnd(j, failure)
	r.Ended(j)
	r.pump()
}

// forget takes a job out of everything but its attempt, which ends by itself, and returns those that wait for its end. The runner is locked.
func (r *Runner) forget(e *entry) (awaited []*Errand) {
	if r.book[e.id] != e {
		return nil
	}
	delete(r.book, e.id)
	r.alarm.set(&e.bell, time.Time{})
	r.unqueue(e)
	if e.lane != nil {
		e.lane.entries--
		r.dropLane(e.lane)
	}
	for e.awaited != nil {
		w := e.awaited
		e.leave(w)
		awaited = append(awaited, w)
	}
	return awaited
}

// due is what an entry's bell rings for.
type due struct{ *entry }

// rung goes on with a job whose next attempt is due, or whose deadline is over.
func (d due) rung() {
	e := d.entry
	r := e.r
	r.mu.Lock()
	defer r.mu.Unlock()
	switch late := !time.Now().Before(e.deadline); {
	case r.book[e.id] != e || r.stopping:
	case e.run != nil && late:
		r.doers.do(e, func() { r.cutLate(e) })
	case late:
		r.doers.do(e, func() { r.failLate(e) })
	case e.run == nil && !e.queued && e.line == nil:
		e.lane.join(e)
		r.turn(e.lane)
		r.alarm.set(&e.bell, e.deadline)
	}
}

// failLate fails a job whose deadline is over, and whose attempt none can help any more.
func (r *Runner) failLate(e *entry) {
	r.fail(e, "its deadline is over")
}

// cutLate cuts an attempt that runs at the job's deadline.
func (r *Runner) cutLate(e *entry) {
	r.mu.Lock()
	n := e.run
	if n != nil && n.cut == uncut {
		n.cut = cutLate
	}
	r.mu.Unlock()
	if n != nil {
		n.grip.Cut()
	}
}

// fail ends a job that no attempt can help any more.
func (r *Runner) fail(e *entry, why string) {
	j, err := r.change(e.id, func(j jobs.Job) (jobs.Job, error) { return j.Fail(time.Now(), why) })
	r.settleOrLater(e, j, err)
}

// settleOrLater settles a job after a change. If the store could not take it, the job is looked at again later.
func (r *Runner) settleOrLater(e *entry, j jobs.Job, err error) {
	r.mu.Lock()
	isOld := e.revision > j.Revision // it was changed meanwhile, and that was not looked at because of its attempt
	r.mu.Unlock()
	if isOld && (err == nil || isRefusal(err)) {
		j, err = r.Store.Get(e.id)
	}
	switch {
	case err == nil, isRefusal(err):
		r.settle(j, asFound)
	case isUnknown(err):
		r.dismiss(e, jobs.Job{}, jobs.ErrUnknown)
	default:
		r.Log.Error().Str("job", e.id.Short()).Err(err).Msg("the store of jobs fails; the job is looked at again in a second")
		r.mu.Lock()
		r.alarm.set(&e.bell, time.Now().Add(saveAgain))
		r.mu.Unlock()
	}
}

// dismiss forgets a job that has ended before, or that the store has no more, and tells those that wait.
func (r *Runner) dismiss(e *entry, j jobs.Job, err error) {
	r.mu.Lock()
	awaited := r.forget(e)
	r.mu.Unlock()
	for _, w := range awaited {
		w.settle(j, err)
	}
}

// join makes an errand one of those that wait for the job's end. The runner is locked.
func (e *entry) join(w *Errand) {
	w.prev, w.next = nil, e.awaited
	if w.next != nil {
		w.next.prev = w
	}
	e.awaited, w.at = w, e
}

// leave undoes join, for an errand that is abandoned.
func (e *entry) leave(w *Errand) {
	switch {
	case w.at != e:
		return
	case w.prev != nil:
		w.prev.next = w.next
	default:
		e.awaited = w.next
	}
	if w.next != nil {
		w.next.prev = w.prev
	}
	w.at, w.prev, w.next = nil, nil, nil
}
