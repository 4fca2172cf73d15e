// Package limit is how many may pass in any interval: exact sliding windows, a key at a time.
//
// A Limiter decides for one rate, for each key by itself. A key is what is limited: the bytes of a client's address, the
// value of a field, the name of a route.
//
//	d, known := limiter.Ask(key, request)
//	switch {
//	case !known:      // request.Answered(d, err) comes, from another goroutine
//	case d.Admitted:  // go on
//	default:          // 429, with d.RetryAfter, AppendRateLimit and AppendPolicy
//	}
//
// Who would rather wait says so at once, so that nobody comes between. He holds no goroutine while he does:
//
//	d, known, err := limiter.Wait(key, &request.place, request)
//	switch {
//	case err != nil:  // ErrFull, ErrClosed: 429 or 503; d says when to come again
//	case !known:      // parked: request.Answered comes, unless Withdraw(&request.place) reports true before
//	default:          // d.Admitted: go on
//	}
//
// A wait's end is the caller's to keep: when its time is up or its client has left he calls Withdraw. If that reports
// false, Answered has been called or is about to be, and the admission is his to use or to Refund. Who may wait for less
// than the RetryAfter of a refusal can be refused at once, instead of waiting in vain.
//
// # Several limits
//
// A request under several limits passes if all admit it, and counts in none if one does not: ask one after the other, and
// on a refusal Refund those that had admitted. Between the two the admission counts as any other does. Thus no interval
// ever has too many; somebody else may be refused who would not have been, if he comes in just that moment.
//
// If a limit of several is to be waited for, the request waits there and holds no admission elsewhere: it refunds what it
// has, waits at the limit that refused, and with that one's admission in hand asks the others again. If now another
// refuses, it refunds, and waits there. All of that is within one deadline. Ask the limit with the longest window first:
// it is the one that is worth a wait.
//
// The package does not know requests, answers no one, and keeps no deadline. It is no limit of how many are under way at
// once: that is what a pool's slots are for.
package limit

import (
	"errors"
	"time"
)

// Limiter admits so many of each key as its rate allows. Safe for use by several goroutines.
//
// Window decides by itself. Another one may ask elsewhere, which takes time and can fail: hence Answered, and its error,
// upon which the caller goes by what he was configured to do.
type Limiter interface {
	// Ask is whether one more of key may pass now. If known is false the decision comes later, and a is told of it.
	// The limiter keeps nothing of key's memory.
	Ask(key []byte, a Asker) (d Decision, known bool)

	// Wait is Ask by one who waits at place if he may not pass yet, behind those of his key that wait already: then
	// known is false, and a is told when he is admitted. With an error he does not wait: ErrFull or ErrClosed.
	Wait(key []byte, place *Place, a Asker) (d Decision, known bool, err error)

	// Withdraw takes whoever waits at place out, and reports whether he still waited: then he will not be told. Else
	// he has been told or is about to be. Exactly one of the two happens. Only who called Wait calls it, after Wait.
	Withdraw(place *Place) bool

	// Refund takes back an admission of key, at most once. It is as if it had never been, from now on. A decision that
	// admits nobody, and one that has left the window, may be refunded to no effect.
	Refund(key []byte, d Decision)

	// Close tells all who wait ErrClosed, and returns when everyone has been told and no goroutine is left.
	// It must not be called by Answered.
	Close()
}

// Asker is told what a limiter could not say at once.
type Asker interface {
	// Answered brings a decision, or why there is none. It is called once for each Ask or Wait whose decision was not
	// known, on a goroutine of the limiter's that holds no lock: it may use the limiter, but must not block.
	Answered(d Decision, err error)
}

// Decision is whether one may pass, and how his key stands with that.
type Decision struct {
	Admitted   bool
	Remaining  int           // how many more may pass at once, 0 if others wait
	RetryAfter time.Duration // when he would be admitted if nobody came before, but those who wait; 0 if he is
	Reset      time.Duration // until there is room for more than Remaining; never more than RetryAfter, when that is set

	at int64 // when he was admitted, in the window's time; 0 if he was not
}

var (
	// ErrFull is that as many wait as may.
	ErrFull = errors.New("as many wait for their rate as may")
	// ErrClosed is that the limiter is closed.
	ErrClosed = errors.New("the limiter is closed")
)
