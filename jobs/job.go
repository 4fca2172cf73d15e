package jobs

import (
	"net/netip"
	"slices"
	"time"

	"tenfour/forward"
)

// Job is the record of one long request. It is a value: the functions that change it return another one, and share no
// memory with it that either of them writes to. Times are without a monotonic reading, because they outlive the process.
type Job struct {
	ID       ID
	Revision uint64 // counts its writes; 0 before the first. A store changes only the revision that it has
	Created  time.Time
	Deadline time.Time     // no attempt begins after it. It goes on while the job is paused
	Keep     time.Duration // for how long the job stays after its end
	Request  Request
	Dedupe   Dedupe
	Owner    Hash `json:",omitzero"` // of the token that made it; zero for a route without tokens

	State    State
	Paused   bool      `json:",omitzero"`  // no attempt begins until Resume
	Next     time.Time `json:",omitzero"`  // when the next attempt may begin; only while Waiting
	Attempts []Attempt `json:",omitempty"` // the last ones, at most attemptsKept
	Earlier  int       `json:",omitzero"`  // attempts before those
	Tried    int       `json:",omitzero"`  // attempts that count, since it was accepted or run again
	Ended    time.Time `json:",omitzero"`  // only in a state that has ended
	Reason   string    `json:",omitzero"`  // in words: why it failed, was cancelled or interrupted
	Result   Result    `json:",omitzero"`  // the last real response so far
	Callback Callback  `json:",omitzero"`
}

// attemptsKept is how many attempts a record has. So it stays small, however often a job is run again.
const attemptsKept = 32

// Request is what the client asked for, as it is forwarded by each attempt.
type Request struct {
	Route      string // the name of its route; the policy is the one that the route has when it matters
	Method     string
	Target     []byte     // in origin-form. Bytes, because JSON would change those that are no UTF-8
	Fields     []byte     `json:",omitempty"` // field lines, byte for byte, each with its CRLF
	Body       Body       `json:",omitzero"`
	ClientName string     `json:",omitzero"` // of the token that it has shown; for limits that count by token
	Client     netip.Addr // of the client's connection, for X-Forwarded-For; not valid for one over a unix socket
	Secure     bool       `json:",omitzero"` // its connection was TLS
	HTTP10     bool       `json:",omitzero"` // it was of HTTP/1.0, which Via says, and which may name no host
	Idempotent bool       `json:",omitzero"` // by its method (RFC 9110 §9.2.2)
	Keyed      bool       `json:",omitzero"` // it has an Idempotency-Key, which the backend sees too
}

// Dedupe joins a request to the job that has it already. The zero value joins none.
type Dedupe struct {
	Key   Hash      `json:",omitzero"` // of what is compared: the route, the owner, and the Idempotency-Key or the chosen parts
	Body  Hash      `json:",omitzero"` // of the request's body: the same key with another body is an error
	Until time.Time `json:",omitzero"` // the key is free again from then on, or when the job is removed
}

// Attempt is one running of a job's exchange. The exchange may hold, send again or race; that is one attempt of the job.
type Attempt struct {
	Began      time.Time
	Ended      time.Time        `json:",omitzero"` // zero while it runs
	Backend    string           `json:",omitzero"` // that was asked last
	Reached    forward.Progress `json:",omitzero"` // how far it came; while it runs, how far it may have come
	Status     int              `json:",omitzero"` // of the response; 0 for none
	Failure    string           `json:",omitzero"` // in words; "" for a whole response
	RetryAfter time.Time        `json:",omitzero"` // not before that, said the backend
}

// Result is a backend's response. The zero value is none.
type Result struct {
	Status int    `json:",omitzero"`
	Reason []byte `json:",omitempty"` // of the status-line. Bytes, as a target is
	Fields []byte `json:",omitempty"`
	Body   Body   `json:",omitzero"`
}

// Body says where a body is. The zero value is a body of no bytes.
type Body struct {
	Size    int64  `json:",omitzero"`
	Name    string `json:",omitzero"` // its store knows it by that; "" for one that no store has yet
	Content []byte `json:"-"`         // of a small body, from PutBody until its record is stored
}

// In returns in which state the job is, in words.
func (j Job) In() string {
	if j.Paused {
		return j.State.String() + ", paused"
	}
	return j.State.String()
}

// RemoveAt is when the job is removed: Keep after its end, or after its callback was delivered, because its receiver may ask for the result
// then. Not before the callback has ended: zero for not yet known.
func (j Job) RemoveAt() time.Time {
	if !j.State.Ended() || j.Callback.State == CallbackDue {
		return time.Time{}
	}
	if j.Callback.State == CallbackDelivered {
		return j.Callback.Ended.Add(j.Keep)
	}
	return j.Ended.Add(j.Keep)
}

// last is the attempt that began last, in a list that j shares with no other job.
func (j *Job) last() *Attempt {
	j.Attempts = slices.Clone(j.Attempts)
	return &j.Attempts[len(j.Attempts)-1]
}
