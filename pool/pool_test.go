package pool

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"tenfour/lot"
	"tenfour/tests/await"
)

// house is a pool with its lot, and what it said about panics.
type house struct {
	*Pool
	panicked chan any
}

// startHouse returns a pool that the test's end closes; no goroutine may be left then.
func startHouse(t testing.TB) *house {
	t.Helper()
	before := goleak.IgnoreCurrent()
	l, err := lot.New()
	if err != nil {
		t.Fatal(err)
	}
	h := &house{panicked: make(chan any, 64)}
	h.Pool = New(l, func(v any, stack []byte) { h.panicked <- v })
	t.Cleanup(func() {
		h.Close()
		l.Close()
		if err := goleak.Find(before); err != nil {
			t.Errorf("after Close: %v", err)
		}
	})
	return h
}

// goesDown has b found to refuse connections, by a task on its first slot.
func goesDown(b *Backend) { b.slots[0].Down(Why{Words: "refused connections"}, true) }

// comesUp has b answer a task on its first slot.
func comesUp(b *Backend) { b.slots[0].Up(b.pool.lot.Now()) }

func (h *house) backend(t testing.TB, name string, slots int) *Backend {
	t.Helper()
	b, err := h.AddBackend(name, slots, 2)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// job is a task that reports where it is, and ends when the test says so.
type job struct {
	name     string
	place    Place
	began    chan *Slot    // gets the slot when Run begins
	end      chan func()   // what Run ends with; nil is nothing
	cut      chan struct{} // closed by Panicked
	unserved chan Outcome  // gets what Unserved was called with
}

func newJob(name string) *job {
	return &job{name: name, began: make(chan *Slot, 4), end: make(chan func(), 4), cut: make(chan struct{}), unserved: make(chan Outcome, 1)}
}

// placed is a task that has its place.
type placed interface {
	Task
	Place() *Place
}

func give(q *Queue, task placed) Outcome { return q.Enter(task, task.Place()) }

func giveAgain(q *Queue, task placed, unreached *Backend) Outcome {
	return q.Again(task, task.Place(), unreached)
}

func (j *job) Run(s *Slot) {
	j.began <- s
	if last := <-j.end; last != nil {
		last()
	}
}
func (j *job) Place() *Place { return &j.place }
func (j *job) Panicked()     { close(j.cut) }

func (j *job) Unserved(o Outcome) { j.unserved <- o }

func (j *job) finish() { j.end <- nil }

// runs returns the slot that j runs on, as soon as it does.
func (j *job) runs(t testing.TB) *Slot {
	t.Helper()
	return await.Value(t, j.began, "task "+j.name+" to run")
}

// waits fails the test when j runs.
func (j *job) waits(t testing.TB) {
	t.Helper()
	j.place.pool.mu.Lock()
	queued := j.place.queue != nil
	j.place.pool.mu.Unlock()
	if len(j.began) > 0 || !queued {
		t.Errorf("task %s does not stand in the queue", j.name)
	}
}

// enter gives the route a task.
func enter(t testing.TB, r *Queue, name string) *job {
	t.Helper()
	j := newJob(name)
	if o := give(r, j); o.Unserved() {
		t.Fatalf("Enter(%s): %v", name, o)
	}
	return j
}

func TestAddBackend_needsASlot(t *testing.T) {
	h := startHouse(t)
	for _, n := range []int{-1, 0} {
		if _, err := h.AddBackend("a", n, 0); err == nil {
			t.Errorf("AddBackend with %d slots: no error", n)
		}
	}
	if h.backend(t, "a", 1); h.Workers() != 1 {
		t.Errorf("Workers() = %d, want 1", h.Workers())
	}
}

// counted is a task that counts how many run at the same backend, and how often it ran itself.
type counted struct {
	place Place
	at    map[*Backend]*atomic.Int32
	most  *atomic.Int32 // by how many a backend's slots were exceeded
	ran   atomic.Int32
	done  func()
}

func (c *counted) Run(s *Slot) {
	n := c.at[s.Backend].Add(1)
	if over := n - int32(s.Backend.Workers()); over > 0 {
		c.most.Store(over)
	}
	c.ran.Add(1)
	s.SetDeadline(s.Now() + 1)
	s.Wait()
	c.at[s.Backend].Add(-1)
	c.done()
}
func (c *counted) Place() *Place    { return &c.place }
func (c *counted) Panicked()        {}
func (c *counted) Unserved(Outcome) {}

func TestSlots_areExactAndNeverExceeded(t *testing.T) {
	for _, slots := range [][]int{{1}, {4}, {1, 1}, {1, 3, 2}} {
		t.Run(fmt.Sprint(slots), func(t *testing.T) {
			h := startHouse(t)
			at, most, sum := map[*Backend]*atomic.Int32{}, new(atomic.Int32), 0
			var backends []*Backend
			for i, n := range slots {
				b := h.backend(t, fmt.Sprint(i), n)
				at[b] = new(atomic.Int32)
				backends = append(backends, b)
				sum += n
			}
			const tasks = 60
			var finished sync.WaitGroup
			finished.Add(2 * tasks)
			routes := []*Queue{h.AddQueue("all", tasks, Hold{}, backends...), h.AddQueue("first", tasks, Hold{}, backends[0])}
			for _, q := range routes {
				q.LetBackgroundWait(tasks)
			}
			all := make([]*counted, 2*tasks)
			for i := range all {
				all[i] = &counted{at: at, most: most, done: finished.Done}
				all[i].place.Background = i%3 == 0
			}
			for g := range 8 {
				go func() { // ends with its share
					for i := g; i < len(all); i += 8 {
						if o := give(routes[i%2], all[i]); o.Unserved() {
							t.Errorf("Enter: %v", o)
							finished.Done()
						}
					}
				}()
			}
			finished.Wait()
			for i, c := range all {
				if n := c.ran.Load(); n != 1 {
					t.Errorf("task %d ran %d times", i, n)
				}
			}
			if n := most.Load(); n != 0 {
				t.Errorf("a backend had %d more tasks than slots", n)
			}
			await.Until(t, "all slots to be free", func() bool {
				free := 0
				for _, b := range backends {
					free += b.Free()
				}
				return free == sum && h.Waiting() == 0
			})
		})
	}
}

// TestSlots_areAllUsed: with n slots, n tasks run at the same time.
func TestSlots_areAllUsed(t *testing.T) {
	for _, n := range []int{1, 2, 7} {
		h := startHouse(t)
		r := h.AddQueue("/", 10, Hold{}, h.backend(t, "a", n))
		var jobs []*job
		slots := map[*Slot]bool{}
		for i := range n {
			j := enter(t, r, fmt.Sprint(i))
			slots[j.runs(t)] = true
			jobs = append(jobs, j)
		}
		if len(slots) != n {
			t.Errorf("%d tasks run on %d slots", n, len(slots))
		}
		over := enter(t, r, "one more")
		over.waits(t)
		for _, j := range append(jobs, over) {
			j.finish()
		}
	}
}

func TestQueue_isFirstInFirstOut(t *testing.T) {
	h := startHouse(t)
	b := h.backend(t, "a", 1)
	r, other := h.AddQueue("/", 100, Hold{}, b), h.AddQueue("/other/", 100, Hold{}, b)
	running := enter(t, r, "running")
	running.runs(t)

	var order []string
	var mu sync.Mutex
	var jobs []*job
	for i := range 50 {
		to := r
		if i%3 == 2 {
			to = other // the task that has waited longest is first, whatever its queue
		}
		j := enter(t, to, fmt.Sprint(i))
		j.end <- func() {
			mu.Lock()
			defer mu.Unlock()
			order = append(order, j.name)
		}
		jobs = append(jobs, j)
	}
	if h.Waiting() != 50 {
		t.Errorf("Waiting() = %d, want 50", h.Waiting())
	}
	running.finish()
	for _, j := range jobs {
		j.runs(t)
	}
	await.Until(t, "the last task's end", func() bool { return b.Free() == 1 })
	mu.Lock()
	defer mu.Unlock()
	want := make([]string, 50)
	for i := range want {
		want[i] = fmt.Sprint(i)
	}
	if !slices.Equal(order, want) {
		t.Errorf("they ran in the order %v", order)
	}
}

func TestQueue_isBounded(t *testing.T) {
	for _, most := range []int{0, 1, 3} {
		h := startHouse(t)
		r := h.AddQueue("/", most, Hold{}, h.backend(t, "a", 1))
		jobs := []*job{enter(t, r, "running")}
		jobs[0].runs(t)
		for i := range most {
			jobs = append(jobs, enter(t, r, fmt.Sprint(i)))
		}
		if o := give(r, newJob("over")); o.State != Full {
			t.Errorf("queue of %d: one more than it holds: got %v, want that it is full", most, o)
		}
		jobs[0].finish()
		for _, j := range jobs[1:] {
			j.runs(t)
			j.finish()
		}
	}
}

func TestWithdraw_onlyWhatWaits(t *testing.T) {
	h := startHouse(t)
	r := h.AddQueue("/", 10, Hold{}, h.backend(t, "a", 1))
	running, first, second, third := enter(t, r, "running"), enter(t, r, "first"), enter(t, r, "second"), enter(t, r, "third")
	running.runs(t)
	if r.Withdraw(&running.place) {
		t.Error("a task that runs was withdrawn")
	}
	if !r.Withdraw(&second.place) || h.Waiting() != 2 {
		t.Errorf("one that waits was not withdrawn: %d wait, want 2", h.Waiting())
	}
	if r.Withdraw(&second.place) {
		t.Error("it was withdrawn twice")
	}
	running.finish()
	first.runs(t)
	first.finish()
	third.runs(t)
	if len(second.began) != 0 {
		t.Error("a task that was withdrawn was run")
	}
	third.finish()
}

// TestWithdraw_givesItsPlaceBackAtOnce: the queue that was full takes another.
func TestWithdraw_givesItsPlaceBackAtOnce(t *testing.T) {
	h := startHouse(t)
	r := h.AddQueue("/", 1, Hold{}, h.backend(t, "a", 1))
	running, waits := enter(t, r, "running"), enter(t, r, "waits")
	if o := give(r, newJob("over")); o.State != Full {
		t.Fatalf("got %v, want that it is full", o)
	}
	r.Withdraw(&waits.place)
	next := enter(t, r, "next")
	running.finish()
	next.runs(t)
	next.finish()
}

func TestWithdraw_hammered(t *testing.T) {
	h := startHouse(t)
	r := h.laned("/", Hold{}, h.backend(t, "a", 2))
	var ran, left atomic.Int32
	var over sync.WaitGroup
	for range 4 {
		over.Go(func() {
			for i := range 200 {
				j := newJob("x")
				j.place.Background = i%2 == 0
				j.end <- nil
				if o := give(r, j); o.Unserved() {
					t.Errorf("Enter: %v", o)
					return
				}
				if r.Withdraw(&j.place) {
					left.Add(1)
					continue
				}
				<-j.began
				ran.Add(1)
			}
		})
	}
	over.Wait()
	if ran.Load()+left.Load() != 800 || h.Waiting() != 0 {
		t.Errorf("%d ran and %d left, of 800; %d wait", ran.Load(), left.Load(), h.Waiting())
	}
}

func TestClose_waitsForWhatRuns(t *testing.T) {
	h := startHouse(t)
	r := h.AddQueue("/", 1, Hold{}, h.backend(t, "a", 1))
	running := enter(t, r, "running")
	running.runs(t)
	closed := make(chan struct{})
	go func() { h.Close(); close(closed) }() // ends with the task
	await.Until(t, "the pool to refuse", func() bool {
		return give(r, newJob("late")).State == Closed
	})
	select {
	case <-closed:
		t.Error("Close returned while a task ran")
	default:
	}
	running.finish()
	await.Value(t, closed, "Close")
}
