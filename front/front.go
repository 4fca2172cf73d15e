// Package front is the client's side: accept, read heads, keep the connection, answer errors, drain.
//
//	f := front.New(front.Config{Lot: lot, Pool: p, ...}, &front.Site{Table: table, Routes: routes, ...})
//	go f.Serve(listener)  // any number of listeners
//	f.Use(another)        // for the requests that begin from now on
//	f.Drain(30*time.Second)
//
// A connection belongs to nobody while it waits: it is parked in the lot. When bytes come, whoever notices reads the
// head, finds the route, takes in a small body, and gives the exchange to the pool. None of that ever blocks.
//
// What it does not do: it talks to no backend (forward), and it does not decide who may pass (admit).
package front

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"tenfour/forward"
	"tenfour/httpparse"
	"tenfour/lot"
	"tenfour/pool"
	"tenfour/sock"
)

// Config is what a Front needs. Nothing changes it afterwards.
type Config struct {
	Lot      *lot.Lot
	Pool     *pool.Pool
	Limits   httpparse.Limits
	Held     *forward.Held // what bodies and responses take of memory; nil for any amount
	MostOpen int           // connections of clients at first: see SetMostOpen

	Log    zerolog.Logger
	Access *zerolog.Logger // nil for no access log
}

// Front answers clients. It is safe for use by several goroutines. Make one with New.
type Front struct {
	Config
	site      atomic.Pointer[Site]
	secure    bool          // clients speak TLS
	firstByte time.Duration // what clients had for their first byte when listening began
	requests  sync.Pool     // *request
	spare     sync.Pool     // *client
	loops     sync.WaitGroup
	ids       idSource

	draining atomic.Bool
	stop     atomic.Bool // cut everything
	mostOpen atomic.Int64
	room     chan struct{} // gets one when a connection has ended, if some wait for that

	mu        sync.Mutex // guards the rest
	crowd     crowd
	notice    notice
	seeking   int           // accept loops that wait for room
	waitSaid  int64         // when it was last said that they do, in the lot's time
	gone      chan struct{} // closed when none is open while draining; nil before
	listeners []*sock.Listener
}

// New makes a front that has no listener yet.
func New(c Config, site *Site) *Front {
	f := &Front{Config: c, ids: newIDSource(), secure: site.TLS != nil, firstByte: site.HeadTimeout, room: make(chan struct{}, 1)}
	f.crowd.by = map[netip.Addr]*address{}
	f.SetMostOpen(c.MostOpen)
	f.Use(site)
	f.requests.New = func() any { return newRequest(f) }
	f.spare.New = func() any { return newClient(f) }
	return f
}

// Open is the number of connections that clients have open.
func (f *Front) Open() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.crowd.open
}

// firstTimeout is what is left of the head timeout for a connection that was accepted without a byte.
func (f *Front) firstTimeout() time.Duration {
	return max(f.site.Load().HeadTimeout-sock.Deferral(f.firstByte), time.Millisecond)
}

// Serve answers clients on ln, which is the front's from then on, until Drain.
func (f *Front) Serve(ln net.Listener) error {
	l, err := sock.Listen(ln, f.firstByte)
	if err != nil {
		return err
	}
	f.mu.Lock()
	if f.draining.Load() {
		f.mu.Unlock()
		return l.Close()
	}
	f.listeners = append(f.listeners, l)
	f.loops.Add(1)
	f.mu.Unlock()
	defer f.loops.Done()
	return f.acceptLoop(l)
}

// accepted begins with a new connection, and reports whether there is room for more.
func (f *Front) accepted(fd int, remote netip.AddrPort) (more bool) {
	c := f.spare.Get().(*client)
	c.conn.Init(f.Lot, fd, remote)
	c.conn.Watch.Tell(&c.waiter)
	c.phase, c.served, c.asked, c.stopping = reading, false, false, false
	c.unwanted.Store(false)
	if f.secure {
		c.phase = greeting
	}
	more, refused := f.enter(c)
	if refused {
		f.refuse(c)
		return more
	}
	c.serve()
	return more
}

// enter counts a new connection. It reports whether there may be more, and whether its address has as many as it may: then
// it is not counted.
func (f *Front) enter(c *client) (more, refused bool) {
	now, most, open := moment(f.Lot.Now()), f.site.Load().MaxPerClient, f.mostOpen.Load()
	c.listed = now
	c.since.Store(now)
	f.mu.Lock()
	defer f.mu.Unlock()
	if refused = !f.crowd.add(c, most); refused {
		f.notice.refused++
	}
	return open == 0 || int64(f.crowd.open) <= open, refused
}

func (f *Front) leave(c *client) {
	f.mu.Lock()
	defer f.mu.Unlock()
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
}

// Drain takes nothing new, closes what is idle, and lets what runs end, for at most the given time; then it cuts the
// rest, and returns how many connections that were.
func (f *Front) Drain(most time.Duration) int {
	gone := make(chan struct{})
	f.mu.Lock()
	f.draining.Store(true)
	listeners := f.listeners
	f.mu.Unlock()
	for _, l := range listeners { // unlocked: Close waits for a connection that is just being accepted
		l.Close()
	}
	f.loops.Wait()
	f.mu.Lock()
	f.gone = gone
	if f.crowd.open == 0 {
		close(gone)
		f.gone = nil
	}
	f.mu.Unlock()
	f.rouseParked()
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
		f.rouseParked()
		select {
		case <-gone:
			again.Stop()
			return cut
		case <-again.C: // one that was awake a moment ago may be parked now
		}
	}
}

// rouseParked has every parked connection look at whether it should still be there.
func (f *Front) rouseParked() {
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
