package pool

import (
	"math"
	"time"
)

// mayBeTried reports whether it is time for a task to try b, which is down, and a slot is free for it.
func (b *Backend) mayBeTried(now int64) bool {
	o := &b.outage
	return !o.sick && o.trial == nil && now >= o.next && len(b.free) > 0
}

// try gives a task of q, which is out of the queue, to b, which is down.
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

// tried ends s's trial without a verdict: its client has left, or its task failed for another reason.
func (b *Backend) tried(s *Slot) {
	if s.trialTo = 0; b.outage.trial == s {
		b.outage.trial = nil
		b.schedule(b.pool.lot.Now())
	}
}

// needed reports whether a queue that holds its tasks has no backend that is up, so that b is tried at the pace of the hold.
func (b *Backend) needed() bool {
	for _, q := range b.queues {
		if q.hold > 0 && q.allDown() {
			return true
		}
	}
	return false
}

// schedule sets b's timer to when b, which is down, may be tried, or a task has been held long enough. It does nothing if no
// task waits for b.
func (b *Backend) schedule(now int64) {
	o := &b.outage
	if b.up() || o.closed {
		return
	}
	waiting, out := false, int64(math.MaxInt64) // when the next task has been held long enough
	for _, q := range b.queues {
		if !q.waits() || q.mayAsk(b) {
			continue
		}
		waiting = true
		out = min(out, q.heldTo(now))
	}
	if !waiting || o.sick && out == math.MaxInt64 {
		return
	}
	at := min(o.next, out)
	switch {
	case o.trial != nil || o.sick: // it is not tried now, but a task may have been held long enough
		at = max(out, now+int64(recheckEvery))
	case len(b.free) == 0: // nothing reports when a slot becomes free
		at = max(at, now+int64(recheckEvery))
	}
	wait := time.Duration(max(0, at-now))
	if o.timer == nil {
		o.timer = time.AfterFunc(wait, b.onTimer)
	} else {
		o.timer.Reset(wait)
	}
}

// recheckEvery is the least pause until the timer runs again for a backend that cannot be tried now.
const recheckEvery = 10 * time.Millisecond

// onTimer dismisses the tasks that were held long enough, and lets the one that is next try b. The timer runs it.
func (b *Backend) onTimer() {
	p := b.pool
	now := p.lot.Now()
	p.mu.Lock()
	defer p.unlock()
	if b.up() || p.closed {
		return
	}
	b.expireHeld(now)
	if b.mayBeTried(now) {
		if at, q := b.turn(false); at != nil {
			b.try(at, q)
		}
	}
	b.schedule(now)
}
