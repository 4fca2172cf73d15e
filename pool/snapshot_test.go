package pool

import (
	"testing"
	"time"

	"tenfour/tests/await"
)

func TestSnapshot_saysWhatSlotsDo(t *testing.T) {
	h := startHouse(t)
	b := h.backend(t, "b", 3)
	q := h.AddQueue("/", 10, Hold{For: time.Minute, Every: time.Minute}, b)
	if s := h.Snapshot().Backends[0]; !s.Up || s.Changed != 0 || s.Busy != 0 || s.Readers != 0 || s.Most != 3 || s.Auto {
		t.Errorf("before the first task it is %+v", s)
	}
	one, two := enter(t, q, "one"), enter(t, q, "two")
	s := one.runs(t)
	two.runs(t)
	s.AwaitsReader(true)
	if s := h.Snapshot().Backends[0]; s.Busy != 2 || s.Readers != 1 {
		t.Errorf("with one reader it is %+v, want 2 busy and 1 reader", s)
	}
	s.AwaitsReader(false)
	goesDown(b)
	if s := h.Snapshot().Backends[0]; s.Up || s.Changed <= 0 || s.Changed != s.Since || s.Readers != 0 {
		t.Errorf("while it is down it is %+v", s)
	}
	comesUp(b)
	if s := h.Snapshot().Backends[0]; !s.Up || s.Changed <= 0 || s.Since != 0 {
		t.Errorf("after it came up it is %+v", s)
	}
	one.finish()
	two.finish()
	await.Until(t, "its slots to be free", func() bool { return h.Snapshot().Backends[0].Busy == 0 })
}

// A task is said to be held once, also if it comes back to its queue.
func TestEnter_saysOnceThatATaskIsHeld(t *testing.T) {
	h := startHouse(t)
	b := h.backend(t, "b", 1)
	q := h.AddQueue("/", 10, Hold{For: time.Minute, Every: time.Minute}, b)
	first, second := newJob("first"), newJob("second")
	give(q, first)
	if o := give(q, second); o.State != Waits || o.Held {
		t.Errorf("while the backend is up, a task got %+v; want that it waits, and is not held", o)
	}
	goesDown(b)
	third := newJob("third")
	if o := give(q, third); o.State != Waits || !o.Held {
		t.Errorf("while the backend is down, a task got %+v; want that it waits, and is held", o)
	}
	if !q.Withdraw(third.Place()) {
		t.Fatal("it does not wait")
	}
	if o := giveAgain(q, third, b); o.State != Waits || o.Held {
		t.Errorf("the same task got %+v; want that it waits, and is not held once more", o)
	}
	comesUp(b)
	for _, j := range []*job{first, second, third} {
		j.finish()
		j.runs(t)
	}
}
