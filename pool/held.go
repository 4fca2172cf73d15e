package pool

import (
	"math"
	"slices"
	"strings"
	"time"
)

// Hold says how tasks wait while all backends of their queue are down.
type Hold struct {
	For   time.Duration // how long each may wait; 0 is not at all
	Every time.Duration // the pause between trials of a backend meanwhile
}

// allDown reports whether none of the queue's backends is up.
func (q *Queue) allDown() bool { return !q.otherUp(nil) }

// holdAll notes that all backends of q are down, and returns how many tasks are held from now on that wait already and were not before.
func (q *Queue) holdAll() (n int) {
	for i := range q.lanes {
		l := &q.lanes[i]
		for at := l.head.next; at != &l.head; at = at.next {
			if !at.held {
				at.held = true
				n++
			}
		}
	}
	return n
}

// heldFrom returns since when the task of a place is held, if all backends of q are down.
func (q *Queue) heldFrom(at *Place) int64 {
	from := at.entered
	for _, b := range q.backends {
		from = max(from, b.outage.since)
	}
	return from
}

// heldTo returns until when the first of q's tasks may be held; the end of time if none is. One of them waits.
func (q *Queue) heldTo(now int64) int64 {
	to := int64(math.MaxInt64)
	if q.entry {
		to = now
	}
	for i := range q.lanes {
		if l := &q.lanes[i]; l.waiting > 0 && q.hold > 0 && q.allDown() {
			to = min(to, q.heldFrom(l.first())+q.hold)
		}
	}
	return to
}

// heldOut reports whether the task of a place has been held for as long as it may.
func (q *Queue) heldOut(at *Place, now int64) bool { return now-q.heldFrom(at) >= q.hold }

// reached reports whether one of q's backends has accepted a trial's request, and not answered it yet.
func (q *Queue) reached() bool {
	for _, b := range q.backends {
		if b.outage.trial != nil && b.outage.reached {
			return true
		}
	}
	return false
}

// expireHeld dismisses the tasks that were held for as long as their queue allows, of all b's queues.
func (b *Backend) expireHeld(now int64) {
	for _, q := range b.queues {
		for i := range q.lanes {
			b.expire(&q.lanes[i], now)
		}
	}
}

// expire does it for a lane.
func (b *Backend) expire(l *lane, now int64) {
	q, o := l.queue, &b.outage
	for l.waiting > 0 && q.entry {
		q.dismiss(l.first(), Unreached)
	}
	for l.waiting > 0 && q.hold > 0 && q.allDown() && !q.reached() && q.heldOut(l.first(), now) {
		o.held++
		o.longest = max(o.longest, q.hold)
		q.dismiss(l.first(), HeldOut)
	}
}

// whyHeldOut returns for how long no backend could be asked, and why, in words: for the log, and for clients.
func (q *Queue) whyHeldOut() (words, plain string) {
	words, plain = q.whyDown()
	held := " for " + time.Duration(q.hold).String()
	return words + held, plain + held
}

// whyDown returns why none of q's backends could be asked, in words: for the log, and for clients.
func (q *Queue) whyDown() (words, plain string) {
	var all, did []string
	for _, b := range q.backends {
		why := &b.outage.why
		all = append(all, b.Name+" "+why.String())
		if !slices.Contains(did, why.Words) {
			did = append(did, why.Words)
		}
	}
	subject := "the backend "
	if len(q.backends) > 1 {
		subject = "the backends "
	}
	return strings.Join(all, ", "), subject + strings.Join(did, ", ")
}
