package trace

import (
	"sync/atomic"
	"time"
)

// Lane is a route's share of what is kept: how many of its exchanges may be kept in a second, and how long they typically take. The zero
// value is ready. It is safe for use by several goroutines, and has no lock.
type Lane struct {
	turns   [3]turn      // by Shelf
	typical atomic.Int64 // how long its exchanges take, in nanoseconds; 0 before the first
}

// Take reports whether an exchange of the lane may be kept on that shelf, at a moment of the lot's time, and takes the turn if it may.
func (l *Lane) Take(on Shelf, now int64) bool { return l.turns[on].take(now) }

const (
	slowTimes = 4                           // an exchange is slow that took so many times what is typical of its route,
	slowMore  = int64(5 * time.Millisecond) // and so much more
)

// IsSlow reports whether an exchange that takes so long, in nanoseconds, is slow for its route.
func (l *Lane) IsSlow(took int64) bool {
	typical := l.typical.Load()
	return typical != 0 && took > slowTimes*typical+slowMore
}

// Judge returns the shelf for an exchange that has ended and took so long, in nanoseconds. Every eighth counts for what is typical: number is
// that of its request.
func (l *Lane) Judge(failed bool, took int64, number uint64) Shelf {
	slow := l.IsSlow(took)
	if typical := l.typical.Load(); typical == 0 || number%8 == 0 {
		l.learn(typical, took)
	}
	switch {
	case failed:
		return Failed
	case slow:
		return Slow
	}
	return Lately
}

// learn moves what is typical toward how long an exchange took. Another one may do so at the same time: then one of the two does not count.
func (l *Lane) learn(typical, took int64) {
	if typical != 0 {
		took = typical + (took-typical)/16
	}
	l.typical.Store(max(took, 1))
}

// turn lets a number of exchanges pass in any second, and some more at once after a pause.
type turn struct {
	next atomic.Int64 // when it has all that it may have, in the lot's time
}

const (
	turnEvery = int64(time.Second) / 20
	turnsMost = 50 // at once
)

// take reports whether an exchange may be kept. Under load nearly none may, and costs one load.
func (t *turn) take(now int64) bool {
	next := t.next.Load()
	if next-now > (turnsMost-1)*turnEvery {
		return false
	}
	return t.next.CompareAndSwap(next, max(next, now)+turnEvery)
}
