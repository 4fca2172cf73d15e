package runner

import (
	"crypto/sha256"
	"fmt"
	"io"

	"tenfour/forward"
	"tenfour/jobs"
	"tenfour/lot"
)

// Same looks for a job that j, a new one with that body, would be joined to. The errand has it, with jobs.ErrDuplicate or
// jobs.ErrKeyReused; without an error there is none. The body, which may be nil, stays the caller's, which may leave it meanwhile.
func (r *Runner) Same(w *lot.Waiter, j jobs.Job, body *forward.Body) *Errand {
	body.Share()
	return r.ask(w, func(e *Errand) {
		defer leaveBody(body)
		hash := sha256.New()
		if _, err := io.Copy(hash, body.Reader()); err != nil {
			e.settle(jobs.Job{}, fmt.Errorf("read the body of a request: %w", err))
			return
		}
		same, err := r.Store.Same(j.WithBody(jobs.Hash(hash.Sum(nil))))
		e.settle(r.joined(same, err), err)
	})
}
