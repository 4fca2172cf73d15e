package pool

import "time"

// auto moves the number of slots that a backend uses to where it does most. It is told of each exchange's end, and has
// neither a goroutine nor a timer: when nothing ends there is nothing to learn. A backend with a fixed number has a nil
// one, which does nothing. Guarded by the pool.
type auto struct {
	limiter limiter
	told    int // the limit that was last told of

	used   int   // slots, as the limiter said last
	skip   int   // tasks that end first, and ran while the number was another
	begun  int64 // when the window began; 0 before its first task ended
	done   int   // tasks that ended in it
	took   int64 // that they had their slots, in all
	queued int   // of which so many left another task waiting
	late   int   // connections of tasks that have ended that were made late

	cut  int64 // when the limit was last cut for such: what began before says nothing of the present one
	over int   // exchanges that hang since before that: they come on top of the limit, until they end
}

const (
	autoStart = 4 // slots, before anything is known
	// A window lasts for autoEvery, and for autoRounds tasks of each slot.
	autoEvery  = int64(100 * time.Millisecond)
	autoRounds = 2
	// autoLate is how long it may take until a request is on its way. A handshake that is dropped for want of room in
	// the backend's backlog is sent again after a second.
	autoLate = int64(900 * time.Millisecond)
)

// AddAuto is AddBackend for a backend that has between 1 and most slots, as many as pay.
func (p *Pool) AddAuto(name string, most, streams int, origin any) (*Backend, error) {
	return p.addAuto(name, autoStart, most, streams, origin)
}

func (p *Pool) addAuto(name string, start, most, streams int, origin any) (*Backend, error) {
	return p.add(name, most, streams, origin, &auto{limiter: newLimiter(start, most)})
}

// given says that s begins with a task.
func (a *auto) given(s *Slot) {
	if a != nil {
		s.since = s.Now()
		s.reachedAt.Store(0)
	}
}

// reached says that the request of s's task is on its way. Its worker calls it, without the pool.
func (a *auto) reached(s *Slot) {
	if a != nil {
		s.reachedAt.Store(s.Now())
	}
}

// forgive has a slot that hung count again: its task has ended.
func (a *auto) forgive(s *Slot) {
	if a == nil {
		return
	}
	if s.since = 0; s.over {
		s.over = false
		a.over--
	}
}

// ended takes note that s's task has, and that s has another now, or nil and is free.
func (a *auto) ended(s *Slot, next Task) {
	if a == nil {
		return
	}
	b, now := s.Backend, s.Now()
	if a.isLate(s, now) {
		a.late++
	}
	took, hung := now-s.since, s.over
	a.forgive(s)
	if next != nil {
		a.given(s)
	}
	if !hung {
		a.count(b, now, took, next != nil || b.oldest() != nil)
	}
	a.apply(b)
}

// count has a task that has ended count in the window, if it is one of the window's, and ends that when it is full.
func (a *auto) count(b *Backend, now, took int64, leftWaiting bool) {
	switch {
	case !b.up() || b.width < b.limit: // an outage is not what the limit is about
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

// apply has b use as many slots as the limiter says.
func (a *auto) apply(b *Backend) {
	n := a.limiter.uses()
	if n != a.used {
		a.used, a.skip, a.begun = n, b.busy(), 0
	}
	if n = min(n+a.over, len(b.slots)); n != b.limit {
		b.setLimit(n)
	}
	if a.told != a.limiter.limit {
		a.told = a.limiter.limit
		b.pool.note(Event{Backend: b.Name, Up: b.up(), Workers: a.told})
	}
}

// isLate reports whether the request of s's task was long in getting on its way, or still is not, under the present limit.
func (a *auto) isLate(s *Slot, now int64) bool {
	if at := s.reachedAt.Load(); at > 0 {
		now = at
	}
	return s.since > a.cut && now-s.since > autoLate
}

// lateOnes is how many connections were late, or are, since the limit was last cut for that.
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
		if s.since > 0 && now-s.since > autoLate && !s.over {
			s.over = true
			a.over++
		}
	}
	return n
}
