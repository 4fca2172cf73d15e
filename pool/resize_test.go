package pool

import (
	"fmt"
	"testing"

	"tenfour/tests/await"
)

func TestResize_movesTheNumberOfWorkers(t *testing.T) {
	h := startHouse(t)
	b := h.backend(t, "a", 3)
	for _, n := range []int{3, 16, 1, 8, 2, 16, 3} {
		b.Resize(n, 2)
		await.Until(t, fmt.Sprintf("%d workers", n), func() bool { return b.workers.Running() == n && b.Free() == n })
		if b.Workers() != n || h.Workers() != n {
			t.Errorf("there are said to be %d and %d workers, want %d", b.Workers(), h.Workers(), n)
		}
	}
}

// TestResize_whatRunsGoesOn: fewer slots take no task's worker, and no other begins until there is room.
func TestResize_whatRunsGoesOn(t *testing.T) {
	h := startHouse(t)
	b := h.backend(t, "a", 3)
	r := h.AddQueue("/", 10, Hold{}, b)
	one, two, three := enter(t, r, "one"), enter(t, r, "two"), enter(t, r, "three")
	for _, j := range []*job{one, two, three} {
		j.runs(t)
	}
	waits, last := enter(t, r, "waits"), enter(t, r, "last")
	b.Resize(1, 2)
	one.finish()
	two.finish()
	await.Until(t, "the others' workers to go", func() bool { return b.workers.Running() == 1 })
	waits.waits(t)
	three.finish()
	waits.runs(t)
	last.waits(t)
	b.Resize(2, 2)
	last.runs(t)
	waits.finish()
	last.finish()
}

// TestResize_whileDown: the larger number is used afterwards.
func TestResize_whileDown(t *testing.T) {
	h := startHouse(t)
	b := h.backend(t, "a", 2)
	goesDown(b)
	b.Resize(4, 2)
	comesUp(b)
	r := h.AddQueue("/", 10, Hold{}, b)
	var jobs []*job
	for i := range 4 {
		jobs = append(jobs, enter(t, r, fmt.Sprint(i)))
		if i == 0 {
			jobs[0].runs(t)
			comesUp(b) // an answer of it: twice as many may be asked
			comesUp(b)
			comesUp(b)
			continue
		}
		jobs[i].runs(t)
	}
	for _, j := range jobs {
		j.finish()
	}
}

// TestRemove_leavesNothing: neither a worker nor a trace in the pool; others are not touched.
func TestRemove_leavesNothing(t *testing.T) {
	h := startHouse(t)
	a, b := h.backend(t, "a", 2), h.backend(t, "b", 2)
	both, rest := h.AddQueue("/", 10, Hold{}, a, b), h.AddQueue("/rest", 10, Hold{}, b)
	both.Remove()
	a.Remove()
	if a.workers.Running() != 0 || h.Workers() != 2 || len(h.Backends()) != 1 || len(h.Snapshot().Queues) != 1 {
		t.Errorf("%d workers of it run, and the pool has %d workers, %d backends", a.workers.Running(), h.Workers(), len(h.Backends()))
	}
	j := enter(t, rest, "one")
	j.runs(t)
	j.finish()
}
