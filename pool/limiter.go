package pool

import (
	"math"
	"time"
)

// limiter finds how many exchanges a backend should have at a time. It asks one question again and again: do more tasks
// get done with all slots than with half of them? To find out, it uses half of them for a moment and compares. So it never
// asks more of the backend than before, and needs no figure for a good latency.
type limiter struct {
	most    int
	limit   int           // the best number of slots so far
	ceiling int           // above it connections had to wait for the backend to accept them; most if that is not known
	until   time.Duration // when the ceiling is forgotten
	lasting time.Duration // how long the next ceiling holds

	trial int           // which window of a trial is under way, from 1 on; 0 for none
	full  float64       // tasks per second at the limit, summed over the trial's windows
	half  float64       // the same at the other number
	known float64       // tasks per second at the limit when it was last tried
	next  time.Duration // when the next trial may begin
	pause time.Duration // before the one after that
}

// window is what a backend did while a number of its slots was in use, all of them all the time.
type window struct {
	at     time.Duration // its end, since any fixed moment
	rate   float64       // tasks per second
	queued bool          // there was always another task waiting; else the number of slots did not matter
	late   int           // connections that the backend did not accept in time
}

const (
	trialWindows = 4                // half, all, all, half: so that a drift meanwhile cancels out
	trialSoon    = time.Second / 2  // until the next trial, after one that found the limit right
	trialRare    = 16 * time.Second // the longest such pause: it doubles
	// An upper half that pays in full doubles what is done: its gain is 1. One that only queues at the backend gains 0.
	gainLots  = 0.7
	gainSome  = 0.3
	gainNone  = 0.07
	gainLess  = -0.1        // more of them do less
	changed   = 1.6         // times as much or as little as before: the backend has changed
	ceilingAt = time.Minute // how long a ceiling holds, at first; it doubles
	ceilMost  = 16 * time.Minute
)

func newLimiter(start, most int) limiter {
	return limiter{most: most, limit: min(start, most), ceiling: most, pause: trialSoon, lasting: ceilingAt}
}

// uses returns how many slots may be used now: the limit, or the number that a trial compares it with.
func (l *limiter) uses() int {
	if l.triesOther() {
		return l.other()
	}
	return l.limit
}

// triesOther reports whether the present window uses a trial's other number.
func (l *limiter) triesOther() bool { return l.trial == 1 || l.trial == trialWindows }

// other returns the number that a trial compares with the limit: half of it; 2 if the limit is 1.
func (l *limiter) other() int {
	if l.limit == 1 {
		return min(2, l.ceiling)
	}
	return l.limit / 2
}

// learn takes a window into account in which uses slots were used.
func (l *limiter) learn(w window) {
	if w.at >= l.until {
		l.ceiling = l.most
	}
	if w.late > 0 {
		l.cut(w)
		return
	}
	if !w.queued {
		l.trial = 0
		return
	}
	switch {
	case l.trial == 0:
		if l.known > 0 && (w.rate > l.known*changed || w.rate < l.known/changed) {
			l.next, l.pause = w.at, trialSoon
		}
		if w.at >= l.next && l.other() != l.limit {
			l.trial, l.full, l.half = 1, 0, 0
		}
		return
	case l.triesOther():
		l.half += w.rate
	default:
		l.full += w.rate
	}
	if l.trial++; l.trial > trialWindows || l.trial == 3 && l.clear() {
		l.judge(w.at)
	}
}

// clear reports whether half a trial is enough: it shows that much is gained, or, with many slots, that nothing is.
func (l *limiter) clear() bool {
	gain := l.gain()
	return gain >= gainLots || gain < gainNone && l.limit > 2*autoStart
}

// judge ends a trial, and sets the limit by its result.
func (l *limiter) judge(now time.Duration) {
	l.known = l.full / float64((l.trial-1)/2)
	l.trial = 0
	before, gain := l.limit, l.gain()
	some, none := gainSome, gainNone
	if l.limit < autoStart {
		some = gainNone
	}
	if l.limit <= autoStart { // with few slots, one slow task keeps the others waiting: so fewer only if more are worse
		none = gainLess
	}
	switch {
	case l.limit == 1: // the trial was of 2
		if gain > none {
			l.limit = l.other()
		}
	case gain >= gainLots:
		l.limit += max(1, l.limit/2)
	case gain >= some:
		l.limit += max(1, l.limit/8)
	case gain < none:
		l.limit = l.other()
	}
	l.limit = min(l.limit, l.ceiling)
	if l.limit != before {
		l.known, l.next, l.pause = 0, now, trialSoon
		return
	}
	l.next = now + l.pause
	l.pause = min(2*l.pause, trialRare)
}

// gain returns how much of the additional slots showed in the number of tasks done: 1 for all of them, 0 for none.
func (l *limiter) gain() float64 {
	if l.half == 0 || l.full == 0 {
		return 1
	}
	return math.Log(l.full/l.half) / math.Log(float64(l.limit)/float64(l.other()))
}

// cut lowers the limit after connections that were not accepted in time, by about their number.
func (l *limiter) cut(w window) {
	used := l.uses()
	l.ceiling = max(1, used-1)
	l.until = w.at + l.lasting
	l.lasting = min(2*l.lasting, ceilMost)
	l.limit = max(1, min(l.limit, max(used-w.late, used/4), used*3/4))
	l.trial, l.known, l.pause = 0, 0, trialSoon
	l.next = w.at + l.pause
}
