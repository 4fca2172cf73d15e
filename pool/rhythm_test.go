package pool

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestRhythm_meetsABackendThatIsDownForAsLongEachTime: against one that is back 40 ms after each outage's begin, give or
// take, 100 outages are over 2.5 ms later on average. Trials at random would take 5.6 ms.
func TestRhythm_meetsABackendThatIsDownForAsLongEachTime(t *testing.T) {
	const every = int64(10 * time.Millisecond)
	for name, noise := range map[string]int64{"exactly": 1, "give or take 0.5 ms": int64(time.Millisecond)} {
		t.Run(name, func(t *testing.T) {
			var r rhythm
			var late int64
			const outages = 100
			for range outages {
				back := int64(40*time.Millisecond) - noise/2 + rand.Int64N(noise)
				at := r.first(every)
				for last := int64(0); at < back; {
					if at-last < every {
						t.Fatalf("a trial came %v after the last one", time.Duration(at-last))
					}
					last = at
					at += r.pause(every, at)
				}
				late += at - back
				r.learn(at, every)
			}
			if mean := time.Duration(late / outages); mean > 2500*time.Microsecond {
				t.Errorf("it was met %v late on average", mean)
			}
		})
	}
}

func TestRhythm_forgetsWhatNoLongerHolds(t *testing.T) {
	const every = int64(10 * time.Millisecond)
	var r rhythm
	for range 20 {
		r.learn(int64(40*time.Millisecond), every)
	}
	for _, down := range []time.Duration{time.Second, 15 * time.Millisecond} {
		var at int64
		for range 10 {
			for at = r.first(every); at < int64(down); {
				at += r.pause(every, at)
			}
			r.learn(at, every)
		}
		if late := time.Duration(at) - down; late > 13*time.Millisecond {
			t.Errorf("after ten outages of %v it is met %v late", down, late)
		}
	}
}
