package forward

import (
	"slices"
	"sync"
	"time"
)

// recent is how long a route's last responses took to begin. Safe for use by several goroutines; the zero value is ready.
type recent struct {
	mu   sync.Mutex // guards the rest
	took [recentMost]int64
	n    int // so far
	high int64
}

const (
	recentMost  = 128
	recentLeast = 16 // below it nothing is known
	// recentFirst is what is assumed as long as nothing is known.
	recentFirst = 100 * time.Millisecond
)

// add notes a latency in nanoseconds.
func (r *recent) add(took int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.took[r.n%recentMost] = took
	r.n++
	if r.n%recentLeast == 0 { // seldom enough for a sort
		sorted := slices.Sorted(slices.Values(r.took[:min(r.n, recentMost)]))
		r.high = sorted[len(sorted)*95/100]
	}
}

// p95 is the latency that 95 of 100 responses kept to.
func (r *recent) p95() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.n < recentLeast {
		return recentFirst
	}
	return time.Duration(r.high)
}
