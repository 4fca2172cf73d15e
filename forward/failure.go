package forward

import (
	"errors"

	"tenfour/sock"
)

// Side is whose fault a failure is.
type Side uint8

const (
	Backend Side = iota
	Client
	Self // tenfour's own limits
)

// Step is how far an exchange was.
type Step uint8

const (
	Connect Step = iota // no connection to the backend yet
	Send                // the request goes out
	Await               // no byte of the response yet
	Read                // the response comes in
)

func (s Step) String() string {
	return [...]string{"connecting", "sending", "awaiting the response", "reading the response"}[s]
}

// An Error is an exchange that failed: at whose side, at which step, and what had been sent by then.
type Error struct {
	Side     Side
	Step     Step
	Progress Progress // with the request, at that backend
	Status   int      // the answer that it earns, if there can be one
	Err      error    // why, in words for people
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Retryable reports whether the same request may go out again without its user having said so (RFC 9110 §9.2.2).
func (e *Error) Retryable(idempotent bool) bool {
	return e.Side == Backend && (e.Progress == NothingSent || idempotent && e.Progress < Answering)
}

var (
	errIncomplete   = errors.New("it ended before its framing said")
	errTimeout      = errors.New("timeout")
	errReset        = errors.New("the connection was reset")
	errSurplus      = errors.New("it sent 101 though no upgrade was asked for")
	errNeedsLength  = errors.New("the backend speaks HTTP/1.0, which has no chunked bodies, and this one is too large to be measured first")
	errLeft         = errors.New("the client had shut its side, no byte of the response had come for 1s, and others wait for the backend")
	errStopped      = errors.New("tenfour is stopping, and the time to drain is over")
	errStopping     = errors.New("tenfour is stopping")
	errLeftHeld     = errors.New("its client left while it was held")
	errRacedBody    = errors.New("the body is larger than --buffer, and a request that is raced must be held whole")
	errStreamsTaken = errors.New("all places for streams are taken")
)

// isWait reports whether err only says that nothing can be read or written now.
func isWait(err error) bool { return err == sock.ErrWait }
