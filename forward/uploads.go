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
	all map[*Exchange]*lot.Waiter // what wakes each of them
}

var errMadeRoom = errors.New("the request's body came more slowly than all others, and another request needed its place; send it again")

// list makes x one of them, or says what wakes it from now on.
func (u *uploads) list(x *Exchange, wake *lot.Waiter) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.all == nil {
		u.all = map[*Exchange]*lot.Waiter{}
	}
	u.all[x] = wake
}

func (u *uploads) remove(x *Exchange) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.all, x)
}

// cutSlowest has the slowest upload end, and reports whether there was one. Its place is free some moments later.
func (u *uploads) cutSlowest() bool {
	u.mu.Lock()
	var slowest *Exchange
	for x := range u.all {
		if !x.evicted.Load() && (slowest == nil || x.rate.Load() < slowest.rate.Load()) {
			slowest = x
		}
	}
	if slowest == nil {
		u.mu.Unlock()
		return false
	}
	slowest.evicted.Store(true)
	wake := u.all[slowest]
	u.mu.Unlock()
	wake.Notify() // harmless if it is another's by now: that one only looks again
	return true
}

// list makes x, if it is an upload, one of those that may have to make room.
func (x *Exchange) list(wake *lot.Waiter) {
	if x.bodyComes() {
		x.listed = true
		x.noteRate()
		x.origin.uploads.list(x, wake)
	}
}

// unlist is for an upload that is over.
func (x *Exchange) unlist() {
	if x.listed {
		x.listed = false
		x.origin.uploads.remove(x)
		x.evicted.Store(false)
	}
}

// noteRate says for others how fast x's body has come, in bytes a second of the time in which its client held it up.
func (x *Exchange) noteRate() {
	x.rate.Store(x.up.content * int64(time.Second) / max(1, x.Pace.Held()))
}

const (
	placeWait  = int64(100 * time.Millisecond) // for the place that an upload makes free
	placeAgain = int64(8 * time.Millisecond)   // how often it is looked for
)

// takePlace takes one of the backend's places for what lasts, before x begins with it. It waits on x's worker for a moment if
// an upload makes room.
func (x *Exchange) takePlace() bool {
	if x.lent = x.lender.Lend(); x.lent || !x.origin.uploads.cutSlowest() {
		return x.lent
	}
	until := x.lot.Now() + placeWait
	for x.lent = x.lender.Lend(); !x.lent && x.lot.Now() < until; x.lent = x.lender.Lend() {
		x.slot.SetDeadline(x.lot.Now() + placeAgain)
		x.slot.Wait()
	}
	return x.lent
}

// takePlaceToLeave takes a place for x, which runs at a worker and lasts. If others wait for the slot, an upload makes room: it
// may be x itself. Without a place x stays, and tries again later.
func (x *Exchange) takePlaceToLeave() bool {
	if x.lent = x.lent || x.lender.Lend(); x.lent {
		return true
	}
	if !x.lender.Awaited() || !x.origin.uploads.cutSlowest() {
		x.heldUp, x.stays = 0, x.now+int64(lull)
		return false
	}
	x.stays = x.now + placeWait
	x.lent = x.lender.Lend()
	return x.lent
}
