package front

import (
	"crypto/tls"
	"sync"
	"sync/atomic"
	"time"

	"tenfour/admit"
	"tenfour/forward"
	"tenfour/httpparse"
	"tenfour/jobs/runner"
)

// Site is the configuration that decides about requests. It does not change. Use puts another in its place, for requests
// whose head is complete afterwards.
type Site struct {
	Table  *admit.Table
	Routes []Route     // by the index that the table finds
	TLS    *tls.Config // for listeners whose clients speak TLS; nil when there are none

	MaxPerClient    int // connections that one address may have open; 0 is any number
	HeadMax         int // bytes in a request's head; 0 is httpparse's default, here and in the next two
	FieldsMax       int // field lines in a request's head
	ResponseHeadMax int // bytes in a response's head

	HeadTimeout time.Duration // for a whole head, from its first byte; for the first byte of a new connection too
	IdleTimeout time.Duration // for the next request of a persistent connection; for a client to take bytes
	MinRate     int           // bytes per second that a client must take of the rest of a response; 0 is any

	RouteOfJobs func(name string) *runner.Route // the route of that name for its jobs, nil if it is gone; nil: no route has jobs

	limits   httpparse.Limits // a request keeps those with which its head began; set by Use
	under    atomic.Int64     // requests that it decides about
	replaced atomic.Bool      // Use has put another in its place
	once     sync.Once
	empty    chan struct{} // closed when it is replaced and its last request has ended; made by Use
}

// enterSite returns the present site for a request. The request calls leave when it has ended.
func (f *Front) enterSite() *Site {
	for {
		s := f.site.Load()
		if s.under.Add(1); f.site.Load() == s {
			return s
		}
		s.leave() // it was replaced just now
	}
}

func (s *Site) leave() {
	if s.under.Add(-1) == 0 && s.replaced.Load() {
		s.once.Do(func() { close(s.empty) })
	}
}

// Use makes site decide about the requests whose head is complete from now on. Earlier ones keep the site that they have.
func (f *Front) Use(site *Site) {
	site.empty = make(chan struct{})
	site.limits = site.parserLimits()
	old := f.site.Swap(site)
	if old == nil || old == site {
		return
	}
	old.replaced.Store(true)
	if old.under.Load() == 0 {
		old.once.Do(func() { close(old.empty) })
	}
}

// parserLimits are what the site lets heads have.
func (s *Site) parserLimits() httpparse.Limits {
	return httpparse.Limits{Head: s.HeadMax, Fields: s.FieldsMax, ResponseHead: s.ResponseHeadMax}
}

// Wait returns when s was replaced and its last request has ended.
func (s *Site) Wait() { <-s.empty }

// Route says which requests may pass, and to which backends they go.
type Route struct {
	*forward.Route
	Rule  *admit.Rule // nil: every request passes
	Async *Async      // nil: no request becomes a job
	Wire  bool        // the watcher of the front's Trace is told of its exchanges
	Joins *Joins      // its requests that wait for one response together, by the Same of its settings; nil: none does
}
