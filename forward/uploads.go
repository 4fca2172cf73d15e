package forward

import (
	"errors"
	"sync"
	"time"

	"tenfour/lot"
)

// uploads are those of one backend whose clients have held them up for a while. The slowest makes room when all places for
// what lasts are taken and another exchange waits. Safe for use by several goroutines; the zero value is ready.
type uploads struct {
	mu  sync.Mutex
	all map[*Attempt]*lot.Waiter // what wakes each of them
}

var errMadeRoom = errors.New("the request's body came more slowly than all others, and another request needed its place; send it again")

// list makes the attempt, if it is an upload, one of them, or says what wakes it from now on.
func (u *uploads) list(a *Attempt, wake *lot.Waiter) {
	if !a.up.bodyComes() {
		return
	}
	a.pace.listed = true
	a.pace.noteRate(a.up.content)
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.all == nil {
		u.all = map[*Attempt]*lot.Waiter{}
	}
	u.all[a] = wake
}

// remove is for one of them that is over.
func (u *uploads) remove(a *Attempt) {
	u.mu.Lock()
	delete(u.all, a)
	u.mu.Unlock()
	a.pace.listed = false
	a.pace.evicted.Store(false)
}

// cutSlowest ends the slowest upload, and reports whether there was one. Its place is free some moments later.
func (u *uploads) cutSlowest() bool {
	u.mu.Lock()
	var slowest *Attempt
	for a := range u.all {
		if !a.pace.evicted.Load() && (slowest == nil || a.pace.rate.Load() < slowest.pace.rate.Load()) {
			slowest = a
		}
	}
	if slowest == nil {
		u.mu.Unlock()
		return false
	}
	slowest.pace.evicted.Store(true)
	wake := u.all[slowest]
	u.mu.Unlock()
	wake.Notify() // harmless if it is another's by now: that one only looks again
	return true
}

const (
	placeWait  = int64(100 * time.Millisecond) // for the place that an upload makes free
	placeAgain = int64(8 * time.Millisecond)   // how often it is looked for
)
