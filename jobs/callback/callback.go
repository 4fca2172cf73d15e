// Package callback tells receivers of the ends of jobs: signed POSTs to targets that a route allows, again and again for a day.
//
//	s := callback.New(callback.Config{Store: store, Routes: routes})
//	s.Start()           // also what is due in the store
//	s.Due(job)          // a job has ended
//	defer s.Stop(ctx)
//
// What is due is in the jobs' records (jobs.Callback), and so is when. In memory are the ids and the times alone. A record says delivered
// only after the receiver's answer, so a receiver hears of each end at least once.
//
// At most 8 POSTs are under way at once, each on a goroutine of its own: none of them is a worker. A receiver has a part of the 8 only, so
// one that hangs does not hold up the others (queue.go). Where a POST may go is checked when it is sent, by the configuration of that
// moment (value/target), and when it connects, by the address (guard.go).
//
// The package does not decide which ends are told, or when the next attempt is: jobs does.
package callback

import (
	"context"
	"crypto/tls"
	"math/rand/v2"
	"sync"
	"time"

	"tenfour/jobs"
	"tenfour/value/target"

	"github.com/rs/zerolog"
)

// Config is what a Sender needs to know.
type Config struct {
	Store  jobs.Store
	Routes func(name string) (Route, bool) // of the present configuration; false for a route that is gone
	Server func() string                   // HOST:PORT of the DNS server of the present configuration, "" for the resolver of the system; nil is that
	Log    zerolog.Logger
	TLS    *tls.Config // nil for Go's default

	bounds bounds           // for tests; the zero value is theBounds
	random func() float64   // for tests; nil is rand.Float64
	now    func() time.Time // for tests; nil is time.Now
}

// Route is what a route says about callbacks.
type Route struct {
	Allow target.Allow
	Keys  [][]byte // one or two; each signs (value/secret.WebhookKeys)
}

// Sender sends what is due until Stop. Safe for use by several goroutines.
type Sender struct {
	c     Config
	loops sync.WaitGroup // the loop, and the reading of the store
	calls sync.WaitGroup // the attempts; only the loop adds to it

	ctx  context.Context // of the attempts
	cut  context.CancelFunc
	quit chan struct{} // closed by Stop
	once sync.Once
	wake chan struct{} // has one element when the loop is to look at the queue again

	mu     sync.Mutex // guards the rest
	queue  queue
	counts Snapshot
}

// Snapshot counts since the start.
type Snapshot struct {
	Due       int    // callbacks that are sent now or later
	Running   int    // POSTs under way
	Delivered uint64 // callbacks that their receivers took
	GaveUp    uint64 // callbacks that are sent no more
	Attempts  uint64 // POSTs that have ended, and those that were not sent because the configuration does not allow it
	Failures  uint64 // those of them that did not deliver
}

// New returns a Sender that sends nothing until Start.
func New(c Config) *Sender {
	if c.bounds == (bounds{}) {
		c.bounds = theBounds
	}
	if c.random == nil {
		c.random = rand.Float64
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.Server == nil {
		c.Server = func() string { return "" }
	}
	s := &Sender{c: c, quit: make(chan struct{}), wake: make(chan struct{}, 1), queue: newQueue()}
	s.ctx, s.cut = context.WithCancel(context.Background())
	return s
}

// Start begins to send, and reads in the background what is due in the store. It returns at once.
func (s *Sender) Start() {
	s.loops.Go(s.loop)    // ends on quit
	s.loops.Go(s.readDue) // ends when it has read all, or on quit
}

// Due says that a job has ended. It never blocks, and does nothing for a job whose callback is not due.
func (s *Sender) Due(j jobs.Job) {
	if j.Callback.State != jobs.CallbackDue {
		return
	}
	s.mu.Lock()
	s.queue.add(j.ID, receiverOf(j), j.Callback.Next)
	s.mu.Unlock()
	s.look()
}

// Stop begins no further attempt, and waits for those under way until ctx ends; then it cuts them. What was not delivered stays due in
// the store. When it returns, no goroutine is left.
func (s *Sender) Stop(ctx context.Context) {
	s.once.Do(func() { close(s.quit) })
	s.loops.Wait()
	release := context.AfterFunc(ctx, s.cut)
	s.calls.Wait()
	release()
	s.cut()
}

// Snapshot returns the counts.
func (s *Sender) Snapshot() Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := s.counts
	counts.Due, counts.Running = len(s.queue.calls), s.queue.running
	return counts
}

// clockCheck is how long the loop waits at most: the clock of the system may be set.
const clockCheck = time.Minute

// loop starts the attempts that are due.
func (s *Sender) loop() {
	for {
		s.mu.Lock()
		now := s.c.now()
		c, at := s.queue.take(now)
		s.mu.Unlock()
		if c != nil {
			s.calls.Go(func() { s.attempt(c) }) // ends with its POST, which is bounded, or when Stop cuts it
		} else if !s.rest(at.Sub(now)) {
			return
		}
		if s.stopping() {
			return
		}
	}
}

// rest waits for a time, or until the queue changes, and reports false when the loop must end.
func (s *Sender) rest(d time.Duration) bool {
	timer := time.NewTimer(min(d, clockCheck))
	defer timer.Stop()
	select {
	case <-s.quit:
		return false
	case <-s.wake:
	case <-timer.C:
	}
	return true
}

// look makes the loop look at the queue.
func (s *Sender) look() {
	select {
	case s.wake <- struct{}{}:
	default: // it will
	}
}

func (s *Sender) stopping() bool {
	select {
	case <-s.quit:
		return true
	default:
		return false
	}
}

// readDue queues what is due in the store.
func (s *Sender) readDue() {
	for j, err := range s.c.Store.Jobs(jobs.Ended) {
		if s.stopping() {
			return
		}
		if err != nil {
			s.c.Log.Error().Err(err).Msg("callbacks that are due cannot be read from the store: those that are missing are sent after the next start")
			return
		}
		s.Due(j)
	}
}

// receiverOf is what the queue knows a job's receiver by.
func receiverOf(j jobs.Job) string {
	u, err := target.Parse(j.Callback.URL)
	if err != nil {
		return "" // it was read when the job was made; such a callback fails when it is sent
	}
	return u.HostPort()
}
