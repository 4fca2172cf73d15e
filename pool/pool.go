// Package pool has the workers: the fixed pools, each backend's slots, the queues in front of them, backends that are down.
//
//	p := pool.New(l, nil)                                 // l is the lot in which its workers and its queues wait
//	b, err := p.AddBackend("127.0.0.1:9001", 4, 256) // 4 slots, each with its worker; AddAuto: as many as pay
//	q := p.AddQueue("/", 1024, pool.Hold{}, b)            // a queue in front of them
//	o := q.Enter(task, place)                             // a worker runs it now, or when its turn comes; or o says why not
//
// What waits for a slot waits in a queue, and holds no worker.
// The package moves no bytes: it knows nothing of HTTP, and of a connection no more than its descriptor.
//
// # The owner of a task
//
// A task belongs to the goroutine that enters it until Enter puts it into the queue or hands it to a slot, which happens
// with the pool locked. Then the pool owns it. The next owner is the one that takes it out of the queue, with the pool locked:
//
//   - a worker, which calls Run;
//   - the caller of Withdraw;
//   - the pool itself, which calls Unserved: the lot has woken the task's Place, and its client had left or its timeout had
//     passed; or it was held long enough; or the queue was removed, or the pool stopped.
//
// Each of them finds the task in the queue or does not. So exactly one of them gets it, even if they come at the same moment. The
// Place's waiter belongs to no goroutine (lot.Waiter, InitShared): an old wake-up finds the place empty, or with another client's
// task, and then looks at that one. The place watches its client and its deadline before its task is put into the queue, so
// that no end is missed.
//
// # What runs while the pool is locked
//
// Only the pool's own code runs then, and it does not wait. It calls no callback, no closure and no method of ants. It calls two
// methods of the lot, each of which reads one atomic value: the clock, and whether the client's end has happened
// (lot.Watch.Happened). Of the standard library it sets and stops timers, and makes slices and words. Everything else is noted,
// and done by unlock: waking workers, calling tasks, reporting events.
package pool

import (
	"slices"
	"sync"

	"tenfour/lot"
)

// Pool is the backends and the queues in front of them. It is safe for use by several goroutines. Make one with New.
type Pool struct {
	lot *lot.Lot

	mu       sync.Mutex // guards the rest, with every Backend's, Queue's and Place's guarded part
	backends []*Backend
	queues   []*Queue
	closed   bool
	entered  uint64     // tasks so far
	waiting  [kinds]int // tasks in all queues
	freed    uint64     // slots that have become idle with a connection so far

	turn      uint    // which of equally free backends is next
	later     later   // what is to be done as soon as the pool is unlocked
	events    []Event // not reported yet, the oldest first
	reporting bool    // a goroutine is reporting them

	onEvent func(Event)               // fixed before the first backend
	panics  func(v any, stack []byte) // fixed before the first backend
}

// New makes a pool without backends. Its workers and queues wait in l. onPanic is called after a task has panicked, unless it is
// nil.
func New(l *lot.Lot, onPanic func(v any, stack []byte)) *Pool {
	if onPanic == nil {
		onPanic = func(any, []byte) {}
	}
	return &Pool{lot: l, panics: onPanic, onEvent: func(Event) {}}
}

// OnEvent makes the pool call f when a backend goes down, comes up again, or has another number of workers. f is called once at a
// time, in the order of the events, on the goroutine that caused one, with nothing locked. Call OnEvent before the first backend
// is added.
func (p *Pool) OnEvent(f func(Event)) { p.onEvent = f }

// Workers returns the number of goroutines that run exchanges: the sum of all slots. It is never exceeded.
func (p *Pool) Workers() int {
	p.mu.Lock()
	defer p.unlock()
	n := 0
	for _, b := range p.backends {
		n += b.most()
	}
	return n
}

// MostStreams returns the number of connections that backends may have beyond their slots, in all.
func (p *Pool) MostStreams() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, b := range p.backends {
		n += b.maxStreams
	}
	return n
}

// Backends returns the backends in the order in which they were added.
func (p *Pool) Backends() []*Backend {
	p.mu.Lock()
	defer p.unlock()
	return slices.Clone(p.backends)
}

// Served returns the number of tasks that workers have begun.
func (p *Pool) Served() int64 {
	p.mu.Lock()
	defer p.unlock()
	var n int64
	for _, b := range p.backends {
		n += b.served.Load()
	}
	return n
}

// Waiting returns the number of tasks in all queues.
func (p *Pool) Waiting() int {
	p.mu.Lock()
	defer p.unlock()
	return p.waiting[clients] + p.waiting[background]
}

// Stop ends all waiting. Queued tasks are unserved, and tasks that would enter are refused. Every worker that sleeps in the middle
// of a task is woken, so that the task sees that it is to end.
func (p *Pool) Stop() {
	p.mu.Lock()
	defer p.unlock()
	p.closed = true
	for _, q := range p.queues {
		q.close()
	}
	for _, b := range p.backends {
		b.outage.end()
		for _, s := range b.slots {
			p.wake(s)
		}
	}
}

// Close stops the pool, ends each worker when its task has ended, and returns when all workers have ended.
func (p *Pool) Close() {
	p.Stop()
	for _, b := range p.Backends() {
		b.close()
	}
}

// later is what the pool does once it is unlocked, because it runs code of another package, which may wait, write a log line, or
// call the pool. While the pool is locked it is only noted here. The zero value is nothing to do.
type later struct {
	wakes *Slot // wake its worker; nil for none
	rare  rare
	some  bool // rare is not empty
}

// rare is what an exchange that is simply served does not need.
type rare struct {
	wakes    []*Slot // wake the workers of these too
	starts   []*Slot // start their workers
	unserved []unserved
	reports  bool // report events
}

// unserved is a task whose Unserved is to be called. It is in no queue any more.
type unserved struct {
	at      *Place
	outcome Outcome
}

// wake notes that s's worker has something to look at.
func (p *Pool) wake(s *Slot) {
	if p.later.wakes == nil { // nearly always there is one at most
		p.later.wakes = s
		return
	}
	p.later.rare.wakes, p.later.some = append(p.later.rare.wakes, s), true
}

// start notes that s needs a worker.
func (p *Pool) start(s *Slot) {
	p.later.rare.starts, p.later.some = append(p.later.rare.starts, s), true
}

// dismiss notes that the task of a place is unserved.
func (p *Pool) dismiss(u unserved) {
	p.later.rare.unserved, p.later.some = append(p.later.rare.unserved, u), true
}

// note notes an event, to be reported. If eventsMost wait already, because the function that OnEvent was given does not
// return, the event is dropped.
func (p *Pool) note(e Event) {
	if len(p.events) < eventsMost {
		p.events = append(p.events, e)
	}
	p.later.rare.reports, p.later.some = true, true
}

// eventsMost is how many events wait to be reported.
const eventsMost = 1024

// unlock unlocks the pool, and does what was noted meanwhile. Every use of the pool ends with it.
func (p *Pool) unlock() {
	wakes, some := p.later.wakes, p.later.some
	if wakes != nil {
		p.later.wakes = nil
	}
	if some {
		todo := p.later.rare
		p.later = later{}
		p.mu.Unlock()
		p.do(wakes, &todo)
		return
	}
	p.mu.Unlock()
	if wakes != nil {
		wakes.Notify()
	}
}

// do does what was noted. The pool is not locked.
func (p *Pool) do(wakes *Slot, todo *rare) {
	if wakes != nil {
		wakes.Notify()
	}
	for _, s := range todo.wakes {
		s.Notify()
	}
	for _, s := range todo.starts {
		s.Backend.start(s)
	}
	for _, u := range todo.unserved {
		u.at.ignore()
		u.at.task.Unserved(u.outcome)
	}
	if todo.reports {
		p.report()
	}
}

// report gives all events to the function that OnEvent was given. One goroutine at a time does, so that their order is kept:
// others leave their events to it.
func (p *Pool) report() {
	p.mu.Lock()
	if p.reporting {
		p.mu.Unlock()
		return
	}
	p.reporting = true
	for len(p.events) > 0 {
		e := p.events[0]
		p.events = p.events[1:]
		p.mu.Unlock()
		p.onEvent(e)
		p.mu.Lock()
	}
	p.events, p.reporting = nil, false
	p.mu.Unlock()
}
