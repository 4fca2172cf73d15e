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

// CalledBack records an attempt of the callback that is due: the receiver's status, or 0 and why there is none. 2xx ends it, 410 and
// a day give up, anything else is tried again after a pause. random is from 0 to 1.
func (j Job) CalledBack(now time.Time, status int, failure string, random float64) (Job, error) {
	c := &j.Callback
	if c.State != CallbackDue {
		return j.refuse("call back for", "and its callback is "+c.State.String())
	}
	c.Attempts++
	c.Status, c.Failure = status, failure
	if status != 0 && status/100 != 2 && failure == "" {
		c.Failure = fmt.Sprintf("the receiver answered %d", status)
	}
	next := now.Add(fullJitter(callbackFirst, callbackMost, c.Attempts, random))
	switch {
	case status/100 == 2:
		c.State, c.Next = CallbackDelivered, time.Time{}
	case status == 410 || next.After(c.Since.Add(callbackFor)):
		c.State, c.Next = CallbackGaveUp, time.Time{}
	default:
		c.Next = stamp(next)
	}
	return j, nil
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
