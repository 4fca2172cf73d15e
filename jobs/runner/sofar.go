package runner

import (
	"slices"
	"time"

	"tenfour/forward"
	"tenfour/jobs"
)

// sofar is how far an attempt has come that may not be in its record yet.
type sofar struct {
	began   time.Time // zero before it has entered
	asks    int       // sendings to backends that have begun and not ended
	backend string    // that was asked last
	reached forward.Progress
}

// mayHaveReached is how far it may have come at backends: a sending that has not ended may have sent something.
func (s sofar) mayHaveReached() forward.Progress {
	if s.asks > 0 {
		return max(s.reached, forward.PartlySent)
	}
	return s.reached
}

// on is j with the attempt so far. A record that has it already, or that has gone on, is as it was.
func (s sofar) on(j jobs.Job) jobs.Job {
	if s.began.IsZero() || s.hasEndedIn(j) {
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

// hasEndedIn reports whether j has the attempt, and that it is over.
func (s sofar) hasEndedIn(j jobs.Job) bool {
	return slices.ContainsFunc(j.Attempts, func(a jobs.Attempt) bool { return a.Began.Equal(s.began) && !a.Ended.IsZero() })
}

// Begins notes that a backend is asked.
func (n *run) Begins(backend string) {
	n.r.mu.Lock()
	defer n.r.mu.Unlock()
	n.sofar.asks++
	n.sofar.backend = backend
}

// Ends notes how far the request came there.
func (n *run) Ends(r *forward.Result) {
	n.r.mu.Lock()
	defer n.r.mu.Unlock()
	n.sofar.asks--
	n.sofar.reached = max(n.sofar.reached, r.Progress())
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
		n.r.Log.Warn().Str("job", n.e.id.Short()).Err(err).Msg("that an attempt of a job runs could not be stored")
	}
	return err == nil
}

// sofarOf is how far the attempt of a job is that runs now; zero for none.
func (r *Runner) sofarOf(id jobs.ID) (s sofar) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.book[id]; e != nil && e.run != nil {
		s = e.run.sofar
	}
	return s
}

// Get returns a job of the store with what the runner knows besides: its record has the attempt that runs some time after it has begun. The
// attempt is looked at first, and then the record. In the other order the attempt could end between the two, and a job that was
// shown as running would be shown as accepted after that.
func (r *Runner) Get(id jobs.ID) (jobs.Job, error) {
	s := r.sofarOf(id)
	j, err := r.Store.Get(id)
	if err != nil {
		return j, err
	}
	return s.on(j), nil
}

// Shown is a record that was read just now, as Get would return it. If its attempt ends meanwhile, it may be without that.
func (r *Runner) Shown(j jobs.Job) jobs.Job {
	if j.State.Ended() {
		return j
	}
	return r.sofarOf(j.ID).on(j)
}
