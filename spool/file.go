package spool

import (
	"errors"
	"os"
)

// The errors of a write that is beyond what may be.
var (
	ErrTooLarge = errors.New("the file would be larger than all files together may be")
	ErrFull     = errors.New("all files together would be larger than they may be")
	ErrMany     = errors.New("there are as many files as may be")
)

// File is one body, which is first written and then read. It is appended to by one goroutine at a time, which waits for the end of
// each write before it looks at the file again. Then several may read it at once.
type File struct {
	spool *Spool
	file  *os.File // nil before the first write
	size  int64    // bytes written
	err   error    // of the write that failed; nothing is written after it
}

// NewFile returns an empty file. It is on the disk from its first write on.
func (s *Spool) NewFile() *File { return &File{spool: s} }

// Append writes the pieces after what the file has, on another goroutine, and then calls then there. Until then the caller
// leaves the pieces and the file alone.
func (f *File) Append(pieces [][]byte, then func()) {
	f.spool.add(write{f, pieces, then})
}

// Size is how many bytes were written.
func (f *File) Size() int64 { return f.size }

// Err is why a write failed; nil if none has.
func (f *File) Err() error { return f.err }

// ReadAt reads as io.ReaderAt does. It may wait for the disk.
func (f *File) ReadAt(p []byte, at int64) (int, error) { return f.file.ReadAt(p, at) }

// Close gives the disk's bytes back. Nothing is written or read then.
func (f *File) Close() {
	f.spool.bytes.Add(-f.size)
	f.size = 0
	if f.file != nil {
		f.file.Close() // it has no name: closing it is what removes it
		f.file = nil
		f.spool.files.Add(-1)
	}
}

// write appends the pieces.
func (f *File) write(pieces [][]byte) {
	for _, p := range pieces {
		if f.err != nil {
			return
		}
		f.err = f.append(p)
	}
}

func (f *File) append(p []byte) error {
	if err := f.spool.take(int64(len(p)), f.size); err != nil {
		return err
	}
	f.size += int64(len(p)) // counted from here on, so that Close gives them back
	if err := f.open(); err != nil {
		return err
	}
	_, err := f.file.Write(p)
	return err
}

// open makes the file, and removes its name.
func (f *File) open() (err error) {
	if f.file != nil {
		return nil
	}
	if f.spool.files.Add(1) > f.spool.mostFiles {
		f.spool.files.Add(-1)
		return ErrMany
	}
	if f.file, err = os.CreateTemp(f.spool.dir, "tenfour-body-"); err != nil {
		f.spool.files.Add(-1)
		return err
	}
	return os.Remove(f.file.Name())
}
