// Package jobs has long requests as durable handles: their states, what may follow what, and what a store must promise.
//
//	j, err := store.Create(jobs.Job{ID: jobs.NewID(), …}) // on disk before it returns: now a 202 may go out
//	j, err = j.Begin(now)                                 // a pure function: the next record, or a *Refusal
//	j, err = j.Reach(backend, forward.PartlySent)         // stored before the first byte of a request that may be sent once
//	j, err = store.Update(j)                              // ErrConflict: it was changed meanwhile; get it, and decide again
//	j, err = j.End(now, outcome, policy.Decide(j, outcome, now, rand.Float64()))
//
// A Job is a value, the record of one request. Nothing here waits, reads a clock or draws a number by itself. The picture of the
// states, and what is promised after which byte, are in docs/design/jobs.md. The package does not run exchanges, and it
// speaks no HTTP. jobs/bolt is a store; jobs/storetest has the tests that every store passes.
package jobs
