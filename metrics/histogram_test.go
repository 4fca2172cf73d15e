package metrics

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// Each bucket ends where the next begins, and none is wider than an eighth of what is in it, beyond the first 16.
func TestHistogram_bucketsMeet(t *testing.T) {
	for b := range buckets - 1 {
		from, to := beginOf(b), beginOf(b+1)
		last := int64((to*unitsUnder+unitsOver-1)/unitsOver) - 1 // nanoseconds
		first := int64((from*unitsUnder + unitsOver - 1) / unitsOver)
		if bucketOf(first) != b || bucketOf(last) != b {
			t.Errorf("bucket %d: its first %d ns are in %d, its last %d ns in %d", b, first, bucketOf(first), last, bucketOf(last))
		}
		if to <= from || from >= 16 && (to-from)*8 > from {
			t.Errorf("bucket %d is from %d to %d units", b, from, to)
		}
	}
	if got := bucketOf(int64(1000 * time.Hour)); got != buckets-1 {
		t.Errorf("1000 h are in bucket %d, want the last", got)
	}
}

// A quantile is in the same bucket as the true one.
func TestHistogram_quantileIsWithinItsBucket(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, most := range []time.Duration{50 * time.Microsecond, time.Millisecond, 300 * time.Millisecond, time.Minute} {
		var h histogram
		var all []time.Duration
		for range 10_000 {
			d := time.Duration(random.Int64N(int64(most)))
			h.observe(int64(d))
			all = append(all, d)
		}
		slices.Sort(all)
		var s spread
		var sum int64
		h.addTo(&s, &sum)
		for _, share := range []float64{0.5, 0.99} {
			exact := all[int(share*float64(len(all)))-1]
			bucket := bucketOf(int64(exact))
			got := float64(s.quantile(share))
			if from, to := millisOf(float64(beginOf(bucket))), millisOf(float64(beginOf(bucket+1))); got < from || got > to {
				t.Errorf("of up to %v: quantile %v is %v ms, the exact one is %v, in the bucket from %v to %v ms", most, share, got, exact, from, to)
			}
		}
	}
}

func TestHistogram_withoutDurationsHasNoQuantile(t *testing.T) {
	var s spread
	if got := s.quantile(0.5); got.Known() {
		t.Errorf("got %v, want unknown", got)
	}
}

// The bounds for Prometheus are bounds of buckets: what is counted below one is exact.
func TestHistogram_boundsForPrometheusAreExact(t *testing.T) {
	if first, last := le[0].seconds, le[len(le)-1].seconds; first != 0.000125 || last != 65.536 {
		t.Errorf("the bounds are from %v to %v s, want 0.000125 to 65.536", first, last)
	}
	for _, b := range le {
		ns := int64(b.seconds*1e9 + 0.5)
		if bucketOf(ns-1) >= b.beyond || bucketOf(ns) != b.beyond {
			t.Errorf("%v s: 1 ns less is in bucket %d, and it is in %d; want one before %d, and %d", b.seconds, bucketOf(ns-1), bucketOf(ns), b.beyond, b.beyond)
		}
	}
}
