package spool

import (
	"bytes"
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"testing"

	"tenfour/tests/await"
)

// appended appends the pieces, and returns when they were written.
func appended(f *File, pieces ...string) error {
	done := make(chan struct{})
	var all [][]byte
	for _, p := range pieces {
		all = append(all, []byte(p))
	}
	f.Append(all, func() { close(done) })
	<-done
	return f.Err()
}

// in returns a spool whose files are in a directory of the test's own.
func in(t *testing.T, most int) *Spool {
	s := New(most, 3)
	s.dir = t.TempDir()
	return s
}

func TestFile_readsWhatWasAppended(t *testing.T) {
	s := in(t, 100)
	f := s.NewFile()
	for _, pieces := range [][]string{{"hello"}, {", ", "wor"}, {}, {"ld"}} {
		if err := appended(f, pieces...); err != nil {
			t.Fatal(err)
		}
	}
	got, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
	if string(got) != "hello, world" || err != nil || s.Bytes() != 12 {
		t.Errorf("got %q (%v), %d bytes counted; want hello, world and 12", got, err, s.Bytes())
	}
	if left, _ := os.ReadDir(s.dir); len(left) > 0 {
		t.Errorf("the file has a name: %v", left)
	}
	f.Close()
	if s.Bytes() != 0 {
		t.Errorf("%d bytes are counted after Close, want 0", s.Bytes())
	}
}

func TestFile_aboveTheBound(t *testing.T) {
	s := in(t, 10)
	for size, want := range map[int]error{9: nil, 10: nil, 11: ErrTooLarge} {
		f := s.NewFile()
		if err := appended(f, string(bytes.Repeat([]byte("x"), size))); err != want {
			t.Errorf("%d bytes of 10: got %v, want %v", size, err, want)
		}
		f.Close()
	}
	first, second := s.NewFile(), s.NewFile()
	if err := appended(first, "123456"); err != nil {
		t.Fatal(err)
	}
	if err := appended(second, "12345"); err != ErrFull {
		t.Errorf("11 bytes in two files: got %v, want ErrFull", err)
	}
	if err := appended(second, "1"); err != ErrFull {
		t.Errorf("after a piece was lost, another was taken: %v", err)
	}
	first.Close()
	second.Close()
	if s.Bytes() != 0 {
		t.Errorf("%d bytes are counted at the end, want 0", s.Bytes())
	}
}

// TestFile_isOneOfAsManyAsMayBe: one more is refused, and one that is closed makes room.
func TestFile_isOneOfAsManyAsMayBe(t *testing.T) {
	s := in(t, 100)
	var files []*File
	for i := range 4 {
		f := s.NewFile()
		files = append(files, f)
		want := error(nil)
		if i == 3 {
			want = ErrMany
		}
		if err := appended(f, "x"); err != want {
			t.Errorf("file %d of 3: got %v, want %v", i+1, err, want)
		}
	}
	files[3].Close()
	files[0].Close()
	again := s.NewFile()
	if err := appended(again, "x"); err != nil {
		t.Errorf("after one was closed: %v", err)
	}
	for _, f := range append(files[1:3], again) {
		f.Close()
	}
	if s.files.Load() != 0 || s.Bytes() != 0 {
		t.Errorf("%d files and %d bytes are counted at the end, want none", s.files.Load(), s.Bytes())
	}
}

func TestFile_onAFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	s := in(t, 100)
	f := s.NewFile()
	s.files.Add(1)
	f.file = full
	if err := appended(f, "x"); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v, want ENOSPC", err)
	}
	f.Close()
	if s.Bytes() != 0 {
		t.Errorf("%d bytes are counted, want 0", s.Bytes())
	}
}

// TestSpool_aDiskThatHangsHoldsNoCaller: Append returns at once, and what was to be written is written when the disk goes on.
func TestSpool_aDiskThatHangsHoldsNoCaller(t *testing.T) {
	s := in(t, 1<<30)
	s.mostFiles = writersMost + 1
	piece := make([]byte, 1<<20) // more than a pipe takes
	var done sync.WaitGroup
	var pipes []*os.File
	for range writersMost {
		s.files.Add(1) // for w
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		pipes = append(pipes, r)
		f := s.NewFile()
		f.file = w
		done.Add(1)
		f.Append([][]byte{piece}, func() { f.Close(); done.Done() })
	}
	last := s.NewFile()
	written := make(chan struct{})
	last.Append([][]byte{piece}, func() { close(written) })
	await.Until(t, "all goroutines hang, and one write waits", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.writers == writersMost && len(s.waiting) == 1
	})
	for _, r := range pipes {
		go io.Copy(io.Discard, r) // ends when the file is closed
	}
	await.Value(t, written, "the end of the last write")
	done.Wait()
	if err := last.Err(); err != nil || last.Size() != 1<<20 {
		t.Errorf("the last one has %d bytes (%v), want all", last.Size(), err)
	}
	last.Close()
}
