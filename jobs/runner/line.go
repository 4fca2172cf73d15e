package runner

import (
	"time"

	"tenfour/admit"
	"tenfour/jobs"
	"tenfour/limit"
)

// line is the jobs that wait for one limit under one key, first in, first out. The limiter is asked for the first of them only, so that however
// many wait, one place at the limiter stands for all. A limit that lets requests wait has it wait there, in turn with the clients; any other is
// asked again when it says so.
//
// A job is in no lane meanwhile, and has no admission of another limit: so what it waits for keeps no other request out.
type line struct {
	r     *Runner
	limit *admit.Limit
	at    lineKey
	place limit.Place
	bell  bell // for when the limiter is asked again

	// Guarded by the runner.
	head   entry // of the ring of those that wait; its next is the first
	count  int
	asking bool // the limiter is asked, or will say
}

// lineKey is what one line is for.
type lineKey struct {
	limiter limit.Limiter
	key     string
}

// grant is what a limit has admitted.
type grant struct {
	lineKey
	decision limit.Decision
}

// lineWait is how long a limit that cannot say is left alone.
const lineWait = time.Second

// isAdmitted reports whether the limits of the route admit the attempt. If one is still to be asked, the attempt is given up, and its job
// waits there.
func (n *run) isAdmitted(j jobs.Job, to *Route) bool {
	if to.Rule == nil || n.e.admitted {
		return true
	}
	head := n.x.In.Head()
	who, _ := to.Rule.Check(n.x.Remote, &n.x.Head, head) // it was allowed when it came
	who.Name = j.Request.ClientName                      // its token is not on the disk
	for _, l := range to.Rule.Limits {
		at := lineKey{l.Limiter, string(l.AppendKey(nil, &who, &n.x.Head, head))}
		if !n.e.isGranted(at) {
			n.waitAt(l, at)
			return false
		}
	}
	return true
}

// isGranted reports whether the limit has admitted the job's next attempt. The caller has its attempt.
func (e *entry) isGranted(at lineKey) bool {
	for _, g := range e.grants {
		if g.lineKey == at {
			return true
		}
	}
	return false
}

// waitAt gives up the attempt, and has its job wait for a limit.
func (n *run) waitAt(l *admit.Limit, at lineKey) {
	r, e := n.r, n.e
	r.mu.Lock()
	n.leaveLane()
	n.leaveRunner()
	if r.book[e.id] != e { // it was cancelled meanwhile
		r.mu.Unlock()
		return
	}
	it := r.lines[at]
	if it == nil {
		it = &line{r: r, limit: l, at: at}
		it.head.next, it.head.prev = &it.head, &it.head
		it.bell.of = it
		r.lines[at] = it
	}
	if it.count > 0 { // it does wait
		r.refund(e)
	}
	it.join(e)
	r.mu.Unlock()
	it.ask()
	r.pump()
}

// join puts a job at the end.
func (l *line) join(e *entry) {
	e.prev, e.next = l.head.prev, &l.head
	e.prev.next, e.next.prev = e, e
	e.line = l
	l.count++
}

// leave takes a job out. If it was the last, the limiter is asked no more.
func (l *line) leave(e *entry) {
	e.prev.next, e.next.prev = e.next, e.prev
	e.prev, e.next, e.line = nil, nil, nil
	if l.count--; l.count > 0 {
		return
	}
	l.r.alarm.set(&l.bell, time.Time{})
	if l.asking && l.limit.Wait {
		l.r.doers.do(nil, l.withdraw)
	}
	if !l.asking {
		delete(l.r.lines, l.at)
	}
}

// withdraw takes the place at the limiter back, if no job waits any more.
func (l *line) withdraw() {
	l.r.mu.Lock()
	empty := l.count == 0 && l.asking
	l.r.mu.Unlock()
	if empty && l.limit.Limiter.Withdraw(&l.place) {
		l.answered(limit.Decision{}, nil)
	}
}

// rung asks the limiter again.
func (l *line) rung() { l.r.doers.do(nil, l.ask) }

// ask asks the limiter for the first job, if none is asked for.
func (l *line) ask() {
	r := l.r
	r.mu.Lock()
	ask := l.count > 0 && !l.asking && l.bell.at.IsZero()
	l.asking = l.asking || ask
	r.mu.Unlock()
	if !ask {
		return
	}
	var d limit.Decision
	var known bool
	var err error
	if key := []byte(l.at.key); l.limit.Wait {
		d, known, err = l.limit.Limiter.Wait(key, &l.place, l)
	} else {
		d, known = l.limit.Limiter.Ask(key, l)
	}
	if known || err != nil {
		l.answered(d, err)
		return
	}
	r.mu.Lock()
	if l.count > 0 {
		r.refund(l.first())
	}
	r.mu.Unlock()
}

// Answered goes on with what a limiter has decided later. The limiter calls it, once for each question.
func (l *line) Answered(d limit.Decision, err error) {
	l.r.doers.do(nil, func() { l.answered(d, err) })
}

// answered lets the first job go on, if it is admitted.
func (l *line) answered(d limit.Decision, err error) {
	r := l.r
	r.mu.Lock()
	l.asking = false
	admitted := err == nil && d.Admitted || err != nil && err != limit.ErrFull && err != limit.ErrClosed && l.limit.AdmitOnError
	switch {
	case l.count == 0:
		delete(r.lines, l.at)
		r.mu.Unlock()
		if d.Admitted {
			l.limit.Limiter.Refund([]byte(l.at.key), d)
		}
		return
	case err == limit.ErrClosed: // a reload has removed the limit: each job asks those that its route has now
		for l.count > 0 {
			l.first().goesOn()
		}
	case admitted:
		e := l.first()
		e.grants = append(e.grants, grant{l.at, d})
		e.goesOn()
	case err != nil && err != limit.ErrFull:
		r.refund(l.first())
		r.alarm.set(&l.bell, time.Now().Add(lineWait))
	default:
		r.refund(l.first())
		r.alarm.set(&l.bell, time.Now().Add(max(d.RetryAfter, lineLeast)))
	}
	more := l.count > 0
	if !more {
		delete(r.lines, l.at)
	}
	r.mu.Unlock()
	r.pump()
	if more {
		l.ask()
	}
}

// lineLeast is the shortest time after which a limit is asked again.
const lineLeast = 10 * time.Millisecond

func (l *line) first() *entry { return l.head.next }

// goesOn takes a job out of its line, and makes it the next of its lane. The runner is locked.
func (e *entry) goesOn() {
	e.line.leave(e)
	e.lane.rejoin(e)
	e.r.turn(e.lane)
}

// refund gives back what limits have admitted for an attempt that does not begin. The runner is locked.
func (r *Runner) refund(e *entry) {
	grants := e.grants
	if e.grants = nil; len(grants) == 0 {
		return
	}
	r.doers.do(nil, func() {
		for _, g := range grants {
			if g.decision.Admitted {
				g.limiter.Refund([]byte(g.key), g.decision)
			}
		}
	})
}
