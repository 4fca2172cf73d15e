// Package limit decides how many may pass in any interval: exact sliding windows, one for each key.
//
// A Limiter has one rate and applies it to each key separately. A key names what is limited: the bytes of a client's
// address, the value of a field, the name of a route.
//
//	d, known := limiter.Ask(key, request)
//	switch {
//	case !known:      // the limiter calls request.Answered(d, err) later, on another goroutine
//	case d.Admitted:  // go on
//	default:          // 429, with d.RetryAfter, AppendRateLimit and AppendPolicy
//	}
//
// A request that may wait calls Wait instead. Asking and waiting are one call, so that no other request comes between
// them. A waiting request holds no goroutine:
//
//	d, known, err := limiter.Wait(key, &request.place, request)
//	switch {
//	case err != nil:  // ErrFull, ErrClosed: answer 429 or 503; d.RetryAfter says when to try again
//	case !known:      // it waits: the limiter calls request.Answered, unless Withdraw(&request.place) returns true first
//	default:          // d.Admitted: go on
//	}
//
// The caller ends a wait: it calls Withdraw when the time is up or the client has left. If Withdraw returns false,
// Answered has been called or is about to be. Then the caller uses the admission or calls Refund. A caller that would wait
// for less than the RetryAfter of a refusal can give up at once, because it would wait in vain.
//
// # Several limits
//
// A request under several limits passes if all of them admit it. If one refuses, the request must count in none. So the
// caller asks the limits one after the other, and after a refusal it calls Refund at those that had admitted. Until the
// refund the admission counts like any other. So no interval ever has too many. In that short time another request may be
// refused that would otherwise have been admitted.
//
// A request that waits at one of several limits holds no admission at the others. It refunds those that it has, waits at
// the limit that refused, keeps that admission, and asks the others again. If another limit now refuses, the request
// refunds, and waits there. One deadline covers all of this. The caller asks the limit with the longest window first,
// because a wait there is the longest.
//
// The package does not know requests, answers no client, and keeps no deadline. It does not bound how many requests run at
// the same time: the slots of a pool do that.
package limit

import (
	"errors"
	"time"
)

// Limiter admits as many of each key as its rate allows. It is safe for use by several goroutines.
//
// Window decides in this process, at once. Another Limiter may have to ask another machine, which takes time and can
// fail. That is why Answered exists and has an error; the caller's configuration says what to do then.
type Limiter interface {
	// Ask decides whether one more of key may pass now. If known is false, the limiter calls a.Answered with the
	// decision later. The limiter does not keep key.
	Ask(key []byte, a Asker) (d Decision, known bool)

	// Wait is like Ask, but a refused caller waits at place, after the earlier waiters of the same key. Then known is
	// false, and the limiter calls a.Answered with the admission. If err is ErrFull or ErrClosed, the caller does not
	// wait, and d says when to try again. The limiter does not keep key.
	Wait(key []byte, place *Place, a Asker) (d Decision, known bool, err error)

	// Withdraw removes the waiter at place and reports whether it was still waiting. If true, Answered is never called
	// for it. If false, Answered has been called or is about to be. Only the caller of Wait may call it, after Wait.
	Withdraw(place *Place) bool

	// Refund takes an admission of key back: from now on it does not count. It may be called once for each admission.
	// It does nothing for a refusal, or for an admission that has left the window.
	Refund(key []byte, d Decision)

	// Close ends all waits: each waiter gets Answered with ErrClosed. It returns when all have been called and no
	// goroutine is left. Answered must not call it.
	Close()
}

// Asker receives the decisions that a limiter could not make at once.
type Asker interface {
	// Answered receives a decision, or the reason why there is none. The limiter calls it once for each Ask or Wait
	// that returned known false. It runs on a goroutine of the limiter that holds no lock: it may use the limiter, but
	// must not block.
	Answered(d Decision, err error)
}

// Decision says whether one more may pass, and how much of the rate its key has left.
type Decision struct {
	Admitted   bool
	Remaining  int           // how many more may pass at once; 0 if others wait
	RetryAfter time.Duration // when it would be admitted, if only the present waiters came before it; 0 if Admitted
	Reset      time.Duration // until there is room for more than Remaining; never more than RetryAfter if that is set

	at int64 // when it was admitted, in the window's time; 0 if it was not
}

var (
	// ErrFull means that as many wait as Options.Waiters allows.
	ErrFull = errors.New("too many wait already")
	// ErrClosed means that the limiter is closed.
	ErrClosed = errors.New("the limiter is closed")
)
