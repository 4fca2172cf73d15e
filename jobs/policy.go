package jobs

import (
	"fmt"
	"time"

	"tenfour/forward"
	"tenfour/value/statuses"
)

// Policy is what a route says about a job's attempts.
type Policy struct {
	Attempts int           // at most, 1 or more
	On       statuses.Set  // the statuses that are failures: retry_on
	Unsafe   bool          // a request may reach a backend twice, whatever its method: retry_unsafe
	First    time.Duration // the first pause is at most that; each further one at most twice as long
	Most     time.Duration // the longest pause
}

// Outcome is how an attempt ended.
type Outcome struct {
	Backend    string // that was asked last
	Reached    forward.Progress
	Result     Result    // the response, if a whole one came
	Failure    string    // why there is none, in words; "" for a response
	Last       bool      // another attempt cannot help: the response is larger than may be kept
	RetryAfter time.Time // from the response; zero for none
}

// Verdict is what follows an attempt: Waiting until At, Done, or Failed.
type Verdict struct {
	State State
	At    time.Time
	Why   string // for Failed, in words
}

// Decide says what follows the attempt of j that has ended so. random is from 0 to 1.
func (p Policy) Decide(j Job, o Outcome, now time.Time, random float64) Verdict {
	if o.Failure == "" && !p.On.Has(o.Result.Status) {
		return Verdict{State: Done}
	}
	at := now.Add(fullJitter(p.First, p.Most, j.Tried, random))
	if o.RetryAfter.After(now) {
		at = at.Add(o.RetryAfter.Sub(now)) // never before it; and not all jobs in the same moment
	}
	switch {
	case o.Last:
		return failed(o, "")
	case j.Tried >= p.Attempts:
		return failed(o, fmt.Sprintf("after %d attempts", j.Tried))
	case !p.mayRepeat(j.Request, o):
		return failed(o, "and the request may be sent only once")
	case !at.Before(j.Deadline):
		return failed(o, "and the next attempt would be after its deadline")
	}
	return Verdict{State: Waiting, At: at}
}

// mayRepeat reports whether the request may go out again after this outcome.
func (p Policy) mayRepeat(r Request, o Outcome) bool {
	return r.MayRepeat(p.Unsafe) || o.Reached == forward.NothingSent || o.refusedUnread()
}

// refusedUnread reports whether the response says that the backend has not acted on the request: it has not had all of it (408, RFC 9110
// §15.5.9), it has had too many (429, RFC 6585 §4), or it is not ready and says when it will be (503 with Retry-After, RFC 9110 §15.6.4).
// A 503 without Retry-After may come from a proxy that lost the answer.
func (o Outcome) refusedUnread() bool {
	switch o.Result.Status {
	case 408, 429:
		return true
	case 503:
		return !o.RetryAfter.IsZero()
	}
	return false
}

// endAttempt fills in the end of a.
func (o Outcome) endAttempt(a *Attempt, now time.Time) {
	a.Ended = stamp(now)
	a.Reached, a.Status, a.Failure = o.Reached, o.Result.Status, o.Failure
	if o.Backend != "" {
		a.Backend = o.Backend
	}
	if !o.RetryAfter.IsZero() {
		a.RetryAfter = stamp(o.RetryAfter)
	}
}

// failed is the verdict that no attempt follows: what happened, and why that is the end.
func failed(o Outcome, end string) Verdict {
	why := o.Failure
	if why == "" {
		why = fmt.Sprintf("the backend answered %d", o.Result.Status)
	}
	if end != "" {
		why += ", " + end
	}
	return Verdict{State: Failed, Why: why}
}

// fullJitter is the pause after attempt n, 1 or more: a part, at random, of a time that doubles from first up to most. All of the time is
// random, because many jobs fail in the same moment, when their backend goes down.
func fullJitter(first, most time.Duration, n int, random float64) time.Duration {
	pause := first
	for range n - 1 {
		if pause >= most {
			break
		}
		pause *= 2
	}
	return time.Duration(random * float64(min(pause, most)))
}
