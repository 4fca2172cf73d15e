package limit

import (
	"container/heap"
	"sync"
	"time"
)

// alarm knows which queue is to be looked at next, and has a timer for that while somebody waits. Its lock is taken with a
// shard's held, never the other way round.
type alarm struct {
	most int    // places that may be taken
	ring func() // what the timer runs; fixed

	mu      sync.Mutex // guards the rest
	waiting int
	queues  dues
	told    *Place // those who have to be told, the first first; its prev is the last
	timer   *time.Timer
	at      int64 // what the timer is set to; 0 while it is not
	rings   bool  // somebody is telling, and will set the timer
	closed  bool
	under   sync.WaitGroup // the timer's goroutine, to come or under way
}

// tell has p, whom no queue has any more, told soon.
func (a *alarm) tell(p *Place) {
	a.waiting--
	if a.told == nil {
		a.told, p.next, p.prev = p, p, p
		return
	}
	p.next, p.prev = a.told, a.told.prev
	p.prev.next, p.next.prev = p, p
}

// toTell takes out the next who has to be told; nil if there is none.
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

// expect notes when q is to be looked at.
func (a *alarm) expect(q *queue, due int64) {
	switch q.due = due; {
	case q.index < 0:
		heap.Push(&a.queues, q)
	default:
		heap.Fix(&a.queues, q.index)
	}
}

// forget is that nobody waits in q.
func (a *alarm) forget(q *queue) {
	if q.index >= 0 {
		heap.Remove(&a.queues, q.index)
	}
}

// toLookAt takes out a queue that is to be looked at now; nil if there is none.
func (a *alarm) toLookAt(now int64) *queue {
	if len(a.queues) == 0 || a.queues[0].due > now && !a.closed {
		return nil
	}
	return heap.Pop(&a.queues).(*queue)
}

// set sets the timer to what is next, or stops it.
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

// dues is a heap of queues, by when they are to be looked at.
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
