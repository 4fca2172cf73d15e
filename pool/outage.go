package pool

import (
	"math/rand/v2"
	"time"
)

// Event is a backend that went down, came up again, or has another number of workers.
type Event struct {
	Backend string
	Up      bool
	Why     string        // it is down
	For     time.Duration // it was down
	Held    int           // tasks that it, or its queue's others, kept waiting meanwhile
	Longest time.Duration // that one of those waited
	Again   bool          // it was up for a moment only: this happens all the time
	Workers int           // it has so many from now on, and this is all that has happened; else 0
}

// outage is what there is to know of a backend while it is down: one task at a time tries it, and no other is given to it.
// While a queue has no other backend, that is at the pace of its hold; else the pauses grow, because each trial
// may cost a client time. Guarded by the pool.
type outage struct {
	since     int64  // when it began, in the lot's time; 0 while the backend is up
	why       string // "refused connections"
	trial     *Slot  // whose task tries the backend; nil while none does
	begun     int64  // when that trial did
	reached   bool   // that trial's request has gone out
	trialFrom int64  // since when its task is held
	next      int64  // when the backend may be tried again
	pause     int64  // before it is tried again while others are up
	every     int64  // while none is
	rhythm    rhythm
	sick      bool        // a health check says so: no task tries it, and only the check ends this
	timer     *time.Timer // runs while a task waits that has no other backend
	closed    bool

	held    int   // tasks that were sent away
	longest int64 // that one of them had waited
	ended   int64 // when the last outage did
}

const (
	pauseLeast = int64(time.Second)      // between trials while others are up, at first
	pauseMost  = int64(30 * time.Second) // and at last
	// flapping is how soon after the last outage another is nothing new.
	flapping = int64(10 * time.Second)
	// failuresMost is how many failures in a row take a backend that can be reached out of choice, if there are others.
	failuresMost = 3
)

// tryEvery has the backend be tried as often as a queue's hold asks for.
func (o *outage) tryEvery(h Hold) {
	if every := int64(h.Every); every > 0 && (o.every == 0 || every < o.every) {
		o.every = every
	}
}

// backOff puts the next trial off: each pause is twice as long as the last, from pauseLeast to pauseMost. Trials are
// spread at random around it, so that several proxies do not try in step.
func (o *outage) backOff(now int64) {
	o.pause = min(max(2*o.pause, pauseLeast), pauseMost)
	o.next = now + o.pause/2 + rand.Int64N(o.pause)
}

// end stops the timer for good.
func (o *outage) end() {
	o.closed = true
	if o.timer != nil {
		o.timer.Stop()
	}
}

// up reports whether b is asked as tasks come.
func (b *Backend) up() bool { return b.outage.since == 0 }

// goDown begins an outage.
func (b *Backend) goDown(now int64, why string) {
	o := &b.outage
	b.unwell.Store(true)
	b.down.Store(true)
	b.dropIdle() // what is kept leads to what was there before
	o.since, o.why, o.held, o.longest, o.next = now, why, 0, 0, now
	b.pool.note(Event{Backend: b.Name, Why: why, Again: o.ended != 0 && now-o.ended < flapping})
	for _, q := range b.queues { // the others may be all that is left to a queue
		if q.hold == 0 || !q.allDown() {
			continue
		}
		for _, other := range q.backends {
			if other != b {
				other.outage.next = min(other.outage.next, now+other.outage.every)
				other.attend(now)
			}
		}
	}
}

// comeUp ends an outage.
func (b *Backend) comeUp(s *Slot) {
	o := &b.outage
	now := b.pool.lot.Now()
	if s != nil && o.trial == s {
		o.rhythm.learn(o.begun-o.since, o.every)
	}
	if o.trial != nil {
		o.held, o.longest = o.held+1, max(o.longest, now-o.trialFrom)
		o.trial.trialTo, o.trial = 0, nil
	}
	for _, q := range b.queues {
		if q.waiting > 0 && q.hold > 0 && q.allDown() {
			o.held, o.longest = o.held+q.waiting, max(o.longest, now-q.heldFrom(q.head.next))
		}
	}
	b.pool.note(Event{Backend: b.Name, Up: true, Why: o.why, For: time.Duration(now - o.since), Held: o.held,
		Longest: time.Duration(o.longest), Again: o.ended != 0 && o.since-o.ended < flapping})
	if o.since-o.ended > flapping || o.ended == 0 {
		o.pause = 0
	}
	o.since, o.ended = 0, now
	b.down.Store(false)
	b.width = min(max(1, b.busy()), b.limit) // those that are under way since before it went down count for nothing
	if o.timer != nil {
		o.timer.Stop()
	}
}
