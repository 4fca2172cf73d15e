package metrics

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// A histogram counts durations in buckets that are fixed. The unit is 1/1024 ms. Up to 16 units each bucket has one of them; from
// there on each power of two is cut into 8 equal parts. So a bucket is never wider than an eighth of the durations in it, and the
// bounds 1 ms, 2 ms, 4 ms … are bounds of buckets, which the text for Prometheus needs.
type histogram struct {
	sum     atomic.Int64 // nanoseconds
	buckets [buckets]atomic.Uint64
}

const (
	// buckets is how many there are. The last begins at some 66 minutes; longer durations are in it too.
	buckets = 240
	// unitsOf turns nanoseconds into units: 1024/1,000,000 = 16/15,625.
	unitsOver, unitsUnder = 16, 15_625
	unitsMost             = 1<<32 - 1
)

// observe counts a duration of some nanoseconds.
func (h *histogram) observe(ns int64) {
	h.buckets[bucketOf(ns)].Add(1)
	h.sum.Add(ns)
}

// bucketOf returns the bucket of a duration.
func bucketOf(ns int64) int {
	v := min(uint64(ns)*unitsOver/unitsUnder, unitsMost)
	if v < 16 {
		return int(v)
	}
	shift := bits.Len64(v) - 4
	return shift*8 + int(v>>shift)
}

// beginOf returns where a bucket begins, in units.
func beginOf(bucket int) uint64 {
	if bucket < 16 {
		return uint64(bucket)
	}
	shift := bucket/8 - 1
	return uint64(bucket-shift*8) << shift
}

// millisOf turns units into milliseconds.
func millisOf(units float64) float64 { return units / 1024 }

// spread is durations in the same buckets, at a moment or over a time. The zero value has none.
type spread [buckets]uint64

// addTo adds what h has counted to a spread and to a sum.
func (h *histogram) addTo(s *spread, sum *int64) {
	for i := range h.buckets {
		s[i] += h.buckets[i].Load()
	}
	*sum += h.sum.Load()
}

// count is how many durations there are.
func (s *spread) count() (n uint64) {
	for _, c := range s {
		n += c
	}
	return n
}

// quantile returns the duration that a share of all is not longer than, in milliseconds; Unknown if there is none. It is found within
// its bucket by its rank: the true one is in the same bucket.
func (s *spread) quantile(share float64) Value {
	n := s.count()
	if n == 0 {
		return Unknown
	}
	rank := share * float64(n)
	below := 0.0
	for i, c := range s {
		if c == 0 {
			continue
		}
		if below+float64(c) >= rank {
			from, to := float64(beginOf(i)), float64(beginOf(i+1))
			return Value(millisOf(from + (to-from)*(rank-below)/float64(c)))
		}
		below += float64(c)
	}
	return Unknown
}

// le are the upper bounds of the buckets that Prometheus is given: 1/8 ms, 1/4 ms, … 65.536 s. Each is where a bucket begins.
var le = func() (all []bound) {
	for units := uint64(128); units <= 1<<26; units *= 2 {
		ns := units * unitsUnder / unitsOver
		all = append(all, bound{time.Duration(ns).Seconds(), bucketOf(int64(ns))})
	}
	return all
}()

// bound is an upper bound in seconds, and the first bucket beyond it.
type bound struct {
	seconds float64
	beyond  int
}
