package bolt

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"tenfour/jobs"
)

// createAll creates n jobs in a state, with bodies of size bytes, from 64 goroutines.
func createAll(t testing.TB, s *Store, state jobs.State, n, size int) {
	t.Helper()
	var wg sync.WaitGroup
	for g := range 64 {
		wg.Go(func() {
			for i := g; i < n; i += 64 {
				j := job()
				if j.State = state; state.Ended() {
					j.Ended = noon
				}
				j.Request.Body = jobs.Body{Size: int64(size), Content: make([]byte, size)}
				if _, err := s.Create(j); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func fileSize(t testing.TB, s *Store) int64 {
	t.Helper()
	info, err := os.Stat(s.path())
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// TestFile_doesNotGrowForEver: the pages of what was removed are used again.
func TestFile_doesNotGrowForEver(t *testing.T) {
	t.Parallel()
	s := opened(t, t.TempDir(), plenty)
	var first int64
	for round := range 6 {
		createAll(t, s, jobs.Failed, 300, 3000)
		n, err := s.Sweep(noon.Add(time.Hour))
		if n != 300 || err != nil {
			t.Fatalf("removed %d of 300 jobs, %v", n, err)
		}
		if round == 1 {
			first = fileSize(t, s)
		}
	}
	if last := fileSize(t, s); last > 2*first {
		t.Errorf("the file had %d bytes after two rounds, and has %d after six", first, last)
	}
}

// BenchmarkOpen prints how long a start with 100,000 jobs takes, and the walk over them after it, which nothing waits for.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	s := opened(b, dir, plenty)
	const held = 100_000
	createAll(b, s, jobs.Waiting, held, 1024)
	size := fileSize(b, s)
	s.Close()
	for b.Loop() {
		began := time.Now()
		s = opened(b, dir, plenty)
		open := time.Since(began)
		n := 0
		for _, err := range s.Jobs(jobs.Unfinished) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		b.ReportMetric(float64(open.Milliseconds()), "ms-open")
		b.ReportMetric(float64(time.Since(began).Milliseconds()), "ms-open-and-walk")
		if n != held {
			b.Fatalf("it has %d jobs, want %d", n, held)
		}
		s.Close()
	}
	b.ReportMetric(float64(size)/held, "file-bytes/job")
}

// BenchmarkCreate prints how many jobs of 1 KiB are accepted, from one client and from many, and what one sync of this disk costs.
func BenchmarkCreate(b *testing.B) {
	for _, clients := range []int{1, 64, 512} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			s := opened(b, b.TempDir(), plenty)
			b.SetParallelism((clients + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					j := job()
					j.Request.Body = jobs.Body{Size: 1024, Content: make([]byte, 1024)}
					if _, err := s.Create(j); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "accepted/s")
		})
	}
	b.Run("sync", func(b *testing.B) {
		f, err := os.Create(b.TempDir() + "/f")
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		page := make([]byte, os.Getpagesize())
		for b.Loop() {
			if _, err := f.WriteAt(page, 0); err != nil {
				b.Fatal(err)
			}
			if err := f.Sync(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// TestPutBody_takesMemoryForWhatThereIs: a body of 1 KiB takes a few KiB, and not room for the largest that is kept in memory.
func TestPutBody_takesMemoryForWhatThereIs(t *testing.T) {
	s := opened(t, t.TempDir(), plenty)
	content := make([]byte, 1<<10)
	const bodies = 200
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range bodies {
		if _, err := s.PutBody(jobs.NewID(), bytes.NewReader(content), 8<<20); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / bodies; each > 16<<10 {
		t.Errorf("a body of %d bytes takes %d", len(content), each)
	}
}
