package limit

import (
	"testing"
	"testing/synctest"
	"time"

	"tenfour/value/rate"
)

// TestRing_keepsABatchUntilItsLastLeaves measures the largest error of batches. All admissions of a batch but one come in one
// moment, and that one as late as possible. The others count until it leaves, and no longer.
func TestRing_keepsABatchUntilItsLastLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n, per = 100_000, 1000 * time.Second
		w := NewWindow(Options{Rate: rate.Rate{N: n, Per: per}})
		key := []byte("192.0.2.1")
		began := w.now()
		take := func(many int) {
			t.Helper()
			for i := range many {
				if d, _ := w.Ask(key, nil); !d.Admitted {
					t.Fatalf("%d of %d were admitted at %d", i, many, w.now())
				}
			}
		}
		take(199)
		time.Sleep(2*time.Second - 1) // the span is 1000 s / 500
		take(1)
		time.Sleep(500 * time.Second)
		take(99_800)
		d, _ := w.Ask(key, nil)
		if want := time.Duration(began) + per + 2*time.Second - 1 - time.Duration(w.now()); d.Admitted || d.RetryAfter != want {
			t.Fatalf("got %+v, want a refusal for %v", d, want)
		}
		time.Sleep(d.RetryAfter - 1) // 199 of the 100,000 left the interval almost two seconds ago
		if d, _ := w.Ask(key, nil); d.Admitted || d.RetryAfter != 1 {
			t.Errorf("a moment before it got %+v", d)
		}
		time.Sleep(time.Nanosecond)
		take(200)
		if d, _ := w.Ask(key, nil); d.Admitted {
			t.Errorf("one more than N was admitted: %+v", d)
		}
	})
}

// TestRing_hasOneStampForOneMoment: any number of admissions of one moment cost one stamp.
func TestRing_hasOneStampForOneMoment(t *testing.T) {
	sh := newShape(rate.Rate{N: 100_000, Per: time.Second})
	var r ring
	for range 100_000 {
		r.add(7, &sh)
	}
	if r.len != 1 || r.total != 100_000 {
		t.Errorf("%d stamps for %d, want 1 for 100000", r.len, r.total)
	}
	for i := range 3 {
		if !r.remove(7) || r.total != 99_999-i {
			t.Errorf("%d are left", r.total)
		}
	}
}

// TestRing_staysBoundedAfterRefunds: refunds that leave one admission in each batch do not make more batches than there is
// room for, and none is admitted too early because of that.
func TestRing_staysBoundedAfterRefunds(t *testing.T) {
	rate := rate.Rate{N: 100_000, Per: time.Hour}
	sh := newShape(rate)
	var r ring
	var taken []int64
	at := int64(1)
	for range 3 * sh.most {
		for range sh.batch {
			at++
			r.add(at, &sh)
		}
		taken = append(taken, at)
		for i := range sh.batch - 1 {
			r.remove(at - 1 - int64(i))
		}
		if r.total < len(taken) {
			t.Fatalf("it counts %d, of %d", r.total, len(taken))
		}
	}
	if r.len > sh.most {
		t.Errorf("%d stamps, of at most %d", r.len, sh.most)
	}
	r.expire(taken[len(taken)/2])
	if left := len(taken) - len(taken)/2 - 1; r.total < left {
		t.Errorf("it counts %d, of %d", r.total, left)
	}
}

// TestRefund_doesNothingAfterTheAdmissionHasLeft the window, also in the very moment in which it leaves.
func TestRefund_doesNothingAfterTheAdmissionHasLeft(t *testing.T) {
	for name, n := range map[string]int{"each by itself": 2, "batches": 2000} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := NewWindow(Options{Rate: rate.Rate{N: n, Per: time.Second}})
				key := []byte("192.0.2.1")
				first, _ := w.Ask(key, nil)
				time.Sleep(time.Second / 2)
				for range n - 1 {
					w.Ask(key, nil)
				}
				time.Sleep(time.Second / 2)
				w.Refund(key, first)
				if d, _ := w.Ask(key, nil); !d.Admitted || d.Remaining != 0 {
					t.Errorf("got %+v, want an admission, the last of N", d)
				}
				w.Refund(key, Decision{})
				w.Refund([]byte("192.0.2.2"), first)
				if d, _ := w.Ask(key, nil); d.Admitted {
					t.Errorf("got %+v, want a refusal", d)
				}
			})
		})
	}
}
