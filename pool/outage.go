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
	Held    int           // tasks that it, or its route's others, kept waiting meanwhile
	Longest time.Duration // that one of those waited
	Again   bool          // it was up for a moment only: this happens all the time
	Workers int           // it has so many from now on, and this is all that has happened; else 0
}

// outage is what there is to know of a backend while it is down: nobody asks anything of it but one task at a time, which
// tries it. While a route has no other backend that is at the pace of its hold; else the pauses grow, for each trial
// may cost a client time. Guarded by the pool.
type outage struct {
	since     int64  // when it began, in the lot's time; 0 while the backend is up
	why       string // "refused connections"
	trial     *Slot  // whose task tries the backend; nil while nobody does
	begun     int64  // when that trial did
	reached   bool   // that trial's request has gone out
	trialFrom int64  // since when its task is held
	next      int64  // when the backend may be tried again
	pause     int64  // before it is tried again while others are up
	every     int64  // while none is
	rhythm    rhythm
	sick      bool        // a health check says so: nobody tries it, and only the check ends this
	timer     *time.Timer // runs while somebody waits who has no other backend
	closed    bool

	held    int   // tasks that were sent away
	longest int64 // that one of them had waited
	ended   int64 // when the last outage did
}

const (
	pauseLeast = int64(time.Second)
	pauseMost  = int64(30 * time.Second)
	// flapping is how soon behind the last outage another is nothing new.
	flapping = int64(10 * time.Second)
	// failuresMost is how many failures in a row take a backend that can be reached out of choice, if there are others.
	failuresMost = 3
)

// heed takes a route's hold into account.
func (o *outage) heed(h Hold) {
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
	for _, r := range b.routes { // the others may be all that is left to a route
		if r.hold == 0 || !r.allDown() {
			continue
		}
		for _, other := range r.backends {
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
	for _, r := range b.routes {
		if r.waiting > 0 && r.hold > 0 && r.allDown() {
			o.held, o.longest = o.held+r.waiting, max(o.longest, now-r.heldFrom(r.head.next))
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
	for _, r := range b.routes {
		if !r.entry && !r.otherUp(b) {
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

// needed reports whether a route that holds has no backend that is up: b is tried at the pace of the hold.
func (b *Backend) needed() bool {
	for _, r := range b.routes {
		if r.hold > 0 && r.allDown() {
			return true
		}
	}
	return false
}

// allDown reports whether none of the route's backends is up.
func (r *Route) allDown() bool { return !r.otherUp(nil) }

// untried is a backend of r that is down and should be tried now; nil if there is none.
func (r *Route) untried(now int64) *Backend {
	for _, b := range r.backends {
		o := &b.outage
		if !b.up() && !o.sick && o.trial == nil && now >= o.next && len(b.free) > 0 && r.triedBy(b) {
			return b
		}
	}
	return nil
}

// try gives task, which waits no more, to b, which is down.
func (b *Backend) try(task Task, r *Route) {
	o := &b.outage
	now := b.pool.lot.Now()
	s := b.take(task)
	o.trial, o.begun, o.reached = s, now, false
	o.trialFrom = r.heldFrom(task.Place())
	if r.hold > 0 {
		s.trialTo = o.trialFrom + r.hold
	}
}

// tried ends s's trial, which has told nothing: its client has left, or it failed for another reason.
func (b *Backend) tried(s *Slot) {
	if s.trialTo = 0; b.outage.trial == s {
		b.outage.trial = nil
		b.attend(b.pool.lot.Now())
	}
}

// heldFrom is since when the one at a place is held, if the route's backends are all down.
func (r *Route) heldFrom(at *Place) int64 {
	from := at.entered
	for _, b := range r.backends {
		from = max(from, b.outage.since)
	}
	return from
}

// heldOut reports whether the one at a place may be held no longer.
func (r *Route) heldOut(at *Place, now int64) bool { return now-r.heldFrom(at) >= r.hold }

// triedBy reports whether r's tasks try b while it is down; else they go to it as they come.
func (r *Route) triedBy(b *Backend) bool { return r.entry || r.hold > 0 || r.otherUp(b) }

// attend sets the timer to when b, which is down, is to be looked after next, if anybody waits for it.
func (b *Backend) attend(now int64) {
	o := &b.outage
	if b.up() || o.closed {
		return
	}
	waiting, out := false, int64(math.MaxInt64) // when the next may be held no longer
	for _, r := range b.routes {
		if r.waiting == 0 || !r.triedBy(b) {
			continue
		}
		waiting = true
		if r.entry {
			out = now
		}
		if r.hold > 0 && r.allDown() {
			out = min(out, r.heldFrom(r.head.next)+r.hold)
		}
	}
	if !waiting || o.sick && out == math.MaxInt64 {
		return
	}
	at := min(o.next, out)
	switch {
	case o.trial != nil || o.sick: // it is not tried before that is over, and somebody may be held out meanwhile
		at = max(out, now+int64(attendMost))
	case len(b.free) == 0: // nobody says when a slot is free
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

// lookAfter sends those away who were held for long enough, and has the oldest of the others try b. The timer runs it.
func (b *Backend) lookAfter() {
	p := b.pool
	p.mu.Lock()
	now := p.lot.Now()
	o := &b.outage
	var out []Task
	var why []string
	if !b.up() && !p.closed {
		for _, r := range b.routes {
			for r.waiting > 0 && r.entry {
				why = append(why, r.whyDown())
				out = append(out, r.leave())
			}
			for r.waiting > 0 && r.hold > 0 && r.allDown() && !r.reached() && r.heldOut(r.head.next, now) {
				o.held++
				o.longest = max(o.longest, r.hold)
				why = append(why, r.whyHeldOut())
				out = append(out, r.leave())
			}
		}
		if r := b.eldestHeld(); r != nil && !o.sick && o.trial == nil && now >= o.next && len(b.free) > 0 {
			b.try(r.leave(), r)
		}
		b.attend(now)
	}
	p.unlock()
	for i, task := range out {
		task.Unheld(why[i])
	}
}

// reached reports whether one of the route's backends has taken a request, and not answered it yet.
func (r *Route) reached() bool {
	for _, b := range r.backends {
		if b.outage.trial != nil && b.outage.reached {
			return true
		}
	}
	return false
}

// eldestHeld is the route whose first in the queue has waited longest, among those whose tasks try b; nil if none waits.
func (b *Backend) eldestHeld() *Route {
	var eldest *Route
	for _, r := range b.routes {
		if r.waiting == 0 || !r.triedBy(b) {
			continue
		}
		if eldest == nil || r.head.next.order < eldest.head.next.order {
			eldest = r
		}
	}
	return eldest
}

// Down reports whether all of the route's backends are down, and why in words.
func (r *Route) Down() (why string, down bool) {
	r.pool.mu.Lock()
	defer r.pool.unlock()
	if !r.allDown() {
		return "", false
	}
	return r.whyDown(), true
}

// whyHeldOut says in words for how long nobody could be asked, and why.
func (r *Route) whyHeldOut() string {
	return fmt.Sprintf("%s for %v", r.whyDown(), time.Duration(r.hold))
}

// whyDown says in words why nobody of the route's backends could be asked.
func (r *Route) whyDown() string {
	var words []string
	for _, b := range r.backends {
		words = append(words, b.Name+" "+b.outage.why)
	}
	return strings.Join(words, ", ")
}
