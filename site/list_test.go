package site

import (
	"slices"
	"testing"

	"tenfour/pool"
)

func TestListOf_equalsTheListOfTheSameBackendsInTheSameOrder(t *testing.T) {
	var backends []*pool.Backend
	seen := map[list]int{}
	for n := range 100 {
		backends = append(backends, new(pool.Backend))
		if other, known := seen[listOf(backends)]; known {
			t.Errorf("the lists of %d and of %d backends are equal", other, n+1)
		}
		seen[listOf(backends)] = n + 1
		if listOf(backends) != listOf(slices.Clone(backends)) {
			t.Errorf("two lists of the same %d backends differ", n+1)
		}
	}
	for i := 1; i < len(backends); i++ {
		other := slices.Clone(backends)
		other[0], other[i] = other[i], other[0]
		if listOf(other) == listOf(backends) {
			t.Errorf("the lists are equal although backend %d has changed its place", i)
		}
	}
	if listOf(nil) != (list{}) {
		t.Error("no backends are some")
	}
}
