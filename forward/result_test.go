package forward

import (
	"testing"

	"tenfour/sock"
)

// TestResult_hasWhatIsLeftOnce: what the client has not taken is given away with the memory that it counts for, and then the
// result holds nothing.
func TestResult_hasWhatIsLeftOnce(t *testing.T) {
	held := NewHeld(1 << 20)
	var a Attempt
	a.portion.of = held
	a.portion.Raise(100)
	a.down.out = sock.GetBuffer(100)
	a.down.out.B = append(a.down.out.B, "gone, left"...)
	a.down.outAt = len("gone, ")
	r := a.conclude()
	if got := string(r.Pending()); got != "left" || a.down.out != nil {
		t.Errorf("left is %q, want %q; the attempt holds %v, want nothing", got, "left", a.down.out)
	}
	left, at, counts := r.TakePending()
	if string(left.B[at:]) != "left" || r.Pending() != nil {
		t.Errorf("got %q, and then still %q", left.B[at:], r.Pending())
	}
	r.release()
	if held.Bytes() != 100 {
		t.Errorf("%d bytes are counted while the caller has them, want 100", held.Bytes())
	}
	counts.Give()
	if held.Bytes() != 0 {
		t.Errorf("%d bytes are counted in the end", held.Bytes())
	}
}
