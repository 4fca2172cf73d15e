// Package lot is where everything that waits waits: one poller for descriptors, one wheel for deadlines.
//
//	l, err := lot.New()
//	w.Watch.Init(l, fd)        // a descriptor
//	w.Watch.Tell(&w.Waiter)    // whom its events wake
//	w.Watch.Arm(lot.Readable)
//	w.SetDeadline(l.Now() + int64(time.Second))
//	if w.Park(&w.Watch) {      // no goroutine owns w any more: w.Unpark runs when something happens, or at the deadline
//		return
//	}
//
// It reads and writes nothing, and does not know what a descriptor is of.
package lot

import (
	"sync"
	"sync/atomic"
	"time"
)

// tick is how exactly the lot keeps time, and span for how long it can leave a parked waiter unseen: a deadline is
// noticed that much late at the most, when it was moved nearer while the waiter stood in the wheel.
const (
	tick   = 8 * time.Millisecond
	places = 32
	span   = places * tick
)

// Lot is where all wait who need no worker: one poller for descriptors, one wheel for deadlines.
// Thousands of idle connections cost it their Watch and their Waiter. Make one with New.
type Lot struct {
	generation atomic.Uint32 // counts watches, so that an old event finds no new owner
	poller     poller
	line       line // those that could go on, and let others go first

	mu     sync.Mutex
	wheel  [places]Waiter // heads of rings; a waiter stands where the wheel will be when it is to be seen
	turned int64          // the tick that was served last
	timed  int            // waiters in the wheel
	ticker *time.Timer
	ticks  bool // the ticker runs, or turn does
	closed bool
	turns  sync.WaitGroup // the tick to come or under way

	due []*Waiter // room for those of one tick; nil while turn uses it
}

var epoch = time.Now()

// Now is the lot's time: nanoseconds that only go forward, never 0.
func (l *Lot) Now() int64 { return int64(time.Since(epoch)) + 1 }

// New starts a lot. Its goroutine ends with Close.
func New() (*Lot, error) {
	l := &Lot{}
	for i := range l.wheel {
		l.wheel[i].next, l.wheel[i].prev = &l.wheel[i], &l.wheel[i]
	}
	if err := l.poller.open(l); err != nil {
		return nil, err
	}
	return l, nil
}

// Close stops the lot: nobody is notified any more. What is parked stays its owners' to close.
func (l *Lot) Close() {
	l.mu.Lock()
	l.closed = true
	if l.ticks && l.ticker.Stop() {
		l.turns.Done()
	}
	l.mu.Unlock()
	l.turns.Wait()
	l.line.close()
	l.poller.close()
}

// time puts p into the wheel.
func (l *Lot) time(p *Waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.timed.Load() || l.closed {
		return
	}
	p.timed.Store(true)
	l.timed++
	now := l.Now()
	l.link(p, now)
	if l.ticks {
		return
	}
	l.turned = now / int64(tick)
	l.ticks = true
	l.turns.Add(1)
	if l.ticker == nil {
		l.ticker = time.AfterFunc(tick, l.turn)
	} else {
		l.ticker.Reset(tick)
	}
}

// untime takes p out of the wheel.
func (l *Lot) untime(p *Waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.timed.Load() {
		l.unlink(p)
		p.timed.Store(false)
		l.timed--
	}
}

// link stands p where the wheel comes by at its deadline, and at the last one tick short of a whole turn.
// A worker is seen at every tick: its deadlines move more often than a wheel turns.
func (l *Lot) link(p *Waiter, now int64) {
	at := min(p.deadline.Load(), now+int64(span-tick))
	if p.wake != nil {
		at = now
	}
	at = max(at/int64(tick), now/int64(tick)) + 1
	head := &l.wheel[at%places]
	p.next, p.prev = head, head.prev
	p.prev.next, head.prev = p, p
}

func (l *Lot) unlink(p *Waiter) {
	p.prev.next, p.next.prev = p.next, p.prev
	p.next, p.prev = nil, nil
}

// turn moves the wheel to the present and notifies those whose deadline has passed.
func (l *Lot) turn() {
	defer l.turns.Done()
	l.mu.Lock()
	due := l.due[:0]
	l.due = nil
	now := l.Now()
	present := now / int64(tick)
	for at := max(l.turned+1, present-places+1); at <= present; at++ {
		due = l.serve(&l.wheel[at%places], now, due)
	}
	l.turned = present
	if l.ticks = l.timed > 0 && !l.closed; l.ticks {
		l.turns.Add(1)
		l.ticker.Reset(tick)
	}
	l.mu.Unlock()
	for _, p := range due {
		p.Notify()
	}
	clear(due)
	l.mu.Lock()
	l.due = due
	l.mu.Unlock()
}

// serve empties one place of the wheel: who is due is returned, who waits longer is linked again, the others leave.
func (l *Lot) serve(head *Waiter, now int64, due []*Waiter) []*Waiter {
	p := head.next
	head.next, head.prev = head, head
	for p != head {
		next := p.next
		d := p.deadline.Load()
		if d == 0 {
			p.timed.Store(false)
			p.next, p.prev = nil, nil
			l.timed--
			// Its owner may have set a deadline just before and found it still timed.
			if p.deadline.Load() != 0 {
				p.timed.Store(true)
				l.timed++
				l.link(p, now)
			}
		} else {
			if d <= now {
				due = append(due, p)
			}
			l.link(p, now)
		}
		p = next
	}
	return due
}
