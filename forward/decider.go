package forward

import "tenfour/pool"

// decider is what an attempt belongs to and asks: its exchange, or its part in a race.
type decider interface {
	// begins notes that a worker has the attempt, and reports whether it is still wanted.
	begins(*pool.Slot) bool
	// wanted is asked in each step, and reports whether the attempt may go on.
	wanted() bool
	// accepts is asked when the head of a final response has come, and reports whether the attempt may go on.
	accepts() bool
	// stands is asked about a held response that has no end, or is larger than may be held. It reports whether the attempt
	// may go on.
	stands(stream bool) bool
	// appendFields appends the field lines that the decider adds to the response.
	appendFields([]byte) []byte
	// hungUp reports whether the client has shut its sending side.
	hungUp() bool
	// left ends the attempt because its client may have left.
	left() outcome
	// beaten reports whether the attempt has failed because another one was first: then its backend is not waited for.
	beaten() bool
	// lasting notes that the attempt has left its worker.
	lasting()
	// asksAgain reports whether an attempt of which nothing came may be given to a queue once more. A race asks another
	// backend instead.
	asksAgain() bool
	// again gives the attempt to a queue once more. Once it has reported true, another worker may run it.
	again() bool
	// ended is called at the attempt's end, which is over then. It may be used for another one before ended returns.
	ended()
	// unserved is called when no worker runs the attempt.
	unserved(pool.Outcome)
}
