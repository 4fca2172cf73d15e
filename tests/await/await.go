// Package await has what the tests of every package share: how long a test waits, how it waits for an event, and
// what a program has written so far.
//
//	await.Until(t, "the log says that the backend is down", func() bool { return strings.Contains(log.String(), "is down") })
//	job := await.Value(t, started, "the job to start")
//	await.Within(conn, await.Patience) // reads and writes that take longer fail
//	await.Pace(20 * time.Millisecond)  // a peer is slow; no test may depend on what happens meanwhile
//
// scripts/test.sh refuses time.Sleep in other tests than those with a clock of their own (testing/synctest).
package await

import (
	"testing"
	"time"
)

// Patience is how long a test waits for something that must happen. A test takes that long only if it fails.
const Patience = 20 * time.Second

// Holds asks cond until it holds, and reports whether that happened within d. It asks often at first, and then once a millisecond.
func Holds(d time.Duration, cond func() bool) bool {
	late := time.Now().Add(d)
	for pause := 10 * time.Microsecond; !cond(); pause = min(2*pause, time.Millisecond) {
		if time.Now().After(late) {
			return false
		}
		time.Sleep(pause)
	}
	return true
}

// Until returns when cond holds. The test fails if that takes longer than Patience. what is a statement: "the log says that the
// backend is down".
func Until(t testing.TB, what string, cond func() bool) {
	t.Helper()
	until(t, Patience, what, cond)
}

func until(t testing.TB, within time.Duration, what string, cond func() bool) {
	t.Helper()
	if !Holds(within, cond) {
		t.Fatalf("waited %v for this: %s", within, what)
	}
}

// Value returns the next value of a channel. The test fails if there is none within Patience. what is a thing: "the second job".
func Value[T any](t testing.TB, from <-chan T, what string) T {
	t.Helper()
	return value(t, Patience, from, what)
}

func value[T any](t testing.TB, within time.Duration, from <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(within):
		t.Fatalf("waited %v for %s", within, what)
		panic("unreachable")
	}
}

// Within makes every read and write of a connection fail that has not ended d from now. So a test that waits for bytes ends.
func Within(conn interface{ SetDeadline(time.Time) error }, d time.Duration) {
	_ = conn.SetDeadline(time.Now().Add(d)) // fails only if conn is closed, and then so do its reads and writes
}

// Pace sleeps: a peer is slow, or stops for a while between two bytes. It is for a script or a load, never for waiting until something
// has happened: that is Until.
func Pace(d time.Duration) { time.Sleep(d) }

// rounds is how often Soon tries.
const rounds = 5

// Soon calls do, which takes no longer than most when all is well, until it did: a few times. A machine that is busy with other things
// makes a round late, and a fault makes each late. The test fails if each was. what is a thing: "the answer to another client".
func Soon(t testing.TB, most time.Duration, what string, do func()) {
	t.Helper()
	took := make([]time.Duration, 0, rounds)
	for range rounds {
		began := time.Now()
		do()
		took = append(took, time.Since(began))
		if took[len(took)-1] <= most {
			return
		}
	}
	t.Errorf("%s took %v in %d rounds, want at most %v once", what, took, rounds, most)
}
