package runner

import (
	"container/heap"
	"time"
)

// alarm rings bells at their times. It has one timer, so what waits for long costs nothing meanwhile. Guarded by the runner.
type alarm struct {
	r     *Runner
	bells bells
	timer *time.Timer // for the first bell; nil before the first
	ended bool
}

// bell is a part of what waits for a time. The zero value waits for none.
type bell struct {
	of ringer    // fixed
	at time.Time // zero while it does not wait
	i  int       // its place among the bells, while it waits
}

// ringer is what a bell rings for. rung is called with nothing locked, and must not block.
type ringer interface{ rung() }

// alarmMost is the longest time for which the timer is set. The times of jobs are those of the wall clock, which may be put forward.
const alarmMost = time.Minute

// set makes b ring at a time; the zero time is never. The runner is locked.
func (a *alarm) set(b *bell, at time.Time) {
	switch waits := !b.at.IsZero(); {
	case a.ended || at.Equal(b.at):
		return
	case at.IsZero():
		heap.Remove(&a.bells, b.i)
		b.at = at
		return
	case waits:
		b.at = at
		heap.Fix(&a.bells, b.i)
	default:
		b.at = at
		heap.Push(&a.bells, b)
	}
	if a.bells[0] == b {
		a.setTimer()
	}
}

// setTimer sets the timer for the first bell. If that is moved away, the timer rings for nothing.
func (a *alarm) setTimer() {
	wait := min(max(0, time.Until(a.bells[0].at)), alarmMost)
	if a.timer == nil {
		a.timer = time.AfterFunc(wait, a.ring)
	} else {
		a.timer.Reset(wait)
	}
}

// ring rings the bells whose time has come.
func (a *alarm) ring() {
	var due []ringer
	a.r.mu.Lock()
	for now := time.Now(); !a.ended && len(a.bells) > 0 && !a.bells[0].at.After(now); {
		b := heap.Pop(&a.bells).(*bell)
		b.at = time.Time{}
		due = append(due, b.of)
	}
	if !a.ended && len(a.bells) > 0 {
		a.setTimer()
	}
	a.r.mu.Unlock()
	for _, it := range due {
		it.rung()
	}
	if len(due) > 0 {
		a.r.pump()
	}
}

// end lets no bell ring any more. The runner is locked.
func (a *alarm) end() {
	a.ended, a.bells = true, nil
	if a.timer != nil {
		a.timer.Stop()
	}
}

// bells is a heap: the first rings first.
type bells []*bell

func (b bells) Len() int           { return len(b) }
func (b bells) Less(i, j int) bool { return b[i].at.Before(b[j].at) }
func (b bells) Swap(i, j int) {
	b[i], b[j] = b[j], b[i]
	b[i].i, b[j].i = i, j
}

func (b *bells) Push(x any) {
	x.(*bell).i = len(*b)
	*b = append(*b, x.(*bell))
}

func (b *bells) Pop() any {
	last := len(*b) - 1
	x := (*b)[last]
	(*b)[last] = nil
	*b = (*b)[:last]
	return x
}
