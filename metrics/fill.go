package metrics

import (
	"slices"
	"strconv"
)

// Fill adds what m has counted to a status in which the program has named the routes and the backends.
func (m *Metrics) Fill(s *Status) {
	s.TLS = TLSStatus{m.handshakes.Load(), m.failedHandshakes.Load()}
	s.Started = m.started.UTC()
	m.mu.Lock()
	defer m.mu.Unlock()
	s.Counted = m.since.UTC()
	s.Config.Loaded, s.Config.Error = m.loaded.UTC(), m.refusal
	s.Config.Reloads, s.Config.Refused = m.reloads.Load(), m.refusedReloads.Load()
	s.Totals = m.totals()
	for i := range s.Routes {
		m.fillRoute(&s.Routes[i])
	}
	for i := range s.Backends {
		m.fillBackend(&s.Backends[i])
	}
	s.Series = m.history.series()
	s.Marks = append([]Mark{}, m.marks...)
}

// totals returns the sums over all routes. Metrics are locked.
func (m *Metrics) totals() Totals {
	all := m.gone
	for _, r := range m.routes {
		all.add(r)
	}
	all.add(m.unrouted)
	all.add(m.otherRoutes)
	return Totals{sum(all.answers), answersOf(all.answers), ownOf(all.own[:]), all.in, all.out, m.panics.Load()}
}

// ownOf returns counters of tenfour's own answers by status, without those that are 0.
func ownOf(counted []uint64) map[string]uint64 {
	own := map[string]uint64{}
	for i, n := range counted {
		if n > 0 {
			own[ownName(i)] = n
		}
	}
	return own
}

// ownName is the status that is counted at a place.
func ownName(i int) string {
	if i == len(ownStatuses) {
		return "other"
	}
	return strconv.Itoa(ownStatuses[i])
}

// route returns the counters of a name; nil if there are none. Metrics are locked.
func (m *Metrics) route(name string) *Route {
	if i := slices.IndexFunc(m.routes, func(r *Route) bool { return r.Name == name }); i >= 0 {
		return m.routes[i]
	}
	return nil
}

func (m *Metrics) fillRoute(s *RouteStatus) {
	r := m.route(s.Name)
	if r == nil {
		return
	}
	var all totals
	all.add(r)
	s.Requests, s.Answers, s.Own, s.In, s.Out = sum(all.answers), answersOf(all.answers), ownOf(all.own[:]), all.in, all.out
	s.Cut, s.Joined = r.cut.Load(), r.joined.Load()
	s.Events = map[string]uint64{}
	for e, name := range eventNames {
		s.Events[name] = r.events[e].Load()
	}
	s.Latency = Latency{}
	for p, name := range phaseNames {
		s.Latency[name] = quantilesOf(r.recent.within(Phase(p), m.history.youngest()))
	}
}

// quantilesOf returns the quantiles of durations; nil if there are none.
func quantilesOf(all spread) *Quantiles {
	if all.count() == 0 {
		return nil
	}
	return &Quantiles{all.quantile(0.5), all.quantile(0.99)}
}

func (m *Metrics) fillBackend(s *BackendStatus) {
	i := slices.IndexFunc(m.backends, func(b *Backend) bool { return b.Name == s.Name })
	if i < 0 {
		return
	}
	b := m.backends[i]
	var t backendTally
	b.tally(&t)
	s.Requests, s.Outcomes = sumOf(t.outcomes[:]), map[string]uint64{}
	t.answers[noAnswer] = s.Requests - min(s.Requests, sum(t.answers))
	s.Answers = answersOf(t.answers)
	for o, name := range outcomeNames {
		s.Outcomes[name] = t.outcomes[o]
	}
	s.Won, s.Downs, s.Ups = b.won.Load(), b.downs.Load(), b.ups.Load()
	s.Latency = Latency{}
	for _, p := range phaseOfBackend {
		s.Latency[p.String()] = quantilesOf(b.recent.within(p, m.history.youngest()))
	}
}
