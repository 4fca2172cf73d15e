package forward

import (
	"sync/atomic"

	"tenfour/lot"
	"tenfour/spool"
)

// spilled is the part of a body that is in a file, because the body is too large for memory. It comes before the part in memory.
type spilled struct {
	file     *spool.File // nil while nothing is in one
	spilling atomic.Bool // a goroutine of the spool writes
}

// Spill moves what b has in memory to a file of s. It returns at once, and w is woken when that is done. Until then only Settled
// may be called, and Leave.
func (b *Body) Spill(s *spool.Spool, w *lot.Waiter) {
	if b.file == nil {
		b.file = s.NewFile()
	}
	pieces := make([][]byte, len(b.pieces))
	for i, piece := range b.pieces {
		pieces[i] = piece.B
	}
	b.Share() // for the spool: the client may leave meanwhile
	b.spilling.Store(true)
	b.file.Append(pieces, func() {
		b.spilling.Store(false)
		w.Notify()
		b.Leave()
	})
}

// Settled reports whether Spill is done, or else why the body cannot be kept. Then b's memory is free.
func (b *Body) Settled() (done bool, err error) {
	if b.spilling.Load() {
		return false, nil
	}
	b.dropPieces()
	return true, b.file.Err()
}

// Spilled reports whether a part of b is in a file, or was to be.
func (b *Body) Spilled() bool { return b.file != nil }

// InMemory is how many bytes of content are not in the file. No spill is under way.
func (b *Body) InMemory() int { return b.size - int(b.fileSize()) }

// fileSize is how many bytes of content are in the file.
func (s *spilled) fileSize() int64 {
	if s.file == nil {
		return 0
	}
	return s.file.Size()
}

// closeFile gives the disk's bytes back.
func (s *spilled) closeFile() {
	if s.file != nil {
		s.file.Close()
		s.file = nil
	}
}
