package site

import "tenfour/metrics"

// What a route or a backend counts lives as long as a site has it. So a reload that keeps it goes on counting, and one that takes it
// away forgets its counters as soon as its last exchange has ended.

// countersOf distinguishes what is counted: a route, by its name, or else a backend.
type countersOf struct {
	route bool
	name  string
}

func (s *Site) routeCounters(name string) (*metrics.Route, error) {
	return share(s, countersOf{true, name}, func() (*metrics.Route, func(), error) {
		r := s.b.Metrics.AddRoute(name)
		return r, func() { s.b.Metrics.RemoveRoute(r) }, nil
	})
}

func (s *Site) backendCounters(name string) (*metrics.Backend, error) {
	return share(s, countersOf{false, name}, func() (*metrics.Backend, func(), error) {
		b := s.b.Metrics.AddBackend(name)
		return b, func() { s.b.Metrics.RemoveBackend(b) }, nil
	})
}
