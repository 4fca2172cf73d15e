package trace

import "time"

// Watcher is told of what passes, as it passes. Its methods are called on the goroutines that move exchanges, in a race on several at once. They
// must not wait.
type Watcher interface {
	// Passes takes p, which is its own from then on.
	Passes(p *Passing)
	// Missed says that an exchange passes untold, because the book has no memory left to record it.
	Missed()
}

// Moment is what passes.
type Moment uint8

// The moments of an exchange.
const (
	FromClient  Moment = iota // the client's head
	ToBackend                 // a head goes to a backend: its first byte has gone out
	FromBackend               // a head has come from the backend, also that of an interim response
	ToClient                  // a head goes to the client, also that of an interim response
	ChunkLine                 // the line in front of a chunk; Of says of which of these four
	SentAgain                 // the kept connection had ended, and the request goes out on a new one
	AttemptOver               // an attempt has ended without a response
	Lasting                   // the exchange goes on without a worker
	Over                      // the exchange has ended
)

// Passing is what passes of an exchange at a moment.
type Passing struct {
	Moment Moment
	Of     Moment // with ChunkLine: where it passes
	ID     string
	Time   time.Time
	After  MS   // since the exchange began
	Job    *Job // of which it is an attempt; nil for a request of a client

	From    Arrival // with FromClient: how the request came
	Attempt int     // from 1; 0 if it is of none
	Backend string  // of the attempt
	Story   string  // of the connection to it: "new", "reused" or "again"
	Idle    MS      // for how long a reused one had been idle
	Head    Head    // that passes
	Made    Raw     // the head that it was made from; of a response that comes, the one that it answers; nil for none
	Size    int64   // of the chunk
	Reason  string  // with AttemptOver
	Kept    *Kept   // with Over: all of the exchange
}

// passing is what passes at a moment with an event, which x has; nil if x is not watched. now is 0 if
// only the wall's clock knows. x is locked. Its caller hands it to tell.
func (x *Exchange) passing(m Moment, e *event, now int64) *Passing {
	if x.watch == nil {
		return nil
	}
	p := &Passing{Moment: m, ID: x.arrival.id(), Time: time.Now(), After: ms(max(0, now-x.arrival.Began)), Job: x.arrival.Job, Idle: Unknown}
	if now == 0 {
		p.After = ms(int64(p.Time.Sub(x.wall)))
	}
	switch m {
	case FromClient:
		p.From, p.Head = x.arrival, x.head(e)
		return p
	case Lasting, Over:
		return p
	}
	p.Backend, p.Story, p.Idle = x.story(e.attempt)
	if x.number > 0 {
		p.Attempt = x.numberOf(e.attempt)
	}
	switch m {
	case ToBackend:
		p.Head, p.Made = x.head(e), x.lastHead(clientIn, 0)
	case FromBackend:
		p.Head, p.Made = x.head(e), x.lastHead(clientIn, 0)
	case ToClient:
		p.Head, p.Made = x.head(e), x.lastHead(headIn, e.attempt)
	case AttemptOver:
		p.Reason = e.text
	}
	return p
}

// tell tells the watcher of p, if there is such a thing. x is not locked.
func (x *Exchange) tell(p *Passing) {
	if p != nil {
		x.watch.Passes(p)
	}
}

// story is at which backend an attempt is, and what its connection is. x is locked.
func (x *Exchange) story(number uint8) (backend, story string, idle MS) {
	idle = Unknown
	for i := range x.events {
		e := &x.events[i]
		switch {
		case e.attempt != number:
		case e.step == attempt:
			backend = e.text
		case e.step == reused:
			story, idle = "reused", ms(e.idle)
		case e.step == opened && story == "":
			story = "new"
		case e.step == again:
			story, idle = "again", Unknown
		}
	}
	return backend, story, idle
}

// lastHead is the last head of a step, masked; nil for none. x is locked.
func (x *Exchange) lastHead(s step, number uint8) Raw {
	e := x.last(number, s)
	if e == nil {
		return nil
	}
	return x.head(e).Raw
}
