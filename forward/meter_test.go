package forward

import (
	"math"
	"testing"
	"time"
)

// steps is a client that moves some bytes, and then lets tenfour wait, again and again.
type steps struct {
	bytes int64
	wait  time.Duration // that the client holds the body up
	pause time.Duration // that it does not: the backend is slow
}

// cutAfter plays steps, with times that begin at 1, and returns how long the client had held its body up when it was found
// to be slow; 0 when it was not within a minute.
func (s steps) cutAfter(rate int) time.Duration {
	var m Meter
	now, moved, held := int64(1), int64(0), time.Duration(0)
	for held < time.Minute {
		moved += s.bytes
		for left := s.wait; left > 0; {
			m.Begin(now)
			step := min(left, time.Duration(m.Due()-now))
			now, held, left = now+int64(step), held+step, left-step
			m.End(now)
			if m.Over() && m.Slow(moved, rate) {
				return held
			}
		}
		now += int64(s.pause)
	}
	return 0
}

func TestMeter_cutsBelowTheRateAfterTheGrace(t *testing.T) {
	for name, tc := range map[string]struct {
		client steps
		rate   int
		want   time.Duration // 0: it is not cut
	}{
		"nothing comes":                       {steps{0, time.Second, 0}, 500, 10 * time.Second},
		"a byte now and then":                 {steps{1, 300 * time.Millisecond, 0}, 500, 10 * time.Second},
		"just below the rate":                 {steps{499, time.Second, 0}, 500, 10 * time.Second},
		"at the rate":                         {steps{500, time.Second, 0}, 500, 0},
		"above the rate, in bursts":           {steps{5000, 9900 * time.Millisecond, 0}, 500, 0},
		"the backend is slow, the client not": {steps{10, 10 * time.Millisecond, time.Minute}, 500, 0},
		"the client is slower":                {steps{10, 100 * time.Millisecond, time.Minute}, 500, 10 * time.Second},
		"any rate is allowed":                 {steps{0, time.Second, 0}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.client.cutAfter(tc.rate); got != tc.want {
				t.Errorf("cut after %v, want %v", got, tc.want)
			}
		})
	}
}

// A client that was fast once is not slow for as long as that is in the window, and no longer.
func TestMeter_forgetsWhatIsOlderThanTheWindow(t *testing.T) {
	var m Meter
	now := int64(1)
	wait := func(moved int64) (slow bool) {
		m.Begin(now)
		now = m.Due()
		m.End(now)
		return m.Over() && m.Slow(moved, 500)
	}
	for range 100 {
		if wait(m.mark + 1<<40) {
			t.Fatal("a fast client is slow")
		}
	}
	for part := range meterParts {
		if slow := wait(m.mark); slow != (part == meterParts-1) {
			t.Errorf("after %d parts without a byte: slow is %t", part+1, slow)
		}
	}
}

func TestMeter_countsALateLookAsOnePart(t *testing.T) {
	var m Meter
	m.Begin(1)
	m.End(1 + int64(time.Hour)) // nothing looked at the meter for an hour
	if !m.Over() || m.Slow(0, 500) {
		t.Error("an hour in which nothing was measured counts as more than a part")
	}
	if m.Due() != math.MaxInt64 {
		t.Errorf("due at %d though the client holds nothing up", m.Due())
	}
}

func TestMeter_allocatesNothing(t *testing.T) {
	var m Meter
	now := int64(1)
	if n := testing.AllocsPerRun(100, func() {
		m.Begin(now)
		now = m.Due()
		m.End(now)
		m.Slow(0, 0)
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
