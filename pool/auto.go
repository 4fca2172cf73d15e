package pool

import "time"

// auto finds the number of slots with which a backend does most. It learns at the end of each exchange, and has no goroutine
// and no timer: while no exchange ends there is nothing to learn. A backend with a fixed number has none. Guarded by the pool.
type auto struct {
	limiter limiter
	noted   int // the limit that the last event had

	used   int   // slots, by the limiter's last answer
	skip   int   // how many of the next tasks to end began with another number of slots, and do not count
	begun  int64 // when the window began; 0 before the first task has ended
	done   int   // tasks that ended in it
	took   int64 // how long they had their slots, in all, in nanoseconds
	queued int   // how many of them ended while another task waited
	late   int   // how many of the tasks that have ended were connected late

	cut  int64 // when late connections last cut the limit: tasks that began before do not count for the present limit
	hung int   // exchanges that have run since before that: they come on top of the limit, until they end
}

const (
	autoStart = 4 // slots, before anything is known
	// A window lasts for autoEvery, and for autoRounds tasks of each slot.
	autoEvery  = int64(100 * time.Millisecond)
	autoRounds = 2
	// autoLate is how long it may take until a request is sent. A handshake that is dropped for want of room in
	// the backend's backlog is sent again after a second.
	autoLate = int64(900 * time.Millisecond)
)

// AddAuto is AddBackend for a backend that has between 1 and most slots, as many as pay.
func (p *Pool) AddAuto(name string, most, streams int) (*Backend, error) {
	return p.addAuto(name, autoStart, most, streams)
}

func (p *Pool) addAuto(name string, start, most, streams int) (*Backend, error) {
	return p.add(name, most, streams, &auto{limiter: newLimiter(start, most)})
}

// given notes that s begins with a task.
func (a *auto) given(s *Slot) {
	s.since = s.Now()
	s.reachedAt.Store(0)
}

// countAgain counts a slot that hung toward the limit again: its task has ended.
func (a *auto) countAgain(s *Slot) {
	if s.since = 0; s.hung {
		s.hung = false
		a.hung--
	}
}

// ended notes that s's task has ended, and whether another one follows it; else s is free.
func (a *auto) ended(s *Slot, follows bool) {
	b, now := s.Backend, s.Now()
	if a.isLate(s, now) {
		a.late++
	}
	took, hung := now-s.since, s.hung
	a.countAgain(s)
	if follows {
		a.given(s)
	}
	if !hung {
		a.count(b, now, took, follows || b.awaited())
	}
	a.apply(b)
}

// count counts a task that has ended in the window, if it belongs there, and ends the window when it is full.
func (a *auto) count(b *Backend, now, took int64, leftWaiting bool) {
	switch {
	case !b.up() || b.width < b.limit: // an outage says nothing about the limit
		a.begun, a.late = 0, 0
		return
	case a.skip > 0:
		a.skip--
		return
	case a.begun == 0:
		a.begin(now)
		return
	}
	a.done++
	a.took += took
	if leftWaiting {
		a.queued++
	}
	if now-a.begun < autoEvery || a.done < autoRounds*a.used && a.late == 0 {
		return
	}
	// Little's law: slots that are never idle do their number of tasks in the time that one takes. Counting those of the
	// window instead is off by a batch when they end in batches, and always the same way: it begins after some of one.
	latency := time.Duration(a.took / int64(a.done))
	a.limiter.learn(window{
		at: time.Duration(now), rate: float64(a.used) / max(latency, 1).Seconds(),
		queued: a.queued >= a.done*9/10, late: a.lateOnes(b, now),
	})
	a.begin(now)
}

// begin begins a window.
func (a *auto) begin(now int64) { a.begun, a.done, a.took, a.queued = now, 0, 0, 0 }

// apply makes b use as many slots as the limiter says.
func (a *auto) apply(b *Backend) {
	n := a.limiter.uses()
	if n != a.used {
		a.used, a.skip, a.begun = n, b.busy(), 0
	}
	if n = min(n+a.hung, len(b.slots)); n != b.limit {
		b.setLimit(n)
	}
	if a.noted != a.limiter.limit {
		a.noted = a.limiter.limit
		b.pool.note(Event{Backend: b.Name, Up: b.up(), Workers: a.noted})
	}
}

// isLate reports whether it took too long until the request of s's task was sent, or already takes too long. Tasks from before
// the limit was cut do not count.
func (a *auto) isLate(s *Slot, now int64) bool {
	if at := s.reachedAt.Load(); at > 0 {
		now = at
	}
	return s.since > a.cut && now-s.since > autoLate
}

// lateOnes returns how many connections were late, or are, since the limit was last cut for that.
func (a *auto) lateOnes(b *Backend, now int64) int {
	n := a.late
	a.late = 0
	for _, s := range b.slots {
		if a.isLate(s, now) {
			n++
		}
	}
	if n == 0 {
		return 0
	}
	a.cut = now
	for _, s := range b.slots {
		if s.since > 0 && now-s.since > autoLate && !s.hung {
			s.hung = true
			a.hung++
		}
	}
	return n
}
