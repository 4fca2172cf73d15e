package pool

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"
)

// Hold is how tasks wait for backends that are down.
type Hold struct {
	For   time.Duration // how long each may; 0 is not at all
	Every time.Duration // how often a backend is tried meanwhile
}

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
	pauseLeast = int64(time.Second)
	pauseMost  = int64(30 * time.Second)
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

// end stops the timer for good.
func (o *outage) end() {
	o.closed = true
	if o.timer != nil {
		o.timer.Stop()
	}
}

// up reports whether b is asked as tasks come.
func (b *Backend) up() bool { return b.outage.since == 0 }

// Trying reports until when s's task may try to reach its backend, which is down, in the lot's time; 0 when it is not.
func (s *Slot) Trying() int64 {
	if !s.Backend.unwell.Load() {
		return 0
	}
	s.Backend.pool.mu.Lock()
	defer s.Backend.pool.unlock()
	return s.trialTo
}

// Reached says that the request of s's task is on its way: its backend is down no more, or for another reason.
func (s *Slot) Reached() {
	b := s.Backend
	b.auto.reached(s)
	if !b.unwell.Load() {
		return
	}
	b.pool.mu.Lock()
	defer b.pool.unlock()
	if b.outage.trial == s {
		b.outage.reached = true
	}
}

// Down says that s's task found its backend down, and why in words that follow its name. refused is that the backend
// cannot be reached at all; else it may be again at once.
func (s *Slot) Down(why string, refused bool) {
	b := s.Backend
	b.pool.mu.Lock()
	defer b.pool.unlock()
	now := b.pool.lot.Now()
	o := &b.outage
	first := b.up()
	switch {
	case first:
		b.goDown(now, why)
	case o.trial != s:
		return // it began before the outage did
	}
	o.why, o.trial, s.trialTo = why, nil, 0
	switch {
	case first && !refused && b.needed():
		o.next = now
	case first && b.needed():
		o.next = now + o.rhythm.first(o.every)
	case b.needed():
		o.next = max(now, o.begun+o.rhythm.pause(o.every, o.begun-o.since))
	default:
		o.pause = min(max(2*o.pause, pauseLeast), pauseMost)
		o.next = now + o.pause/2 + rand.Int64N(o.pause)
	}
	b.attend(now)
}

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

// Up says that the backend has answered s's task, which began at a time of the lot's.
func (s *Slot) Up(began int64) {
	b := s.Backend
	if !b.unwell.Load() {
		return
	}
	b.pool.mu.Lock()
	defer b.pool.unlock()
	o := &b.outage
	b.failures = 0
	switch {
	case b.up():
		b.width = min(2*b.width, b.limit)
	case began < o.since || o.sick: // an answer from before says nothing
		return
	default:
		b.comeUp(s)
	}
	b.unwell.Store(b.width < b.limit)
	b.serveQueues()
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

// Failed says that s's task was lost to its backend, which can be reached. Several in a row take the backend out of
// choice, as if it were down, if all its routes have others.
func (s *Slot) Failed(why string) {
	b := s.Backend
	b.pool.mu.Lock()
	defer b.pool.unlock()
	b.failures++
	b.unwell.Store(true)
	if !b.up() || b.failures < failuresMost {
		return
	}
	for _, q := range b.queues {
		if !q.entry && !q.otherUp(b) {
			return
		}
	}
	now := b.pool.lot.Now()
	b.goDown(now, why)
	o := &b.outage
	o.pause = min(max(2*o.pause, pauseLeast), pauseMost)
	o.next = now + o.pause/2 + rand.Int64N(o.pause)
	b.attend(now)
}

// Sick says that a health check of b has failed, and why in words that follow its name. It is down until Well.
func (b *Backend) Sick(why string) {
	b.pool.mu.Lock()
	defer b.pool.unlock()
	now := b.pool.lot.Now()
	if b.outage.sick = true; b.up() {
		b.goDown(now, why)
	}
	b.outage.why = why
	b.attend(now)
}

// Well says that a health check of b has passed.
func (b *Backend) Well() {
	b.pool.mu.Lock()
	defer b.pool.unlock()
	if b.outage.sick = false; b.up() {
		return
	}
	b.comeUp(nil)
	b.unwell.Store(b.width < b.limit)
	b.serveQueues()
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

// allDown reports whether none of the queue's backends is up.
func (q *Queue) allDown() bool { return !q.otherUp(nil) }

// dueForTrial is a backend of q that is down and should be tried now; nil if there is none.
func (q *Queue) dueForTrial(now int64) *Backend {
	for _, b := range q.backends {
		if !b.up() && b.mayBeTried(now) && q.triedBy(b) {
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

// heldFrom is since when the task of a place is held, if q's backends are all down.
func (q *Queue) heldFrom(at *Place) int64 {
	from := at.entered
	for _, b := range q.backends {
		from = max(from, b.outage.since)
	}
	return from
}

// heldOut reports whether the task of a place may be held no longer.
func (q *Queue) heldOut(at *Place, now int64) bool { return now-q.heldFrom(at) >= q.hold }

// triedBy reports whether q's tasks try b while it is down; else they go to it as they come.
func (q *Queue) triedBy(b *Backend) bool { return q.entry || q.hold > 0 || q.otherUp(b) }

// attend sets the timer to when b, which is down, is to be looked after next, if a task waits for it.
func (b *Backend) attend(now int64) {
	o := &b.outage
	if b.up() || o.closed {
		return
	}
	waiting, out := false, int64(math.MaxInt64) // when the next may be held no longer
	for _, q := range b.queues {
		if q.waiting == 0 || !q.triedBy(b) {
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
	o := &b.outage
	for _, q := range b.queues {
		for q.waiting > 0 && q.entry {
			q.dismiss(q.head.next, Unreached)
		}
		for q.waiting > 0 && q.hold > 0 && q.allDown() && !q.reached() && q.heldOut(q.head.next, now) {
			o.held++
			o.longest = max(o.longest, q.hold)
			q.dismiss(q.head.next, HeldOut)
		}
	}
	if q := b.eldestHeld(); q != nil && b.mayBeTried(now) {
		b.try(q.leave(), q)
	}
	b.attend(now)
}

// reached reports whether one of the queue's backends has taken a request, and not answered it yet.
func (q *Queue) reached() bool {
	for _, b := range q.backends {
		if b.outage.trial != nil && b.outage.reached {
			return true
		}
	}
	return false
}

// eldestHeld is the queue whose first has waited longest, among those whose tasks try b; nil if none waits.
func (b *Backend) eldestHeld() *Queue {
	var eldest *Queue
	for _, q := range b.queues {
		if q.waiting > 0 && q.triedBy(b) && q.isElder(eldest) {
			eldest = q
		}
	}
	return eldest
}

// whyHeldOut says in words for how long no backend could be asked, and why.
func (q *Queue) whyHeldOut() string {
	return fmt.Sprintf("%s for %v", q.whyDown(), time.Duration(q.hold))
}

// whyDown says in words why none of the queue's backends could be asked.
func (q *Queue) whyDown() string {
	var words []string
	for _, b := range q.backends {
		words = append(words, b.Name+" "+b.outage.why)
	}
	return strings.Join(words, ", ")
}
