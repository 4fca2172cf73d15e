package main

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"tenfour/admit"
	"tenfour/config"
	"tenfour/forward"
	"tenfour/health"
	"tenfour/lab"
	"tenfour/pool"
)

// site is the routes that a configuration describes, built: with their backends, their checks, and the backends that
// tenfour runs itself.
type site struct {
	c        *config.Config
	workers  *pool.Pool
	table    *admit.Table
	routes   []*forward.Route // by the table's index
	backends map[config.Backend]*pool.Backend
	checkers []*health.Checker
	own      []*lab.Backends
}

// buildSite makes a site, which Close ends.
func buildSite(c *config.Config, workers *pool.Pool) (*site, error) {
	s := &site{c: c, workers: workers, backends: map[config.Backend]*pool.Backend{}}
	err := s.startLab()
	if err == nil {
		err = s.buildRoutes()
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	s.checkHealth()
	return s, nil
}

// Close ends what runs for s beside the exchanges.
func (s *site) Close() {
	for _, k := range s.checkers {
		k.Close()
	}
	for _, l := range s.own {
		l.Close()
	}
}

// labBackends is how many backends of its own tenfour starts when a route has no others: enough to see them take turns.
const labBackends = 4

// startLab starts backends for each route that has none: for the welcome page, or for a directory.
func (s *site) startLab() error {
	for i := range s.c.Routes {
		r := &s.c.Routes[i]
		if len(r.Backends) > 0 {
			continue
		}
		files := lab.Welcome()
		if r.Serve != "" {
			var err error
			if files, err = lab.Dir(r.Serve); err != nil {
				return &usageError{fmt.Errorf("--serve: %w", err)}
			}
		}
		own, err := lab.Start(http.Handler(files), labBackends)
		if err != nil {
			return err
		}
		s.own = append(s.own, own)
		for _, addr := range own.Addrs() {
			at, err := netip.ParseAddrPort(addr)
			if err != nil {
				return err
			}
			r.Backends = append(r.Backends, config.Backend{Host: at.Addr().String(), Port: at.Port()})
		}
	}
	return nil
}

// buildRoutes makes the routes and their table. Routes share the slots of a backend that both name.
func (s *site) buildRoutes() error {
	var paths []string
	for i := range s.c.Routes {
		r := &s.c.Routes[i]
		route, err := s.buildRoute(r)
		if err != nil {
			return err
		}
		for range r.Paths {
			s.routes = append(s.routes, route)
		}
		paths = append(paths, r.Paths...)
	}
	var err error
	if s.table, err = admit.NewTable(paths); err != nil {
		return &usageError{fmt.Errorf("--path: %w", err)}
	}
	return nil
}

func (s *site) buildRoute(r *config.Route) (*forward.Route, error) {
	settings := &forward.Settings{
		ConnectTimeout: r.ConnectTimeout, BackendTimeout: r.BackendTimeout, ClientTimeout: s.c.IdleTimeout,
		QueueTimeout: r.QueueTimeout, Buffer: r.Buffer,
	}
	var err error
	if settings.Racing, err = racing(r); err != nil {
		return nil, &usageError{err}
	}
	var backends []*pool.Backend
	for _, at := range r.Backends {
		b, err := s.backend(at, r)
		if err != nil {
			return nil, err
		}
		backends = append(backends, b)
	}
	route := &forward.Route{Name: strings.Join(r.Paths, " "), Settings: settings}
	route.Queue = s.workers.AddRoute(route.Name, r.Queue, pool.Hold{For: r.Hold, Every: r.HoldEvery}, backends...)
	if settings.Racing.Mode != forward.NoRace {
		for _, b := range backends {
			entry := s.workers.AddRoute(route.Name+" to "+b.Name, r.Queue, pool.Hold{}, b)
			route.Entries = append(route.Entries, forward.Entry{Name: b.Name, Queue: entry})
		}
	}
	return route, nil
}

// backend returns the backend at a place, which it adds when r is the first to name it.
func (s *site) backend(at config.Backend, r *config.Route) (*pool.Backend, error) {
	if b := s.backends[at]; b != nil {
		return b, nil
	}
	var serverTLS *tls.Config
	if at.HTTPS {
		serverTLS = &tls.Config{ServerName: at.Host, NextProtos: []string{"http/1.1"}}
	}
	o := forward.NewOrigin(at.Host, at.Port, serverTLS)
	add, slots := s.workers.AddBackend, r.Workers
	if r.Auto {
		add, slots = s.workers.AddAuto, r.WorkersMax
	}
	b, err := add(o.Name, slots, r.Streams, o)
	s.backends[at] = b
	return b, err
}

// racing is how a route asks its backends.
func racing(c *config.Route) (r forward.Racing, err error) {
	r.Mode = map[string]forward.RaceMode{"parallel": forward.Parallel, "serial": forward.Serial, "hedge": forward.Hedge}[c.Race]
	r.After, r.Methods = c.HedgeAfter, c.RaceMethods
	if r.Usable, err = forward.ParseStatuses(c.Usable); err != nil {
		return r, fmt.Errorf("--usable: %w", err)
	}
	return r, nil
}

// checkHealth starts to check the backends of routes that want it.
func (s *site) checkHealth() {
	checked := map[config.Backend]bool{}
	for i := range s.c.Routes {
		r := &s.c.Routes[i]
		for _, at := range r.Backends {
			if r.Health == "" || checked[at] {
				continue
			}
			checked[at] = true
			b := s.backends[at]
			check := health.Check{URL: at.String() + r.Health, Every: r.HealthEvery, Timeout: r.ConnectTimeout + r.HealthEvery}
			s.checkers = append(s.checkers, health.Start(check, func(well bool, why string) {
				if well {
					b.Well()
				} else {
					b.Sick(why)
				}
			}))
		}
	}
}
