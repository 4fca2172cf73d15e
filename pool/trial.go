package pool

import (
	"math"
	"time"
)

// Trying reports until when s's task may try to reach its backend, which is down, in the lot's time; 0 when it is not.
func (s *Slot) Trying() int64 {
	if !s.Backend.unwell.Load() {
		return 0
	}
	s.Backend.pool.mu.Lock()
	defer s.Backend.pool.unlock()
	return s.trialTo
}

// dueForTrial is a backend of q that is down and should be tried now; nil if there is none.
func (q *Queue) dueForTrial(now int64) *Backend {
	for _, b := range q.backends {
		if !b.up() && !q.mayAsk(b) && b.mayBeTried(now) {
			return b
		}
	}
	return nil
}

// mayBeTried reports whether it is time for a task to try b, which is down, and there is a slot for it.
func (b *Backend) mayBeTried(now int64) bool {
	o := &b.outage
	return !o.sick && o.trial == nil && now >= o.next && len(b.free) > 0
}

// try gives a task of q, which waits no more, to b, which is down.
func (b *Backend) try(at *Place, q *Queue) {
	o := &b.outage
	now := b.pool.lot.Now()
	s := b.take(at)
	o.trial, o.begun, o.reached = s, now, false
	o.trialFrom = q.heldFrom(at)
	if q.hold > 0 {
		s.trialTo = o.trialFrom + q.hold
	}
}

// tried ends s's trial without a verdict: its client has left, or it failed for another reason.
func (b *Backend) tried(s *Slot) {
	if s.trialTo = 0; b.outage.trial == s {
		b.outage.trial = nil
		b.attend(b.pool.lot.Now())
	}
}

// needed reports whether a queue that holds has no backend that is up: b is tried at the pace of the hold.
func (b *Backend) needed() bool {
	for _, q := range b.queues {
		if q.hold > 0 && q.allDown() {
			return true
		}
	}
	return false
}

// attend sets the timer to when b, which is down, is to be looked after next, if a task waits for it.
func (b *Backend) attend(now int64) {
	o := &b.outage
	if b.up() || o.closed {
		return
	}
	waiting, out := false, int64(math.MaxInt64) // when the next may be held no longer
	for _, q := range b.queues {
		if q.waiting == 0 || q.mayAsk(b) {
			continue
		}
		waiting = true
		if q.entry {
			out = now
		}
		if q.hold > 0 && q.allDown() {
			out = min(out, q.heldFrom(q.head.next)+q.hold)
		}
	}
	if !waiting || o.sick && out == math.MaxInt64 {
		return
	}
	at := min(o.next, out)
	switch {
	case o.trial != nil || o.sick: // it is not tried before that is over, and a task may be held out meanwhile
		at = max(out, now+int64(attendMost))
	case len(b.free) == 0: // nothing tells when a slot is free
		at = max(at, now+int64(attendMost))
	}
	wait := time.Duration(max(0, at-now))
	if o.timer == nil {
		o.timer = time.AfterFunc(wait, b.lookAfter)
	} else {
		o.timer.Reset(wait)
	}
}

// attendMost is how often at the most a backend is looked after that cannot be tried now.
const attendMost = 10 * time.Millisecond

// lookAfter dismisses those that were held for long enough, and has the oldest of the others try b. The timer runs it.
func (b *Backend) lookAfter() {
	p := b.pool
	now := p.lot.Now()
	p.mu.Lock()
	defer p.unlock()
	if b.up() || p.closed {
		return
	}
	b.expireHeld(now)
	if q := b.oldestHeld(); q != nil && b.mayBeTried(now) {
		b.try(q.leave(), q)
	}
	b.attend(now)
}
