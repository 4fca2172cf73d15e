//go:build !race

package trace

import "testing"

// TestBook_recordsWithoutAllocating, once the first exchanges of a moment are kept: a pool gives the memory, and what is not kept costs copies alone.
func TestBook_recordsWithoutAllocating(t *testing.T) {
	b := New(8 << 20)
	const now = 1 << 40 // the same for all, so that none of them is kept after the first ones
	for i := range 2 * turnsMost {
		plainly(b, uint64(i), "/", now)
	}
	if n := testing.AllocsPerRun(1000, func() { plainly(b, 1, "/", now) }); n != 0 {
		t.Errorf("%v allocations for an exchange, want none", n)
	}
}
