package runner

import (
	"bytes"
	"errors"
	"strconv"
	"time"

	"tenfour/forward"
	"tenfour/jobs"
)

// outcomeOf is how an exchange ended, without its response's body.
func outcomeOf(x *forward.Exchange, s sofar, now time.Time) jobs.Outcome {
	o := jobs.Outcome{Backend: x.Backend, Reached: s.mayHaveReached()}
	if o.Backend == "" {
		o.Backend = s.backend
	}
	if f := x.Failure; f != nil {
		o.Failure, o.Last = f.ForClient(), errors.Is(f, forward.ErrNotKept)
		return o
	}
	head, _ := x.Recorded()
	line, fields, _ := bytes.Cut(head, []byte("\r\n"))
	o.Reached = forward.Answering
	o.Result = jobs.Result{Status: x.Status, Reason: reasonIn(line), Fields: bytes.Clone(fields)}
	o.RetryAfter = retryAfter(fields, now)
	return o
}

// reasonIn is the reason-phrase of a status-line (RFC 9112 §4).
func reasonIn(line []byte) []byte {
	_, rest, _ := bytes.Cut(line, []byte(" "))
	_, reason, _ := bytes.Cut(rest, []byte(" "))
	return bytes.Clone(reason)
}

// retryAfter is when a response says to try again (RFC 9110 §10.2.3); zero if it does not. Of several lines the last time counts.
func retryAfter(fields []byte, now time.Time) (at time.Time) {
	for line := range bytes.SplitSeq(fields, []byte("\r\n")) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		if !bytes.EqualFold(name, []byte("Retry-After")) {
			continue
		}
		if t := jobs.RetryAfter(string(value), now); t.After(at) {
			at = t
		}
	}
	return at
}

// took is how long a job took, from its creation to its end, in milliseconds.
func took(j jobs.Job) int64 { return j.Ended.Sub(j.Created).Milliseconds() }

// logEnd is a job's line in the log. failure is why its last attempt failed, with what only the operator should know; "" for none.
func (r *Runner) logEnd(j jobs.Job, failure string) {
	line := r.Log.Info()
	if j.State == jobs.Failed || j.State == jobs.Interrupted {
		line = r.Log.Warn()
	}
	line = line.Str("job", j.ID.Short()).Str("route", j.Request.Route).Stringer("state", j.State).
		Int("attempts", j.Earlier+len(j.Attempts)).Int64("ms", took(j))
	if j.Result.Status != 0 {
		line = line.Str("status", strconv.Itoa(j.Result.Status))
	}
	if j.Reason != "" {
		line = line.Str("reason", j.Reason)
	}
	if n := len(j.Attempts); n > 0 && j.Attempts[n-1].Backend != "" {
		line = line.Str("backend", j.Attempts[n-1].Backend)
	}
	if failure != "" && j.State != jobs.Done {
		line = line.Str("error", failure)
	}
	line.Msg("a job has ended")
}
