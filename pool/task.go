package pool

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
	// Place returns the task's place in a queue. It is always the same.
	Place() *Place
}

// Outcome says what became of a task that was given to a queue.
type Outcome struct {
	State State
	Words string // with HeldOut, Unreached and Late, if all its backends are down: why, such as "127.0.0.1:9001 refused connections"
	Plain string // the same for clients, without the backends' names: "the backend refused connections"
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
