// Package site builds what a configuration describes: routes with their backends, and the rules about which clients may
// pass. A reload takes over what has not changed.
//
//	b := site.NewBuilder(workers, &log)
//	s, err := b.Build(c)             // an Error: a setting failed when it was used
//	f := front.New(..., &s.Front)
//	next, err := b.Prepare(c)        // what has not changed is taken over
//	b.Use(next, s, f)                // requests that begin from now on use the next
//	defer b.Close(s)
//
// It opens the files that settings name (certificates, credentials, directories). It does not decide which values are valid:
// config does.
package site

import (
	"slices"
	"sync"

	"github.com/rs/zerolog"

	"tenfour/config"
	"tenfour/front"
	"tenfour/metrics"
	"tenfour/names"
	"tenfour/pool"
)

// Builder makes one site after the other, and keeps the parts that they share. One goroutine at a time calls its methods.
type Builder struct {
	Metrics *metrics.Metrics // count what goes to routes and backends; nil for none; set before the first site is made

	workers  *pool.Pool
	log      *zerolog.Logger
	parts    parts
	checks   checks
	replaced sync.WaitGroup // counts the replaced sites that are not released yet
}

// NewBuilder makes a builder that adds backends and queues to workers, and logs when credentials change.
func NewBuilder(workers *pool.Pool, log *zerolog.Logger) *Builder {
	return &Builder{workers: workers, log: log, parts: parts{made: map[any]*part{}}, checks: checks{of: map[*pool.Backend]*check{}}}
}

// Site is what a configuration describes, built. It never changes.
type Site struct {
	Front        front.Site
	Config       *config.Config
	ConsoleToken func() string // the present token of the console; nil for none

	b      *Builder
	jobs   jobRoutes
	checks map[*pool.Backend]*check // the health checks that it wants
	names  []*names.Name            // whose first look-ups it waits for
	keys   []any                    // of the parts that it uses, in the order in which it took them
	read   map[any]bool             // the keys of secrets that were read for it
	settle []func()                 // changes to parts, made when the site is used: until then the old site may use them
}

// Error is the failure of a setting that is valid, but could not be used: a file that is missing, a port that is taken.
type Error struct{ Err error }

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Build makes the first site from a configuration.
func (b *Builder) Build(c *config.Config) (*Site, error) {
	s, err := b.Prepare(c)
	if err == nil {
		s.settled()
	}
	return s, err
}

// Prepare makes a site for Use. It does not change parts that another site uses. It may have to wait for a file system.
func (b *Builder) Prepare(c *config.Config) (*Site, error) {
	s := &Site{b: b, Config: c, jobs: jobRoutes{}, checks: map[*pool.Backend]*check{}, read: map[any]bool{}, Front: front.Site{
		HeadTimeout: c.HeadTimeout, IdleTimeout: c.IdleTimeout, MinRate: c.MinRate,
		MaxPerClient: c.MaxPerClient, HeadMax: c.HeadMax, FieldsMax: c.FieldsMax, ResponseHeadMax: c.ResponseHeadMax,
	}}
	s.Front.RouteOfJobs = s.jobRoute
	var err error
	if s.Front.TLS, err = s.certificate(); err != nil {
		err = &Error{err}
	} else {
		err = s.buildRoutes()
		s.awaitNames()
	}
	if err == nil {
		err = s.takeConsoleToken()
	}
	if err != nil {
		s.release()
		return nil, err
	}
	return s, nil
}

// Use makes f use next instead of old. It releases old when the last request has ended that began with it.
func (b *Builder) Use(next, old *Site, f *front.Front) {
	next.settled()
	f.Use(&next.Front)
	b.replaced.Go(func() { // ends with the last request of the old site
		old.Front.Wait()
		old.release()
	})
}

// Drop gives up a site that Prepare made and that is not used.
func (b *Builder) Drop(s *Site) { s.release() }

// settled changes the parts to what s needs.
func (s *Site) settled() {
	for _, settle := range s.settle {
		settle()
	}
	s.settle = nil
}

// Close releases the last site, which no request may use any more. It returns when the earlier sites are released too.
func (b *Builder) Close(s *Site) {
	b.replaced.Wait()
	s.release()
}

// release gives the parts of s back. No request may use s any more.
func (s *Site) release() {
	slices.Reverse(s.keys) // a route is closed before its backends
	s.b.parts.release(s.keys)
	s.keys = nil
}

// share takes a part for s, which gives it back in release.
func share[T any](s *Site, key any, make func() (T, func(), error)) (T, error) {
	value, err := take(&s.b.parts, key, make)
	if err == nil {
		s.keys = append(s.keys, key)
	}
	return value, err
}
