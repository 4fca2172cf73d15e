// Package metrics counts how exchanges went, by route and backend, and how long each phase took.
//
//	m := metrics.New(time.Now())
//	r, b := m.AddRoute("/"), m.AddBackend("127.0.0.1:9001")
//	r.Ended(&metrics.Exchange{Status: 200, …})     // once for each exchange, at its end
//	b.Ended(metrics.Answered, 200, connect, first) // once for each attempt
//	go m.Run(stop)                                 // a sample each second, for the last 5 minutes
//	m.Fill(&status)                                // GET /status.json
//	m.WritePrometheus(w, &status)                  // GET /metrics
//
// To count is to add to atomic values: it locks nothing and allocates nothing. Every method of a nil *Route, *Backend or *Metrics
// that counts does nothing, so that a tenfour without a console counts nothing.
//
// The package does not know what an exchange is made of, and asks no other part of tenfour: it is given what the pool, the front and
// the jobs say of themselves, in a Status.
package metrics

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// NamesMost is how many routes, and how many backends, are counted each by itself. What is beyond that is counted together, as Others.
const NamesMost = 1000

const (
	// NoRoute is the name under which requests are counted that reached no route: malformed ones, and those whose path no route names.
	NoRoute = "none"
	// Others is the name of the routes, and of the backends, beyond NamesMost.
	Others = "other"
)

// Metrics is all that is counted. It is safe for use by several goroutines. Make one with New. A nil *Metrics counts nothing.
type Metrics struct {
	started time.Time
	shards  shards

	unrouted      *Route // what reached no route
	otherRoutes   *Route
	otherBackends *Backend

	handshakes       atomic.Uint64
	failedHandshakes atomic.Uint64
	reloads          atomic.Uint64
	refusedReloads   atomic.Uint64
	panics           atomic.Uint64

	mu       sync.Mutex // guards the rest
	routes   []*Route   // in the order in which they were added
	backends []*Backend
	gone     totals // of routes that were removed
	history  history
	marks    []Mark // the oldest first
	loaded   time.Time
	since    time.Time // when counting was last switched on
	refusal  string    // why the last reload was refused; "" if it was not
}

// New returns metrics that begin at a moment, and count.
func New(now time.Time) *Metrics {
	m := &Metrics{started: now, loaded: now, since: now}
	m.shards.init()
	m.shards.on.Store(true)
	m.unrouted = m.newRoute(NoRoute)
	m.otherRoutes, m.otherBackends = m.newRoute(Others), m.newBackend(Others)
	m.history.init(now)
	return m
}

// Switch has exchanges counted from now on, or not: a tenfour without a console counts none. What was counted stays.
func (m *Metrics) Switch(on bool, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.shards.on.Swap(on) != on && on {
		m.since = now
	}
}

// On reports whether exchanges are counted.
func (m *Metrics) On() bool { return m != nil && m.shards.on.Load() }

// Unrouted returns what counts requests that reached no route; nil for nil metrics.
func (m *Metrics) Unrouted() *Route {
	if m == nil {
		return nil
	}
	return m.unrouted
}

// AddRoute returns the counters of a route, which begin at 0. The caller removes them with RemoveRoute.
func (m *Metrics) AddRoute(name string) *Route {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.routes) >= NamesMost {
		return m.otherRoutes
	}
	r := m.newRoute(name)
	m.routes = append(m.routes, r)
	return r
}

// RemoveRoute forgets a route to which no exchange goes any more. What it has counted stays in the totals.
func (m *Metrics) RemoveRoute(r *Route) {
	if m == nil || r == m.otherRoutes {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.gone.add(r)
	m.routes = slices.DeleteFunc(m.routes, func(other *Route) bool { return other == r })
}

// AddBackend is AddRoute for a backend.
func (m *Metrics) AddBackend(name string) *Backend {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.backends) >= NamesMost {
		return m.otherBackends
	}
	b := m.newBackend(name)
	m.backends = append(m.backends, b)
	return b
}

// RemoveBackend forgets a backend to which no attempt goes any more.
func (m *Metrics) RemoveBackend(b *Backend) {
	if m == nil || b == m.otherBackends {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.backends = slices.DeleteFunc(m.backends, func(other *Backend) bool { return other == b })
}

// Handshake counts a TLS handshake with a client.
func (m *Metrics) Handshake(ok bool) {
	switch {
	case !m.On():
	case ok:
		m.handshakes.Add(1)
	default:
		m.failedHandshakes.Add(1)
	}
}

// Panic counts an exchange that was lost to a bug of tenfour.
func (m *Metrics) Panic() {
	if m != nil {
		m.panics.Add(1)
	}
}

// Reloaded counts a configuration that was put in force, and marks the moment.
func (m *Metrics) Reloaded(now time.Time, text string) {
	if m == nil {
		return
	}
	m.reloads.Add(1)
	m.mu.Lock()
	m.loaded, m.refusal = now, ""
	m.mu.Unlock()
	m.Mark(Mark{now, "reload", text})
}

// ReloadRefused counts a configuration that was read and is not used, and why.
func (m *Metrics) ReloadRefused(now time.Time, why string) {
	if m == nil {
		return
	}
	m.refusedReloads.Add(1)
	m.mu.Lock()
	m.refusal = why
	m.mu.Unlock()
	m.Mark(Mark{now, "reload", "the new configuration is not used: " + why})
}
