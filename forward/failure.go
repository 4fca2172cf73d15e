package forward

import (
	"errors"
	"fmt"
	"time"

	"tenfour/httpparse"
	"tenfour/pool"
)

// Side is whose fault a failure is.
type Side uint8

// The sides.
const (
	Backend Side = iota // it could not be reached, was late, or its response is malformed or cut
	Client              // it has left, is late, or its body is malformed
	Self                // tenfour's own limits
)

// Step is how far an exchange was.
type Step uint8

// The steps, in their order.
const (
	Connect Step = iota // no connection to the backend yet
	Send                // the request goes out
	Await               // no byte of the response yet
	Read                // the response comes in
)

// String returns the step as log lines have it: "connecting".
func (s Step) String() string {
	return [...]string{"connecting", "sending", "awaiting the response", "reading the response"}[s]
}

// Progress is how far an attempt came with its request. By that the request may go out again, or may not.
type Progress uint8

// How far an attempt may have come, in order.
const (
	NothingSent Progress = iota // the backend has had no byte of the request
	PartlySent                  // it has had some, and may have acted on them
	WhollySent                  // it has had all of it, and no byte of a response came
	Answering                   // a byte of its response came
)

// String returns the progress as log lines have it: "partly sent".
func (p Progress) String() string {
	return [...]string{"nothing sent", "partly sent", "sent", "answering"}[p]
}

// An Error is an exchange that failed: at whose side, at which step, and what had been sent by then.
type Error struct {
	Side     Side     // whose fault it is
	Step     Step     // at which the attempt was
	Progress Progress // with the request, at that backend
	Status   int      // the answer that it earns, if there can be one
	Err      error    // why, in words for people
}

// Error returns why it failed, for the log. ForClient is for clients.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Retryable reports whether the same request may go out again without its user having said so (RFC 9110 §9.2.2): when the backend has
// had no byte of it, or when sending it twice is the same as once and no byte of a response came. idempotent is
// httpparse.Verb.Idempotent of its method.
func (e *Error) Retryable(idempotent bool) bool {
	return e.Side == Backend && (e.Progress == NothingSent || idempotent && e.Progress < Answering)
}

// fail ends the attempt. status is the answer that it earns, if its response has not begun.
func (a *Attempt) fail(side Side, status int, err error) outcome {
	a.result.Failure = &Error{Side: side, Step: a.reached(), Progress: a.up.progress(a.down.heard), Status: status, Err: err}
	if a.result.Status == 0 {
		if !a.up.taken || side == Client {
			a.result.Surplus, a.sink.persists = true, false
		}
		return over
	}
	a.sink.persists = false
	a.result.Cut = CutClose
	if a.down.framing != httpparse.Length && !a.down.chunked && a.down.framing != httpparse.NoBody {
		a.result.Cut = CutReset
	}
	return over
}

// reached is how far the attempt came.
func (a *Attempt) reached() Step {
	switch {
	case a.state == connecting || a.link == nil || a.link.Connecting():
		return Connect
	case a.down.heard:
		return Read
	case !a.up.done():
		return Send
	}
	return Await
}

var (
	errIncomplete   = errors.New("it ended before its framing said")
	errTimeout      = errors.New("timeout")
	errReset        = errors.New("the connection was reset")
	errInterims     = errors.New("its interim responses are larger")
	errSurplus      = errors.New("it sent 101 though no upgrade was asked for")
	errNeedsLength  = errors.New("the backend speaks HTTP/1.0, which has no chunked bodies, and this one is too large to be measured first; spool_max is 0")
	errLeft         = errors.New("the client had shut its side, no byte of the response had come for 1s, and others wait for the backend")
	errStopped      = fmt.Errorf("%w, and the time to drain is over", ErrStopping)
	errLeftHeld     = errors.New("its client left while it was held")
	errRacedBody    = errors.New("the body is larger than --buffer, and a request that is raced must be held whole; spool_max is 0")
	errStreamsTaken = errors.New("all places for streams are taken")
)

// ErrStopping is why an exchange failed that tenfour's own end has cut off.
var ErrStopping = errors.New("tenfour is stopping")

// ErrNotKept is why an exchange failed whose sink is a record, if another attempt would fail in the same way: the response is larger than
// may be kept, or has no end.
var ErrNotKept = errors.New("its response cannot be kept")

// notKept is an error that is ErrNotKept too.
type notKept struct{ error }

func (notKept) Is(target error) bool { return target == ErrNotKept }

// told is an error that a client may know in part.
type told struct {
	words string // for the client
	error
}

func (t *told) Unwrap() error { return t.error }

// tell has the client read the words, in place of an error with what only the operator should know: names and addresses of
// backends, settings, errors of the system.
func tell(words string, err error) error { return &told{words, err} }

// wordsFull is what a client reads when there is no descriptor for a connection to a backend.
const wordsFull = "too many connections are open"

// ForClient returns why the exchange failed in words for its client. The log has Error, with what only the operator should know.
func (e *Error) ForClient() string {
	var unserved pool.Outcome
	if t := (*told)(nil); errors.As(e.Err, &t) {
		return t.words
	}
	switch {
	case errors.As(e.Err, &unserved):
		return unserved.ForClients()
	case e.Side == Backend:
		return "the backend failed"
	}
	return e.Err.Error() // it is about the client itself, or a limit of tenfour
}

// noConnection is the failure of a connection that took too long.
type noConnection struct{ within time.Duration }

func (n noConnection) Error() string { return "no connection within " + n.within.String() }

// unresolved is the failure of a connection to a name that has no known address.
type unresolved struct{ error }

func (u *unresolved) Unwrap() error { return u.error }
