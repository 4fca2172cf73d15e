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
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/rs/zerolog"

	"tenfour/admit"
	"tenfour/config"
	"tenfour/forward"
	"tenfour/front"
	"tenfour/health"
	"tenfour/lab"
	"tenfour/pool"
	"tenfour/value/address"
	"tenfour/value/choice"
	"tenfour/value/secret"
)

// Builder makes one site after the other, and keeps the parts that they share. One goroutine at a time calls its methods.
type Builder struct {
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
	Front  front.Site
	Config *config.Config

	b      *Builder
	checks map[*pool.Backend]*check // the health checks that it wants
	keys   []any                    // of the parts that it uses, in the order in which it took them
	read   map[any]bool             // the keys of secrets that were read for it
	settle []func()                 // changes to parts, made when the site is used: until then the old site may use them
}

// Error is the failure of a setting that is valid, but could not be used: a file that is missing, a port that is taken.
type Error struct{ error }

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
	s := &Site{b: b, Config: c, checks: map[*pool.Backend]*check{}, read: map[any]bool{}, Front: front.Site{HeadTimeout: c.HeadTimeout, IdleTimeout: c.IdleTimeout, MaxPerClient: c.MaxPerClient, MinRate: c.MinRate}}
	var err error
	if s.Front.TLS, err = loadTLS(c); err != nil {
		err = &Error{err}
	} else {
		err = s.buildRoutes()
	}
	if err != nil {
		s.release()
		return nil, err
	}
	return s, nil
}

// Use makes f use next instead of old. It releases old when the last request has ended that began with it.
func (b *Builder) Use(next, old *Site, f *front.Front) {
	if (next.Front.TLS == nil) != (old.Front.TLS == nil) { // a listener stays with or without TLS, as it began
		next.Front.TLS = old.Front.TLS
	}
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

// buildRoutes makes the routes and their table.
func (s *Site) buildRoutes() error {
	limits, err := s.buildLimits()
	if err != nil {
		return err
	}
	var paths []admit.Path
	var errs []error
	for i := range s.Config.Routes {
		r := &s.Config.Routes[i]
		route, err := s.buildRoute(r, limits)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, p := range r.Paths {
			paths = append(paths, admit.Path{Path: p, Methods: r.Methods, Route: len(s.Front.Routes)})
		}
		s.Front.Routes = append(s.Front.Routes, route)
	}
	if s.Front.Table, err = admit.NewTable(paths); err != nil {
		errs = append(errs, fmt.Errorf("--path: %w", err))
	}
	if len(errs) > 0 {
		return &Error{errors.Join(errs...)}
	}
	return nil
}

func (s *Site) buildRoute(r *config.Route, limits map[string]*admit.Limit) (front.Route, error) {
	name := strings.Join(r.Paths, " ")
	route := front.Route{StripPrefix: admit.Encoded(r.StripPrefix)}
	settings := &forward.Settings{
		ConnectTimeout: r.ConnectTimeout, BackendTimeout: r.BackendTimeout, ClientTimeout: s.Config.IdleTimeout,
		BodyTimeout: s.Config.BodyTimeout, MinRate: s.Config.MinRate,
		QueueTimeout: r.QueueTimeout, Buffer: r.Buffer, HostBackend: r.HostBackend,
		KeepAlive: r.KeepAlive, KeepIdle: r.KeepIdle, Resend: r.Resend,
		Racing: forward.Racing{
			Mode: r.Race, Usable: r.Usable, After: r.HedgeAfter, Methods: r.RaceMethods,
		},
	}
	if trusted := admit.Networks(s.Config.TrustedProxies); trusted != nil {
		settings.Trusted = trusted.Has
	}
	var errs [2]error
	settings.Request, settings.Response, errs[0] = s.edits(r)
	route.Rule, errs[1] = s.rule(r, limits)
	if err := errors.Join(errs[:]...); err != nil {
		return route, err
	}
	at, err := s.backendsOf(r)
	if err != nil {
		return route, err
	}
	var backends []*pool.Backend
	origins := map[*pool.Backend]*forward.Origin{}
	for _, b := range at {
		one, err := s.backend(b, r)
		if err != nil {
			return route, err
		}
		backends = append(backends, one.backend)
		origins[one.backend] = one.origin
	}
	hold := pool.Hold{For: r.Hold, Every: r.HoldEvery}
	route.Route = &forward.Route{Name: name, Origins: origins, Settings: settings}
	key := queueKey{paths: name, methods: strings.Join(r.Methods, " "), most: r.Queue, hold: hold, backends: listOf(backends)}
	route.Queue, err = s.queue(key, func() *pool.Queue {
		return s.b.workers.AddQueue(name, r.Queue, hold, backends...)
	})
	for _, b := range backends {
		if settings.Racing.Mode == choice.NoRace || err != nil {
			break
		}
		entry := forward.Entry{Name: b.Name}
		key.entry, key.hold, key.backends = true, pool.Hold{}, listOf([]*pool.Backend{b})
		entry.Queue, err = s.queue(key, func() *pool.Queue {
			return s.b.workers.AddEntry(name+" to "+b.Name, r.Queue, b)
		})
		route.Entries = append(route.Entries, entry)
	}
	return route, err
}

// queueKey has everything that distinguishes two queues.
type queueKey struct {
	entry          bool   // the queue is in front of one backend of a race
	paths, methods string // of its route, with spaces between them: neither has any
	most           int    // exchanges
	hold           pool.Hold
	backends       list // in the route's order
}

// queue takes the queue with a key, and calls add if there is none.
func (s *Site) queue(key queueKey, add func() *pool.Queue) (*pool.Queue, error) {
	return share(s, key, func() (*pool.Queue, func(), error) {
		q := add()
		return q, q.Remove, nil
	})
}

// labBackends is how many backends tenfour starts by itself for a route without any: enough to see them take turns.
const labBackends = 4

// labKey distinguishes the backends that tenfour starts by itself: by the directory that they serve, or "" for the welcome page.
type labKey struct{ serve string }

// backendsOf returns the addresses of a route's backends. For a route without any it starts some, which serve a directory
// or the welcome page.
func (s *Site) backendsOf(r *config.Route) ([]address.Backend, error) {
	if len(r.Backends) > 0 {
		return r.Backends, nil
	}
	own, err := share(s, labKey{r.Serve}, func() (*lab.Backends, func(), error) {
		files := lab.Welcome()
		if r.Serve != "" {
			var err error
			if files, err = lab.Dir(r.Serve); err != nil {
				return nil, nil, fmt.Errorf("--serve: %w", err)
			}
		}
		own, err := lab.Start(http.Handler(files), labBackends)
		return own, func() { own.Close() }, err
	})
	if err != nil {
		return nil, err
	}
	var at []address.Backend
	for _, addr := range own.Addrs() {
		a, err := netip.ParseAddrPort(addr)
		if err != nil {
			return nil, err
		}
		at = append(at, address.Backend{Host: a.Addr().String(), Port: a.Port()})
	}
	return at, nil
}

// backendKey has everything that distinguishes two backends. The number of slots does not: it can change.
type backendKey struct {
	address.Backend
	autoMost int // 0 for a fixed number of slots
}

// known is a backend, and what exchanges know of it.
type known struct {
	backend *pool.Backend
	origin  *forward.Origin
}

// backend takes the backend at an address, with its health check. Two routes that name the same backend share its slots.
func (s *Site) backend(at address.Backend, r *config.Route) (known, error) {
	key := backendKey{Backend: at}
	if r.Auto {
		key.autoMost = r.WorkersMax
	}
	one, err := share(s, key, func() (known, func(), error) {
		var serverTLS *tls.Config
		if at.HTTPS {
			serverTLS = &tls.Config{ServerName: at.Host, NextProtos: []string{"http/1.1"}}
		}
		o := forward.NewOrigin(at, serverTLS)
		add, slots := s.b.workers.AddBackend, r.Workers
		if r.Auto {
			add, slots = s.b.workers.AddAuto, r.WorkersMax
		}
		b, err := add(o.Name, slots, r.Streams)
		if err != nil {
			return known{}, nil, err
		}
		return known{b, o}, b.Remove, nil
	})
	if err != nil {
		return known{}, err
	}
	b := one.backend
	if s.checks[b] == nil && r.Health != "" {
		ask := health.Check{URL: at.URL() + r.Health, Every: r.HealthEvery, Timeout: r.ConnectTimeout + r.HealthEvery}
		s.checks[b], err = share(s, checkKey{b, ask}, func() (*check, func(), error) {
			c := &check{Check: ask, b: b}
			return c, func() { s.b.checks.leave(c) }, nil
		})
	}
	s.settle = append(s.settle, func() {
		b.Resize(r.Workers, r.Streams)
		s.b.checks.follow(b, s.checks[b])
	})
	return one, err
}

type checkKey struct {
	b   *pool.Backend
	ask health.Check
}

func loadTLS(c *config.Config) (*tls.Config, error) {
	if c.TLSCert == "" {
		return nil, nil
	}
	cert, err := secret.KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert %s, --tls-key %s: %w", c.TLSCert, c.TLSKey, err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"http/1.1"}}, nil
}
