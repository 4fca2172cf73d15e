package forward

import (
	"errors"
	"slices"
	"strings"

	"tenfour/pool"
	"tenfour/value/choice"
)

// A fate is what becomes of an unusable response that is larger than may be held, or that has no end.
type fate uint8

const (
	isBeaten fate = iota // it is not needed, or not any more
	isAnswer             // it is the answer
	isPaused             // it waits, without a worker, for what the other backends answer
)

// judge decides about a response that begins: whether its racer has won, and whether it may go on at all. An unusable response
// goes on, because it may be the best there is.
func (r *race) judge(c *racer) (won, on bool) {
	r.mu.Lock()
	switch {
	case c.won: // its connection ended after the head, and it was asked once more
		r.unlock()
		return true, true
	case r.decided:
		r.unlock()
		return false, false
	case !r.route.Settings.Racing.Usable.Has(c.res.Status):
		instead := r.failed(c)
		r.unlock()
		r.ask(instead) // without waiting for the rest of the unusable response
		return false, true
	}
	r.decide(c)
	c.win()
	r.unlock()
	r.route.recent.add(c.clock.now - c.clock.began)
	c.attach()
	return true, true
}

// judgeLarge decides about a racer whose unusable response is larger than may be held, or an event stream. While others
// may have a better one it waits, if its backend has a place for it beyond the slots: with a slot in its hands it would
// wait for others that wait for that slot. Without a place, what may be sent twice is asked of its backend once more if
// there is nothing better in the end; else the response is the answer at once, since it cannot be had again.
func (r *race) judgeLarge(c *racer, place, stream bool) fate {
	r.mu.Lock()
	f := r.fateOfLarge(c, place, stream)
	r.unlock()
	if f == isAnswer {
		c.attach()
	}
	return f
}

// fateOfLarge decides for judgeLarge. The race is locked.
func (r *race) fateOfLarge(c *racer, place, stream bool) fate {
	alone := r.running() == 1 && r.large == nil
	switch {
	case r.decided, r.bestOf != nil, r.large != nil:
		return isBeaten
	case !alone && place:
		r.large = c
		return isPaused
	case !alone && c.req.Head.Verb.Idempotent():
		if r.again == nil {
			r.again = c
		}
		return isBeaten
	case stream && !place:
		return isBeaten
	}
	c.told = c.tooLarge()
	r.x.lost = r.outcomes()
	r.decide(c)
	c.win()
	return isAnswer
}

// failed notes that c has no usable response, and returns the racer to be asked instead; nil for none. The race is locked.
func (r *race) failed(c *racer) *racer {
	if c.failed || !r.mayAsk() {
		c.failed = true
		return nil
	}
	c.failed = true
	if r.route.Settings.Racing.Mode == choice.Serial && slices.ContainsFunc(r.racers, hopeful) {
		return nil
	}
	return r.next()
}

// hopeful reports whether c may still have a usable response.
func hopeful(c *racer) bool { return !c.failed }

// oneFailed reports whether a backend has failed: the next one is asked in its place then, and not as a hedge. The race is locked.
func (r *race) oneFailed() bool {
	return slices.ContainsFunc(r.racers, func(c *racer) bool { return c.failed })
}

// decide ends the race for all but c; nil is none. The race is locked.
func (r *race) decide(c *racer) {
	r.decided = true
	if c != nil {
		r.dropBest()
	}
	if r.timer != nil {
		r.timer.Stop()
	}
	for _, other := range r.racers {
		if other != c && !other.isOver {
			r.cut = append(r.cut, other)
		}
	}
}

// largeWins makes the large response the answer, since no backend has a better one. The race is locked.
func (r *race) largeWins() {
	c := r.large
	c.told = c.tooLarge()
	r.x.lost = r.outcomes()
	r.decide(c)
	c.win()
	c.chosen.Store(true)
	r.wake = c
}

// dropBest gives back a response that was kept and is not needed. The race is locked.
func (r *race) dropBest() {
	r.best.release()
	r.bestOf = nil
}

// dropLarge cuts off the racer that waits with a large response, since there is one that is whole. The race is locked.
func (r *race) dropLarge() {
	if r.large != nil {
		r.cut = append(r.cut, r.large)
		r.large = nil
	}
}

// ended takes note of a racer that is over.
func (r *race) ended(c *racer) {
	r.mu.Lock()
	c.isOver = true
	if c.won {
		r.unlock()
		if c.sink.held() && r.x.Client != nil { // it has ended in the moment in which its response became the answer
			c.takeOver()
		}
		r.finish(c)
		return
	}
	if r.large == c {
		r.large = nil
	}
	if c.whole && r.bestOf == nil && !r.decided {
		r.best, r.bestOf = c.conclude(), c
		r.dropLarge()
	}
	instead := r.failed(c)
	lost := false
	switch {
	case r.decided || r.running() > 0:
	case r.large != nil:
		r.largeWins()
	default:
		r.decide(nil)
		lost = true
	}
	r.unlock()
	if lost {
		r.allLost()
		return
	}
	r.ask(instead)
}

// finish ends the exchange with the result of the racer that has won, which is over.
func (r *race) finish(c *racer) {
	x := r.x
	x.Result = c.conclude()
	x.Result.Lost = x.lost
	x.Owner.Finished(x)
}

// running is how many racers are neither over nor waiting with a large response.
func (r *race) running() int {
	n := 0
	for _, c := range r.racers {
		if !c.isOver && c != r.large {
			n++
		}
	}
	return n
}

// allLost ends a decided race that no racer has won: with the first whole response though it is unusable, or else with
// what went wrong.
func (r *race) allLost() {
	x := r.x
	lost := r.outcomes()
	var worst *Error
	unreached, refused := true, pool.Runs // the latter is why no worker has taken the worst
	for _, c := range r.racers {
		unreached = unreached && c.result.Failure != nil && c.result.Failure.Side == Backend && c.result.Failure.Step == Connect
		if c.result.Failure != nil && (worst == nil || c.result.Failure.Step > worst.Step) {
			worst, refused = c.result.Failure, c.refused
		}
	}
	x.attempt.sink.handTo(x.Waiter)
	if r.again != nil {
		x.lost = lost
	}
	switch {
	case r.bestOf != nil:
		x.Result, r.best = r.best, Result{}
		x.Result.pending.B = r.bestOf.recount(x.Result.pending.B)
		x.Result.Lost = lost
		x.Owner.Finished(x)
		return
	case x.Stop.Load():
		x.attempt.result.failBefore(Self, 503, ErrStopping)
	case r.again != nil && x.enter(r.again.queue): // it is asked once more, and its response streamed
		return
	case r.again == nil && unreached && x.enter(x.Route.Queue): // if they are down: it is held as any other
		return
	case x.attempt.result.Failure != nil && x.attempt.result.Failure.Side == Client: // it left before it could enter
	default:
		x.Route.countUnserved(pool.Outcome{State: refused}, false)
		x.attempt.result.failBefore(Backend, worst.Status, tell("no backend had a usable answer: "+worst.ForClient(), whyLost(lost, worst)))
		x.attempt.result.Failure.Step, x.attempt.result.Failure.Progress, x.lost = worst.Step, worst.Progress, lost
	}
	x.ended()
}

// whyLost is the failure of a race that no racer has won. It is ErrNotKept too if the worst of theirs is.
func whyLost(lost string, worst *Error) error {
	if errors.Is(worst, ErrNotKept) {
		return notKept{errors.New(lost)}
	}
	return errors.New(lost)
}

// outcomes is what each backend did, for the log. The race is locked, or over.
func (r *race) outcomes() string {
	var list []string
	for _, c := range r.racers {
		told := c.told
		if told == "" {
			told = c.name + ": cut off"
		}
		list = append(list, told)
	}
	return strings.Join(list, "; ")
}
