package pool

import (
	"fmt"
	"testing"
	"time"

	"tenfour/tests/await"
)

func TestChoice_isTheMostFreeSlots(t *testing.T) {
	h := startHouse(t)
	small, large := h.backend(t, "small", 2), h.backend(t, "large", 4)
	r := h.AddQueue("/", 10, Hold{}, small, large)
	// 4 and 2 free, 3 and 2, then a tie at 2 and 2: each once, and so on.
	counts := map[*Backend]int{}
	var jobs []*job
	for i := range 6 {
		j := enter(t, r, fmt.Sprint(i))
		counts[j.runs(t).Backend]++
		jobs = append(jobs, j)
		if i == 1 && counts[large] != 2 {
			t.Errorf("after two tasks %v, want both at the larger", counts)
		}
		if i == 3 && (counts[large] != 3 || counts[small] != 1) {
			t.Errorf("after a tie of two: %d at the larger, %d at the smaller; want 3 and 1", counts[large], counts[small])
		}
	}
	for _, j := range jobs {
		j.finish()
	}
}

func TestChoice_tiesTakeTurns(t *testing.T) {
	h := startHouse(t)
	a, b, c := h.backend(t, "a", 2), h.backend(t, "b", 2), h.backend(t, "c", 2)
	r := h.AddQueue("/", 10, Hold{}, a, b, c)
	counts := map[*Backend]int{}
	for i := range 30 {
		j := enter(t, r, fmt.Sprint(i))
		at := j.runs(t).Backend
		counts[at]++
		j.finish()
		await.Until(t, "the slot to be free", func() bool { return at.Free() == 2 })
	}
	for _, at := range []*Backend{a, b, c} {
		if counts[at] != 10 {
			t.Errorf("backend %s had %d of 30 equal choices, want 10", at.Name, counts[at])
		}
	}
}

// TestChoice_isMadeWhenATaskLeavesTheQueue: the backend that is free first serves the task that has waited longest.
func TestChoice_isMadeWhenATaskLeavesTheQueue(t *testing.T) {
	h := startHouse(t)
	a, b := h.backend(t, "a", 1), h.backend(t, "b", 1)
	r := h.AddQueue("/", 10, Hold{}, a, b)
	at := map[*Backend]*job{}
	for _, name := range []string{"0", "1"} {
		j := enter(t, r, name)
		at[j.runs(t).Backend] = j
	}
	first, second := enter(t, r, "first"), enter(t, r, "second")
	at[b].finish()
	if s := first.runs(t); s.Backend != b {
		t.Errorf("the first in the queue went to %s, want b, which was free first", s.Backend.Name)
	}
	second.waits(t)
	first.finish()
	if s := second.runs(t); s.Backend != b {
		t.Errorf("the second went to %s, want b again: a is stuck", s.Backend.Name)
	}
	second.finish()
	at[a].finish()
}

func TestDown_isAskedLast(t *testing.T) {
	h := startHouse(t)
	a, b := h.backend(t, "a", 4), h.backend(t, "b", 1)
	r := h.AddQueue("/", 10, Hold{}, a, b)
	goesDown(a)
	first := enter(t, r, "first")
	if s := first.runs(t); s.Backend != b {
		t.Errorf("the task went to a, which is down")
	}
	comesUp(a)
	second := enter(t, r, "second")
	if s := second.runs(t); s.Backend != a {
		t.Errorf("the task went to b, though a is up again and free")
	}
	first.finish()
	second.finish()
}

// TestDown_allOfThemAreAskedAllTheSame: when no backend is up, the one with the most free slots is asked.
func TestDown_allOfThemAreAskedAllTheSame(t *testing.T) {
	h := startHouse(t)
	a, b := h.backend(t, "a", 2), h.backend(t, "b", 1)
	r := h.AddQueue("/", 10, Hold{}, a, b)
	goesDown(a)
	goesDown(b)
	j := enter(t, r, "first")
	if s := j.runs(t); s.Backend != a {
		t.Errorf("the task went to %s, want a", s.Backend.Name)
	}
	j.finish()
}

// TestDown_isServedAgainWhileTheQueueIsNeverEmpty: a backend that has been down gets its share of a queue that does
// not empty, by itself, as soon as it is no longer thought to be down.
func TestDown_isServedAgainWhileTheQueueIsNeverEmpty(t *testing.T) {
	h := startHouse(t)
	stuck, back := h.backend(t, "stuck", 1), h.backend(t, "back", 1)
	r := h.AddQueue("/", 10, Hold{}, stuck, back)
	var fails *job
	for fails == nil { // one that finds its backend down, on its worker, as exchanges do
		j := enter(t, r, "fails")
		if s := j.runs(t); s.Backend == back {
			fails = j
		} else {
			j.finish()
			await.Until(t, "the slot to be free", func() bool { return stuck.Free() == 1 })
		}
	}
	busy := enter(t, r, "busy")
	busy.runs(t)
	first, second := enter(t, r, "first"), enter(t, r, "second")
	began := time.Now()
	fails.end <- func() { goesDown(back) }
	if s := first.runs(t); s.Backend != back {
		t.Errorf("the first in the queue went to %s", s.Backend.Name)
	}
	if took := time.Since(began); took < time.Duration(pauseLeast)/2 {
		t.Errorf("a backend that is down was asked after %v, though another is up", took)
	}
	first.finish()
	second.runs(t)
	second.finish()
	busy.finish()
}

// TestUp_isServedAtOnceThoughAQueueWaits: the next task finds the slot that no task has used since its backend was down.
func TestUp_isServedAtOnceThoughAQueueWaits(t *testing.T) {
	h := startHouse(t)
	stuck, back := h.backend(t, "stuck", 1), h.backend(t, "back", 1)
	r := h.AddQueue("/", 2, Hold{}, stuck, back)
	goesDown(back)
	busy := enter(t, r, "busy")
	busy.runs(t)
	first, second := enter(t, r, "first"), enter(t, r, "second")
	first.waits(t)
	comesUp(back)
	third := enter(t, r, "third") // the queue is full, but a slot is free
	if s := first.runs(t); s.Backend != back {
		t.Errorf("the first in the queue went to %s", s.Backend.Name)
	}
	for _, j := range []*job{first, second, third, busy} {
		j.finish()
	}
	second.runs(t)
	third.runs(t)
}

func TestAgain_goesFirstAndElsewhere(t *testing.T) {
	h := startHouse(t)
	a, b := h.backend(t, "a", 1), h.backend(t, "b", 1)
	r := h.AddQueue("/", 10, Hold{}, a, b)
	at := map[*Backend]*job{}
	for _, name := range []string{"0", "1"} {
		j := enter(t, r, name)
		at[j.runs(t).Backend] = j
	}
	waits := enter(t, r, "waits")
	again := at[a]
	went := make(chan State, 1)
	again.end <- func() {
		goesDown(a)
		went <- giveAgain(r, again, a).State
	}
	if state := await.Value(t, went, "Again"); state != Waits {
		t.Fatalf("Again: got %v, want that the task waits, since b is up", Outcome{State: state})
	}
	waits.waits(t)
	at[b].finish()
	if s := again.runs(t); s.Backend != b {
		t.Errorf("the second attempt went to %s, want b", s.Backend.Name)
	}
	waits.waits(t)
	again.finish()
	waits.runs(t)
	waits.finish()
}

func TestAgain_refusesWhenNoOtherIsBetter(t *testing.T) {
	h := startHouse(t)
	a, b := h.backend(t, "a", 1), h.backend(t, "b", 1)
	r, alone := h.AddQueue("/", 10, Hold{}, a, b), h.AddQueue("/alone/", 10, Hold{}, a)
	goesDown(a)
	if o := giveAgain(alone, newJob("x"), a); o.State != Hopeless {
		t.Error("Again took a task that no other backend can serve")
	}
	goesDown(b)
	if o := giveAgain(r, newJob("x"), a); o.State != Hopeless {
		t.Error("Again took a task though the other backend is down too")
	}
}

// TestAgain_isNotRefusedByAFullQueue: the task has been in it before.
func TestAgain_isNotRefusedByAFullQueue(t *testing.T) {
	h := startHouse(t)
	a, b := h.backend(t, "a", 1), h.backend(t, "b", 1)
	r := h.AddQueue("/", 0, Hold{}, a, b)
	at := map[*Backend]*job{}
	for _, name := range []string{"0", "1"} {
		j := enter(t, r, name)
		at[j.runs(t).Backend] = j
	}
	went := make(chan State, 1)
	at[a].end <- func() {
		goesDown(a)
		went <- giveAgain(r, at[a], a).State
	}
	if state := await.Value(t, went, "Again"); state != Waits {
		t.Fatalf("Again: got %v, want that the task waits", Outcome{State: state})
	}
	at[b].finish()
	at[a].runs(t)
	at[a].finish()
}

// TestStuckBackend_leavesOtherRoutesUntouched: with all slots of one taken for ever and its queue full, the other's
// tasks run at once.
func TestStuckBackend_leavesOtherRoutesUntouched(t *testing.T) {
	h := startHouse(t)
	stuck, fine := h.AddQueue("/stuck/", 2, Hold{}, h.backend(t, "a", 2)), h.AddQueue("/", 0, Hold{}, h.backend(t, "b", 1))
	var jobs []*job
	for i := range 4 {
		jobs = append(jobs, enter(t, stuck, fmt.Sprint(i)))
	}
	for i := range 100 {
		j := enter(t, fine, fmt.Sprint(i))
		j.finish()
		s := j.runs(t)
		await.Until(t, "its slot to be free", func() bool { return s.Backend.Free() == 1 })
	}
	for _, j := range jobs {
		j.finish()
	}
	for _, j := range jobs {
		j.runs(t)
	}
}
