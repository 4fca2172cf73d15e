package forward

import (
	"tenfour/httpparse"
	"tenfour/sock"
	"tenfour/trace"
)

// flow is one direction of an exchange: it takes a message body from one connection and gives it to the other, in the
// other's framing. What it has taken and not yet given waits in outgoing; head and body go out as one there. It starts with
// what is in `in` and in outgoing already. It never blocks. Its files: take.go (from one connection), outgoing.go and carry.go
// (to the other).
type flow struct {
	from, to *sock.Conn // to is nil while nothing is given: it is not decided whether it is wanted

	framing httpparse.Framing
	left    int64             // bytes still to be taken, with httpparse.Length
	chunks  *httpparse.Chunks // with httpparse.Chunked
	chunked bool              // what is given is chunked
	limits  *httpparse.Limits

	in       *sock.Input  // what came with the head, and bytes that must be looked at before they go out
	outgoing              // bytes to give
	carried               // what is given after those, from where it lies
	lines    trace.Chunks // notes the chunk lines
	pipe     *sock.Pipe   // instead of both, once the rest is spliced
	copies   bool         // there was no pipe to be had

	headWaits bool  // nothing is given before the first content is taken
	pauses    bool  // step returns when all is taken, before the last of it is given
	taken     bool  // the body's end was taken
	content   int64 // bytes of content taken
	given     int64 // bytes given
	long      bool  // the lot tells of bytes from `from` only when it is asked to
	ended     bool  // a tunnel's direction: its end was passed on
}

// A flowError is a failure of one of the two sides; taking tells which.
type flowError struct {
	taking bool
	err    error
}

func (e *flowError) Error() string { return e.err.Error() }

// isWait reports whether err only says that nothing can be read or written now.
func isWait(err error) bool { return err == sock.ErrWait }

// done reports whether all of the body was taken and given.
func (f *flow) done() bool { return f.taken && f.empty() }

// empty reports whether all that was taken was given.
func (f *flow) empty() bool {
	return f.outLen() == 0 && !f.carries() && f.pipeHeld() == 0 && (f.to == nil || !f.to.Holding())
}

// pipeHeld is the number of bytes that the pipe holds, and that only the flow can give.
func (f *flow) pipeHeld() int {
	if f.pipe == nil {
		return 0
	}
	return f.pipe.Held()
}

// full reports whether nothing can be taken before something was given.
func (f *flow) full() bool {
	if f.pipe != nil {
		return f.pipe.Held() > 0
	}
	return f.outLen() >= f.hold || f.carries()
}

// step moves what can be moved. goOn is that it stopped though it could go on: others have their turn.
func (f *flow) step() (outcome, *flowError) {
	begin := f.content
	for rounds := 0; ; rounds++ {
		gave := f.give()
		if gave != nil && !isWait(gave) {
			return waits, &flowError{false, gave}
		}
		if f.taken || f.full() {
			if gave == nil && f.carries() {
				return goOn, nil // of a file, a part at a time is given
			}
			return waits, nil
		}
		if f.content-begin > stepMost || rounds == stepRounds {
			return goOn, nil
		}
		if !f.long && f.content >= longFrom {
			f.setLong(true)
		}
		if err := f.take(); err != nil {
			if !isWait(err) {
				return waits, &flowError{true, err}
			}
			err := f.give()
			if err != nil && !isWait(err) {
				return waits, &flowError{false, err}
			}
			return waits, nil
		}
		if f.taken && f.pauses {
			return waits, nil
		}
	}
}

// give writes what was taken.
func (f *flow) give() error {
	if f.to == nil {
		return nil
	}
	if f.headWaits {
		if f.content == 0 {
			return nil
		}
		f.headWaits = false
	}
	if f.pipe != nil {
		n, err := f.pipe.Drain(f.to)
		f.given += int64(n)
		return err
	}
	if err := f.giveOut(); err != nil {
		return err
	}
	if f.carries() {
		if err := f.giveBody(); err != nil {
			return err
		}
	}
	return f.to.Flush()
}

// giveOut writes what out holds.
func (f *flow) giveOut() error {
	for f.outAt < len(f.out.B) {
		n, err := f.to.Write(f.out.B[f.outAt:])
		f.outAt += n
		f.given += int64(n)
		if err != nil {
			return err
		}
	}
	return nil
}

// release gives up what the flow holds, but for out.
func (f *flow) release() {
	if f.long && f.from.Open() {
		f.setLong(false)
	}
	if f.pipe != nil {
		f.pipe.Put()
		f.pipe = nil
	}
}
