// Package pool is workers: the fixed ants pools, each backend's slots, the queues in front of them, backends that are down.
//
//	p := pool.New(l, nil)                           // l is the lot in which its workers sleep
//	b, err := p.AddBackend("127.0.0.1:9001", 4, 256, nil) // 4 slots, each with its worker; AddAuto: as many as pay
//	r := p.AddRoute("/", 1024, pool.Hold{}, b)       // a queue in front of them
//	err = r.Enter(task)                              // a worker runs it now, or when its turn comes; ErrFull: neither
//
// What waits for a slot waits in a route's queue, and holds no worker.
// The package moves no bytes: it knows nothing of HTTP, and of a connection no more than its descriptor.
package pool

import (
	"errors"
	"slices"
	"sync"

	"tenfour/lot"
)

// ErrFull is Enter's answer when no slot is free and the queue holds all it may.
var ErrFull = errors.New("the queue is full")

// ErrDown is the answer of an entry whose backend is down.
var ErrDown = errors.New("it is down")

// ErrClosed is Enter's answer once the pool is closed.
var ErrClosed = errors.New("the pool is closed")

// Pool is the backends and the routes to them. It is safe for use by several goroutines. Make one with New.
type Pool struct {
	lot *lot.Lot

	mu       sync.Mutex // guards the rest, with every Backend's, Route's and Place's guarded part
	backends []*Backend
	routes   []*Route
	closed   bool
	entered  uint64 // tasks so far
	waiting  int    // tasks in all queues

	turn      uint    // whose turn it is among equally free backends
	later     later   // what is to be done as soon as the pool is unlocked
	events    []Event // that were not reported yet, the oldest first
	reporting bool    // a goroutine reports them

	onEvent func(Event)               // fixed before the first backend
	panics  func(v any, stack []byte) // fixed before the first backend
}

// New makes a pool without backends whose workers and queues wait in lot.
// A task that panics is cut off, and onPanic is told; nil tells nobody.
func New(l *lot.Lot, onPanic func(v any, stack []byte)) *Pool {
	if onPanic == nil {
		onPanic = func(any, []byte) {}
	}
	return &Pool{lot: l, panics: onPanic, onEvent: func(Event) {}}
}

// OnEvent has the pool call f when a backend goes down, comes up again, or has another number of workers: one call at a time, in
// the order of what happened, on the goroutine of whatever caused it, with nothing locked. OnEvent is called before the first backend is added.
func (p *Pool) OnEvent(f func(Event)) { p.onEvent = f }

// Workers is the number of goroutines that run exchanges: the sum of all slots. It is never exceeded.
func (p *Pool) Workers() int {
	p.mu.Lock()
	defer p.unlock()
	n := 0
	for _, b := range p.backends {
		n += b.most()
	}
	return n
}

// Backends are those that were added, in that order.
func (p *Pool) Backends() []*Backend {
	p.mu.Lock()
	defer p.unlock()
	return slices.Clone(p.backends)
}

// Served is the number of tasks that workers have begun.
func (p *Pool) Served() int64 {
	p.mu.Lock()
	defer p.unlock()
	var n int64
	for _, b := range p.backends {
		n += b.served.Load()
	}
	return n
}

// Waiting is the number of tasks in all queues.
func (p *Pool) Waiting() int {
	p.mu.Lock()
	defer p.unlock()
	return p.waiting
}

// Rouse wakes every worker that sleeps in the middle of a task.
func (p *Pool) Rouse() {
	p.mu.Lock()
	defer p.unlock()
	for _, b := range p.backends {
		for _, s := range b.slots {
			p.wake(s)
		}
	}
}

// Close ends the workers, each when its task has ended, and returns when all have gone.
// Nothing may Enter any more; what is still queued stays its owner's.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	backends := p.backends
	for _, b := range backends {
		b.outage.end()
	}
	p.unlock()
	for _, b := range backends {
		b.close()
	}
}
