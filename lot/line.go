package lot

import (
	"runtime"
	"sync"
)

// line has the waiters that could go on, but let others go first (Again). Each has one turn, in their order. A waiter that
// calls Again in its turn goes to the end of the line. A few goroutines serve the line while it is not empty. The zero value is
// ready.
type line struct {
	mu      sync.Mutex // guards the rest
	next    []*Waiter  // the first to be served; the very first is the last element
	arrived []*Waiter  // those after them, in their order
	servers int        // how many goroutines serve
	closed  bool
	ended   sync.WaitGroup // the servers
}

// serversMost is the most goroutines that serve the line: as many as can run at a time.
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

// serveLine gives each waiter in the line its turn, until the line is empty. Between two turns it delivers the events that
// have happened meanwhile, and lets other goroutines run. So a line that never empties does not make them wait.
func (l *Lot) serveLine() {
	defer l.line.ended.Done()
	var g glance
	for p := l.line.first(); p != nil; p = l.line.first() {
		if p.state.CompareAndSwap(lined, awake) { // otherwise the entry is out of date
			p.parked.Unpark()
		}
		l.poller.glance(&g)
		runtime.Gosched()
	}
}

// first removes and returns the first of the line. If it returns nil, its caller must stop serving.
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

// close ends the serving. It returns when no goroutine serves any more.
func (q *line) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.ended.Wait()
}
