package lot

import (
	"runtime"
	"sync"
)

// line is the waiters that could go on, and were put off so that others go first (Again). Each has one turn, in the
// order in which they came; one that stops early again comes to the line's end. A few goroutines serve the line, and
// only while it is not empty. The zero value is ready.
type line struct {
	mu      sync.Mutex // guards the rest
	next    []*Waiter  // to be served, the first last
	arrived []*Waiter  // after those, the first first
	servers int        // goroutines that serve
	closed  bool
	ended   sync.WaitGroup // the servers
}

// serversMost is how many goroutines serve the line: as many as can run at a time.
var serversMost = runtime.NumCPU()

// join puts p at the line's end.
func (l *Lot) join(p *Waiter) {
	q := &l.line
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	q.arrived = append(q.arrived, p)
	if q.servers < serversMost {
		q.servers++
		q.ended.Add(1)
		go l.serveLine() // ends when the line is empty, or closed
	}
}

// serveLine gives the first of the line its turn, until there is none. Between two turns it hands out the events that
// have come meanwhile, and every other goroutine may run: a line that never ends keeps none of them waiting.
func (l *Lot) serveLine() {
	defer l.line.ended.Done()
	var g glance
	for p := l.line.first(); p != nil; p = l.line.first() {
		if p.state.CompareAndSwap(lined, awake) { // else it was roused meanwhile
			p.parked.Unpark()
		}
		l.poller.glance(&g)
		runtime.Gosched()
	}
}

// first takes the first out of the line. It returns nil when there is none: then its caller serves no more.
func (q *line) first() *Waiter {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.next) == 0 {
		q.next, q.arrived = q.arrived, q.next
		for i, j := 0, len(q.next)-1; i < j; i, j = i+1, j-1 {
			q.next[i], q.next[j] = q.next[j], q.next[i]
		}
	}
	n := len(q.next)
	if n == 0 || q.closed {
		q.servers--
		if cap(q.next) > lineKept {
			q.next = nil
		}
		if cap(q.arrived) > lineKept {
			q.arrived = nil
		}
		return nil
	}
	p := q.next[n-1]
	q.next[n-1] = nil
	q.next = q.next[:n-1]
	return p
}

// lineKept is the longest line whose memory is kept when it is empty.
const lineKept = 1024

// close ends the serving, and returns when no goroutine serves any more.
func (q *line) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.ended.Wait()
}
