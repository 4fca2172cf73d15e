package pool

import (
	"time"

	"tenfour/lot"
)

// Place is where a task stands in a queue, and how it waits there. It is a part of the task. The zero value is ready; a
// place is used with one pool only.
//
// The exported fields are the task's owner's to set while the task is in no queue.
type Place struct {
	Client  *lot.Watch    // of its client's connection, whose end takes the task out of the queue; nil for none
	Left    bool          // the client's end was seen before: the task is run at once or not at all
	Timeout time.Duration // how long it may wait in queues; 0 is for ever
	Late    int64         // when that is over, in the lot's time; 0: Timeout after it first has to wait, which sets it

	pool   *Pool      // fixed by the first Enter
	task   Task       // likewise
	waiter lot.Waiter // has the pool look at the place: at the client's end, and when it is late

	// guarded by the pool
	queue      *Queue // nil while it stands in none
	next, prev *Place
	order      uint64 // among all that have entered: a task that comes back stands where it stood
	entered    int64  // in the lot's time
}

// Reset makes the place ready for another client. Its task is in no queue.
func (at *Place) Reset() { at.Client, at.Left, at.Timeout, at.Late = nil, false, 0, 0 }

// use has the place be a task's, and a pool's.
func (at *Place) use(p *Pool, task Task) {
	if at.pool == nil {
		at.pool, at.task = p, task
		at.waiter.InitShared(p.lot, at)
	}
}

// listen has the lot wake the place from now on. The caller owns the task; the pool is not locked.
func (at *Place) listen() {
	if at.Client != nil {
		at.Client.Tell(&at.waiter)
		at.Client.Arm(lot.Readable) // where it fails, the client's end goes unnoticed until its turn, and that is all
	}
	if at.Late == 0 && at.Timeout > 0 {
		at.Late = at.entered + int64(at.Timeout)
	}
	at.waiter.SetDeadline(at.Late)
}

// sleep ends what listen began. The caller owns the task: the next to listen to its client says so.
func (at *Place) sleep() {
	if at.waiter.Deadline() != 0 {
		at.waiter.SetDeadline(0)
	}
}

// over is why the task need not wait any longer; Waits if it should. The pool is locked. A client's end is seen here, or
// it wakes the place later: its event is there before the wake-up, and listen came before this.
func (at *Place) over(now int64) State {
	switch {
	case at.Left || at.Client != nil && at.Client.Happened(lot.HungUp|lot.Broken):
		return Gone
	case at.Late != 0 && now >= at.Late:
		return Late
	}
	return Waits
}

// Unpark takes the task out of its queue if its client has left, or if it has waited for too long. The lot calls it, at
// any time and on any goroutine, also when the task has been taken in the meantime.
func (at *Place) Unpark() {
	p := at.pool
	p.mu.Lock()
	defer p.unlock()
	if at.queue == nil {
		return
	}
	if state := at.over(p.lot.Now()); state != Waits {
		at.queue.dismiss(at, state)
	}
}
