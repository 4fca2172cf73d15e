package site

import (
	"crypto/tls"
	"net/http"
	"net/netip"

	"tenfour/config"
	"tenfour/forward"
	"tenfour/health"
	"tenfour/lab"
	"tenfour/metrics"
	"tenfour/names"
	"tenfour/pool"
	"tenfour/value/address"
)

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
				return nil, nil, noDirectory(err)
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
	addrs    *names.Name
	autoMost int // 0 for a fixed number of slots
}

// known is a backend, and what exchanges know of it.
type known struct {
	backend *pool.Backend
	origin  *forward.Origin
}

// backend takes the backend at an address, with its health check. Two routes that name the same backend share its slots.
func (s *Site) backend(at address.Backend, r *config.Route) (known, error) {
	addrs, err := s.nameOf(at.Host)
	if err != nil {
		return known{}, err
	}
	key := backendKey{Backend: at, addrs: addrs}
	if r.Auto {
		key.autoMost = r.WorkersMax
	}
	counters, err := s.backendCounters(at.HostPort())
	if err != nil {
		return known{}, err
	}
	one, err := share(s, key, func() (known, func(), error) { return s.addBackend(at, addrs, r, counters) })
	if err != nil {
		return known{}, err
	}
	b := one.backend
	if s.checks[b] == nil && r.Health != "" {
		s.checks[b], err = s.check(b, health.Check{
			URL: at.URL() + r.Health, Host: healthHost(at, r), Addrs: addrs, Every: r.HealthEvery, Timeout: r.ConnectTimeout + r.HealthEvery,
		})
	}
	s.settle = append(s.settle, func() {
		b.Resize(r.Workers, r.Streams)
		s.b.checks.follow(b, s.checks[b])
	})
	return one, err
}

// addBackend adds a backend to the pool, and returns what removes it.
func (s *Site) addBackend(at address.Backend, addrs *names.Name, r *config.Route, counters *metrics.Backend) (known, func(), error) {
	var serverTLS *tls.Config
	if at.HTTPS {
		serverTLS = &tls.Config{ServerName: at.Host, NextProtos: []string{"http/1.1"}}
	}
	o := forward.NewOrigin(at, addrs, serverTLS)
	o.Metrics = counters
	add, slots := s.b.workers.AddBackend, r.Workers
	if r.Auto {
		add, slots = s.b.workers.AddAuto, r.WorkersMax
	}
	b, err := add(o.Name, slots, r.Streams)
	if err != nil {
		return known{}, nil, err
	}
	o.Backend = b
	return known{b, o}, b.Remove, nil
}

// healthHost is the Host of a backend's health check.
func healthHost(at address.Backend, r *config.Route) string {
	if r.HealthHost != "" {
		return r.HealthHost
	}
	return at.Authority()
}

// checkKey distinguishes two health checks.
type checkKey struct {
	b   *pool.Backend
	ask health.Check
}

// check takes the health check of a backend.
func (s *Site) check(b *pool.Backend, ask health.Check) (*check, error) {
	return share(s, checkKey{b, ask}, func() (*check, func(), error) {
		c := &check{Check: ask, b: b, log: s.b.log}
		return c, func() { s.b.checks.leave(c) }, nil
	})
}
