package runner

import (
	"errors"
	"time"

	"tenfour/forward"
	"tenfour/jobs"
	"tenfour/lot"
	"tenfour/pool"
)

// run is one attempt of a job: an exchange whose sink is a record. It is its exchange's owner and observer.
type run struct {
	r      *Runner
	e      *entry
	lane   *lane
	x      *forward.Exchange
	grip   forward.Grip
	place  pool.Place
	waiter lot.Waiter // for when it has left its worker

	// Fixed before the exchange enters.
	leave  func() // its route
	policy jobs.Policy
	once   bool // the request may reach a backend once only, so that its gate is shut until the record says that it is sent
	beside int  // attempts of its route that may run at once

	recorded bool // its exchange is recorded as one of its own, and not as that of a client that was let go

	noteBell bell // for when its begin is stored

	// Guarded by the runner.
	sofar    sofar
	cut      cut
	waitsFor string // the backend to which it could send, and waits at its gate; "" before
	over     bool   // it has ended, or was given up
	slotless bool   // it does not count among the attempts of its route

	// Once it has ended.
	outcome jobs.Outcome
	ended   time.Time
	stopped bool // tenfour's own end has cut it off
}

// cut is why an attempt was cut off.
type cut uint8

const (
	uncut    cut = iota
	cutEnded     // the job has ended: it was cancelled
	cutLate      // at the job's deadline
	cutStop      // tenfour stops
)

// newRun takes a place for an attempt of a job. The runner is locked.
func (r *Runner) newRun(e *entry) *run {
	n := &run{r: r, e: e, lane: e.lane}
	n.noteBell.of = noting{n}
	e.run = n
	e.lane.running++
	r.running[n] = struct{}{}
	return n
}

// begin begins the attempt, if its job is still due.
func (n *run) begin() {
	r := n.r
	j, err := r.Store.Get(n.e.id)
	now := time.Now()
	switch {
	case err != nil:
		n.drop(j, err)
		return
	case j.State.Ended() || j.Paused || j.Next.After(now):
		n.drop(j, nil)
		return
	case !now.Before(j.Deadline):
		n.dropAndFail("its deadline is over")
		return
	}
	to, leave, ok := r.Routes.Enter(j.Request.Route)
	if !ok {
		n.dropAndFail("its route is not configured any more: " + j.Request.Route)
		return
	}
	n.leave, n.policy = leave, to.Policy
	n.once = !j.Request.MayRepeat(to.Policy.Unsafe)
	n.prepare(to)
	err = fill(n.x, &j.Request)
	if err == nil && !n.isAdmitted(j, to) {
		n.leave()
		return
	}
	if err == nil {
		n.x.Body, err = r.openBody(j.Request.Body)
	}
	if err != nil {
		n.leave()
		n.drop(j, err)
		return
	}
	n.record(&j, to)
	n.enter(now)
}

// prepare makes the exchange of the attempt, without its request.
func (n *run) prepare(to *Route) {
	r, x := n.r, &forward.Exchange{}
	x.Init(r.Lot, r.Held)
	x.Route, x.Limits = to.Route, to.Limits
	n.place.Background = true
	n.waiter.Init(r.Lot, n)
	x.Waiter = &n.waiter
	n.grip.Gated, n.grip.AtGate = n.once, n.atGate
	x.At, x.Owner, x.Observer, x.Grip, x.Stop = &n.place, n, n, &n.grip, &r.stop
	x.Record = int(r.Caps().BodyMax)
	n.x = x
}

// enter gives the exchange to its route.
func (n *run) enter(now time.Time) {
	r := n.r
	n.beside = beside(n.x.Route)
	r.mu.Lock()
	n.sofar.began = now
	n.e.grants, n.e.admitted = nil, false // they are for this attempt
	r.counts.attempts++
	n.lane.most = n.beside
	r.alarm.set(&n.noteBell, now.Add(noteAfter))
	r.mu.Unlock()
	r.pump() // the lane may have been thought to be narrower
	if !n.x.Enter() {
		n.Finished(n.x)
	}
}

// beside is how many attempts of a route may run at once: 1 or more.
func beside(to *forward.Route) int { return max(1, slotsTimes*slots(to)) }

// drop gives up an attempt before its exchange: its job is not due, or, with an error, cannot be read.
func (n *run) drop(j jobs.Job, err error) {
	n.giveUp()
	n.r.settleOrLater(n.e, j, err)
}

// dropAndFail ends the job, which no attempt can help.
func (n *run) dropAndFail(why string) {
	n.giveUp()
	n.r.fail(n.e, why)
}

// giveUp takes the attempt out of everything.
func (n *run) giveUp() {
	r := n.r
	r.mu.Lock()
	n.leaveLane()
	n.leaveRunner()
	r.mu.Unlock()
}

// leaveLane gives the place among its route's attempts back. The runner is locked.
func (n *run) leaveLane() {
	n.over = true
	n.leaveSlots()
	n.r.alarm.set(&n.noteBell, time.Time{})
}

// leaveSlots lets another attempt of the route have the slot that this one has had. The runner is locked.
func (n *run) leaveSlots() {
	if n.slotless {
		return
	}
	n.slotless = true
	n.lane.running--
	n.r.dropLane(n.lane)
	n.r.turn(n.lane)
}

// leaveRunner ends the attempt: its job has none. The runner is locked.
func (n *run) leaveRunner() {
	delete(n.r.running, n)
	if n.e.run == n {
		n.e.run = nil
	}
	n.r.lookEmpty()
}

// atGate has it stored that the request may have been sent, after which it is sent. While the job itself is still being stored, that comes first.
func (n *run) atGate(backend string) {
	n.r.mu.Lock()
	n.waitsFor = backend
	stored := n.lane != nil // else handOver opens the gate
	n.r.mu.Unlock()
	if stored {
		n.r.doers.do(n.e, func() { n.openGate(backend) })
	}
}

// openGate lets the request out once the record says that a part of it may have been sent. If that cannot be stored, the attempt fails.
func (n *run) openGate(backend string) {
	if n.store(func(s sofar) sofar {
		s.backend, s.reached = backend, max(s.reached, forward.PartlySent)
		return s
	}) {
		n.grip.Open()
	}
}

// Lasting notes that the exchange goes on without a worker: its response drips. Another attempt of its route may begin.
func (n *run) Lasting(x *forward.Exchange) {
	if n.recorded {
		x.Trace.Lasts(n.r.Lot.Now())
	}
	n.r.mu.Lock()
	n.leaveSlots()
	n.r.mu.Unlock()
	n.r.doers.do(nil, n.r.pump)
}

// Unpark goes on with an exchange that has left its worker.
func (n *run) Unpark() { n.x.Resume() }

// Finished has what follows done by another goroutine: the caller is a worker.
func (n *run) Finished(*forward.Exchange) { n.r.doers.do(n.e, n.finish) }

// finish gives back what others wait for, and stores how the attempt went.
func (n *run) finish() {
	r := n.r
	n.leave()
	n.waiter.Leave()
	n.endRecord()
	s, cut, _ := n.look()
	n.ended = time.Now()
	n.outcome = outcomeOf(n.x, s, n.ended)
	n.stopped = n.x.Failure != nil && errors.Is(n.x.Failure, forward.ErrStopping)
	if cut == cutLate && n.outcome.Failure != "" {
		n.outcome.Failure, n.outcome.Last = "its deadline came while it ran", true
	}
	r.mu.Lock()
	if n.e.failure = ""; n.x.Failure != nil {
		n.e.failure = n.x.Failure.Error()
	}
	again := n.over // a bug has ended it before
	n.leaveLane()
	r.mu.Unlock()
	r.pump()
	if again {
		n.x.Reset()
		return
	}
	n.save()
}
