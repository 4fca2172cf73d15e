package program

import (
	"io"
	"sync/atomic"
	"time"

	"tenfour/forward"
	"tenfour/front"
	"tenfour/jobs"
	"tenfour/jobs/runner"
	"tenfour/logs"
	"tenfour/metrics"
	"tenfour/pool"
	"tenfour/site"
	"tenfour/spool"
	"tenfour/trace"
)

// overview asks the parts of tenfour how they are, for the console. Safe for use by several goroutines.
type overview struct {
	metrics *metrics.Metrics // they count while there is a console
	book    *trace.Book      // it records while there is a console, or while a route has wire
	front   *front.Front
	pool    *pool.Pool
	logs    *logs.Logs
	file    string // that the configuration was read from; "" for none
	present *atomic.Pointer[site.Site]
	listens atomic.Pointer[[]string] // URLs
	jobs    atomic.Pointer[jobParts] // nil while there are none
	phase   phase

	endSampling func() // nil while nothing is sampled
}

// sample begins to sample what is counted each second, or ends that. Only the main loop calls it.
func (o *overview) sample(on bool) {
	switch {
	case on == (o.endSampling != nil):
	case on:
		stop, ended := make(chan struct{}), make(chan struct{})
		go func() { // ends when stop is closed
			defer close(ended)
			o.metrics.Run(stop)
		}()
		o.endSampling = func() {
			close(stop)
			<-ended
		}
	default:
		o.endSampling()
		o.endSampling = nil
	}
}

// listensOn notes where clients reach a site.
func (o *overview) listensOn(open sockets, s *site.Site) {
	urls := open.urls(s.Config, s.Front.TLS != nil)
	o.listens.Store(&urls)
}

// writeMetrics writes what is counted as Prometheus reads it.
func (o *overview) writeMetrics(w io.Writer) error { return o.metrics.WritePrometheus(w, o.status()) }

// status returns what tenfour does at this moment.
func (o *overview) status() *metrics.Status {
	s := &metrics.Status{
		Version: version(), Time: time.Now().UTC(), State: "running", Config: metrics.ConfigStatus{File: o.file},
		Listeners: *o.listens.Load(), Log: metrics.LogStatus{Dropped: uint64(o.logs.Dropped())},
		Memory: memoryOf(o.front.Held, o.front.Spool), Jobs: o.jobs.Load().status(),
	}
	if o.phase.Load() == draining {
		s.State = "draining"
	}
	c := o.front.Connections()
	s.Connections = metrics.Connections{Open: c.Open, Parked: c.Waiting, Accepted: c.Accepted, Refused: c.Refused}
	now := o.pool.Snapshot()
	s.Routes, s.Backends = routesOf(o.present.Load(), &now), backendsOf(&now, s.Time)
	o.metrics.Fill(s)
	return s
}

// memoryOf returns what is held of bodies. There may be no spool.
func memoryOf(held *forward.Held, spooled *spool.Spool) (m metrics.Memory) {
	bytes, most := int64(held.Bytes()), int64(held.Most())
	m.Held, m.HeldMost = &bytes, &most
	if spooled != nil {
		bytes, files := spooled.Usage()
		most := int64(spooled.Most())
		m.Spool, m.SpoolMost, m.Files = &bytes, &most, &files
	}
	return m
}

// routesOf returns the routes of a site, in their order, with their queues. The queues of a race, one in front of each backend, are
// added up, and so are those of an earlier configuration with the same name.
func routesOf(s *site.Site, now *pool.Snapshot) []metrics.RouteStatus {
	at := make(map[string]int, len(s.Front.Routes))
	routes := make([]metrics.RouteStatus, len(s.Front.Routes))
	for i := range routes {
		from := s.Front.Routes[i].Route
		routes[i] = metrics.RouteStatus{Name: from.Name, Queue: noQueue, Background: noQueue}
		for _, o := range from.Origins {
			routes[i].Backends = append(routes[i].Backends, o.Name)
		}
		at[from.Name] = i
		for _, e := range from.Entries {
			at[e.Queue.Name] = i
		}
	}
	for _, q := range now.Queues {
		if i, found := at[q.Name]; found {
			addLane(&routes[i].Queue, &q.LaneState, q.Held)
			addLane(&routes[i].Background, &q.Background, q.Held)
		}
	}
	return routes
}

var noQueue = metrics.QueueStatus{Oldest: metrics.Unknown}

// addLane adds a lane of a queue to what is shown of a route's.
func addLane(q *metrics.QueueStatus, l *pool.LaneState, held bool) {
	q.Waiting += l.Waiting
	q.Most += l.Most
	q.Held = q.Held || held && l.Waiting > 0
	if l.Waiting > 0 && (!q.Oldest.Known() || q.Oldest < metrics.Millis(l.Oldest)) {
		q.Oldest = metrics.Millis(l.Oldest)
	}
}

// backendsOf returns the backends as they are. While a reload goes on, or if http:// and https:// lead to one port, there are several
// of a name: these are shown as one.
func backendsOf(now *pool.Snapshot, at time.Time) []metrics.BackendStatus {
	var all []metrics.BackendStatus
	known := map[string]int{}
	for i := range now.Backends {
		b := backendOf(&now.Backends[i], at)
		if first, found := known[b.Name]; found {
			join(&all[first], &b)
			continue
		}
		known[b.Name] = len(all)
		all = append(all, b)
	}
	return all
}

func backendOf(b *pool.BackendState, at time.Time) metrics.BackendStatus {
	s := metrics.BackendStatus{
		Name: b.Name, Up: b.Up, Why: b.Why, NextTry: metrics.Unknown, Trying: b.Trying, Workers: b.Workers, Auto: b.Auto, Max: b.Most,
		Slots: slotsOf(b), Streams: b.Streams, Failures: b.Failures, Served: b.Served,
	}
	if !b.Up && !b.Sick {
		s.NextTry = metrics.Millis(b.NextTry)
	}
	if b.Changed > 0 {
		since := at.Add(-b.Changed)
		s.Since = &since
	}
	return s
}

// slotsOf returns what the slots of a backend do. With auto, more may be busy for a moment than it has.
func slotsOf(b *pool.BackendState) (s metrics.Slots) {
	busy := min(b.Busy, b.Workers)
	s.Reader = min(b.Readers, busy)
	s.Busy = busy - s.Reader
	idle := b.Workers - busy
	s.Free = min(idle, max(0, b.Width-busy))
	if !b.Up {
		s.Free = 0
	}
	s.Down = idle - s.Free
	return s
}

// join adds a backend to one of the same name.
func join(to, b *metrics.BackendStatus) {
	to.Workers, to.Max, to.Streams, to.Served = to.Workers+b.Workers, to.Max+b.Max, to.Streams+b.Streams, to.Served+b.Served
	to.Slots.Free, to.Slots.Busy = to.Slots.Free+b.Slots.Free, to.Slots.Busy+b.Slots.Busy
	to.Slots.Reader, to.Slots.Down = to.Slots.Reader+b.Slots.Reader, to.Slots.Down+b.Slots.Down
	to.Auto, to.Failures = to.Auto || b.Auto, max(to.Failures, b.Failures)
	if to.Up && !b.Up { // what is worse is shown
		to.Up, to.Why, to.Since, to.NextTry, to.Trying = false, b.Why, b.Since, b.NextTry, b.Trying
	}
}

// status returns how the jobs are; nil if there are none. p may be nil.
func (p *jobParts) status() *metrics.JobsStatus {
	if p == nil {
		return nil
	}
	now := p.runner.Snapshot()
	s := &metrics.JobsStatus{
		Counts: map[string]int{}, Bytes: now.Bytes, Due: now.Due, Running: now.Running, Unsaved: now.Unsaved, Awaited: now.Awaited,
		Attempts: now.Attempts, Ended: map[string]uint64{}, Changes: changesOf(&now.Changes), Callbacks: metrics.CallbacksStatus(p.sender.Snapshot()),
	}
	for state := jobs.Accepted; state <= jobs.Interrupted; state++ {
		s.Counts[state.String()] = now.States[state]
		if state.Ended() {
			s.Ended[state.String()] = now.Ended[state]
		}
	}
	return s
}

// changesOf returns how often jobs went from one state to another, without what has not happened.
func changesOf(c *runner.Changes) map[string]map[string]uint64 {
	all := map[string]map[string]uint64{}
	for from := range c {
		name := "new"
		if s := jobs.State(from); s != runner.Unmade {
			name = s.String()
		}
		for to, n := range c[from] {
			switch {
			case n == 0:
			case all[name] == nil:
				all[name] = map[string]uint64{jobs.State(to).String(): n}
			default:
				all[name][jobs.State(to).String()] = n
			}
		}
	}
	return all
}
