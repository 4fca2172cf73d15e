package limit

import (
	"container/heap"
	"sync"
	"time"
)

// alarm keeps the queues in the order in which they are due, and runs a timer while there are waiters. Its lock may be taken
// while a shard's lock is held, never the other way round.
type alarm struct {
	most int    // how many may wait
	ring func() // the timer calls it; fixed

	mu      sync.Mutex // guards the rest
	waiting int
	queues  dues
	told    *Place // the first of the waiters to call Answered for; its prev is the last
	timer   *time.Timer
	at      int64 // when the timer fires; 0 while it is stopped
	rings   bool  // a goroutine runs Window.tell, and will set the timer at its end
	closed  bool
	under   sync.WaitGroup // counts the timer's goroutine, from when the timer is set until it ends
}

// tell lists p, which is in no queue any more: Answered is called for it soon.
func (a *alarm) tell(p *Place) {
	a.waiting--
	if a.told == nil {
		a.told, p.next, p.prev = p, p, p
		return
	}
	p.next, p.prev = a.told, a.told.prev
	p.prev.next, p.next.prev = p, p
}

// toTell removes and returns the next waiter to call Answered for, or nil.
func (a *alarm) toTell() *Place {
	p := a.told
	if p == nil {
		return nil
	}
	if a.told = p.next; a.told == p {
		a.told = nil
	}
	p.prev.next, p.next.prev = p.next, p.prev
	p.next, p.prev = nil, nil
	return p
}

// expect makes q due at a moment.
func (a *alarm) expect(q *queue, due int64) {
	switch q.due = due; {
	case q.index < 0:
		heap.Push(&a.queues, q)
	default:
		heap.Fix(&a.queues, q.index)
	}
}

// forget removes q, which has no waiters any more.
func (a *alarm) forget(q *queue) {
	if q.index >= 0 {
		heap.Remove(&a.queues, q.index)
	}
}

// toLookAt removes and returns a queue that is due now, or nil.
func (a *alarm) toLookAt(now int64) *queue {
	if len(a.queues) == 0 || a.queues[0].due > now && !a.closed {
		return nil
	}
	return heap.Pop(&a.queues).(*queue)
}

// set sets the timer for the next queue or waiter, or stops it if there is none.
func (a *alarm) set(now int64) {
	due := now
	switch {
	case a.closed || a.rings:
		return
	case a.told != nil:
	case len(a.queues) > 0:
		due = max(now, a.queues[0].due)
	default:
		a.stop()
		return
	}
	if a.at == due {
		return
	}
	a.at = due
	switch wait := time.Duration(due - now); {
	case a.timer == nil:
		a.under.Add(1)
		a.timer = time.AfterFunc(wait, a.ring)
	case !a.timer.Reset(wait):
		a.under.Add(1)
	}
}

// stop stops the timer.
func (a *alarm) stop() {
	if a.at = 0; a.timer != nil && a.timer.Stop() {
		a.under.Done()
	}
}

// dues is a heap of queues, ordered by when they are due.
type dues []*queue

func (d dues) Len() int           { return len(d) }
func (d dues) Less(i, j int) bool { return d[i].due < d[j].due }
func (d dues) Swap(i, j int) {
	d[i], d[j] = d[j], d[i]
	d[i].index, d[j].index = i, j
}

func (d *dues) Push(x any) {
	q := x.(*queue)
	q.index = len(*d)
	*d = append(*d, q)
}

func (d *dues) Pop() any {
	last := len(*d) - 1
	q := (*d)[last]
	(*d)[last] = nil
	*d = (*d)[:last]
	q.index = -1
	return q
}
