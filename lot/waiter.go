package lot

import "sync/atomic"

// Parked is a thing without a goroutine. Its wait ends when something has happened on one of its watches, or when its
// deadline has passed. Then Unpark is called, which checks both. The goroutine that has called Notify calls it, which is mostly
// the lot's: it must not block. It owns the waiter until it parks it again.
type Parked interface{ Unpark() }

// Waiter is what waits in a lot. There are three kinds:
//   - a worker (InitSleeper), which sleeps in Wait;
//   - a parked thing (Init), which has no goroutine. Exactly one goroutine owns it while it is awake. Only the owner calls its
//     methods, except Notify and Claim. Park gives the ownership up. Notify makes its caller the owner of a parked waiter and
//     calls Unpark, which goes on with it;
//   - a shared thing (InitShared), which no goroutine owns: a lock of its own guards it. Notify calls Unpark each time, on several
//     goroutines at once if need be, and Unpark takes that lock.
type Waiter struct {
	lot    *Lot
	parked Parked        // fixed; nil for a worker
	wake   chan struct{} // fixed; nil for all but a worker

	deadline atomic.Int64 // in the lot's time, nanoseconds; 0 is none
	state    atomic.Uint32
	timed    atomic.Bool // it is in the lot's wheel

	next, prev *Waiter // in the wheel, guarded by the lot
}

const (
	awake    uint32 = iota // a goroutine owns it, and looks for events before it waits
	notified               // the same, and something has happened since the owner last looked
	asleep                 // its worker sleeps in Wait
	parked                 // no goroutine owns it: the one that moves it to awake becomes the owner
	lined                  // it is in the lot's line: only its turn moves it to awake
	shared                 // always, for a waiter of that kind
)

// Init prepares p to be parked in lot, once, before any other use.
func (p *Waiter) Init(lot *Lot, on Parked) { p.lot, p.parked = lot, on }

// InitShared prepares p to be looked at whenever something happens, once, before any other use. Of p's methods only
// SetDeadline, Deadline, Now and Notify are for it.
func (p *Waiter) InitShared(lot *Lot, on Parked) {
	p.lot, p.parked = lot, on
	p.state.Store(shared)
}

// InitSleeper prepares p for one goroutine to sleep in, once, before any other use.
func (p *Waiter) InitSleeper(lot *Lot) { p.lot, p.wake = lot, make(chan struct{}, 1) }

// SetDeadline says when p is woken even if nothing happens, in the lot's time; 0 is never.
func (p *Waiter) SetDeadline(at int64) {
	if p.deadline.Load() != at { // to store an atomic value costs more than to read one, here and in Tell
		p.deadline.Store(at)
	}
	if at != 0 && !p.timed.Load() {
		p.lot.time(p)
	}
}

// Now returns the lot's time, in which deadlines are given.
func (p *Waiter) Now() int64 { return p.lot.Now() }

// Deadline returns the deadline that was last set.
func (p *Waiter) Deadline() int64 { return p.deadline.Load() }

// Wait returns when p has been notified since it last returned, or when its deadline has passed. p must be one of InitSleeper.
func (p *Waiter) Wait() {
	if p.state.CompareAndSwap(awake, asleep) {
		<-p.wake
		return
	}
	p.state.Store(awake) // it was notified already
}

// Park gives p up until something happens, and returns true. The caller must not touch p, or the thing that it belongs to, any
// more. It returns false if something has already happened on one of the watches; then the caller still owns p.
func (p *Waiter) Park(watches ...*Watch) bool {
	if !p.state.CompareAndSwap(awake, parked) {
		p.state.Store(awake)
		return false
	}
	for _, w := range watches {
		// An event that happened before the watch was told of p has notified the waiter before.
		if w != nil && w.Pending() && p.state.CompareAndSwap(parked, awake) {
			return false
		}
	}
	return true
}

// Claim makes the caller the owner of a parked p. It returns false if another goroutine owns p.
func (p *Waiter) Claim() bool { return p.state.CompareAndSwap(parked, awake) }

// Again parks p and schedules it in the lot's line, so that others run first. Unpark is called when it is the turn of p. Until
// then p must not be claimed, and neither an event nor its deadline gives it another turn.
func (p *Waiter) Again() {
	p.state.Store(lined)
	p.lot.join(p)
}

// Notify ends p's wait, or its next one if it does not wait now. Any goroutine may call it. If p is parked, Notify calls Unpark.
func (p *Waiter) Notify() {
	for {
		switch s := p.state.Load(); s {
		case notified, lined:
			return
		case awake:
			if p.state.CompareAndSwap(awake, notified) {
				return
			}
		case asleep:
			if p.state.CompareAndSwap(asleep, awake) {
				p.wake <- struct{}{}
				return
			}
		case parked:
			if p.state.CompareAndSwap(parked, awake) {
				p.parked.Unpark()
				return
			}
		case shared:
			p.parked.Unpark()
			return
		}
	}
}

// Leave removes p from the wheel for ever. Its owner calls it when p is not used any more.
func (p *Waiter) Leave() {
	p.SetDeadline(0)
	if p.timed.Load() {
		p.lot.untime(p)
	}
	if p.state.Load() != awake {
		p.state.Store(awake)
	}
}
