package forward

import (
	"bytes"

	"tenfour/sock"
)

// Result is how an exchange went. An attempt fills in its own as it goes. The exchange gets it once, at its end, and its owner
// reads it in Finished.
type Result struct {
	Status  int    // of the response that began; 0 for none
	Failure *Error // why there is no response, or no whole one; nil when all went well
	Cut     Cut    // how the client is to be told, when its response had begun
	Keep    bool   // the client's connection persists
	Surplus bool   // the client is still sending a body that is not read
	Backend string // that was asked last; "" for none
	Times   Times  // when things happened; only with Request.Timed
	Lost    string // what became of each backend's part in a race that none has won
	Content int64  // bytes of content that were taken from the backend for the client
	Sent    int64  // bytes of the request's content that were taken from the client meanwhile: beside the Body

	Shareable bool // of a record that several clients wait for: its response may be that of all of them
	Expired   bool // it has waited too long, in a queue or held: one that came later might not have

	pending   *sock.Buffer // from pendingAt on, what the client has not taken yet of the response; nil for nothing
	pendingAt int
	portion   Portion // what pending counts for
}

// begin notes that a worker has an attempt at a backend.
func (r *Result) begin(backend string, now int64) {
	r.Backend = backend
	if r.Times.Taken == 0 {
		r.Times.Taken = now
	}
}

// failBefore notes a failure before the attempt began.
func (r *Result) failBefore(side Side, status int, err error) {
	r.Failure = &Error{Side: side, Step: Connect, Status: status, Err: err}
}

// conclude returns how the attempt went. What the client has not taken yet of the response is the result's then.
func (a *Attempt) conclude() Result {
	r := a.result
	r.Keep, r.Content, r.Sent = a.sink.persists, a.down.content, a.up.content
	r.pending, r.pendingAt = a.down.out, a.down.outAt
	a.down.out = nil
	a.portion.moveTo(&r.portion)
	return r
}

// Times is when things happened, in the lot's time; 0 for what did not.
type Times struct {
	Taken     int64 // a worker took it: from Request.Began to here it was queued
	Connected int64 // the backend could be written to
	FirstByte int64 // of the response
}

// Cut is how the client is told that a response ended before its end.
type Cut uint8

const (
	Whole    Cut = iota // it was not cut
	CutClose            // closed short of its length, or without its last chunk
	CutReset            // reset: its end would have been a close
)

// Progress is how far the last attempt came with the request.
func (r *Result) Progress() Progress {
	if r.Failure != nil {
		return r.Failure.Progress
	}
	return Answering
}

// Pending returns what the client has not taken yet of the response.
func (r *Result) Pending() []byte {
	if r.pending == nil {
		return nil
	}
	return r.pending.B[r.pendingAt:]
}

// Recorded returns the response of an exchange whose sink is a record: its status-line and field lines, each with its line end,
// without those about a connection or the content's framing, and its content. Both live until Reset. The content is what came, if
// Failure says that more was to come. Without a response both are nil.
func (r *Result) Recorded() (head, content []byte) {
	if r.Status == 0 {
		return nil, nil
	}
	head, content, _ = bytes.Cut(r.Pending(), []byte("\r\n\r\n"))
	if len(head) == 0 {
		return nil, nil
	}
	return head[:len(head)+2], content
}

// TakePending gives its caller the buffer with Pending's bytes, which begin at the offset, and what it counts for.
func (r *Result) TakePending() (left *sock.Buffer, at int, counts Portion) {
	left, at = r.pending, r.pendingAt
	r.pending = nil
	r.portion.moveTo(&counts)
	return left, at, counts
}

// release gives back what the result holds.
func (r *Result) release() {
	if r.pending != nil {
		sock.PutBuffer(r.pending)
		r.pending = nil
	}
	r.portion.Give()
}
