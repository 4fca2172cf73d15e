//go:build !race

package logs

import (
	"bytes"
	"testing"

	"tenfour/tests/await"
	"tenfour/value/choice"
)

// TestAccess_allocatesNothingButForJSON: the race detector drops some of what is pooled, so it is not used here.
func TestAccess_allocatesNothingButForJSON(t *testing.T) {
	e := proxied()
	for format, most := range map[choice.AccessFormat]float64{choice.AccessText: 0, choice.AccessCombined: 0, choice.AccessJSON: 2} {
		q := newQueue(new(bytes.Buffer), false, func(loss) {})
		a := newAccess(q, format, false)
		if got := testing.AllocsPerRun(1000, func() { a.Write(&e) }); got > most {
			t.Errorf("%v: %v allocations for a line, want at most %v", format, got, most)
		}
		q.Close(await.Patience)
	}
}
