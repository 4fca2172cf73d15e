package site

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"tenfour/admit"
	"tenfour/config"
	"tenfour/forward"
	"tenfour/front"
	"tenfour/pool"
	"tenfour/value/address"
	"tenfour/value/choice"
)

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
			paths = append(paths, admit.Path{Path: p, Methods: r.Methods, Route: len(s.Front.Routes), Strip: r.StripPrefix})
		}
		s.Front.Routes = append(s.Front.Routes, route)
		keys, _ := s.keysOf(r) // buildRoute has read them
		s.jobs.add(r, &route, keys)
	}
	if s.Front.Table, err = admit.NewTable(paths); err != nil {
		errs = append(errs, fmt.Errorf("--path: %w", err))
	}
	return failed(errs)
}

// buildRoute makes a route: its rule, the backends, its queue, and for a race a queue in front of each backend.
func (s *Site) buildRoute(r *config.Route, limits map[string]*admit.Limit) (front.Route, error) {
	var route front.Route
	settings := s.settingsOf(r)
	var errs [3]error
	settings.Request, settings.Response, errs[0] = s.edits(r)
	route.Rule, errs[1] = s.rule(r, limits)
	route.Async, errs[2] = s.asyncOf(r)
	if err := errors.Join(errs[:]...); err != nil {
		return route, err
	}
	at, err := s.backendsOf(r)
	if err != nil {
		return route, err
	}
	backends, origins, err := s.originsOf(at, r)
	if err != nil {
		return route, err
	}
	route.Route = &forward.Route{Name: nameOf(r), Origins: origins, Settings: settings}
	if route.Metrics, err = s.routeCounters(nameOf(r)); err != nil {
		return route, err
	}
	route.Wire = r.Wire
	if settings.Same != nil {
		route.Joins = front.NewJoins(r.Queue)
	}
	if route.Queue, err = s.queueOf(r, backends); err == nil && r.Race != choice.NoRace {
		route.Entries, err = s.entriesOf(r, backends)
	}
	return route, err
}

// nameOf returns what a route is called in the log and in the records of jobs: its paths, and its methods if it has only some. No two
// routes have the same.
func nameOf(r *config.Route) string { return nameWith(r.Paths, r.Methods) }

func nameWith(paths, methods []string) string {
	return strings.Join(slices.Concat(paths, methods), " ")
}

// settingsOf returns how exchanges of a route are forwarded, without the edits of their heads.
func (s *Site) settingsOf(r *config.Route) *forward.Settings {
	settings := &forward.Settings{
		ConnectTimeout: r.ConnectTimeout, BackendTimeout: r.BackendTimeout, ClientTimeout: s.Config.IdleTimeout,
		BodyTimeout: s.Config.BodyTimeout, MinRate: s.Config.MinRate,
		QueueTimeout: r.QueueTimeout, Buffer: r.Buffer, HostBackend: r.HostBackend, StripPrefix: admit.Encoded(r.StripPrefix),
		KeepAlive: r.KeepAlive, KeepIdle: r.KeepIdle, Resend: r.Resend,
		Racing: forward.Racing{
			Mode: r.Race, Usable: r.Usable, After: r.HedgeAfter, Methods: r.RaceMethods,
		},
	}
	if r.Dedupe > 0 && !r.Async && r.Queue > 0 {
		settings.Same = &forward.Sameness{Also: r.DedupeFields}
	}
	if trusted := admit.Networks(s.Config.TrustedProxies); trusted != nil {
		settings.Trusted = trusted.Has
	}
	return settings
}

// originsOf takes the backends at some addresses, in their order, and what exchanges know of each.
func (s *Site) originsOf(at []address.Backend, r *config.Route) ([]*pool.Backend, []*forward.Origin, error) {
	var backends []*pool.Backend
	var origins []*forward.Origin
	for _, b := range at {
		one, err := s.backend(b, r)
		if err != nil {
			return nil, nil, err
		}
		backends = append(backends, one.backend)
		origins = append(origins, one.origin)
	}
	return backends, origins, nil
}

// queueOf takes the queue of a route.
func (s *Site) queueOf(r *config.Route, backends []*pool.Backend) (*pool.Queue, error) {
	hold := pool.Hold{For: r.Hold, Every: r.HoldEvery}
	key := keyOf(r, backends)
	key.hold = hold
	return s.queue(key, r, func() *pool.Queue {
		return s.b.workers.AddQueue(nameOf(r), r.Queue, hold, backends...)
	})
}

// entriesOf takes the queues of a route's races, one for each backend.
func (s *Site) entriesOf(r *config.Route, backends []*pool.Backend) (entries []forward.Entry, err error) {
	for _, b := range backends {
		key := keyOf(r, []*pool.Backend{b})
		key.entry = true
		entry := forward.Entry{Name: b.Name}
		entry.Queue, err = s.queue(key, r, func() *pool.Queue {
			return s.b.workers.AddEntry(nameOf(r)+" to "+b.Name, r.Queue, b)
		})
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

// queueKey has everything that distinguishes two queues.
type queueKey struct {
	entry          bool   // the queue is in front of one backend of a race
	paths, methods string // of its route, with spaces between them: neither has any
	most           int    // exchanges
	hold           pool.Hold
	backends       list // in the route's order
}

// keyOf returns the key of a route's queue in front of some backends, without its hold.
func keyOf(r *config.Route, backends []*pool.Backend) queueKey {
	return queueKey{paths: strings.Join(r.Paths, " "), methods: strings.Join(r.Methods, " "), most: r.Queue, backends: listOf(backends)}
}

// queue takes the queue with a key, and calls add if there is none. The attempts of as many jobs as may run can wait in it, and those of clients
// that were let go.
func (s *Site) queue(key queueKey, r *config.Route, add func() *pool.Queue) (*pool.Queue, error) {
	q, err := share(s, key, func() (*pool.Queue, func(), error) {
		q := add()
		return q, q.Remove, nil
	})
	if err == nil {
		s.settle = append(s.settle, func() { q.LetBackgroundWait(s.Config.JobsRunningMax + r.Queue) })
	}
	return q, err
}
