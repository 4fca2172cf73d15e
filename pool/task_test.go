package pool

import (
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tenfour/lot"
	"tenfour/tests/await"
)

// client is a task's client: a connection that the pool watches, and its other end.
type client struct {
	watch lot.Watch
	far   int
	once  sync.Once
}

func newClient(t testing.TB, l *lot.Lot) *client {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.SetNonblock(fds[0], true); err != nil {
		t.Fatal(err)
	}
	c := &client{far: fds[1]}
	c.watch.Init(l, fds[0])
	t.Cleanup(func() {
		c.leave()
		c.watch.CloseFD()
	})
	return c
}

// leave closes the client's end.
func (c *client) leave() { c.once.Do(func() { unix.Close(c.far) }) }

// enterFor gives the queue a task of a client.
func enterFor(t testing.TB, q *Queue, name string, c *client) *job {
	t.Helper()
	j := newJob(name)
	j.place.Client = &c.watch
	if o := give(q, j); o.Unserved() {
		t.Fatalf("Enter(%s): %v", name, o)
	}
	return j
}

// TestQueue_noticesAClientThatLeaves: its task is unserved, its place is free at once, and no worker runs it.
func TestQueue_noticesAClientThatLeaves(t *testing.T) {
	h := startHouse(t)
	q := h.AddQueue("/", 1, Hold{}, h.backend(t, "a", 1))
	running := enter(t, q, "running")
	running.runs(t)
	c := newClient(t, h.lot)
	leaves := enterFor(t, q, "leaves", c)
	leaves.waits(t)
	c.leave()
	if o := await.Value(t, leaves.unserved, "the task whose client left"); o.State != Gone {
		t.Errorf("it heard %v, want that its client is gone", o)
	}
	next := enter(t, q, "next")
	running.finish()
	next.runs(t)
	next.finish()
	if len(leaves.began) != 0 {
		t.Error("a task whose client had left was run")
	}
}

// TestQueue_leavesAClientThatSendsAlone: bytes that come meanwhile, such as its next request, are no end.
func TestQueue_leavesAClientThatSendsAlone(t *testing.T) {
	h := startHouse(t)
	q := h.AddQueue("/", 2, Hold{}, h.backend(t, "a", 1))
	running := enter(t, q, "running")
	running.runs(t)
	talks, leaves := newClient(t, h.lot), newClient(t, h.lot)
	stays, goes := enterFor(t, q, "stays", talks), enterFor(t, q, "goes", leaves)
	unix.Write(talks.far, []byte("x"))
	await.Until(t, "the byte to be seen", func() bool { return talks.watch.Happened(lot.Readable) })
	leaves.leave() // seen after the byte
	await.Value(t, goes.unserved, "the other's end")
	stays.waits(t)
	running.finish()
	stays.runs(t)
	stays.finish()
}

// TestQueue_servesAHalfCloseOnlyAtOnce: a client whose end was seen before gets a free slot, and no place in the queue.
func TestQueue_servesAHalfCloseOnlyAtOnce(t *testing.T) {
	h := startHouse(t)
	q := h.AddQueue("/", 2, Hold{}, h.backend(t, "a", 1))
	first, second, third := newJob("first"), newJob("second"), newJob("third")
	first.place.Left, second.place.Left = true, true
	if o := give(q, first); o.State != Runs {
		t.Errorf("with a slot free: %v, want that it runs", o)
	}
	first.runs(t)
	if o := give(q, second); o.State != Gone || h.Waiting() != 0 {
		t.Errorf("with none free: %v, want that its client is gone", o)
	}
	c := newClient(t, h.lot) // its end is seen between the two
	c.watch.Arm(lot.Readable)
	c.leave()
	await.Until(t, "its end to be seen", func() bool { return c.watch.Happened(lot.HungUp) })
	third.place.Client = &c.watch
	if o := give(q, third); o.State != Gone || h.Waiting() != 0 {
		t.Errorf("with an end that nothing has taken note of: %v, want that its client is gone", o)
	}
	first.finish()
}

// TestQueue_isTimed: a task is dismissed when it has waited for its timeout, and its outcome says what is wrong if its backends are down.
func TestQueue_isTimed(t *testing.T) {
	t.Parallel()
	h := startHouse(t)
	a, b := h.backend(t, "a", 1), h.backend(t, "b", 1)
	busy, down := h.AddQueue("/", 2, Hold{}, a), h.AddQueue("/down/", 2, Hold{For: time.Minute, Every: time.Minute}, b)
	running := enter(t, busy, "running")
	running.runs(t)
	goesDown(b)
	for q, words := range map[*Queue]string{busy: "", down: "b refused connections"} {
		j := newJob("late")
		j.place.Timeout = 50 * time.Millisecond
		began := time.Now()
		if o := give(q, j); o.State != Waits {
			t.Fatalf("Enter: %v", o)
		}
		if o := await.Value(t, j.unserved, "the task to be late"); o.State != Late || o.Words != words {
			t.Errorf("it heard %+v, want that it is late, and %q", o, words)
		}
		if took := time.Since(began); took < j.place.Timeout {
			t.Errorf("it was late after %v", took)
		}
		if o := give(q, j); o.State != Late { // the time is for all its waiting together
			t.Errorf("the second time: %v, want that it is late still", o)
		}
	}
	running.finish()
}

// TestQueue_isRemovedWithATaskInIt: the task is unserved, and so is one that comes afterwards.
func TestQueue_isRemovedWithATaskInIt(t *testing.T) {
	h := startHouse(t)
	q := h.AddQueue("/", 2, Hold{}, h.backend(t, "a", 1))
	running := enter(t, q, "running")
	running.runs(t)
	waits := enter(t, q, "waits")
	q.Remove()
	if o := await.Value(t, waits.unserved, "the task to be dismissed"); o.State != Closed {
		t.Errorf("it heard %v, want that the queue is closed", o)
	}
	if o := give(q, newJob("late")); o.State != Closed {
		t.Errorf("one that came afterwards: %v, want that the queue is closed", o)
	}
	running.finish()
}

// TestStop_dismissesWhatWaits, and lets what runs end.
func TestStop_dismissesWhatWaits(t *testing.T) {
	h := startHouse(t)
	q := h.AddQueue("/", 2, Hold{}, h.backend(t, "a", 1))
	running := enter(t, q, "running")
	running.runs(t)
	waits := enter(t, q, "waits")
	h.Stop()
	if o := await.Value(t, waits.unserved, "the task to be dismissed"); o.State != Closed {
		t.Errorf("it heard %v, want that the pool is closed", o)
	}
	running.finish()
}

// prying is a task that uses the pool in every call that the pool makes.
type prying struct {
	pool  *Pool
	place Place
	calls chan string
	panic bool
}

func (p *prying) called(what string) {
	p.pool.Snapshot()
	p.calls <- what
}

func (p *prying) Place() *Place    { p.pool.Snapshot(); return &p.place }
func (p *prying) Unserved(Outcome) { p.called("Unserved") }
func (p *prying) Panicked()        { p.called("Panicked") }
func (p *prying) Run(s *Slot) {
	s.Kept = &pryingKept{p}
	if p.called("Run"); p.panic {
		panic("bug")
	}
}

// pryingKept is a connection that does the same.
type pryingKept struct{ p *prying }

func (k *pryingKept) Pending() bool { k.p.pool.Snapshot(); return true }
func (k *pryingKept) Until() int64  { k.p.pool.Snapshot(); return math.MaxInt64 }
func (k *pryingKept) Discard()      { k.p.called("Discard") }

// TestPool_callsTasksUnlocked: every method of a task, of a kept connection, and the function for panics may use the
// pool. Were it locked, the call would never return.
func TestPool_callsTasksUnlocked(t *testing.T) {
	h := startHouse(t)
	b := h.backend(t, "a", 1)
	q := h.AddQueue("/", 10, Hold{For: time.Minute, Every: time.Minute}, b)
	calls := make(chan string, 10)
	task := func() *prying { return &prying{pool: h.Pool, calls: calls} }
	expect := func(want ...string) {
		t.Helper()
		for _, w := range want {
			if got := await.Value(t, calls, w); got != w {
				t.Errorf("got the call %s, want %s", got, w)
			}
		}
	}
	give(q, task())
	expect("Run", "Discard")
	fails := task()
	fails.panic = true
	give(q, fails)
	expect("Run", "Discard", "Panicked")
	busy := enter(t, q, "busy")
	busy.runs(t)
	c := newClient(t, h.lot)
	gone, late, closed := task(), task(), task()
	gone.place.Client, late.place.Timeout = &c.watch, time.Millisecond
	give(q, gone)
	c.leave()
	expect("Unserved")
	give(q, late)
	expect("Unserved")
	give(q, closed)
	q.Remove()
	expect("Unserved")
	busy.finish()
}

// guest is a task of the hammer: its client leaves, it is late, it goes back to the queue, all at random.
type guest struct {
	queue *Queue
	place Place
	again int
	calls atomic.Int32 // of Run's last, or Unserved: must be one
	done  func()
}

func (g *guest) Place() *Place { return &g.place }
func (g *guest) Panicked()     {}
func (g *guest) Unserved(Outcome) {
	g.calls.Add(1)
	g.done()
}
func (g *guest) Run(s *Slot) {
	if g.place.Client != nil {
		g.place.Client.Tell(&s.Waiter)
		g.place.Left = g.place.Client.Take()&(lot.HungUp|lot.Broken) != 0 || g.place.Left
	}
	if g.again > 0 {
		g.again--
		if o := giveAgain(g.queue, g, s.Backend); !o.Unserved() {
			return
		}
	}
	g.calls.Add(1)
	g.done()
}

// TestQueue_hammered: in both lanes clients leave, tasks are late, are withdrawn, come back, and workers take them, all at once. Each is run or
// unserved once, and nothing is left in the queues or the wheel.
func TestQueue_hammered(t *testing.T) {
	h := startHouse(t)
	a, b := h.backend(t, "a", 2), h.backend(t, "b", 1)
	queues := []*Queue{h.AddQueue("/", 50, Hold{}, a, b), h.AddQueue("/b/", 50, Hold{For: time.Millisecond, Every: time.Millisecond}, b)}
	for _, q := range queues {
		q.LetBackgroundWait(50)
	}
	stop := make(chan struct{})
	var weather sync.WaitGroup
	weather.Go(func() { // ends with stop
		for {
			select {
			case <-stop:
				return
			default:
			}
			b.Sick(Why{Words: "is not well"})
			runtime.Gosched()
			b.Well()
		}
	})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 300 {
				c := newClient(t, h.lot)
				done := make(chan struct{}, 2)
				g := &guest{queue: queues[rand.IntN(2)], again: rand.IntN(3), done: func() { done <- struct{}{} }}
				g.place.Background = rand.IntN(2) == 0
				g.place.Client, g.place.Timeout = &c.watch, time.Duration(rand.IntN(20))*time.Millisecond
				o := give(g.queue, g)
				leaves, withdrawn := rand.IntN(3) == 0, false
				if leaves {
					c.leave()
				}
				switch {
				case o.Unserved():
					continue
				case rand.IntN(4) == 0:
					withdrawn = g.queue.Withdraw(&g.place)
				}
				if !withdrawn {
					await.Value(t, done, "a task to be run or unserved")
				}
				if n := g.calls.Load(); n != 1 && !withdrawn || n != 0 && withdrawn {
					t.Errorf("a task ended %d times (withdrawn: %t)", n, withdrawn)
				}
			}
		})
	}
	all.Wait()
	close(stop)
	weather.Wait()
	if n := h.Waiting(); n != 0 {
		t.Errorf("%d still wait", n)
	}
	await.Until(t, "the wheel to be empty", func() bool { return h.lot.Timed() == 0 })
}

// TestQueue_leavesNoDeadline: a task that was queued and then lasts has none from when a worker takes it.
func TestQueue_leavesNoDeadline(t *testing.T) {
	h := startHouse(t)
	q := h.AddQueue("/", 2, Hold{}, h.backend(t, "a", 1))
	running, queued := enter(t, q, "running"), newJob("queued")
	running.runs(t)
	queued.place.Timeout = time.Hour
	give(q, queued)
	if h.lot.Timed() == 0 {
		t.Error("a queued task has no deadline")
	}
	running.finish()
	queued.runs(t)
	await.Until(t, "the wheel to be empty while the task runs", func() bool { return h.lot.Timed() == 0 })
	queued.finish()
}

// TestQueue_allocatesNothing: neither for a task that finds a slot nor for one that waits.
func TestQueue_allocatesNothing(t *testing.T) {
	h := startHouse(t)
	q := h.AddQueue("/", 10, Hold{}, h.backend(t, "a", 1))
	c := newClient(t, h.lot)
	ran := make(chan struct{})
	first, second := &short{ran: ran}, &short{ran: ran}
	second.place.Client, second.place.Timeout = &c.watch, time.Hour
	turn := func() {
		give(q, first)
		give(q, second) // first still has the slot
		ran <- struct{}{}
		ran <- struct{}{}
	}
	turn()
	if n := testing.AllocsPerRun(200, turn); n >= 1 {
		t.Errorf("a task that ran and one that was queued allocated %v times, want 0", n)
	}
}

// short is a task that waits for the test, and ends.
type short struct {
	place Place
	ran   chan struct{}
}

func (s *short) Run(*Slot)        { <-s.ran }
func (s *short) Unserved(Outcome) {}
func (s *short) Panicked()        {}
func (s *short) Place() *Place    { return &s.place }
