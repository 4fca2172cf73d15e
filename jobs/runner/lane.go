package runner

import (
	"slices"
	"time"
)

// lane is the jobs of a route that are due, first in, first out, and how many of its attempts are under way. Guarded by the runner.
type lane struct {
	route   string
	entries int   // all jobs of the route that are known
	head    entry // of the ring of those that are due; its next is the first
	waiting int   // how many those are
	running int   // attempts that have not ended
	most    int   // attempts at once
	inTurn  bool  // it is among the runner's turns
}

// slotsTimes is how many attempts of a route are entered at once for each of its slots: so many that a slot which becomes free finds the
// next one in its queue.
const slotsTimes = 2

// laneOf is the lane of a route.
func (r *Runner) laneOf(route string) *lane {
	l := r.lanes[route]
	if l == nil {
		l = &lane{route: route, most: 1}
		l.head.next, l.head.prev = &l.head, &l.head
		r.lanes[route] = l
	}
	return l
}

// dropLane forgets a lane without jobs: routes come and go with reloads.
func (r *Runner) dropLane(l *lane) {
	if l.entries == 0 && l.running == 0 {
		delete(r.lanes, l.route)
	}
}

// join puts a job at the end.
func (l *lane) join(e *entry) { l.insert(e, l.head.prev) }

// rejoin puts a job at the front.
func (l *lane) rejoin(e *entry) { l.insert(e, &l.head) }

func (l *lane) insert(e, after *entry) {
	e.prev, e.next = after, after.next
	e.prev.next, e.next.prev = e, e
	e.queued = true
	l.waiting++
}

func (l *lane) remove(e *entry) {
	e.prev.next, e.next.prev = e.next, e.prev
	e.prev, e.next, e.queued = nil, nil, false
	l.waiting--
}

// turn gives a lane its turn, after all others that have one.
func (r *Runner) turn(l *lane) {
	if !l.inTurn && l.waiting > 0 {
		l.inTurn = true
		r.turns = append(r.turns, l)
	}
}

// share is how many attempts of one route may run, of so many in all: each route with something to do has as many, and a quarter of them is
// left for the next one that has.
func (r *Runner) share(most int) int {
	busy := 0
	for _, l := range r.lanes {
		if l.waiting > 0 || l.running > 0 {
			busy++
		}
	}
	return max(1, (most-most/4)/max(1, busy))
}

// pump begins attempts of the jobs that are due, as long as another one may begin.
func (r *Runner) pump() {
	for r.beginNext() {
	}
}

// beginNext begins an attempt of the first job of the lane whose turn it is. It reports false if none may begin now.
func (r *Runner) beginNext() bool {
	caps, used, hasMemory := r.Caps(), r.Store.Usage().Bytes, r.Held.Fits(1)
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.begins || len(r.unsaved) > 0 || len(r.running) >= caps.Running {
		return false
	}
	if used >= caps.BytesMax || !hasMemory { // results that are stored, or bodies in memory, have to go first
		if len(r.turns) > 0 && r.full.at.IsZero() {
			r.alarm.set(&r.full, time.Now().Add(fullAgain))
		}
		return false
	}
	share := r.share(caps.Running)
	for i, l := range r.turns {
		if l.waiting > 0 && l.running >= min(l.most, share) {
			continue
		}
		r.turns = slices.Delete(r.turns, i, i+1)
		l.inTurn = false
		if l.waiting == 0 {
			return true // all that it had was paused, or ended
		}
		e := l.head.next
		l.remove(e)
		r.turn(l)
		n := r.newRun(e)
		r.doers.do(e, n.begin)
		return true
	}
	return false
}

// fullAgain is how often the bytes of the store, and of bodies in memory, are looked at while they are over their cap.
const fullAgain = time.Second

// looking is what rings when attempts may perhaps begin again: after each ring they do.
type looking struct{}

func (looking) rung() {}
