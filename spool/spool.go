// Package spool keeps bodies that are too large for memory in temporary files, which have no name and are bounded in bytes.
//
//	s := spool.New(1<<30, 1000)
//	f := s.NewFile()
//	f.Append(pieces, func() { … }) // writes on a goroutine of the spool, then calls the function there
//	err := f.Err()                 // ErrFull, ErrTooLarge, or what the file system said
//	n, err := f.ReadAt(p, 0)
//	f.Close()                      // gives the disk's bytes back
//
// A disk may take its time, and may hang. So no caller waits for a write: a few goroutines of the spool do all of them. They
// end when there is nothing to write. The file's name is removed as soon as it is made, so nothing is left of it after a crash.
// The package does not decide which body is spooled.
package spool

import (
	"os"
	"sync"
	"sync/atomic"
)

// writersMost is how many goroutines write at once. If the disk hangs, no more than these hang with it.
const writersMost = 4

// Spool bounds the bytes of its files, all together, and their number: each takes a descriptor. Safe for use by several goroutines.
type Spool struct {
	most      int64 // bytes; fixed
	mostFiles int64 // fixed
	dir       string
	bytes     atomic.Int64
	files     atomic.Int64

	mu      sync.Mutex // guards the rest
	waiting []write    // in the order in which they came
	writers int        // goroutines that write
}

// write is pieces to be appended to a file.
type write struct {
	to     *File
	pieces [][]byte
	then   func()
}

// New makes a spool of at most most bytes, in at most files files.
func New(most, files int) *Spool {
	return &Spool{most: int64(most), mostFiles: int64(files), dir: directory()}
}

// directory is where the files are: $TMPDIR, or else /var/tmp, which is on a disk where /tmp may be memory, or else what the
// system has for temporary files.
func directory() string {
	const disk = "/var/tmp"
	if info, err := os.Stat(disk); os.Getenv("TMPDIR") == "" && err == nil && info.IsDir() {
		return disk
	}
	return os.TempDir()
}

// Usage returns how many bytes the files have, and how many files there are.
func (s *Spool) Usage() (bytes, files int64) { return s.bytes.Load(), s.files.Load() }

// Most is how many bytes the files may have, all together.
func (s *Spool) Most() int { return int(s.most) }

// Dir is the directory of the files.
func (s *Spool) Dir() string { return s.dir }

// Bytes is how many bytes the files have.
func (s *Spool) Bytes() int { return int(s.bytes.Load()) }

// take counts n bytes more of a file that has size bytes, if that is not more than may be.
func (s *Spool) take(n, size int64) error {
	if size+n > s.most {
		return ErrTooLarge
	}
	if s.bytes.Add(n) > s.most {
		s.bytes.Add(-n)
		return ErrFull
	}
	return nil
}

// add has a goroutine do a write.
func (s *Spool) add(w write) {
	s.mu.Lock()
	s.waiting = append(s.waiting, w)
	another := s.writers < writersMost
	if another {
		s.writers++
	}
	s.mu.Unlock()
	if another {
		go s.write() // ends when nothing waits to be written
	}
}

// write does one write after the other.
func (s *Spool) write() {
	for {
		w, some := s.next()
		if !some {
			return
		}
		w.to.write(w.pieces)
		w.then()
	}
}

// next takes the write that has waited longest. If none waits, the caller is a writer no more.
func (s *Spool) next() (w write, some bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 {
		s.waiting = nil
		s.writers--
		return write{}, false
	}
	w = s.waiting[0]
	s.waiting[0] = write{}
	s.waiting = s.waiting[1:]
	return w, true
}
