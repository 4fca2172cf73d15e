package forward

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"tenfour/httpparse"
	"tenfour/lot"
	"tenfour/pool"
)

// racer is one backend's part in a race: an attempt whose response is held until it has won. It reads the race's copy of the
// request, and shares its body, so that it may outlive the race.
type racer struct {
	Attempt
	race  *race
	queue *pool.Queue
	name  string // of its backend, HOST:PORT; fixed

	own    lot.Waiter  // woken for it while it waits with a large response
	place  pool.Place  // in its queue
	none   Upload      // nothing: a request that is raced is whole
	halt   atomic.Bool // it is cut off
	queued atomic.Bool // it had to wait for a slot
	ran    atomic.Bool // a worker has taken it
	chosen atomic.Bool // it waits with a large response, which is the answer

	// Guarded by the race.
	runsOn *pool.Slot // nil before and after
	won    bool
	isOver bool
	failed bool   // it has no usable response, and another backend was asked for one if that was to be
	whole  bool   // its unusable response was held to its end
	told   string // what became of it, for the log

	refused pool.State // why no worker has begun with it; Runs if one has

	count struct{ from, to int } // where its response says how many were asked
}

var _ decider = (*racer)(nil)

// newRacer makes the next racer. The race is locked and not decided: the client's exchange is its.
func newRacer(r *race, entry Entry) *racer {
	x := r.x
	c := &racer{race: r, queue: entry.Queue}
	c.decider, c.req, c.up.rest, c.up.resent = c, r.request, &c.none, &r.resent
	c.lot, c.portion.of = r.lot, x.attempt.portion.of
	c.res.Fields = make([]httpparse.Field, 0, 32)
	c.up.held = x.attempt.up.held.Share()
	c.sink = Sink{record: x.Record, shared: x.Sharers != nil, minor: x.Head.Minor, persists: x.Persists}
	c.waiter, c.at, c.stop, c.observer, c.gate = &c.own, &c.place, x.Stop, x.Observer, x.attempt.gate
	c.place.Late, c.place.Background = x.At.Late, x.At.Background // however late it is asked
	c.name, c.result.Backend = entry.Name, entry.Name
	return c
}

// cancel cuts c off: queued, running, or waiting with a large response. The race is decided, or has a better response, and
// is not locked.
func (c *racer) cancel() {
	c.halt.Store(true)
	c.race.mu.Lock()
	s := c.runsOn
	c.race.mu.Unlock()
	switch {
	case s != nil:
		s.Notify() // harmless if its worker has another task by now: it only looks again
	case !c.leaveQueue():
		c.own.Notify() // it waits with its response; or its worker is about to look at halt, or ask is
	}
}

// leaveQueue ends a racer that has been cut off, if it stands in its queue, and reports whether it did.
func (c *racer) leaveQueue() bool {
	if !c.queue.Withdraw(&c.place) {
		return false
	}
	c.race.mu.Lock()
	c.isOver = true
	c.race.mu.Unlock()
	c.release()
	return true
}

// begins notes that a worker has taken c, and reports whether the race is still on.
func (c *racer) begins(s *pool.Slot) bool {
	c.race.mu.Lock()
	defer c.race.mu.Unlock()
	c.runsOn = s
	c.ran.Store(true)
	return !c.halt.Load()
}

// unwanted returns why c is cut off; nil if it is not. If its response waited, and is the answer now, it takes the client over.
func (c *racer) unwanted() error {
	if c.lasting.pauses(&c.sink) && c.chosen.Load() {
		c.takeOver()
	}
	switch g := c.race.grip; {
	case c.halt.Load():
		return errBeaten
	case g != nil && g.cut.Load():
		return errCut
	}
	return nil
}

// attach gives c, which has won, the client. Its worker calls it, or the goroutine that goes on with it.
func (c *racer) attach() {
	c.origin.Metrics.Won()
	x := c.race.x
	c.waiter = x.Waiter
	c.giveTo(x.Client)
	x.attempt.up.leaveBody() // only c may need it now
}

// win makes the client's exchange c's. The race is locked.
func (c *racer) win() {
	c.won = true
	c.race.x.goesOn = &c.Attempt
}

// accepts asks the race about the response that begins. The response of a racer that has not won stays held.
func (c *racer) accepts() bool {
	won, on := c.race.judge(c)
	switch {
	case won && c.sink.shared:
		c.race.x.share(&c.Attempt)
	case c.sink.shared:
		c.result.Shareable = c.mayShare(c.link.in.Rest())
	case won:
		c.sink.handTo(&c.slot.Waiter)
	}
	return on
}

// acceptsLarge asks the race about c's unusable response, which is larger than may be held, or an event stream, and reports
// whether it goes on: as the answer, or paused.
func (c *racer) acceptsLarge(stream bool) bool {
	if c.sink.shared {
		return c.won && c.race.x.unrecord(&c.Attempt)
	}
	justLent := !c.lasting.lent && c.origin.Backend.Lend()
	c.lasting.lent = c.lasting.lent || justLent
	f := c.race.judgeLarge(c, c.lasting.lent, stream)
	switch f {
	case isAnswer:
		c.relayHeld()
		c.sink.handTo(&c.slot.Waiter)
	case isPaused:
		c.lasting.paused = true
	}
	if justLent && f != isPaused && !stream {
		c.lasting.returnPlace(c.origin)
	}
	return f != isBeaten
}

// relayHeld corrects how many backends were asked, in the head of the held response, which goes to the client now.
func (c *racer) relayHeld() {
	if c.down.out != nil {
		c.down.out.B = c.recount(c.down.out.B)
	}
	c.traceHeld()
}

// takeOver goes on with a response that has waited, and is the answer now.
func (c *racer) takeOver() {
	x := c.race.x
	c.own.Leave()
	c.attach()
	c.relayHeld()
	c.sink.handTo(c.waiter)
	if c.link != nil {
		c.link.HandTo(c.waiter)
	}
	c.sink.keepAlive()
	c.clock.touch()
	x.lasts()
}

// hungUp reports whether the client has shut its sending side.
func (c *racer) hungUp() bool {
	if c.sink.held() {
		return c.race.hungUp()
	}
	return c.sink.hungUp()
}

// giveUp ends c because its client may have left. If it has not won, the whole race ends.
func (c *racer) giveUp() outcome {
	if !c.sink.held() {
		return c.fail(Client, 0, errLeft)
	}
	c.race.abandon()
	return c.fail(Self, 503, errBeaten)
}

// beaten reports whether another backend has won, or c is cut off for it.
func (c *racer) beaten() bool {
	return c.sink.held() && c.result.Failure != nil && c.result.Failure.Side == Self && !c.race.abandoned.Load()
}

// appendFields appends how many backends were asked, of how many there are.
func (c *racer) appendFields(dst []byte) []byte {
	c.race.mu.Lock()
	defer c.race.mu.Unlock()
	c.count.from = len(dst)
	dst = c.race.appendCount(dst)
	c.count.to = len(dst)
	return dst
}

// recount is a held response that says how many were asked in the end. The race is over.
func (c *racer) recount(held []byte) []byte {
	if c.count.to == 0 { // its head is not written yet
		return held
	}
	return slices.Replace(held, c.count.from, c.count.to, c.race.appendCount(nil)...)
}

// tooLarge is what c's response is in the log.
func (c *racer) tooLarge() string {
	return fmt.Sprintf("%s: %d, larger than may be held", c.name, c.res.Status)
}

// asksAgain is never so: the race asks another backend.
func (c *racer) asksAgain() bool { return false }

func (c *racer) again() bool { return false }

// unserved ends a racer that no worker has begun with.
func (c *racer) unserved(o pool.Outcome) {
	c.race.mu.Lock()
	c.refused = o.State
	c.race.mu.Unlock()
	switch o.State {
	case pool.Unreached:
		c.result.failBefore(Backend, 502, o)
	case pool.Late:
		c.result.failBefore(Self, 503, fmt.Errorf("%s: all its workers stayed busy for %v", c.name, c.req.Route.Settings.QueueTimeout))
	default:
		c.result.failBefore(Self, 503, fmt.Errorf("%s: %w", c.name, o))
	}
	c.ended()
}

// ended tells the race that c is over, and gives back what c holds.
func (c *racer) ended() {
	c.race.mu.Lock()
	c.runsOn = nil
	c.whole = c.result.Failure == nil && c.sink.held()
	switch {
	case c.result.Failure == nil:
		c.told = fmt.Sprintf("%s: %d", c.name, c.result.Status)
	case errors.Is(c.result.Failure, errBeaten):
		c.told = c.name + ": cut off"
	default:
		c.told = c.result.Failure.Error()
	}
	c.race.mu.Unlock()
	c.race.ended(c)
	c.release()
}

// release gives back what c holds of the request, and of a response that is not wanted.
func (c *racer) release() {
	c.down.releaseOut()
	c.up.leaveBody()
	c.portion.Give()
}

// leftWorker notes that c has left its worker: it has won, or waits with a large response.
func (c *racer) leftWorker() {
	c.race.mu.Lock()
	c.runsOn = nil
	won := c.won && !c.chosen.Load()
	c.race.mu.Unlock()
	if won {
		c.race.x.lasts()
	}
}

// Unpark goes on with a racer that waits with a large response. Once one has won, its waiter is the client's.
func (c *racer) Unpark() { c.Resume() }
