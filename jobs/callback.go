package jobs

import (
	"fmt"
	"time"
)

// Callback is the POST that tells a receiver of a job's end. The zero value is none.
type Callback struct {
	URL      string        `json:",omitzero"`
	On       States        `json:",omitzero"` // the ends that it tells of
	State    CallbackState `json:",omitzero"`
	Since    time.Time     `json:",omitzero"` // when it became due
	Next     time.Time     `json:",omitzero"` // when it is sent next; only while it is due
	Ended    time.Time     `json:",omitzero"` // when it was delivered or given up
	Attempts int           `json:",omitzero"` // since it became due
	Status   int           `json:",omitzero"` // of the receiver's last answer; 0 for none
	Failure  string        `json:",omitzero"` // of the last attempt, in words; "" for none
}

// CallbackState is how far a callback is.
type CallbackState uint8

const (
	CallbackNone      CallbackState = iota // there is none, or it is not due yet
	CallbackDue                            // it is sent at Next
	CallbackDelivered                      // the receiver took it
	CallbackGaveUp                         // it is sent no more
)

func (s CallbackState) String() string {
	return [...]string{"none", "due", "delivered", "gave up"}[s]
}

const (
	callbackFor   = 24 * time.Hour // from the job's end to the last attempt
	callbackFirst = 5 * time.Second
	callbackMost  = time.Hour
)

// Answer is how an attempt of a callback went.
type Answer struct {
	Status     int       // of the receiver; 0 for none
	Failure    string    // why there is none, or why it does not do, in words; "" for a status that says it all
	RetryAfter time.Time // not before that, said the receiver; zero for none
}

// CalledBack records an attempt of the callback that is due. 2xx ends it, 410 and a day give up, anything else is tried again after a
// pause. random is from 0 to 1.
func (j Job) CalledBack(now time.Time, a Answer, random float64) (Job, error) {
	c := &j.Callback
	if c.State != CallbackDue {
		return j.refuse("call back for", "and its callback is "+c.State.String())
	}
	c.Attempts++
	c.Status, c.Failure = a.Status, a.Failure
	if a.Status != 0 && a.Status/100 != 2 && a.Failure == "" {
		c.Failure = fmt.Sprintf("the receiver answered %d", a.Status)
	}
	next := now.Add(fullJitter(callbackFirst, callbackMost, c.Attempts, random))
	if a.RetryAfter.After(now) {
		next = next.Add(min(a.RetryAfter.Sub(now), callbackMost)) // no receiver takes the rest of the day away by a mistake
	}
	switch {
	case a.Status/100 == 2:
		c.over(CallbackDelivered, now)
	case a.Status == 410 || c.late(next):
		c.over(CallbackGaveUp, now)
	default:
		c.Next = stamp(next)
	}
	return j, nil
}

// GiveUpLate gives up a callback that is due and whose day is over, without another attempt: why says what its receiver did to others. It
// is refused for one that is in its day.
func (j Job) GiveUpLate(now time.Time, why string) (Job, error) {
	c := &j.Callback
	if c.State != CallbackDue || !c.late(now) {
		return j.refuse("give up the callback of", "and its callback is "+c.State.String())
	}
	c.Failure = why
	c.over(CallbackGaveUp, now)
	return j, nil
}

// late reports whether c's day is over at a moment.
func (c *Callback) late(at time.Time) bool { return at.After(c.Since.Add(callbackFor)) }

func (c *Callback) over(s CallbackState, now time.Time) {
	c.State, c.Next, c.Ended = s, time.Time{}, stamp(now)
}

// due is c when its job has ended in a state.
func (c Callback) due(s State, at time.Time) Callback {
	if c.URL == "" || !c.On.Has(s) {
		return c
	}
	c.State, c.Since, c.Next = CallbackDue, at, at
	return c
}

// again is c as it was before its job ended.
func (c Callback) again() Callback { return Callback{URL: c.URL, On: c.On} }
