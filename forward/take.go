package forward

import (
	"io"
	"math"

	"tenfour/httpparse"
	"tenfour/sock"
)

// gather takes what came with the head, so that a small response goes out in one write.
func (f *flow) gather() {
	if f.in.Len() > 0 && f.framing == httpparse.Length && f.left > 0 {
		f.takeRaw(f.left)
	}
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
		f.lines.Goes(0)
	}
}

// takeRaw reads up to most bytes that go out as they come.
func (f *flow) takeRaw(most int64) error {
	var n int
	var err error
	switch {
	case f.in.Len() > 0:
		n = int(min(int64(f.in.Len()), most))
		f.put(f.in.Rest()[:n])
		f.in.Take(n)
	case f.mayRead() && f.splices(most) && f.getPipe():
		n, err = f.pipe.Fill(f.from, most)
	default:
		if f.offer(int(min(most, int64(f.roomFor()))), f.toCome()) == 0 {
			return sock.ErrWait // f is full now
		}
		n, err = f.from.Fill(f.out, int(min(most, int64(f.hold-f.outLen()))))
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

// ending turns the peer's clean end into the body's, where that is its framing. With any other framing the body is incomplete
// (RFC 9112 §8).
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

// splices reports whether the rest, most bytes, is worth a pipe: it is long, and more than out may hold. A rest that fits into out needs
// the flow no longer than until it is taken; from a pipe, the flow would have to give it.
func (f *flow) splices(most int64) bool {
	if f.pipe != nil {
		return true
	}
	return sock.CanSplice && most > int64(max(spliceLeast, f.hold)) && f.empty() && f.from.Plain() && f.to != nil && f.to.Plain()
}

// getPipe gets a pipe if there is none, and reports false when there are no descriptors left for one: then the body is copied.
func (f *flow) getPipe() bool {
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
		before, _ := f.chunks.Lines()
		n, data, done, err := f.chunks.Next(f.in.Rest(), f.limits)
		if lines, size := f.chunks.Lines(); lines > before {
			f.lines.Came(size)
		}
		f.in.Take(n)
		if err != nil {
			return Refuse(err, f.chunks, f.in.Rest(), f.limits)
		}
		if len(data) > 0 && f.chunked {
			f.chunk(data)
		} else if len(data) > 0 {
			f.content += int64(len(data))
			f.put(data)
		}
		if done {
			f.finish()
			return nil
		}
	}
	return nil
}

// put appends bytes that were read already.
func (f *flow) put(p []byte) {
	f.makeRoom(len(p), f.toCome())
	f.out.B = append(f.out.B, p...)
}

// toCome is how many bytes are still to be taken, at most.
func (f *flow) toCome() int64 {
	if f.framing == httpparse.Length {
		return f.left
	}
	return math.MaxInt64
}

// chunkMost is how many bytes the framing of one chunk has at most: its size, and two line ends.
const chunkMost = 20

// chunk appends data to out as one chunk.
func (f *flow) chunk(data []byte) {
	f.content += int64(len(data))
	f.lines.Goes(int64(len(data)))
	f.makeRoom(len(data)+chunkMost, f.toCome())
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
	return max(1, min(want, f.hold-f.outLen()))
}

// setLong says whether the bytes yet to be taken come in such numbers that the lot is not to notice each segment of
// them: only when this flow waits.
func (f *flow) setLong(long bool) {
	if f.long != long {
		f.long = long
		f.from.Watch.Once(long)
	}
}
