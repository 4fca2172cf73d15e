package forward

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"tenfour/httpparse"
	"tenfour/lot"
	"tenfour/pool"
	"tenfour/sock"
)

// entrant is one backend's part in a race: an exchange of its own, without a client until it has won. It reads the
// request's head from the race's copy, and shares its body, so that it may outlive the race.
type entrant struct {
	Exchange
	race  *race
	queue *pool.Queue

	nobody sock.Conn // stands for the client
	own    lot.Waiter
	place  pool.Place
	halt   atomic.Bool // it is cut off
	queued atomic.Bool // it had to wait for a slot
	ran    atomic.Bool // a worker has taken it
	chosen atomic.Bool // it waits with a large response, which is the answer
	paused bool        // it waits with a large response, or has done so; its goroutine's

	// guarded by the race
	runsOn  *pool.Slot // nil before and after
	won     bool
	over    bool
	failed  bool   // it has no usable response, and somebody else was asked for one if that was to be
	whole   bool   // its unusable response was held to its end
	outcome string // for the log

	count struct{ from, to int } // where its response says how many were asked
}

// newEntrant makes the next entrant. The race is locked and not decided: the client's exchange is its.
func newEntrant(r *race, entry Entry) *entrant {
	x := r.x
	e := &entrant{race: r, queue: entry.Queue}
	e.lot, e.portion.of = x.lot, x.portion.of
	e.Res.Fields = make([]httpparse.Field, 0, 32)
	e.Req, e.In, e.HeadLen, e.InAt, e.Target = r.req, &r.head, x.HeadLen, x.HeadLen, r.target
	e.Body, e.BodyWhole = x.Body.Share(), x.BodyWhole
	e.Secure, e.Limits, e.Route, e.Stop, e.Timed, e.persists = x.Secure, x.Limits, x.Route, x.Stop, x.Timed, x.persists
	e.Remote, e.Persists = x.Remote, x.Persists
	e.Client, e.Waiter, e.At, e.Owner = &e.nobody, &e.own, &e.place, e
	e.place.Late = x.At.Late // however late it is asked
	e.backend = entry.Name
	e.entry = e
	return e
}

// cancel cuts e off: queued, running, or waiting with a large response. The race is decided, or has a better response, and
// is not locked.
func (e *entrant) cancel() {
	e.halt.Store(true)
	e.race.mu.Lock()
	s := e.runsOn
	e.race.mu.Unlock()
	switch {
	case s != nil:
		s.Notify() // harmless if its worker has another task by now: it only looks again
	case !e.leaveQueue():
		e.own.Notify() // it waits with its response; or its worker is about to look at halt, or ask is
	}
}

// leaveQueue ends an entrant that has been cut off, if it stands in its queue, and reports whether it did.
func (e *entrant) leaveQueue() bool {
	if !e.queue.Withdraw(&e.place) {
		return false
	}
	e.race.mu.Lock()
	e.over = true
	e.race.mu.Unlock()
	e.give()
	return true
}

// begins notes that a worker has taken e, and reports whether the race is still on.
func (e *entrant) begins(s *pool.Slot) bool {
	e.race.mu.Lock()
	defer e.race.mu.Unlock()
	e.runsOn = s
	e.ran.Store(true)
	return !e.halt.Load()
}

// attach gives e, which has won, the client. Its worker calls it.
func (e *entrant) attach() {
	x := e.race.x
	e.Client, e.Waiter = x.Client, x.Waiter
	x.leaveBody() // only e may need it now
}

// win makes the client's exchange e's. The race is locked.
func (e *entrant) win() {
	e.won = true
	e.race.x.winner = &e.Exchange
}

// verdict asks the race about the response that begins, and reports whether e goes on.
func (e *entrant) verdict() bool {
	won, on := e.race.judge(e)
	switch {
	case won:
		e.Client.Watch.Tell(&e.slot.Waiter)
		e.Client.Look()
	case on:
		e.down.held = true
	}
	return on
}

// stands asks the race about e's unusable response, which is larger than may be held, or an event stream, and reports
// whether it goes on: as the answer, or paused.
func (e *entrant) stands(stream bool) bool {
	lends := !e.lent && e.lender.Lend()
	e.lent = e.lent || lends
	f := e.race.stands(e, e.lent, stream)
	switch f {
	case answers:
		e.down.held, e.down.to = false, e.Client
		if e.down.out != nil {
			e.down.out.B = e.recount(e.down.out.B)
		}
		e.Client.Watch.Tell(&e.slot.Waiter)
		e.Client.Look()
	case pauses:
		e.paused = true
	}
	if lends && f != pauses && !stream {
		e.lent = false
		e.lender.Return()
	}
	return f != beaten
}

// waitsToStand reports whether e waits for what becomes of its response.
func (e *entrant) waitsToStand() bool { return e.paused && e.Client == &e.nobody }

// takeOver goes on with a response that has waited, and is the answer now.
func (e *entrant) takeOver() {
	x := e.race.x
	e.own.Leave()
	e.attach()
	e.down.held, e.down.to = false, e.Client
	e.down.out.B = e.recount(e.down.out.B)
	e.Client.Watch.Tell(e.Waiter)
	if e.back != nil {
		e.back.Watch.Tell(e.Waiter)
	}
	e.Client.Look()
	e.Client.KeepAlive()
	e.touch()
	x.Owner.Lasting(x)
}

// told is what e's response is in the log.
func (e *entrant) told() string {
	return fmt.Sprintf("%s: %d, larger than may be held", e.backend, e.Res.Status)
}

// appendHeader appends how many backends were asked, of how many there are.
func (e *entrant) appendHeader(dst []byte) []byte {
	e.race.mu.Lock()
	defer e.race.mu.Unlock()
	e.count.from = len(dst)
	dst = e.race.appendCount(dst)
	e.count.to = len(dst)
	return dst
}

// recount is a held response that says how many were asked in the end. The race is over.
func (e *entrant) recount(held []byte) []byte {
	if e.count.to == 0 { // its head is not written yet
		return held
	}
	return slices.Replace(held, e.count.from, e.count.to, e.race.appendCount(nil)...)
}

// unserved ends an entrant that no worker has begun with.
func (e *entrant) unserved(o pool.Outcome) {
	switch o.State {
	case pool.Unreached:
		e.failBefore(Backend, 502, o)
	case pool.Late:
		e.failBefore(Self, 503, fmt.Errorf("%s: all its workers stayed busy for %v", e.backend, e.Route.Settings.QueueTimeout))
	default:
		e.failBefore(Self, 503, fmt.Errorf("%s: %w", e.backend, o))
	}
	e.end()
}

// end tells the race, and gives back what e holds.
func (e *entrant) end() {
	e.race.mu.Lock()
	e.runsOn = nil
	e.whole = e.failure == nil && e.down.held
	switch {
	case e.failure == nil:
		e.outcome = fmt.Sprintf("%s: %d", e.backend, e.status)
	case errors.Is(e.failure, errBeaten):
		e.outcome = e.backend + ": cut off"
	default:
		e.outcome = e.failure.Error()
	}
	e.race.mu.Unlock()
	e.race.ended(e)
	e.give()
}

// give gives back what e holds of the request, and of a response that nobody wants.
func (e *entrant) give() {
	e.releaseOut()
	e.leaveBody()
	e.portion.Give()
}

// Finished ends e after an attempt.
func (e *entrant) Finished(*Exchange) { e.end() }

// Lasting notes that e has left its worker: it has won, or waits with a large response.
func (e *entrant) Lasting(*Exchange) {
	e.race.mu.Lock()
	e.runsOn = nil
	won := e.won && !e.chosen.Load()
	e.race.mu.Unlock()
	if won {
		e.race.x.Owner.Lasting(e.race.x)
	}
}

// Unpark goes on with an entrant that waits with a large response. Once one has won, its waiter is the client's.
func (e *entrant) Unpark() { e.Resume() }
