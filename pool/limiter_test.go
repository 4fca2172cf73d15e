package pool

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// model is a backend: how much it does with a number of exchanges at a time, and how many of their connections are late.
type model func(slots int) (rate float64, late int)

// sleeps is a backend whose exchanges take a while each, whatever the others do, up to a rate that is all there is.
func sleeps(each time.Duration, most float64) model {
	return func(slots int) (float64, int) { return min(float64(slots)/each.Seconds(), most), 0 }
}

// backlogOf is a backend that does as much with one exchange as with many, and has room for so many.
func backlogOf(room int) model {
	return func(slots int) (float64, int) { return 1500, max(0, slots-room) }
}

// thrashes is a backend that does less the more it has at a time.
func thrashes(slots int) (float64, int) { return 1500 / math.Sqrt(float64(slots)), 0 }

// drive gives l a backend's windows of 100 ms for as long; what it measures is off by up to noise, either way.
func drive(l *limiter, at *time.Duration, as model, lasts time.Duration, noise float64) (highest int) {
	for end := *at + lasts; *at < end; {
		*at += 100 * time.Millisecond
		rate, late := as(l.uses())
		l.learn(window{at: *at, rate: rate * (1 + noise*(2*rand.Float64()-1)), queued: true, late: late})
		highest = max(highest, l.uses())
	}
	return highest
}

func TestLimiter_findsWhatPays(t *testing.T) {
	for name, tc := range map[string]struct {
		backend     model
		least, most int
	}{
		"as much with one as with many":         {backlogOf(1000), 2, 4},
		"the same, with room for six":           {backlogOf(6), 2, 5},
		"more do less":                          {thrashes, 1, 2},
		"each takes 2 ms, 15000 a second":       {sleeps(2*time.Millisecond, 15000), 28, 64},
		"each takes 2 ms, and there is no end":  {sleeps(2*time.Millisecond, math.Inf(1)), 64, 64},
		"each takes 20 ms, and there is no end": {sleeps(20*time.Millisecond, math.Inf(1)), 64, 64},
		"eight at a time":                       {sleeps(20*time.Millisecond, 400), 7, 16},
	} {
		t.Run(name, func(t *testing.T) {
			for _, start := range []int{1, 2, 4, 16, 64} {
				l, at := newLimiter(start, 64), time.Duration(0)
				drive(&l, &at, tc.backend, 10*time.Second, 0.03)
				if l.limit < tc.least || l.limit > tc.most {
					t.Errorf("from %d it came to %d, want %d to %d", start, l.limit, tc.least, tc.most)
				}
				before, _ := tc.backend(l.limit)
				for slots := 1; slots <= 64; slots++ {
					if rate, late := tc.backend(slots); late == 0 && before < 0.9*rate {
						t.Errorf("from %d it came to %d, which does %.0f a second; %d would do %.0f", start, l.limit, before, slots, rate)
					}
				}
			}
		})
	}
}

// TestLimiter_comesBackDown: a backend that can no longer do many things at a time gets as few of them.
func TestLimiter_comesBackDown(t *testing.T) {
	l, at := newLimiter(4, 64), time.Duration(0)
	drive(&l, &at, sleeps(2*time.Millisecond, math.Inf(1)), 10*time.Second, 0.03)
	if l.limit != 64 {
		t.Fatalf("it came to %d, want all 64", l.limit)
	}
	drive(&l, &at, sleeps(20*time.Millisecond, 200), 6*time.Second, 0.03)
	if l.limit > 8 {
		t.Errorf("a backend of 4 at a time has %d after 6 s", l.limit)
	}
}

// TestLimiter_remembersHowManyWereTooMany: a backend that does more with more is not overrun again and again.
func TestLimiter_remembersHowManyWereTooMany(t *testing.T) {
	overruns := 0
	backend := func(slots int) (float64, int) {
		if slots > 6 {
			overruns++
		}
		return float64(100 * slots), max(0, slots-6)
	}
	l, at := newLimiter(64, 64), time.Duration(0)
	drive(&l, &at, backend, 30*time.Second, 0.03)
	if l.limit < 5 || l.limit > 6 {
		t.Errorf("it came to %d, want 5 or 6", l.limit)
	}
	if overruns > 6 {
		t.Errorf("%d windows of 300 overran it", overruns)
	}
}

// TestLimiter_changesNothingWhileNoTaskWaits, because the number of slots does not matter then.
func TestLimiter_changesNothingWhileNoTaskWaits(t *testing.T) {
	l := newLimiter(4, 64)
	for i := range 1000 {
		l.learn(window{at: time.Duration(i) * time.Second, rate: float64(i), queued: false})
		if l.uses() != 4 {
			t.Fatalf("window %d: %d slots", i, l.uses())
		}
	}
}

// TestLimiter_keepsItsBounds: whatever is measured.
func TestLimiter_keepsItsBounds(t *testing.T) {
	for _, most := range []int{1, 2, 3, 64} {
		l := newLimiter(4, most)
		for i := range 10_000 {
			late := max(0, rand.IntN(40)-37)
			l.learn(window{at: time.Duration(i) * time.Second / 10, rate: 1000 * rand.Float64(), queued: rand.IntN(9) > 0, late: late})
			if n := l.uses(); n < 1 || n > most {
				t.Fatalf("%d slots of %d", n, most)
			}
		}
	}
}
