package pool

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"tenfour/tests/await"
)

func (h *house) auto(t testing.TB, start, most int) *Backend {
	t.Helper()
	b, err := h.addAuto("a", start, most, 2)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// limitTo has b use n slots, as its limiter would between two trials.
func limitTo(b *Backend, n int) {
	b.pool.mu.Lock()
	defer b.pool.unlock()
	b.auto.limiter.limit, b.auto.limiter.trial = n, 0
	b.auto.apply(b)
}

func TestAuto_workersFollowTheLimit(t *testing.T) {
	h := startHouse(t)
	b := h.auto(t, 3, 16)
	if b.Workers() != 16 || h.Workers() != 16 {
		t.Errorf("there may be %d and %d workers, want 16", b.Workers(), h.Workers())
	}
	for _, n := range []int{3, 16, 1, 8, 2, 16} {
		limitTo(b, n)
		await.Until(t, fmt.Sprintf("%d workers", n), func() bool { return b.workers.Running() == n && b.Free() == n })
		await.Until(t, fmt.Sprintf("ants to have room for %d workers", n), func() bool { return b.workers.Cap() == n })
	}
}

// TestAuto_whatRunsGoesOn: a lower limit takes no task's worker, and no other begins until there is room.
func TestAuto_whatRunsGoesOn(t *testing.T) {
	h := startHouse(t)
	b := h.auto(t, 3, 4)
	r := h.AddQueue("/", 10, Hold{}, b)
	one, two, three := enter(t, r, "one"), enter(t, r, "two"), enter(t, r, "three")
	for _, j := range []*job{one, two, three} {
		j.runs(t)
	}
	waits, last := enter(t, r, "waits"), enter(t, r, "last")
	limitTo(b, 1)
	one.finish()
	two.finish()
	await.Until(t, "the others' workers to go", func() bool { return b.workers.Running() == 1 })
	waits.waits(t)
	three.finish()
	waits.runs(t)
	last.waits(t)
	limitTo(b, 2)
	last.runs(t)
	waits.finish()
	last.finish()
}

// TestAuto_isNeverExceeded: while the limit moves and tasks panic, each runs once and no more at a time than were allowed.
func TestAuto_isNeverExceeded(t *testing.T) {
	h := startHouse(t)
	const most = 8
	b := h.auto(t, 4, most)
	r := h.AddQueue("/", 10_000, Hold{}, b)
	watchWorkers(t, b, most)
	const tasks = 3000
	began := make(chan *job, tasks)
	for i := range tasks {
		j := newJob(fmt.Sprint(i))
		go func() { // ends with the task
			<-j.began
			began <- j
			if i%100 == 0 {
				j.end <- func() { panic("bug") }
			} else {
				j.finish()
			}
		}()
		if o := give(r, j); o.Unserved() {
			t.Fatal(o)
		}
		if i%3 == 0 {
			limitTo(b, 1+rand.IntN(most))
		}
		if n := b.Workers(); n > most {
			t.Fatalf("%d slots, want %d at most", n, most)
		}
		if n := b.workers.Running(); n > most {
			t.Fatalf("%d workers, want %d at most", n, most)
		}
	}
	for range tasks {
		await.Value(t, began, "every task to run")
	}
	for _, n := range []int{most, 2} {
		await.Until(t, fmt.Sprintf("%d workers", n), func() bool {
			limitTo(b, n) // again, because the limiter may begin a trial when one of the last tasks ends
			return b.workers.Running() == n && b.Free() == n
		})
	}
}

// watchWorkers fails the test if b ever has more than most workers, until the test ends. Those that were sent home and have not
// returned count.
func watchWorkers(t *testing.T, b *Backend, most int) {
	stop, highest := make(chan struct{}), make(chan int)
	go func() { // ends with stop
		n := 0
		for {
			n = max(n, b.workers.Running())
			select {
			case <-stop:
				highest <- n
				return
			default:
				runtime.Gosched()
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		if n := <-highest; n > most {
			t.Errorf("there were %d workers at a moment, want %d at most", n, most)
		}
	})
}

// TestAuto_keepsItsLimitThroughAnOutage: it is an outage's width that begins with one, and grows back to the limit.
func TestAuto_keepsItsLimitThroughAnOutage(t *testing.T) {
	h := startHouse(t)
	b := h.auto(t, 6, 16)
	is := func(width, limit int) {
		t.Helper()
		b.pool.mu.Lock()
		defer b.pool.mu.Unlock()
		if b.width != width || b.limit != limit {
			t.Errorf("%d slots of %d may be used, want %d of %d", b.width, b.limit, width, limit)
		}
	}
	goesDown(b)
	limitTo(b, 7)
	comesUp(b)
	is(1, 7)
	comesUp(b)
	is(2, 7)
	limitTo(b, 5)
	is(2, 5)
	comesUp(b)
	is(4, 5)
	limitTo(b, 3)
	is(3, 3)
	comesUp(b)
	limitTo(b, 9)
	is(9, 9)
	await.Until(t, "nine workers", func() bool { return b.workers.Running() == 9 && b.Free() == 9 })
}

// TestAuto_closesWhileWorkersLeave: and while others come.
func TestAuto_closesWhileWorkersLeave(t *testing.T) {
	for range 50 {
		h := startHouse(t) // fails the test when a goroutine is left
		b := h.auto(t, 8, 16)
		r := h.AddQueue("/", 100, Hold{}, b)
		for range 20 {
			j := newJob("a")
			j.finish()
			if o := give(r, j); o.Unserved() {
				t.Fatal(o)
			}
			limitTo(b, 1+rand.IntN(16))
		}
		h.Close()
	}
}

// load is a backend that has a number of exchanges at a time and as long for each, whose clients come again at once.
type load struct {
	route *Queue
	each  atomic.Int64  // a task's time there
	many  chan struct{} // has room for those that it does at a time
	most  atomic.Bool   // that counts; else it does any number
}

// startLoad has 80 clients before b, which does many at a time; 0 is any number.
func startLoad(t *testing.T, h *house, b *Backend, each time.Duration, many int) *load {
	t.Helper()
	l := &load{route: h.AddQueue("/", 1000, Hold{}, b), many: make(chan struct{}, max(many, 1))}
	l.each.Store(int64(each))
	l.most.Store(many > 0)
	for range 80 {
		if o := give(l.route, &visit{load: l}); o.Unserved() {
			t.Fatal(o)
		}
	}
	return l
}

// visit is one client's task, which is entered anew when it ends, until the pool is closed.
type visit struct {
	load  *load
	place Place
}

func (v *visit) Run(s *Slot) {
	s.Reached()
	if v.load.most.Load() {
		v.load.many <- struct{}{}
		defer func() { <-v.load.many }()
	}
	await.Pace(time.Duration(v.load.each.Load())) // the backend's work
	_ = give(v.load.route, &visit{load: v.load})
}
func (v *visit) Place() *Place    { return &v.place }
func (v *visit) Panicked()        {}
func (v *visit) Unserved(Outcome) {}

// settles waits for b's limit to be in a range.
func settles(t *testing.T, b *Backend, least, most int) {
	t.Helper()
	limit := func() int {
		b.pool.mu.Lock()
		defer b.pool.mu.Unlock()
		return b.auto.limiter.limit
	}
	if !await.Holds(4*await.Patience, func() bool { n := limit(); return n >= least && n <= most }) {
		t.Fatalf("after %v it has %d workers, want %d to %d", 4*await.Patience, limit(), least, most)
	}
}

// TestAuto_settlesFromAnyStart: where more slots pay it gets many, and where they only queue at the backend it gets few.
func TestAuto_settlesFromAnyStart(t *testing.T) {
	for _, start := range []int{1, 4, 64} {
		t.Run(fmt.Sprint("one at a time, from ", start), func(t *testing.T) {
			h := startHouse(t)
			b := h.auto(t, start, 64)
			startLoad(t, h, b, time.Millisecond, 1)
			settles(t, b, 1, 4)
		})
		t.Run(fmt.Sprint("any number, from ", start), func(t *testing.T) {
			h := startHouse(t)
			b := h.auto(t, start, 64)
			startLoad(t, h, b, 10*time.Millisecond, 0)
			settles(t, b, 16, 64)
		})
	}
}

// TestAuto_comesBackDown: a backend that had any number at a time takes ten times as long, and does four at a time.
func TestAuto_comesBackDown(t *testing.T) {
	h := startHouse(t)
	b := h.auto(t, 4, 64)
	l := startLoad(t, h, b, 2*time.Millisecond, 4)
	l.most.Store(false)
	settles(t, b, 13, 64)
	l.each.Store(int64(20 * time.Millisecond))
	l.most.Store(true)
	settles(t, b, 1, 8)
}
