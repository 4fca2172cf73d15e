package metrics

import "time"

const (
	// step is how often a sample is taken.
	step = time.Second
	// points is how many samples are kept: the last 5 minutes.
	points = 300
	// windows is how many minutes of durations each route and backend keeps. The oldest leaves as a whole.
	windows   = 5
	windowFor = 60 // samples
)

// history is what happened in each of the last seconds. It is guarded by Metrics.
type history struct {
	began time.Time     // the end of the second with number n is n steps after it
	last  int64         // the number of the last second that was looked at
	moved time.Duration // how far the wall's clock has been set since began: seconds are counted by the monotonic one
	ring  [points]point

	scratch routeTally // of one route after the other
	one     routeTally // of all routes, in this second
	backend backendTally
}

// point is a second.
type point struct {
	number  int64 // of the second; 0 for none
	answers [classes]uint32
	p50     [phases]float32
	p99     [phases]float32
}

func (h *history) init(now time.Time) { h.began = now }

// recent is what a route or a backend has counted up to the last sample, and the durations of the last minutes. Nothing of it is made
// before something is counted.
type recent[T any] struct {
	seen   *T
	minute [windows]*minute // the youngest is the one of current minute, modulo windows
	of     [windows]int64   // the number of the minute that each is of
}

// minute is the durations of a minute, by phase.
type minute [phases][buckets]uint32

// at returns the minute of a number, empty if it is new.
func (r *recent[T]) at(number int64) *minute {
	i := number % windows
	switch {
	case r.minute[i] == nil:
		r.minute[i] = new(minute)
	case r.of[i] != number:
		*r.minute[i] = minute{}
	}
	r.of[i] = number
	return r.minute[i]
}

// within adds up the durations of a phase over the last minutes, of which the youngest has a number.
func (r *recent[T]) within(p Phase, youngest int64) (all spread) {
	for i, m := range r.minute {
		if m == nil || r.of[i] <= youngest-windows {
			continue
		}
		for b, n := range m[p] {
			all[b] += uint64(n)
		}
	}
	return all
}

// Run takes a sample each second, until stop is closed.
func (m *Metrics) Run(stop <-chan struct{}) {
	tick := time.NewTicker(step)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			m.shards.look()
			m.Sample(now)
		case <-stop:
			return
		}
	}
}

// Sample notes what was counted since the sample before it. It does nothing if the second of that one is not over. A second without
// a sample of its own stays unknown, and what happened in it is counted in the next one.
func (m *Metrics) Sample(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sample(now.Sub(m.history.began), now.Round(0))
}

// sample is Sample so long after the beginning, when the wall's clock has a time. Metrics are locked.
func (m *Metrics) sample(since time.Duration, wall time.Time) {
	h := &m.history
	m.setClock(since, wall)
	number := int64(since.Round(step) / step)
	if number <= h.last {
		return
	}
	h.last = number
	h.one = routeTally{}
	for _, r := range m.routes {
		h.look(r)
	}
	h.look(m.unrouted)
	h.look(m.otherRoutes)
	for _, b := range m.backends {
		h.lookAt(b)
	}
	h.lookAt(m.otherBackends)
	h.ring[number%points] = h.point(number)
	m.forgetMarks(wall)
}

// youngest is the number of the minute that the last sample is in.
func (h *history) youngest() int64 { return h.last / windowFor }

// look adds what r has counted since the last sample to this one's.
func (h *history) look(r *Route) {
	by := r.answered()
	if r.recent.seen == nil {
		if sum(by) == 0 {
			return
		}
		r.recent.seen = new(routeTally)
	}
	seen := r.recent.seen
	if by == seen.answers {
		return
	}
	r.tally(&h.scratch)
	in := r.recent.at(h.youngest())
	for c := range by {
		h.one.answers[c] += h.scratch.answers[c] - seen.answers[c]
	}
	for p := range h.one.took {
		grow(&h.one.took[p], &in[p], &h.scratch.took[p], &seen.took[p])
	}
	*seen = h.scratch
}

// grow adds what is new in now, beside what was seen, to a second and to a minute.
func grow(second *spread, minute *[buckets]uint32, now, seen *spread) {
	for b, n := range now {
		if fresh := n - seen[b]; fresh > 0 {
			second[b] += fresh
			minute[b] += uint32(fresh)
		}
	}
}

// lookAt is look for a backend.
func (h *history) lookAt(b *Backend) {
	n := b.attempts()
	if b.recent.seen == nil {
		if n == 0 {
			return
		}
		b.recent.seen = new(backendTally)
	}
	seen := b.recent.seen
	if before := sumOf(seen.outcomes[:]); n == before {
		return
	}
	b.tally(&h.backend)
	in := b.recent.at(h.youngest())
	var second spread
	for i, p := range phaseOfBackend {
		grow(&second, &in[p], &h.backend.took[i], &seen.took[i])
	}
	*seen = h.backend
}

func sumOf(all []uint64) (n uint64) {
	for _, c := range all {
		n += c
	}
	return n
}

// point returns the second that was looked at.
func (h *history) point(number int64) point {
	p := point{number: number}
	for c, n := range h.one.answers {
		p.answers[c] = uint32(n)
	}
	for i := range h.one.took {
		p.p50[i] = float32(h.one.took[i].quantile(0.5))
		p.p99[i] = float32(h.one.took[i].quantile(0.99))
	}
	return p
}

// series returns the last seconds; nil before the first is over.
func (h *history) series() *Series {
	if h.last == 0 {
		return nil
	}
	n := min(h.last, points)
	first := h.last - n + 1
	s := &Series{Step: int(step / time.Millisecond), From: h.began.Add(time.Duration(first)*step + h.moved).UTC(), Requests: make(Values, n),
		Answers: map[string]Values{}, P50: map[string]Values{}, P99: map[string]Values{}}
	for _, name := range classNames {
		s.Answers[name] = make(Values, n)
	}
	for _, name := range phaseNames {
		s.P50[name], s.P99[name] = make(Values, n), make(Values, n)
	}
	for i := range n {
		h.ring[(first+i)%points].write(s, int(i), first+i)
	}
	return s
}

// write writes the second of a number, which p is if it was looked at, at a place of s.
func (p *point) write(s *Series, at int, number int64) {
	known := p.number == number
	requests := 0
	for c, name := range classNames {
		s.Answers[name][at] = Unknown
		if known {
			s.Answers[name][at] = Value(p.answers[c])
			requests += int(p.answers[c])
		}
	}
	s.Requests[at] = Unknown
	if known {
		s.Requests[at] = Value(requests)
	}
	for i, name := range phaseNames {
		s.P50[name][at], s.P99[name][at] = Unknown, Unknown
		if known {
			s.P50[name][at], s.P99[name][at] = Value(p.p50[i]), Value(p.p99[i])
		}
	}
}
