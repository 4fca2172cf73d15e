package forward

import (
	"io"
	"math"

	"tenfour/httpparse"
	"tenfour/sock"
)

// flow is one direction of an exchange: it takes a message body from one connection and gives it to the other, in the
// other's framing. What it has taken and not yet given waits in out; head and body go out as one there.
// It starts with what is in `in` and `out` already. It never blocks.
type flow struct {
	from, to *sock.Conn // to is nil while nothing is given: it is not decided whether it is wanted

	framing httpparse.Framing
	left    int64             // bytes still to be taken, with httpparse.Length
	chunks  *httpparse.Chunks // with httpparse.Chunked
	chunked bool              // what is given is chunked
	limits  *httpparse.Limits

	in      *sock.Input  // what came with the head, and bytes that must be looked at before they go out
	out     *sock.Buffer // bytes to give
	outAt   int          // the first byte not given yet
	hold    int          // bytes that out may hold
	portion *Portion     // counts what out is larger than firstRead
	body    *Body        // what is given after out, from where it lies; nil for none
	piece   int          // the first of body's that is not given yet
	at      int          // the first byte of that
	tail    string       // what ends body's chunk, until out has it
	pipe    *sock.Pipe   // instead of out, once the rest is spliced
	copies  bool         // there was no pipe to be had

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

// done reports whether all of the body was taken and given.
func (f *flow) done() bool { return f.taken && f.empty() }

// empty reports whether all that was taken was given.
func (f *flow) empty() bool {
	return (f.out == nil || f.outAt == len(f.out.B)) && !f.carries() && f.pipeHeld() == 0 && (f.to == nil || !f.to.Holding())
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
	return len(f.out.B)-f.outAt >= f.hold || f.carries()
}

// step moves what can be moved, and reports whether it stopped though it could go on: others have their turn.
func (f *flow) step() (more bool, err *flowError) {
	begin := f.content
	for rounds := 0; ; rounds++ {
		if err := f.give(); err != nil && !isWait(err) {
			return false, &flowError{false, err}
		}
		if f.taken || f.full() {
			return false, nil
		}
		if f.content-begin > stepMost || rounds == stepRounds {
			return true, nil
		}
		if !f.long && f.content >= longFrom {
			f.setLong(true)
		}
		if err := f.take(); err != nil {
			if !isWait(err) {
				return false, &flowError{true, err}
			}
			err := f.give()
			if err != nil && !isWait(err) {
				return false, &flowError{false, err}
			}
			return false, nil
		}
		if f.taken && f.pauses {
			return false, nil
		}
	}
}

// gather takes what came with the head, so that a small response goes out in one write.
func (f *flow) gather() {
	if f.in.Len() > 0 && f.framing == httpparse.Length && f.left > 0 {
		f.takeRaw(f.left)
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

// take reads once, or decodes once what was read.
func (f *flow) take() error {
	switch f.framing {
	case httpparse.Chunked:
		return f.takeChunks()
	case httpparse.UntilClose:
		if f.chunked {
			return f.takeUntilClose()
		}
		return f.takeRaw(math.MaxInt64)
	case httpparse.Length:
		if f.left == 0 {
			f.finish()
			return nil
		}
		return f.takeRaw(f.left)
	}
	f.finish()
	return nil
}

// finish notes that the body is taken, and ends what is given.
func (f *flow) finish() {
	f.taken = true
	f.setLong(false)
	if f.chunked {
		f.out.B = append(f.out.B, httpparse.LastChunk...)
	}
}

// takeRaw reads up to most bytes that go out as they come.
func (f *flow) takeRaw(most int64) error {
	var n int
	var err error
	switch {
	case f.in.Len() > 0:
		n = int(min(int64(f.in.Len()), most))
		f.makeRoom(n)
		f.out.B = append(f.out.B, f.in.Rest()[:n]...)
		f.in.Take(n)
	case f.mayRead() && f.splices(most) && f.hasPipe():
		n, err = f.pipe.Fill(f.from, most)
	default:
		if f.offer(int(min(most, int64(f.roomFor())))) == 0 {
			return sock.ErrWait // f is full now
		}
		n, err = f.from.Fill(f.out, int(min(most, int64(f.hold-(len(f.out.B)-f.outAt)))))
	}
	f.content += int64(n)
	if f.framing == httpparse.Length {
		f.left -= int64(n)
		if f.left == 0 && err == nil {
			f.finish()
		}
	}
	return f.ending(err)
}

// ending turns the peer's clean end into the body's, where that is its framing.
func (f *flow) ending(err error) error {
	if err != io.EOF {
		return err
	}
	if f.framing != httpparse.UntilClose {
		return errIncomplete
	}
	f.finish()
	return nil
}

func (f *flow) mayRead() bool { return f.from.MayRead() }

// splices reports whether the rest, most bytes, is worth a pipe: it is long, and more than out may hold, for what out
// holds when all is taken needs the flow no longer.
func (f *flow) splices(most int64) bool {
	if f.pipe != nil {
		return true
	}
	return sock.CanSplice && most > int64(max(spliceLeast, f.hold)) && f.empty() && f.from.Plain() && f.to != nil && f.to.Plain()
}

// hasPipe gets a pipe if there is none. When there are no descriptors left for one, the body is copied.
func (f *flow) hasPipe() bool {
	if f.pipe == nil && !f.copies {
		pipe, err := sock.GetPipe()
		f.pipe, f.copies = pipe, err != nil
	}
	return !f.copies
}

// takeUntilClose reads bytes that become a chunk.
func (f *flow) takeUntilClose() error {
	if f.in.Len() == 0 {
		if err := f.fill(); err != nil {
			return f.ending(err)
		}
	}
	f.chunk(f.in.Rest())
	f.in.Take(f.in.Len())
	return nil
}

// takeChunks decodes what is there, or reads more.
func (f *flow) takeChunks() error {
	if f.in.Len() == 0 {
		if err := f.fill(); err != nil {
			return f.ending(err)
		}
	}
	for f.in.Len() > 0 && !f.full() {
		n, data, done, err := f.chunks.Next(f.in.Rest(), f.limits)
		f.in.Take(n)
		if err != nil {
			return err
		}
		if len(data) > 0 && f.chunked {
			f.chunk(data)
		} else if len(data) > 0 {
			f.content += int64(len(data))
			f.makeRoom(len(data))
			f.out.B = append(f.out.B, data...)
		}
		if done {
			f.finish()
			return nil
		}
	}
	return nil
}

// chunk appends data to out as one chunk.
func (f *flow) chunk(data []byte) {
	f.content += int64(len(data))
	f.makeRoom(len(data) + 20)
	f.out.B = httpparse.AppendChunkSize(f.out.B, len(data))
	f.out.B = append(f.out.B, data...)
	f.out.B = append(f.out.B, "\r\n"...)
}

// fill reads once into the empty in.
func (f *flow) fill() error {
	_, err := f.in.Fill(f.from, firstRead, firstRead)
	return err
}

// roomFor is how much out should take in at once: four times what it has been able to, until it holds all it may.
func (f *flow) roomFor() int {
	want := firstRead
	if f.content >= firstRead {
		want = 4 * firstRead
	}
	return max(1, min(want, f.hold-(len(f.out.B)-f.outAt)))
}

// makeRoom has out have n bytes free, for bytes that have been read already.
func (f *flow) makeRoom(n int) {
	if !f.makesRoom(n) {
		f.portion.count(f.growth(n))
		f.grow(n)
	}
}

// offer returns how many bytes out has free: n or more, or fewer when out would have to grow and may not. Then f may hold no
// more than out does.
func (f *flow) offer(n int) int {
	f.makesRoom(n)
	return cap(f.out.B) - len(f.out.B)
}

// makesRoom has out have n bytes free, and reports false when it has not: it would have to grow, and may not.
func (f *flow) makesRoom(n int) bool {
	if f.outAt == len(f.out.B) {
		f.out.B, f.outAt = f.out.B[:0], 0
	}
	if cap(f.out.B)-len(f.out.B) < n && f.outAt > 0 {
		f.out.B = f.out.B[:copy(f.out.B, f.out.B[f.outAt:])]
		f.outAt = 0
	}
	if cap(f.out.B)-len(f.out.B) >= n {
		return true
	}
	if !f.portion.take(f.growth(n)) {
		f.hold = min(f.hold, max(holdLeast, cap(f.out.B)))
		return false
	}
	f.grow(n)
	return true
}

// growth is how many bytes more out counts for when it grows for n more.
func (f *flow) growth(n int) int { return max(0, f.grown(n)-max(cap(f.out.B), firstRead)) }

// grown is how large out is when it has grown for n more bytes: it doubles, but is no larger than what is still to come.
func (f *flow) grown(n int) int {
	least, to := len(f.out.B)+n, 2*cap(f.out.B)
	if f.framing == httpparse.Length {
		to = int(min(int64(to), int64(len(f.out.B))+f.left))
	}
	return max(least, to)
}

func (f *flow) grow(n int) {
	larger := make([]byte, len(f.out.B), f.grown(n))
	copy(larger, f.out.B)
	f.out.B = larger
}

// setLong says whether the bytes yet to be taken come in such numbers that the lot is not to notice each segment of
// them: only when this flow waits.
func (f *flow) setLong(long bool) {
	if f.long != long {
		f.long = long
		f.from.Watch.Once(long)
	}
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
