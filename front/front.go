// Package front is the client's side: accept, read heads, keep the connection, answer errors, drain.
//
//	f := front.New(front.Config{Lot: lot, Pool: p, ...}, &front.Site{Table: table, Routes: routes, ...})
//	l := f.Listen(listener, false) // any number of listeners
//	go l.Serve()
//	f.Use(another)        // for the requests that begin from now on
//	f.Drain(30*time.Second)
//
// While a connection waits it is parked in the lot, and no goroutine owns it. When bytes come, the goroutine that the lot
// calls reads the head, finds the route, takes in a small body, and gives the exchange to the pool. It never blocks.
//
// The package talks to no backend (forward), and does not decide which requests may pass (admit).
package front

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"tenfour/forward"
	"tenfour/jobs/runner"
	"tenfour/logs"
	"tenfour/lot"
	"tenfour/metrics"
	"tenfour/pool"
	"tenfour/spool"
	"tenfour/trace"
)

// Config is what a Front needs. Nothing changes it afterwards.
type Config struct {
	Lot      *lot.Lot
	Pool     *pool.Pool
	Held     *forward.Held // the memory that bodies and responses may take; nil for any amount
	Spool    *spool.Spool  // for bodies of requests that are too large for memory; nil for none
	MostOpen int           // see SetMostOpen

	Log    zerolog.Logger
	Access *logs.Access // nil for no access log

	Metrics *metrics.Metrics // count exchanges; nil for none
	Trace   *trace.Book      // records them; nil for none
}

// Front answers clients. It is safe for use by several goroutines. Make one with New.
type Front struct {
	Config
	site     atomic.Pointer[Site]
	requests sync.Pool // of *request
	clients  sync.Pool // of *client
	loops    sync.WaitGroup
	ids      idSource
	jobs     atomic.Pointer[runner.Runner] // nil while there are none

	draining atomic.Bool
	stop     atomic.Bool // the time to drain is over: everything is cut
	mostOpen atomic.Int64
	room     chan struct{} // gets a value when a connection has ended, if an accept loop waits for that

	mu        sync.Mutex // guards the rest
	crowd     crowd
	accepted  uint64 // connections so far, also those that were refused
	refused   uint64 // of those: their address had as many as it may
	notice    notice
	seeking   int           // accept loops that wait for room
	waitSaid  int64         // when it was last logged that they wait, in the lot's time
	gone      chan struct{} // closed when the last connection has ended; nil unless draining
	listeners []*Listener
}

// New makes a front without a listener.
func New(c Config, site *Site) *Front {
	f := &Front{Config: c, ids: newIDSource(), room: make(chan struct{}, 1)}
	f.crowd.by = map[netip.Addr]*address{}
	f.SetMostOpen(c.MostOpen)
	f.Use(site)
	f.requests.New = func() any { return newRequest(f) }
	f.clients.New = func() any { return newClient(f) }
	return f
}

// SetJobs turns jobs on, once: requests of routes with Async may become jobs from now on, and their handles are answered.
func (f *Front) SetJobs(r *runner.Runner) { f.jobs.Store(r) }

// Open returns the number of connections that clients have open.
func (f *Front) Open() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.crowd.open
}

// Connections is the connections of clients.
type Connections struct {
	Open     int
	Waiting  int    // of those: they wait for their client, and hold no worker
	Accepted uint64 // so far, also those that were refused
	Refused  uint64 // so far: their address had as many open as it may
}

// Connections returns how many connections there are. It looks at each of them.
func (f *Front) Connections() Connections {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := Connections{Open: f.crowd.open, Accepted: f.accepted, Refused: f.refused}
	f.crowd.each(func(c *client) {
		if c.since.Load() != 0 {
			n.Waiting++
		}
	})
	return n
}

// enter counts a new connection. It reports whether there is room for more. A connection of an address that has as many as it
// may is refused, and not counted. With TLS no answer can be read without a handshake: so one connection more is counted, which has
// its handshake, and a 503 for its first request.
func (f *Front) enter(c *client) (more, refused bool) {
	now, most, open := moment(f.Lot.Now()), f.site.Load().MaxPerClient, f.mostOpen.Load()
	c.listed = now
	c.since.Store(now)
	c.surplus = false
	f.mu.Lock()
	f.accepted++
	if refused = !f.crowd.add(c, most); refused {
		f.refused++
		f.notice.refused++
		c.surplus = c.secure && f.crowd.add(c, most+1)
		refused = !c.surplus
	}
	more = open == 0 || int64(f.crowd.open) <= open
	f.mu.Unlock()
	return more, refused
}

func (f *Front) leave(c *client) {
	f.mu.Lock()
	f.crowd.remove(c)
	if f.crowd.open == 0 && f.gone != nil {
		close(f.gone)
		f.gone = nil
	}
	if f.seeking > 0 {
		select {
		case f.room <- struct{}{}:
		default: // there is one already
		}
	}
	f.mu.Unlock()
}

// Drain accepts nothing new, closes idle connections, and lets running exchanges end, for at most the given time. Then it cuts
// the rest, and returns how many connections it cut.
func (f *Front) Drain(most time.Duration) int {
	gone := make(chan struct{})
	f.mu.Lock()
	f.draining.Store(true)
	listeners := f.listeners
	f.mu.Unlock()
	for _, l := range listeners { // unlocked, because Close waits for a connection that is being accepted
		l.sock.Close()
	}
	f.loops.Wait()
	f.mu.Lock()
	f.gone = gone
	if f.crowd.open == 0 {
		close(gone)
		f.gone = nil
	}
	f.mu.Unlock()
	f.wakeParked()
	late := time.NewTimer(most)
	defer late.Stop()
	select {
	case <-gone:
		return 0
	case <-late.C:
	}
	cut := f.Open()
	f.stop.Store(true)
	f.Pool.Stop()
	for again := time.NewTicker(acceptPause); ; {
		f.wakeParked()
		select {
		case <-gone:
			again.Stop()
			return cut
		case <-again.C: // one that was awake may be parked by now
		}
	}
}

// wakeParked wakes every parked connection, so that it sees that tenfour is draining or stopping.
func (f *Front) wakeParked() {
	f.mu.Lock()
	var waiters []*lot.Waiter
	f.crowd.each(func(c *client) {
		waiters = append(waiters, &c.waiter)
		if asleep := c.shaking.Load(); asleep != nil && f.stop.Load() {
			waiters = append(waiters, asleep)
		}
	})
	f.mu.Unlock()
	for _, p := range waiters {
		p.Notify()
	}
}
