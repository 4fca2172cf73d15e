package forward

import (
	"bytes"
	"io"
	"sync/atomic"

	"tenfour/lot"
	"tenfour/spool"
)

// spilled is the part of a body that is in a file, because the body is too large for memory. It comes before the part in memory.
type spilled struct {
	file     bodyFile    // nil while nothing is in one
	spilling atomic.Bool // a goroutine of the spool writes
}

// bodyFile is a file that has content of a body: one of the spool, or one that a store of jobs keeps.
type bodyFile interface {
	io.ReaderAt
	Size() int64 // bytes in it
	Err() error  // why a write failed; nil if none has
	Close()
}

// storedFile is a file that was written before, and is only read.
type storedFile struct {
	io.ReaderAt
	io.Closer
	size int64
}

func (f *storedFile) Size() int64 { return f.size }
func (f *storedFile) Err() error  { return nil }
func (f *storedFile) Close()      { f.Closer.Close() }

// FileBody returns a body with one user, whose content is the size bytes of a file. The last user's Leave closes the file.
func FileBody(file interface {
	io.ReaderAt
	io.Closer
}, size int64) *Body {
	b := NewBody(nil, 0)
	b.file, b.size = &storedFile{file, file, size}, int(size)
	return b
}

// Reader reads all of b, which may be nil, from its first byte. Nothing is added to b any more, and the caller is one of its users.
func (b *Body) Reader() io.Reader {
	if b == nil {
		return bytes.NewReader(nil)
	}
	var parts []io.Reader
	if b.Spilled() {
		parts = append(parts, io.NewSectionReader(b.file, 0, b.fileSize()))
	}
	for _, piece := range b.pieces {
		parts = append(parts, bytes.NewReader(piece.B))
	}
	return io.MultiReader(parts...)
}

// Spill moves what b has in memory to a file of s. It returns at once, and w is woken when that is done. Until then only Settled
// may be called, and Leave.
func (b *Body) Spill(s *spool.Spool, w *lot.Waiter) {
	f, _ := b.file.(*spool.File)
	if f == nil {
		f = s.NewFile()
		b.file = f
	}
	pieces := make([][]byte, len(b.pieces))
	for i, piece := range b.pieces {
		pieces[i] = piece.B
	}
	b.Share() // for the spool: the client may leave meanwhile
	b.spilling.Store(true)
	f.Append(pieces, func() {
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
