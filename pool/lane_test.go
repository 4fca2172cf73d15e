package pool

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"tenfour/tests/await"
)

// laned is a queue to one backend, in both of whose lanes up to 1,000 tasks may wait.
func (h *house) laned(name string, hold Hold, b *Backend) *Queue {
	q := h.AddQueue(name, 1000, hold, b)
	q.LetBackgroundWait(1000)
	return q
}

// enterBackground gives the queue a task of the background.
func enterBackground(t testing.TB, q *Queue, name string) *job {
	t.Helper()
	j := newJob(name)
	j.place.Background = true
	if o := give(q, j); o.Unserved() {
		t.Fatalf("Enter(%s): %v", name, o)
	}
	return j
}

// inTurn ends one job after the other, and fails the test unless they run in this order. The first is known to run.
func inTurn(t testing.TB, jobs []*job) {
	t.Helper()
	for i, j := range jobs {
		if i > 0 {
			j.runs(t)
		}
		for _, later := range jobs[i+1:] {
			later.waits(t)
		}
		j.finish()
	}
}

// TestLanes_oneInEightIsOfTheBackground while clients' tasks wait all the time, in whatever queue of the backend, and each lane
// is first in, first out.
func TestLanes_oneInEightIsOfTheBackground(t *testing.T) {
	h := startHouse(t)
	b := h.backend(t, "a", 1)
	queues := []*Queue{h.laned("/", Hold{}, b), h.laned("/other/", Hold{}, b)}
	running := enter(t, queues[0], "running")
	running.runs(t)
	var waiting [kinds][]*job
	for i := range 40 {
		if i < 5 {
			waiting[background] = append(waiting[background], enterBackground(t, queues[i%2], fmt.Sprint("b", i)))
		}
		waiting[clients] = append(waiting[clients], enter(t, queues[i/2%2], fmt.Sprint("c", i)))
	}
	order := []*job{running}
	for i := range 5 {
		order = append(order, waiting[clients][7*i:7*i+7]...)
		order = append(order, waiting[background][i])
	}
	inTurn(t, append(order, waiting[clients][35:]...))
}

// TestLanes_aThousandOfTheBackgroundDelayNoClientLonger than until the first of those that run has ended.
func TestLanes_aThousandOfTheBackgroundDelayNoClientLonger(t *testing.T) {
	for _, slots := range []int{1, 4} {
		t.Run(fmt.Sprint(slots, " slots"), func(t *testing.T) {
			h := startHouse(t)
			q := h.laned("/", Hold{}, h.backend(t, "a", slots))
			var jobs []*job
			for i := range 1000 {
				jobs = append(jobs, enterBackground(t, q, fmt.Sprint(i)))
			}
			for i := range slots { // while no client waits they have all slots
				jobs[i].runs(t)
			}
			for i := range 20 {
				client := enter(t, q, fmt.Sprint("client ", i))
				jobs[i].finish()
				client.runs(t)
				jobs[slots+i].waits(t)
				client.finish()
				jobs[slots+i].runs(t)
			}
			for i, j := range jobs {
				if i >= 20 {
					j.finish()
				}
			}
			for i, j := range jobs {
				if i >= 20+slots {
					j.runs(t)
				}
			}
		})
	}
}

// TestLanes_areBoundedEachByItself: a full one refuses nothing that goes to the other.
func TestLanes_areBoundedEachByItself(t *testing.T) {
	h := startHouse(t)
	q := h.AddQueue("/", 1, Hold{}, h.backend(t, "a", 1))
	running := enterBackground(t, q, "running") // none of them may wait, but a slot is free
	running.runs(t)
	refused := func(name string, background bool) {
		t.Helper()
		j := newJob(name)
		j.place.Background = background
		if o := give(q, j); o.State != Full {
			t.Errorf("%s: got %v, want that its lane is full", name, o)
		}
	}
	refused("one, and none may wait", true)
	q.LetBackgroundWait(2)
	first, second := enterBackground(t, q, "first"), enterBackground(t, q, "second")
	refused("one more than may wait", true)
	client := enter(t, q, "client")
	refused("a client more than may wait", false)
	s := h.Snapshot().Queues[0]
	if s.Waiting != 1 || s.Most != 1 || s.Background.Waiting != 2 || s.Background.Most != 2 || h.Waiting() != 3 {
		t.Errorf("the snapshot is %+v, and %d wait in all", s, h.Waiting())
	}
	inTurn(t, []*job{running, client, first, second})
}

// TestLanes_ofTheBackgroundEndAWaitAsTheOther does: each way out of the queue.
func TestLanes_ofTheBackgroundEndAWaitAsTheOther(t *testing.T) {
	h := startHouse(t)
	b := h.backend(t, "a", 1)
	q, removed := h.laned("/", Hold{}, b), h.laned("/removed/", Hold{}, b)
	running := enter(t, q, "running")
	running.runs(t)
	leaves := newClient(t, h.lot)
	gone, late, stays := newJob("gone"), newJob("late"), enterBackground(t, q, "stays")
	gone.place.Background, gone.place.Client = true, &leaves.watch
	late.place.Background, late.place.Timeout = true, 20*time.Millisecond
	withdrawn, closed := enterBackground(t, q, "withdrawn"), enterBackground(t, removed, "closed")
	for _, j := range []*job{gone, late} {
		if o := give(q, j); o.State != Waits {
			t.Fatalf("Enter(%s): %v", j.name, o)
		}
	}
	if !q.Withdraw(&withdrawn.place) || q.Withdraw(&withdrawn.place) {
		t.Error("a task that waits was not withdrawn once")
	}
	leaves.leave()
	removed.Remove()
	for j, want := range map[*job]State{gone: Gone, late: Late, closed: Closed} {
		if o := await.Value(t, j.unserved, j.name); o.State != want {
			t.Errorf("the one that is %s heard %v", j.name, o)
		}
	}
	if n := h.Waiting(); n != 1 {
		t.Errorf("%d wait, want 1", n)
	}
	inTurn(t, []*job{running, stays})
}

// TestLanes_aTaskThatComesBackHasItsOldPlace in its own lane.
func TestLanes_aTaskThatComesBackHasItsOldPlace(t *testing.T) {
	h := startHouse(t)
	q := h.laned("/", Hold{For: time.Minute, Every: time.Millisecond}, h.backend(t, "a", 1))
	again := enterBackground(t, q, "again")
	again.runs(t)
	second, client := enterBackground(t, q, "second"), enter(t, q, "client")
	went := make(chan State, 1)
	again.end <- func() { went <- giveAgain(q, again, nil).State }
	if state := await.Value(t, went, "Again"); state != Waits {
		t.Fatalf("Again: got %v, want that the task waits", Outcome{State: state})
	}
	inTurn(t, []*job{client, again, second})
}

// TestRejoin_keepsItsPlace in the lane that its Place says now, though that is full; and one that finds a free slot has it.
func TestRejoin_keepsItsPlace(t *testing.T) {
	h := startHouse(t)
	q := h.laned("/", Hold{}, h.backend(t, "a", 1))
	running := enter(t, q, "running")
	running.runs(t)
	first, moves, last := enterBackground(t, q, "first"), enter(t, q, "moves"), enterBackground(t, q, "last")
	q.LetBackgroundWait(0)
	if !q.Withdraw(&moves.place) {
		t.Fatal("a task that waits was not withdrawn")
	}
	moves.place.Background = true
	if o := q.Rejoin(moves, &moves.place); o.State != Waits {
		t.Errorf("Rejoin: %v, want that it waits", o)
	}
	client := enter(t, q, "client")
	inTurn(t, []*job{running, client, first, moves, last})
	await.Until(t, "the slot is free", func() bool { return h.Snapshot().Backends[0].Busy == 0 })
	if o := q.Rejoin(moves, &moves.place); o.State != Runs {
		t.Errorf("Rejoin with a free slot: %v, want that it runs", o)
	}
	moves.runs(t)
	moves.finish()
	q.Remove()
	if o := q.Rejoin(moves, &moves.place); o.State != Closed {
		t.Errorf("Rejoin after Remove: %v, want that the queue is closed", o)
	}
}

// TestLanes_whileTheBackendIsDown: a client's task tries it before one of the background, which does when no client waits.
func TestLanes_whileTheBackendIsDown(t *testing.T) {
	h := startHouse(t)
	b := h.backend(t, "a", 2)
	q := h.laned("/", Hold{For: time.Minute, Every: time.Millisecond}, b)
	goesDown(b)
	early, second := enterBackground(t, q, "early"), enterBackground(t, q, "second")
	early.runs(t)
	second.waits(t)
	client := enter(t, q, "client")
	client.waits(t)
	went := make(chan State, 1)
	failing := func(j *job) {
		s := b.outage.trial
		j.end <- func() {
			s.Down(Why{Words: "refused connections"}, true)
			went <- giveAgain(q, j, b).State
		}
		if state := await.Value(t, went, "Again"); state != Waits {
			t.Fatalf("Again: got %v for a task that may be held", Outcome{State: state})
		}
	}
	failing(early)
	for range passMost { // the client's is ahead, but not for ever
		client.runs(t)
		early.waits(t)
		failing(client)
	}
	early.runs(t)
	client.waits(t)
	early.end <- func() { comesUp(b) }
	client.runs(t)
	client.finish()
	second.runs(t)
	second.finish()
}

// TestLanes_aRowEndsWhenNoneOfTheBackgroundWaits: clients' tasks that passed one which was withdrawn do not count for the next.
func TestLanes_aRowEndsWhenNoneOfTheBackgroundWaits(t *testing.T) {
	h := startHouse(t)
	b := h.backend(t, "a", 1)
	q := h.laned("/", Hold{}, b)
	now := enter(t, q, "first")
	now.runs(t)
	left := enterBackground(t, q, "left")
	for i := range passMost - 2 {
		next := enter(t, q, fmt.Sprint("passes ", i))
		now.finish()
		next.runs(t)
		now = next
	}
	if !q.Withdraw(&left.place) {
		t.Fatal("it was not withdrawn")
	}
	now.finish()
	await.Until(t, "the slot is free", func() bool { return b.Free() == 1 })
	now = enter(t, q, "passes none")
	now.runs(t)
	last := enterBackground(t, q, "last")
	all := []*job{now}
	for i := range passMost {
		all = append(all, enter(t, q, fmt.Sprint("client ", i)))
	}
	late := enter(t, q, "late")
	inTurn(t, append(all, last, late))
}

// TestLanes_ofTheBackgroundAreHeldAsLong as clients' are, and dismissed with the same words.
func TestLanes_ofTheBackgroundAreHeldAsLong(t *testing.T) {
	h := startHouse(t)
	b := h.backend(t, "b", 1)
	q := h.laned("/", Hold{For: 50 * time.Millisecond, Every: time.Minute}, b)
	goesDown(b)
	client, held := enter(t, q, "client"), enterBackground(t, q, "held")
	for _, j := range []*job{client, held} {
		if o := await.Value(t, j.unserved, j.name); o.State != HeldOut || o.Words != "b refused connections for 50ms" {
			t.Errorf("%s was dismissed with %+v", j.name, o)
		}
	}
}

// TestAwaited_isByClients: for a task of the background no other exchange ends early.
func TestAwaited_isByClients(t *testing.T) {
	h := startHouse(t)
	b := h.backend(t, "a", 1)
	q := h.laned("/", Hold{}, b)
	running := enter(t, q, "running")
	running.runs(t)
	waits := enterBackground(t, q, "waits")
	if b.Awaited() {
		t.Error("a backend that one of the background waits for is awaited")
	}
	client := enter(t, q, "client")
	if !b.Awaited() {
		t.Error("a backend that a client waits for is not awaited")
	}
	inTurn(t, []*job{running, client, waits})
}

// turns is two queues to one backend, as lane.go says what they do: it knows which task is next.
type turns struct {
	slots   int
	running []*job
	waiting [kinds][]*job // oldest first
	passed  int
}

// starts moves the task that is next, if a slot is free for it, to those that run, and returns it.
func (m *turns) starts() *job {
	if len(m.running) == m.slots {
		return nil
	}
	from := &m.waiting[clients]
	switch others := &m.waiting[background]; {
	case len(*from)+len(*others) == 0:
		return nil
	case len(*others) == 0:
		m.passed = 0
	case len(*from) == 0 || m.passed == passMost:
		from, m.passed = others, 0
	default:
		m.passed++
	}
	next := (*from)[0]
	*from = (*from)[1:]
	m.running = append(m.running, next)
	return next
}

// follow fails the test unless exactly the tasks run that should.
func (m *turns) follow(t *testing.T, b *Backend) {
	t.Helper()
	for next := m.starts(); next != nil; next = m.starts() {
		next.runs(t)
	}
	await.Until(t, "as many slots are free as should be", func() bool { return b.Free() == m.slots-len(m.running) })
	for _, j := range slices.Concat(m.waiting[clients], m.waiting[background]) {
		j.waits(t)
	}
}

// end ends a task that runs.
func (m *turns) end(i int) {
	m.running[i].finish()
	m.running = slices.Delete(m.running, i, i+1)
}

// TestLanes_atRandom: tasks of both kinds enter, end and are withdrawn, and each runs when its turn has come.
func TestLanes_atRandom(t *testing.T) {
	for range 20 {
		seed := rand.Uint64()
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			draw := rand.New(rand.NewPCG(seed, 0))
			h, m := startHouse(t), &turns{slots: 1 + draw.IntN(3)}
			b := h.backend(t, "a", m.slots)
			queues := []*Queue{h.laned("/", Hold{}, b), h.laned("/other/", Hold{}, b)}
			for i := range 150 {
				k, q := kind(draw.IntN(2)), queues[draw.IntN(2)]
				switch what := draw.IntN(10); {
				case what < 5:
					j := newJob(fmt.Sprint(i))
					j.place.Background = k == background
					m.waiting[k] = append(m.waiting[k], j)
					give(q, j)
				case what < 9 && len(m.running) > 0:
					m.end(draw.IntN(len(m.running)))
				case len(m.waiting[k]) > 0:
					i := draw.IntN(len(m.waiting[k]))
					j := m.waiting[k][i]
					m.waiting[k] = slices.Delete(m.waiting[k], i, i+1)
					if !queues[0].Withdraw(&j.place) && !queues[1].Withdraw(&j.place) {
						t.Errorf("task %s was not withdrawn", j.name)
					}
				}
				m.follow(t, b)
			}
			for len(m.running) > 0 {
				m.end(0)
				m.follow(t, b)
			}
		})
	}
}
