package front

import (
	"crypto/tls"
	"sync"
	"sync/atomic"
	"time"

	"tenfour/admit"
	"tenfour/forward"
)

// Site is what requests are decided by. Nothing changes it: another one may take its place (Use), for the requests that
// begin afterwards.
type Site struct {
	Table  *admit.Table
	Routes []Route     // by the table's index
	TLS    *tls.Config // nil for plain connections; it is so for all sites of a front, or for none

	MaxPerClient int // connections that one address may have open; 0 is any number

	HeadTimeout time.Duration // for a whole head, from its first byte; for the first byte of a new connection too
	IdleTimeout time.Duration // for the next request of a persistent connection; for a client to take bytes
	MinRate     int           // bytes per second that a client must take of the rest of a response; 0 is any

	under    atomic.Int64 // requests that go by it
	replaced atomic.Bool  // no other begins
	once     sync.Once
	empty    chan struct{} // closed when it is replaced, and none is under way; made by Use
}

// enterSite returns the site that a request goes by, which calls leave when it has ended.
func (f *Front) enterSite() *Site {
	for {
		s := f.site.Load()
		if s.under.Add(1); f.site.Load() == s {
			return s
		}
		s.leave() // it was replaced a moment ago: nobody waits for this one
	}
}

func (s *Site) leave() {
	if s.under.Add(-1) == 0 && s.replaced.Load() {
		s.once.Do(func() { close(s.empty) })
	}
}

// Use has the requests that begin from now on decided by site. Those under way end as they began.
func (f *Front) Use(site *Site) {
	site.empty = make(chan struct{})
	old := f.site.Swap(site)
	if old == nil || old == site {
		return
	}
	old.replaced.Store(true)
	if old.under.Load() == 0 {
		old.once.Do(func() { close(old.empty) })
	}
}

// Wait returns when s was replaced, and every request that went by it has ended.
func (s *Site) Wait() { <-s.empty }

// Route is who may pass, and where to.
type Route struct {
	*forward.Route
	Rule        *admit.Rule // nil: anyone
	StripPrefix string      // without a trailing slash; taken off the path before it is forwarded
}
