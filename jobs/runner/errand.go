package runner

import (
	"sync"

	"tenfour/jobs"
	"tenfour/lot"
)

// Errand is what a client's connection, or an operator, asked of the jobs and waits for. While it waits it has no goroutine: the waiter is
// notified once it is settled. Settled, Wait, Abandon and Release may be called by its owner only, one at a time.
type Errand struct {
	Job     jobs.Job // as stored, once it is settled; also with an error, if there is one
	Err     error    // why it was not done: see the errors of package jobs; nil if it was
	Content []byte   // of Look: the result's body, until Release

	r      *Runner     // fixed
	waiter *lot.Waiter // nil for an errand that is waited for with Wait; fixed
	held   int         // bytes of Held that Content counts for

	mu      sync.Mutex // guards the rest
	state   errandState
	done    chan struct{} // closed when it is settled; made by Wait
	reading *reading      // of Content; nil while it is not read
	lined   bool          // it stands in the line for memory

	// Guarded by the runner.
	at         *entry  // for whose end it waits; nil for none
	next, prev *Errand // of those that wait for it too
}

type errandState uint8

const (
	isOpen errandState = iota
	isSettled
	isAbandoned
)

// Settled reports whether the errand is done, or was refused: Job, Err and Content are its owner's then.
func (e *Errand) Settled() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.state == isSettled
}

// Wait returns when the errand is settled.
func (e *Errand) Wait() {
	e.mu.Lock()
	if e.state == isOpen && e.done == nil {
		e.done = make(chan struct{})
	}
	done := e.done
	settled := e.state != isOpen
	e.mu.Unlock()
	if !settled {
		<-done
	}
}

// Abandon forgets an errand whose client has left. What it asked for goes on, but for a job that is not being stored yet.
func (e *Errand) Abandon() {
	e.mu.Lock()
	settled, lined, reading := e.state == isSettled, e.lined, e.reading
	e.state = isAbandoned
	e.mu.Unlock()
	if settled {
		e.Release()
		return
	}
	if lined {
		e.r.Held.Leave(&reading.place)
	}
	e.r.mu.Lock()
	if e.at != nil {
		e.at.leave(e)
	}
	e.r.mu.Unlock()
}

// Release gives back the memory of Content.
func (e *Errand) Release() {
	e.Content = nil
	e.r.Held.Give(e.held)
	e.held = 0
}

// abandoned reports whether its client has left.
func (e *Errand) abandoned() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.state == isAbandoned
}

// settle ends the errand, and wakes what waits for it.
func (e *Errand) settle(j jobs.Job, err error) {
	e.mu.Lock()
	if e.state != isOpen {
		e.mu.Unlock()
		e.Release()
		return
	}
	e.Job, e.Err, e.state = j, err, isSettled
	done, waiter := e.done, e.waiter
	e.mu.Unlock()
	if done != nil {
		close(done)
	}
	if waiter != nil {
		waiter.Notify()
	}
}
