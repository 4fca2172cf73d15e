package pool

import (
	"time"

	"tenfour/lot"
)

// Task is what a worker runs: an exchange. The goroutine that gives it to a queue owns it. After a successful Enter the pool owns
// it, and calls exactly one of Run and Unserved, which owns it then. The pool calls a task with nothing locked.
type Task interface {
	// Run is called once, on s's worker, which the task has until Run returns. The next task may use the connection that
	// Run leaves in s.Kept. Every other connection to the backend is closed when Run returns.
	Run(s *Slot)
	// Unserved is called instead of Run, on any goroutine, and must not block.
	Unserved(Outcome)
	// Panicked is called after Run has panicked: it must cut the connections of the task.
	Panicked()
}

// Outcome says what became of a task that was given to a queue.
type Outcome struct {
	State State
	Words string // with HeldOut, Unreached and Late, if all its backends are down: why, such as "127.0.0.1:9001 refused connections"
	Plain string // the same for clients, without the backends' names: "the backend refused connections"
	Held  bool   // with Waits: it waits because all backends are down, and did not before
}

// State is what became of a task.
type State uint8

const (
	Runs      State = iota // a worker has it
	Waits                  // it is in the queue
	Gone                   // its client left while it waited
	Full                   // no slot is free, and the queue holds all it may
	Late                   // it has waited for as long as it may
	HeldOut                // its backends were down for as long as it may be held
	Unreached              // the only backend that it may go to is down
	Hopeless               // it has failed at a backend, no other is up, and its queue does not hold
	Closed                 // the pool is closed, or the queue was removed
)

// Unserved reports whether the task neither runs nor waits.
func (o Outcome) Unserved() bool { return o.State > Waits }

// ForClients is Error without what only the operator should know.
func (o Outcome) ForClients() string {
	o.Words = o.Plain
	return o.Error()
}

// Error says why a task is unserved, in words that follow the name of what it waited for.
func (o Outcome) Error() string {
	if o.Words != "" {
		return o.Words
	}
	return [...]string{
		"it runs", "it waits", "its client left while it was queued", "the queue is full", "all its workers stayed busy",
		"it is down", "it is down", "it is down", "it is closed",
	}[o.State]
}

// Place is a task's place in a queue, and how it waits there. It is a part of the task. The zero value is ready. A place is used
// with one pool only.
//
// The task's owner sets the exported fields while the task is in no queue.
type Place struct {
	Client     *lot.Watch    // of its client's connection: when that ends, the task leaves the queue; nil for none
	Left       bool          // the client's end was seen before: the task runs at once or not at all
	Background bool          // no client waits for it: clients' tasks go first, see lane
	Timeout    time.Duration // how long it may wait in queues; 0 is for ever
	Late       int64         // when that time is over, in the lot's time; 0 until the task has to wait, which sets it

	pool   *Pool      // fixed by the first Enter
	task   Task       // likewise
	waiter lot.Waiter // wakes the place at the client's end, and when it is late

	// guarded by the pool
	queue      *Queue // nil while it is in none
	next, prev *Place
	order      uint64 // its number among all tasks that have entered: Again puts it back where it was
	entered    int64  // when it entered, in the lot's time
	held       bool   // it had to wait because all backends were down
}

// Reset makes the place ready for another client. Its task is in no queue.
func (at *Place) Reset() {
	at.Client, at.Left, at.Background, at.Timeout, at.Late = nil, false, false, 0, 0
	at.held = false
}

// use makes the place belong to a task and a pool.
func (at *Place) use(p *Pool, task Task) {
	if at.pool == nil {
		at.pool, at.task = p, task
		at.waiter.InitShared(p.lot, at)
	}
}

// listen makes the lot wake the place from now on. The caller owns the task; the pool is not locked.
func (at *Place) listen() {
	if at.Client != nil {
		at.Client.Tell(&at.waiter)
		at.Client.Arm(lot.Readable) // if it fails, the client's end is only noticed when its turn has come
	}
	if at.Late == 0 && at.Timeout > 0 {
		at.Late = at.entered + int64(at.Timeout)
	}
	at.waiter.SetDeadline(at.Late)
}

// ignore ends what listen began. The caller owns the task. The next watcher of the client's connection replaces the waiter.
func (at *Place) ignore() {
	if at.waiter.Deadline() != 0 {
		at.waiter.SetDeadline(0)
	}
}

// over returns why the task need not wait any longer; Waits if it should. The pool is locked. No end of a client is missed:
// listen was called before, so either the event is seen here, or it wakes the place later.
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
// any time and on any goroutine, also after the task has left its queue.
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
