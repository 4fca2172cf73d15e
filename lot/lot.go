// Package lot holds everything that waits: one poller for descriptors, one wheel for deadlines.
//
//	l, err := lot.New()
//	w.Watch.Init(l, fd)        // a descriptor
//	w.Watch.Tell(&w.Waiter)    // its events wake w
//	w.Watch.Arm(lot.Readable)
//	w.SetDeadline(l.Now() + int64(time.Second))
//	if w.Park(&w.Watch) {      // no goroutine owns w any more: the lot calls w.Unpark at the next event, or at the deadline
//		return
//	}
//
// It reads and writes nothing, and does not know what a descriptor belongs to.
package lot

import (
	"sync"
	"sync/atomic"
	"time"
)

// tick is the precision of deadlines. span is the longest time for which the wheel does not look at a parked waiter: if a
// deadline is moved nearer while the waiter is in the wheel, it may be noticed late by that much.
const (
	tick   = 8 * time.Millisecond
	places = 32
	span   = places * tick
)

// Lot is one poller for descriptors and one wheel for deadlines. Each parked connection costs it a Watch and a Waiter, and no
// goroutine. It is safe for use by several goroutines. Make one with New.
type Lot struct {
	generation atomic.Uint32 // counts watches, so that an event of an old one is not delivered to a new one
	poller     poller
	line       line // the waiters that could go on, but let others go first

	mu     sync.Mutex
	wheel  [places]Waiter // the heads of rings; a waiter is at the place of the tick at which it is looked at
	turned int64          // the last tick that was served
	timed  int            // how many waiters are in the wheel
	ticker *time.Timer
	ticks  bool // the ticker is set, or turn runs
	closed bool
	turns  sync.WaitGroup // counts the next tick, from when the ticker is set until turn ends

	due []*Waiter // memory for the due waiters of one tick; nil while turn uses it
}

var epoch = time.Now()

// Now returns the lot's time: nanoseconds that only go forward, never 0.
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

// Close stops the lot: no waiter is notified any more. It does not close the descriptors of parked waiters.
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

// Timed is the number of waiters with a deadline. While there is one the wheel turns, every 8 ms; one whose deadline was taken back leaves
// within 256 ms.
func (l *Lot) Timed() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.timed
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

// link puts p at the place of the wheel that is served at its deadline, or one tick before a whole turn if that is earlier.
// The wheel looks at a worker at every tick, because its deadline changes more often than the wheel turns.
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

// turn moves the wheel to the present and notifies the waiters whose deadline has passed.
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

// serve empties one place of the wheel. It appends the waiters that are due to due, puts those with a later deadline back, and
// drops those without one.
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
			// Its owner may have set a deadline meanwhile, and found it still in the wheel.
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
