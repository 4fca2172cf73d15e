package pool

import (
	"math/rand/v2"
	"time"
)

// Event reports that a backend went down, came up again, or has another number of workers.
type Event struct {
	Backend string
	Up      bool
	Why     string        // why it is down, or was, with all that is known
	For     time.Duration // how long it was down
	Held    int           // tasks that were held meanwhile, for this backend or another of their queue
	Longest time.Duration // the longest time that one of those was held
	Again   bool          // the last outage was just before, or it was up for a moment only
	Workers int           // the number of workers that it has from now on, if that is what has changed; else 0
	Holds   []Holding     // tasks that waited already when it went down, and are held from then on; nil for none
}

// Holding is how many tasks of a queue are held from now on.
type Holding struct {
	Queue string
	Tasks int
}

// Why says why a backend is down, in words that follow its name.
type Why struct {
	Words string // for clients: "refused connections"
	Log   string // with what only the operator should know, such as the system's error; "" if Words is all
}

// String returns the words for the log.
func (w Why) String() string {
	if w.Log != "" {
		return w.Log
	}
	return w.Words
}

// outage is what the pool knows of a backend while it is down. One task at a time tries the backend, and no other task is given
// to it. While a queue has no other backend that is up, trials come at the pace of its hold. Else the pauses between them grow,
// because each trial may cost a client time. Guarded by the pool.
type outage struct {
	since     int64 // when it began, in the lot's time; 0 while the backend is up
	why       Why
	trial     *Slot // the slot whose task tries the backend; nil for none
	begun     int64 // when that trial began
	reached   bool  // that trial's request has been sent
	trialFrom int64 // since when that trial's task is held
	next      int64 // when the backend may be tried again
	pause     int64 // between trials, while other backends of its queues are up
	every     int64 // between trials, while none is
	rhythm    rhythm
	sick      bool        // a health check says so: no task tries it, and only the check ends this
	timer     *time.Timer // runs while a task waits that has no other backend
	closed    bool

	held    int   // tasks that were held, and are not any more
	longest int64 // the longest time that one of them was held
	ended   int64 // when the last outage ended; 0 for never
}

const (
	pauseLeast = int64(time.Second)      // between trials while others are up, at first
	pauseMost  = int64(30 * time.Second) // and at last
	// flapping: an outage this soon after the last is marked as Again.
	flapping = int64(10 * time.Second)
	// failuresMost is how many failures in a row take a backend that can be reached out of the choice, if there are others.
	failuresMost = 3
)

// tryEvery makes the backend be tried as often as a queue's hold says.
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

// goDown begins an outage.
func (b *Backend) goDown(now int64, why Why) {
	o := &b.outage
	b.unwell.Store(true)
	b.down.Store(true)
	b.dropIdle() // kept connections lead to the server that was there before
	o.since, o.why, o.held, o.longest, o.next = now, why, 0, 0, now
	e := Event{Backend: b.Name, Why: why.String(), Again: o.ended != 0 && now-o.ended < flapping}
	for _, q := range b.queues { // a queue may have no backend that is up any more
		if q.hold == 0 || !q.allDown() {
			continue
		}
		if n := q.holdAll(); n > 0 {
			e.Holds = append(e.Holds, Holding{q.Name, n})
		}
		for _, other := range q.backends {
			if other != b {
				other.outage.next = min(other.outage.next, now+other.outage.every)
				other.schedule(now)
			}
		}
	}
	b.pool.note(e)
}

// comeUp ends an outage. s is the slot whose task has found b up; nil for a health check.
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
		for i := range q.lanes {
			if l := &q.lanes[i]; l.waiting > 0 && q.hold > 0 && q.allDown() {
				o.held, o.longest = o.held+l.waiting, max(o.longest, now-q.heldFrom(l.first()))
			}
		}
	}
	b.pool.note(Event{Backend: b.Name, Up: true, Why: o.why.String(), For: time.Duration(now - o.since), Held: o.held,
		Longest: time.Duration(o.longest), Again: o.ended != 0 && o.since-o.ended < flapping})
	if o.since-o.ended > flapping || o.ended == 0 {
		o.pause = 0
	}
	o.since, o.ended = 0, now
	b.down.Store(false)
	b.width = min(max(1, b.busy()), b.limit) // tasks that have run since before it went down do not count
	if o.timer != nil {
		o.timer.Stop()
	}
}
