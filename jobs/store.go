package jobs

import (
	"errors"
	"io"
	"iter"
	"time"
)

// Store keeps jobs. Safe for use by several goroutines. What a call has returned without an error survives a crash of the process and
// of the machine. A call may wait for the disk, so a worker makes none.
//
// A job that is given to Create or Update and the one that is returned differ in the Revision and in the Names of new bodies.
type Store interface {
	// Create stores a job that is new. ErrDuplicate, with the job that has the same dedupe key and body; ErrKeyReused when that has
	// another body; ErrFull over a cap; ErrNoRoom on a full disk.
	Create(Job) (Job, error)
	// Same looks for a job that Create would return in place of j, which is new: with ErrDuplicate, or with ErrKeyReused. Without an error
	// there is none at this moment. It changes nothing, and waits for no write.
	Same(j Job) (Job, error)
	// Update stores the next revision of a job. ErrConflict when the store has another revision than j's; ErrUnknown when it has none.
	// Bodies that only the revision before had are removed.
	Update(j Job) (Job, error)
	// Get returns a job, or ErrUnknown.
	Get(ID) (Job, error)
	// Remove removes a job and its bodies, if the store has the revision of j. Else ErrConflict, or ErrUnknown.
	Remove(j Job) error
	// Jobs are those in some states, in no order. Each is as it is when its turn comes: one that changes meanwhile may come or not. The
	// loop's body may call the store. It ends after an error.
	Jobs(States) iter.Seq2[Job, error]
	// Sweep removes the jobs whose RemoveAt has come, and reports how many.
	Sweep(now time.Time) (int, error)

	// PutBody stores a body for a job that is not stored yet, of at most most bytes; over it ErrBodyTooLarge. The caller puts what is
	// returned into the job's record, or drops it.
	PutBody(id ID, content io.Reader, most int64) (Body, error)
	// OpenBody reads a body that PutBody returned, or that is in a record. ErrUnknown when it was removed.
	OpenBody(Body) (io.ReadCloser, error)
	// DropBody removes a body that is in no record. A body that is not there does no harm.
	DropBody(Body) error

	// Usage is what the store has, at this moment.
	Usage() Usage
	// Close ends what the store does by itself, after the writes that have begun.
	Close() error
}

// Caps bound a store. They are asked when a job is created: one that was accepted is never lost for want of room in them.
type Caps struct {
	Jobs  int   // 1 or more
	Bytes int64 // of records and bodies; 1 or more
}

// Usage is what a store has.
type Usage struct {
	States [Interrupted + 1]int // jobs in each state
	Bytes  int64                // of records and bodies
}

// Jobs is how many jobs there are.
func (u Usage) Jobs() (n int) {
	for _, s := range u.States {
		n += s
	}
	return n
}

// The errors of a store. They are compared with errors.Is: the text of one that is returned says where, and what to do.
var (
	ErrUnknown      = errors.New("there is no such job")
	ErrConflict     = errors.New("the job was changed meanwhile")
	ErrDuplicate    = errors.New("there is a job for this request already")
	ErrKeyReused    = errors.New("the key belongs to a request with another body")
	ErrFull         = errors.New("there are as many jobs, or bytes of jobs, as there may be")
	ErrNoRoom       = errors.New("the disk is full")
	ErrBodyTooLarge = errors.New("the body is larger than a job may have")
	ErrDamaged      = errors.New("the file is damaged")
	ErrInUse        = errors.New("another process uses it")
	ErrClosed       = errors.New("the store is closed")
	ErrUnsure       = errors.New("the disk did not say whether it has written; the store takes nothing more until tenfour starts again")
)
