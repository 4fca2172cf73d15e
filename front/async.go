package front

import (
	"time"

	"tenfour/jobs"
)

// Async says how the requests of a route become jobs. Nothing changes it.
type Async struct {
	After    time.Duration // a request whose response has not begun after so long becomes one by itself; 0: only if its client asks
	BodyMax  int64         // bytes that the body of a request may have (job_body_max)
	Keep     time.Duration // how long a job stays after its end
	Deadline time.Duration // from a job's acceptance to its last attempt
	Policy   jobs.Policy   // of its attempts. The runner asks for it; the front does not

	Dedupe       time.Duration // for how long equal requests are one job, without a key; 0: only those with an Idempotency-Key
	DedupeFields []string      // the fields in which they must agree, besides Authorization and Cookie

	Permits    func(url string) error // whether a callback may go there, or else why not, in words; nil for a route without callbacks
	CallbackOn jobs.States            // the ends that a callback tells of
}
