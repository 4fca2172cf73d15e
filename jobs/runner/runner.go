// Package runner runs jobs: it takes them in, gives those that are due to the pool, records how they went, wakes those that wait for them.
//
//	r := runner.New(runner.Config{Store: store, …})
//	r.Start()                              // reads what the store has, in the background
//	e := r.Accept(waiter, job, body, true) // the waiter is notified when e is settled: the job is on disk
//	e = r.Await(waiter, id)                // settled when the job has ended
//	r.Stop(drain)                          // then the store may be closed
//
// A job that waits is an entry of some 250 bytes, without its record and its body: for its turn in the lane of its route, for its next
// attempt or its deadline in one heap with one timer, for a limit at the limiter. None of them has a goroutine, and none is in the lot's wheel.
// An attempt is a forward.Exchange whose sink is a record, in the lane of the background of its route's queue. What may wait for the
// disk is done by a bounded number of goroutines, never by a worker.
//
// The record in the store is the truth about a job. Every change of it is a pure function of package jobs, done with jobs.Change, so that it
// does not matter which of two writers is first. What is known here is made what the record says after each write (settle).
//
// The package speaks no HTTP with clients, and sends no callbacks.
package runner

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"tenfour/forward"
	"tenfour/jobs"
	"tenfour/lot"
	"tenfour/trace"
)

// Config is what a runner needs. All fields but Ended and Record must be set.
type Config struct {
	Store  jobs.Store
	Lot    *lot.Lot
	Held   *forward.Held // counts bodies and responses in memory; nil has no bound
	Routes Routes
	Log    zerolog.Logger
	Caps   func() Caps    // those of the present configuration
	Ended  func(jobs.Job) // told of each job that has ended, on a goroutine that it must not block for long; nil for none

	// Record begins to record an attempt that the runner begins by itself, with the head of its request. It returns nil if nothing follows
	// exchanges. nil records none.
	Record func(*trace.Arrival, []byte) *trace.Exchange
}

// Caps bound what jobs may use.
type Caps struct {
	Running  int   // attempts at once: 1 or more
	BodyMax  int64 // bytes of the body of one request, or of one response
	BytesMax int64 // bytes of all jobs in the store
}

// Runner runs the jobs of a store. Safe for use by several goroutines. Make one with New.
type Runner struct {
	Config
	doers doers
	stop  atomic.Bool // everything that runs is to be cut: an Exchange's Stop
	loops sync.WaitGroup

	mu       sync.Mutex // guards the rest, and the guarded part of every entry, lane and run
	begins   bool       // attempts may begin: between Start and Stop
	quiet    bool       // Quiesce was called
	stopping bool       // Stop was called
	book     map[jobs.ID]*entry
	lanes    map[string]*lane
	lines    map[lineKey]*line
	turns    []*lane // those with a job that is due; the first is asked next
	alarm    alarm
	running  map[*run]struct{} // begun, and not stored at their end
	unsaved  []*run            // of those: the store could not take how they ended
	retry    bell              // when it is asked again
	full     bell              // when the bytes of the store are looked at again
	swept    time.Time         // when room was last made
	counts   counts
	empty    chan struct{} // closed when stopping and nothing runs; nil before
}

// New makes a runner. It does nothing before Start but what it is asked.
func New(c Config) *Runner {
	if c.Ended == nil {
		c.Ended = func(jobs.Job) {}
	}
	if c.Record == nil {
		c.Record = func(*trace.Arrival, []byte) *trace.Exchange { return nil }
	}
	r := &Runner{Config: c, book: map[jobs.ID]*entry{}, lanes: map[string]*lane{}, lines: map[lineKey]*line{}, running: map[*run]struct{}{}}
	r.doers.told = r.panicked
	r.alarm.r = r
	r.retry.of, r.full.of = retrySaving{r}, looking{}
	return r
}

// Start reads what the store has, recovers it, and begins to run it, all in the background.
func (r *Runner) Start() {
	r.mu.Lock()
	r.begins = !r.quiet
	r.mu.Unlock()
	r.loops.Go(r.readAll) // ends when all are read, or with Stop
}

// readAll makes every unfinished job of the store known.
func (r *Runner) readAll() {
	for j, err := range r.Store.Jobs(jobs.Unfinished) {
		switch {
		case err != nil:
			r.Log.Error().Err(err).Msg("the jobs in the store cannot be read to the end; those that were not read run after the next start")
			return
		case r.isStopping():
			return
		case j.State == jobs.Running:
			r.doers.do(nil, func() { r.adopt(j.ID) })
		default:
			r.settle(j, asFound)
		}
	}
	r.pump()
}

func (r *Runner) isStopping() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stopping
}

// adopt makes a job known that the store has and that is not known yet, and recovers it if it ran when tenfour stopped.
func (r *Runner) adopt(id jobs.ID) {
	r.mu.Lock()
	if r.book[id] != nil || r.stopping {
		r.mu.Unlock()
		return
	}
	e := r.know(id) // now no other goroutine recovers it
	r.mu.Unlock()
	j, err := r.change(id, func(j jobs.Job) (jobs.Job, error) {
		p, _ := r.rulesOf(j)
		after, changed := j.Recover(time.Now(), p.Unsafe)
		if !changed {
			return j, errUnchanged
		}
		return after, nil
	})
	switch {
	case err == nil, err == errUnchanged && !j.State.Ended():
		r.settle(j, asFound)
		return
	case err == errUnchanged: // it has ended before
		err = nil
	case !isUnknown(err):
		r.Log.Error().Str("job", id.Short()).Err(err).Msg("a job that ran when tenfour stopped cannot be recovered before the next start")
	}
	r.dismiss(e, j, err)
}

// Quiesce lets no attempt begin any more, for a drain. All else goes on: what is accepted now, or handed over, is there after the next start.
func (r *Runner) Quiesce() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begins, r.quiet = false, true
}

// Stop ends the runner: no attempt begins any more. It waits for those that run, at most so long, and then cuts them: what
// was not sent waits for the next start, the rest becomes what a crash would have made of it. Then nothing is written any more, and the caller
// closes the store.
func (r *Runner) Stop(most time.Duration) {
	r.mu.Lock()
	r.begins, r.stopping = false, true
	r.alarm.end()
	empty := make(chan struct{})
	r.empty = empty
	r.lookEmpty()
	r.mu.Unlock()
	r.loops.Wait()
	r.doers.do(nil, r.saveUnsaved)
	if !within(empty, most) {
		r.saveUnsaved()
		r.cutAll()
		within(empty, stopWait)
	}
	r.doers.end()
}

// stopWait is how long attempts that were cut may take to end. They are cut at their next step; a disk may take longer.
const stopWait = 10 * time.Second

func within(done <-chan struct{}, most time.Duration) bool {
	t := time.NewTimer(most)
	defer t.Stop()
	select {
	case <-done:
		return true
	case <-t.C:
		return false
	}
}

// cutAll cuts every attempt that runs, and gives up what the store could not take.
func (r *Runner) cutAll() {
	r.mu.Lock()
	var all []*run
	for n := range r.running {
		n.cut = cutStop
		all = append(all, n)
	}
	for _, n := range r.unsaved {
		delete(r.running, n)
	}
	r.unsaved = nil
	r.lookEmpty()
	r.mu.Unlock()
	r.stop.Store(true)
	for _, n := range all {
		n.grip.Cut()
	}
}

// lookEmpty says that nothing runs, when that is waited for. The runner is locked.
func (r *Runner) lookEmpty() {
	if r.empty != nil && len(r.running) == 0 {
		close(r.empty)
		r.empty = nil
	}
}
