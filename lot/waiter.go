package lot

import "sync/atomic"

// Parked is told by the lot that its wait is over: something happened on one of its watches, or its deadline passed.
// Which of the two it finds out by looking. Unpark runs on the lot's goroutine: it must not block.
type Parked interface{ Unpark() }

// Waiter is a thing that waits: a worker, which sleeps in Wait, or a parked thing, which has no goroutine.
// Exactly one goroutine owns a waiter while it is awake. Park gives it away. Notify makes its caller the owner of a parked
// waiter and calls Unpark, which goes on with it.
type Waiter struct {
	lot    *Lot
	parked Parked        // fixed; nil for a worker
	wake   chan struct{} // fixed; nil for a parked thing

	state    atomic.Uint32
	deadline atomic.Int64 // in the lot's time, nanoseconds; 0 is none
	timed    atomic.Bool  // it stands in the lot's wheel

	next, prev *Waiter // in the wheel, guarded by the lot
}

const (
	awake    uint32 = iota // somebody owns it and will look for events before he waits
	notified               // the same, and something has happened since he last looked
	asleep                 // its worker sleeps in Wait
	parked                 // nobody owns it: whoever moves it to awake does
	lined                  // it stands in the lot's line: only its turn, or Rouse, moves it to awake
)

// Init prepares p to be parked in lot, once, before any other use.
func (p *Waiter) Init(lot *Lot, on Parked) { p.lot, p.parked = lot, on }

// InitSleeper prepares p for one goroutine to sleep in, once, before any other use.
func (p *Waiter) InitSleeper(lot *Lot) { p.lot, p.wake = lot, make(chan struct{}, 1) }

// SetDeadline says when p is to be woken even if nothing happens, in the lot's time; 0 is never.
func (p *Waiter) SetDeadline(at int64) {
	p.deadline.Store(at)
	if at != 0 && !p.timed.Load() {
		p.lot.time(p)
	}
}

// Now is the time that p's deadline is told in.
func (p *Waiter) Now() int64 { return p.lot.Now() }

// Deadline is what SetDeadline said last.
func (p *Waiter) Deadline() int64 { return p.deadline.Load() }

// Wait returns when p has been notified since it last returned, or when its deadline has passed. Only a worker waits, or another goroutine whose p is a sleeper.
func (p *Waiter) Wait() {
	if p.state.CompareAndSwap(awake, asleep) {
		<-p.wake
		return
	}
	p.state.Store(awake) // it was notified
}

// Park gives p away until something happens, and reports true: the caller touches p and what it stands for no more.
// It reports false when something has happened already on one of the watches: the caller owns p still.
func (p *Waiter) Park(watches ...*Watch) bool {
	if !p.state.CompareAndSwap(awake, parked) {
		p.state.Store(awake)
		return false
	}
	for _, w := range watches {
		// An event from before the watch was p's has notified somebody else.
		if w != nil && w.Pending() && p.state.CompareAndSwap(parked, awake) {
			return false
		}
	}
	return true
}

// Claim makes the caller the owner of a parked p, and reports false when somebody else is.
func (p *Waiter) Claim() bool { return p.state.CompareAndSwap(parked, awake) }

// Rouse makes the caller the owner of p, parked or not. He must know that nobody else can be.
func (p *Waiter) Rouse() { p.state.Store(awake) }

// Again gives p away, though it could go on, so that others go first: Unpark runs when the turn of p has come. Until
// then p is not to be claimed, and neither an event nor its deadline gives it another turn.
func (p *Waiter) Again() {
	p.state.Store(lined)
	p.lot.join(p)
}

// Notify ends p's wait, or its next one.
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
		}
	}
}

// Leave takes p out of the lot's time for good. Only its owner calls it.
func (p *Waiter) Leave() {
	p.deadline.Store(0)
	if p.timed.Load() {
		p.lot.untime(p)
	}
	p.state.Store(awake)
}
