package forward

import (
	"errors"
	"time"

	"tenfour/httpparse"
	"tenfour/metrics"
	"tenfour/pool"
)

// counting is what is counted of an attempt, if its backend counts.
type counting struct {
	begun  bool  // it has begun at a backend, and is not counted yet
	sent   int64 // when the backend could be written to, in the lot's time; 0 before
	heard  int64 // when the first byte of the response came; 0 before
	status int   // of the response that the backend has begun, whether the client gets it or not; 0 before
}

// countBegin notes that the attempt begins at its backend.
func (a *Attempt) countBegin() { a.counting = counting{begun: a.origin.Metrics.On()} }

// timed reports whether the moments of the attempt are noted.
func (a *Attempt) timed() bool { return a.req.Timed || a.counting.begun }

// countEnd counts how the attempt at its backend went, once.
func (a *Attempt) countEnd() {
	if !a.counting.begun {
		return
	}
	a.counting.begun = false
	a.origin.Metrics.Ended(a.result.outcome(), a.counting.status, a.since(a.counting.sent), a.since(a.counting.heard))
}

// since returns how long after the attempt's begin something happened.
func (a *Attempt) since(at int64) time.Duration {
	if at == 0 {
		return metrics.None
	}
	return time.Duration(at - a.clock.began)
}

// outcome is what became of the attempt whose result r is.
func (r *Result) outcome() metrics.Outcome {
	if r.Failure == nil {
		return metrics.Answered
	}
	return r.Failure.outcome()
}

// outcome is what became of an attempt that has failed so. It is a function of its own because refusal is in memory that is allocated, which
// an exchange that has not failed should not pay for.
func (e *Error) outcome() metrics.Outcome {
	var refusal *httpparse.Refusal
	switch {
	case e.Side != Backend:
		return metrics.GivenUp
	case e.Step == Connect:
		return metrics.NoConnect
	case e.Status == 504:
		return metrics.TimedOut
	case errors.As(e.Err, &refusal), errors.Is(e.Err, errSurplus), errors.Is(e.Err, errInterims):
		return metrics.Malformed
	}
	return metrics.CutShort
}

// countEntered counts that an exchange has to wait, if it has.
func (r *Route) countEntered(o pool.Outcome) {
	if r.Metrics == nil || o.State != pool.Waits {
		return
	}
	r.Metrics.Count(metrics.Queued)
	if o.Held {
		r.Metrics.Count(metrics.Held)
	}
}

// countUnserved counts why no worker has taken an exchange; left says that its client has left.
func (r *Route) countUnserved(o pool.Outcome, left bool) {
	switch {
	case r.Metrics == nil:
	case o.State == pool.Gone, left:
		r.Metrics.Count(metrics.Left)
	case o.State == pool.Full:
		r.Metrics.Count(metrics.QueueFull)
	case o.State == pool.Late:
		r.Metrics.Count(metrics.QueueLate)
	case o.State == pool.HeldOut:
		r.Metrics.Count(metrics.HeldOut)
	}
}
