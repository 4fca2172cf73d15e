package await

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"
)

// failing is a testing.TB that notes a failure and ends the goroutine, as t.Fatalf does.
type failing struct {
	testing.TB
	failed bool
}

func (f *failing) Helper() {}

func (f *failing) Errorf(string, ...any) { f.failed = true }

func (f *failing) Fatalf(string, ...any) {
	f.failed = true
	panic(f)
}

// fails reports whether do fails its test.
func fails(do func(testing.TB)) (failed bool) {
	f := &failing{}
	defer func() {
		if v := recover(); v != nil && v != f {
			panic(v)
		}
		failed = f.failed
	}()
	do(f)
	return f.failed
}

func TestHolds_endsWithTheConditionOrTheTime(t *testing.T) {
	asked := 0
	if !Holds(Patience, func() bool { asked++; return asked == 5 }) || asked != 5 {
		t.Errorf("it asked %d times, want 5, and that it holds", asked)
	}
	begun := time.Now()
	if Holds(20*time.Millisecond, func() bool { return false }) || time.Since(begun) < 20*time.Millisecond {
		t.Errorf("what never holds took %v, want false after 20ms", time.Since(begun))
	}
}

func TestValue_returnsTheValue(t *testing.T) {
	c := make(chan int, 1)
	c <- 7
	if fails(func(tb testing.TB) {
		if got := Value(tb, c, "a number"); got != 7 {
			t.Errorf("got %d, want 7", got)
		}
	}) {
		t.Error("it fails though a value is there")
	}
}

func TestWithin_endsAReadThatWaits(t *testing.T) {
	here, there := net.Pipe()
	defer here.Close()
	defer there.Close()
	Within(here, time.Millisecond)
	if _, err := here.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v, want %v", err, os.ErrDeadlineExceeded)
	}
}

// TestUntil_failsAfterItsTime: what never holds, and what never comes, fail the test.
func TestUntil_failsAfterItsTime(t *testing.T) {
	for name, wait := range map[string]func(testing.TB){
		"until": func(tb testing.TB) { until(tb, time.Millisecond, "nothing", func() bool { return false }) },
		"value": func(tb testing.TB) { value(tb, time.Millisecond, make(chan int), "nothing") },
	} {
		if !fails(wait) {
			t.Errorf("%s does not fail", name)
		}
	}
}

// TestSoon_goesByTheBestRound: one that is late is none, and all that are fail the test.
func TestSoon_goesByTheBestRound(t *testing.T) {
	for name, tc := range map[string]struct {
		late int // rounds
		want int
	}{"none is late": {0, 1}, "the first is late": {1, 2}, "each but the last is late": {rounds - 1, rounds}, "each is late": {rounds, rounds}} {
		began := 0
		failed := fails(func(tb testing.TB) {
			Soon(tb, 5*time.Millisecond, name, func() {
				if began++; began <= tc.late {
					Pace(10 * time.Millisecond)
				}
			})
		})
		if failed != (tc.late == rounds) || began < tc.want {
			t.Errorf("%s: %d rounds, and the test fails: %v", name, began, failed)
		}
	}
}
