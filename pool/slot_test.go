package pool

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tenfour/tests/await"
)

// keptFake is a kept connection.
type keptFake struct {
	pending   atomic.Bool
	until     atomic.Int64
	discarded chan struct{}
}

func newKept() *keptFake {
	k := &keptFake{discarded: make(chan struct{})}
	k.until.Store(math.MaxInt64)
	return k
}

func (k *keptFake) Pending() bool   { return k.pending.Load() }
func (k *keptFake) Until() int64    { return k.until.Load() }
func (k *keptFake) Discard()        { close(k.discarded) }
func (k *keptFake) isDropped() bool { return isClosed(k.discarded) }

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// leaveKept runs a task that leaves a kept connection in b's only slot.
func leaveKept(t *testing.T, r *Queue) (*keptFake, *Slot) {
	t.Helper()
	k := newKept()
	j := enter(t, r, "keeps")
	s := j.runs(t)
	j.end <- func() { s.Kept = k }
	await.Until(t, "the slot to be free", func() bool { return s.Backend.Free() == s.Backend.Workers() })
	return k, s
}

func TestPanic_costsOneTask(t *testing.T) {
	h := startHouse(t)
	b := h.backend(t, "a", 2)
	r := h.AddQueue("/", 10, Hold{}, b)
	for i := range 10 {
		k := newKept()
		j := enter(t, r, "panics")
		s := j.runs(t)
		j.end <- func() {
			s.Kept = k
			panic(fmt.Sprint("bug ", i))
		}
		if v := await.Value(t, h.panicked, "word of the panic"); v != fmt.Sprint("bug ", i) {
			t.Errorf("the panic handler got %v", v)
		}
		await.Value(t, j.cut, "Panicked")
		await.Value(t, k.discarded, "the kept connection's end")
		await.Until(t, "the slot and its worker to come back", func() bool { return b.Free() == 2 && b.workers.Running() == 2 })
	}
	if b.Workers() != 2 {
		t.Errorf("after panics %d slots; want 2", b.Workers())
	}
	one, two := enter(t, r, "one"), enter(t, r, "two")
	if one.runs(t) == two.runs(t) {
		t.Error("two tasks run on one slot")
	}
	one.finish()
	two.finish()
}

// TestPanic_theQueueIsServedAfterIt: the slot that comes back serves the tasks that wait, also when no other enters any more.
func TestPanic_theQueueIsServedAfterIt(t *testing.T) {
	h := startHouse(t)
	r := h.AddQueue("/", 10, Hold{}, h.backend(t, "a", 1))
	j, waits := enter(t, r, "panics"), enter(t, r, "waits")
	j.end <- func() { panic("bug") }
	waits.runs(t)
	waits.finish()
}

// TestPanic_ofAWorkerThatHasSlept: its deadline stands in the lot's wheel while it is replaced.
func TestPanic_ofAWorkerThatHasSlept(t *testing.T) {
	h := startHouse(t)
	b := h.backend(t, "a", 1)
	r := h.AddQueue("/", 10, Hold{}, b)
	for range 20 {
		j := enter(t, r, "panics")
		s := j.runs(t)
		j.end <- func() {
			s.SetDeadline(s.Now() + 1)
			s.Wait()
			panic("bug")
		}
		await.Value(t, h.panicked, "word of the panic")
		await.Until(t, "the slot to come back", func() bool { return b.Free() == 1 })
	}
}

// TestPanic_everySlotComesBackAfterManyAtOnce.
func TestPanic_everySlotComesBackAfterManyAtOnce(t *testing.T) {
	h := startHouse(t)
	const slots = 16
	b := h.backend(t, "a", slots)
	r := h.AddQueue("/", 100, Hold{}, b)
	for round := range 40 {
		var jobs []*job
		for i := range slots {
			j := enter(t, r, fmt.Sprint(i))
			j.runs(t)
			jobs = append(jobs, j)
		}
		var together sync.WaitGroup
		together.Add(1)
		for _, j := range jobs {
			j.end <- func() { together.Wait(); panic("bug") }
		}
		together.Done()
		for range slots {
			if v := await.Value(t, h.panicked, "word of the panics"); v != "bug" {
				t.Fatalf("round %d: the panic handler got %v", round, v)
			}
		}
		await.Until(t, "all slots to come back", func() bool { return b.Free() == slots && b.workers.Running() == slots })
	}
}

// badJob panics in Panicked too.
type badJob struct{ *job }

func (badJob) Panicked() { panic("worse") }

func TestPanic_inPanicked(t *testing.T) {
	h := startHouse(t)
	b := h.backend(t, "a", 1)
	r := h.AddQueue("/", 10, Hold{}, b)
	j := badJob{newJob("panics")}
	if o := give(r, j); o.Unserved() {
		t.Fatal(o)
	}
	k := newKept()
	s := j.runs(t)
	j.end <- func() { s.Kept = k; panic("bug") }
	await.Value(t, h.panicked, "word of the panic")
	await.Value(t, k.discarded, "the kept connection's end")
	next := enter(t, r, "next")
	next.runs(t)
	next.finish()
}

func TestKept_isTheNextTasks(t *testing.T) {
	h := startHouse(t)
	b := h.backend(t, "a", 1)
	r := h.AddQueue("/", 10, Hold{}, b)
	k, s := leaveKept(t, r)
	next := enter(t, r, "next")
	if next.runs(t); s.Kept != k || k.isDropped() {
		t.Error("the next task does not find what was kept")
	}
	next.finish()
}

// TestKept_goesToTheWarmestSlot: one slot's connection is used again before another's is made.
func TestKept_goesToTheWarmestSlot(t *testing.T) {
	h := startHouse(t)
	b := h.backend(t, "a", 4)
	r := h.AddQueue("/", 10, Hold{}, b)
	var before *Slot
	for range 10 {
		j := enter(t, r, "x")
		s := j.runs(t)
		if before != nil && s != before {
			t.Fatal("another slot than the last was used")
		}
		before = s
		j.finish()
		await.Until(t, "the slot to be free", func() bool { return b.Free() == 4 })
	}
}

func TestKept_isDroppedWhenItsBackendEndsIt(t *testing.T) {
	h := startHouse(t)
	r := h.AddQueue("/", 10, Hold{}, h.backend(t, "a", 1))
	k, s := leaveKept(t, r)
	k.pending.Store(true)
	s.Notify()
	await.Value(t, k.discarded, "the kept connection's end")
}

// TestKept_isDroppedInTime: the slot closes what has been idle for long enough, by itself, and not before.
func TestKept_isDroppedInTime(t *testing.T) {
	h := startHouse(t)
	r := h.AddQueue("/", 10, Hold{}, h.backend(t, "a", 1))
	k := newKept()
	j := enter(t, r, "keeps")
	s := j.runs(t)
	until := s.Now() + int64(50*time.Millisecond)
	k.until.Store(until)
	j.end <- func() { s.Kept = k }
	await.Value(t, k.discarded, "the kept connection's end")
	if now := s.Now(); now < until {
		t.Errorf("it was closed %v early", time.Duration(until-now))
	}
}

// TestKept_isDroppedWhenItsBackendGoesDown, whatever says so, and none is kept before it is up again.
func TestKept_isDroppedWhenItsBackendGoesDown(t *testing.T) {
	h := startHouse(t)
	b := h.backend(t, "a", 1)
	r := h.AddQueue("/", 10, Hold{}, b)
	k, _ := leaveKept(t, r)
	b.Sick(Why{Words: "is not well"})
	await.Value(t, k.discarded, "the kept connection's end")
	if b.MayKeep() {
		t.Error("MayKeep is true though the backend is down")
	}
	if b.Well(); !b.MayKeep() {
		t.Error("MayKeep is false though the backend is up")
	}
}

func TestImpatient_closesWhatIsIdle(t *testing.T) {
	h := startHouse(t)
	b := h.backend(t, "a", 1)
	r := h.AddQueue("/", 10, Hold{}, b)
	k, _ := leaveKept(t, r)
	if !b.MayKeep() {
		t.Error("MayKeep is false though all are patient")
	}
	b.Impatient()
	await.Value(t, k.discarded, "the kept connection's end")
	b.Impatient()
	if b.Patient(); b.MayKeep() {
		t.Error("MayKeep is true though one of two still waits")
	}
	if b.Patient(); !b.MayKeep() {
		t.Error("MayKeep is false though none waits any more")
	}
}

// TestImpatient_closesAConnectionThatIsJustKept: a task that asked MayKeep just before must not leave an idle connection while
// another exchange waits for the backend.
func TestImpatient_closesAConnectionThatIsJustKept(t *testing.T) {
	h := startHouse(t)
	b := h.backend(t, "a", 1)
	r := h.AddQueue("/", 10, Hold{}, b)
	k := newKept()
	j := enter(t, r, "keeps")
	s := j.runs(t)
	j.end <- func() {
		if b.MayKeep() {
			s.Kept = k
		}
		b.Impatient() // by another worker, before this slot is free
	}
	await.Value(t, k.discarded, "the kept connection's end")
	b.Patient()
}

func TestClose_dropsWhatIsKept(t *testing.T) {
	h := startHouse(t)
	r := h.AddQueue("/", 10, Hold{}, h.backend(t, "a", 1))
	k, _ := leaveKept(t, r)
	h.Close()
	await.Value(t, k.discarded, "the kept connection's end")
}

func TestLend_isBounded(t *testing.T) {
	h := startHouse(t)
	b := h.backend(t, "a", 1) // lends 2
	for i := range 2 {
		if !b.Lend() {
			t.Errorf("Lend refused number %d of 2", i+1)
		}
	}
	if b.Lend() {
		t.Error("Lend gave a third of two")
	}
	if b.Return(); b.Streams() != 1 || !b.Lend() {
		t.Error("Lend refused what had been returned")
	}
	b.Return()
	b.Return()
	var lent atomic.Int32
	var over sync.WaitGroup
	for range 8 {
		over.Go(func() {
			for range 200 {
				if !b.Lend() {
					continue
				}
				if n := lent.Add(1); n > 2 {
					t.Errorf("%d lent, of 2", n)
				}
				lent.Add(-1)
				b.Return()
			}
		})
	}
	over.Wait()
	if b.Streams() != 0 {
		t.Errorf("Streams() = %d at the end", b.Streams())
	}
	none, err := h.AddBackend("none", 1, 0)
	if err != nil || none.Lend() {
		t.Errorf("a backend that lends none has lent (%v)", err)
	}
}

// TestStop_wakesAWorkerThatSleepsInATask: nothing else would, before its deadline.
func TestStop_wakesAWorkerThatSleepsInATask(t *testing.T) {
	h := startHouse(t)
	r := h.AddQueue("/", 10, Hold{}, h.backend(t, "a", 1))
	j := enter(t, r, "sleeps")
	s := j.runs(t)
	woke := make(chan struct{})
	j.end <- func() { s.Wait(); close(woke) }
	h.Stop()
	await.Value(t, woke, "the worker to wake")
}

// TestGiveUpKept_closesTheLongestIdle of all backends, and says when there is none.
func TestGiveUpKept_closesTheLongestIdle(t *testing.T) {
	h := startHouse(t)
	var kept []*keptFake
	for _, name := range []string{"a", "b", "c"} {
		k, _ := leaveKept(t, h.AddQueue("/"+name, 10, Hold{}, h.backend(t, name, 1)))
		kept = append(kept, k)
	}
	for i := range kept {
		if !h.GiveUpKept() {
			t.Fatalf("connection %d was not given up", i)
		}
		for j, other := range kept {
			if other.isDropped() != (j <= i) {
				t.Errorf("after connection %d: connection %d dropped is %t", i, j, other.isDropped())
			}
		}
	}
	if h.GiveUpKept() {
		t.Error("one was given up though none is kept")
	}
}
