//go:build linux && !portable

package lot

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestOnce_reportsOneEventForEachArm(t *testing.T) {
	l := startLot(t)
	g, fence := newGuest(l), newGuest(l)
	var w, after Watch
	near, far := pair(t)
	closeAtEnd(t, far)
	w.Init(l, near)
	defer w.CloseFD()
	w.Tell(&g.Waiter)
	fenceNear, fenceFar := pair(t)
	closeAtEnd(t, fenceFar)
	after.Init(l, fenceNear)
	defer after.CloseFD()
	after.Tell(&fence.Waiter)
	// settled returns when the lot has delivered all earlier events.
	settled := func() {
		t.Helper()
		arm(t, &after, Readable)
		write(t, fenceFar)
		for after.Take()&Readable == 0 {
			if fence.Park(&after) {
				<-fence.unparked
			}
		}
		var b [8]byte
		unix.Read(fenceNear, b[:])
	}
	told := func(when string, want Events) {
		t.Helper()
		settled()
		if got := w.Take(); got != want {
			t.Errorf("%s: told of %b, want %b", when, got, want)
		}
	}

	w.Once(true)
	write(t, far)
	told("before the first Arm", 0)
	arm(t, &w, Readable)
	told("armed, with a byte there", Readable)
	write(t, far)
	told("another byte, and no Arm", 0)
	arm(t, &w, Writable)
	told("armed for room alone", Writable)
	arm(t, &w, 0)
	told("armed for nothing", 0)
	w.Once(false)
	arm(t, &w, Readable)
	settled()
	if got := w.Take(); got&Readable == 0 {
		t.Errorf("as it happens again: told of %b, which is not Readable", got)
	}
}
