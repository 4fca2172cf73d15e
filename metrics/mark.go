package metrics

import (
	"slices"
	"time"
)

const (
	marksFor  = points * step // a mark stays as long as the series that it stands in
	marksMost = 200
)

// Mark notes a moment at which something changed.
func (m *Metrics) Mark(k Mark) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mark(k.Time.Sub(m.history.began), k)
}

// mark is Mark so long after the beginning. Metrics are locked.
func (m *Metrics) mark(since time.Duration, k Mark) {
	k.Time = k.Time.UTC() // without the monotonic clock
	m.setClock(since, k.Time)
	m.forgetMarks(k.Time)
	if len(m.marks) >= marksMost {
		m.marks = slices.Delete(m.marks, 0, 1)
	}
	m.marks = append(m.marks, k)
}

// BackendChanged counts that a backend went down, or came up again, and marks the moment.
func (m *Metrics) BackendChanged(now time.Time, name string, up bool, text string) {
	if !m.On() {
		return
	}
	kind := "down"
	if up {
		kind = "up"
	}
	m.mu.Lock()
	for _, b := range m.backends {
		switch {
		case b.Name != name:
		case up:
			b.ups.Add(1)
		default:
			b.downs.Add(1)
		}
	}
	m.mu.Unlock()
	m.Mark(Mark{now, kind, text})
}

// Holds counts exchanges of a route that waited for a slot, and are held from now on because the last of its backends went down.
func (m *Metrics) Holds(route string, n int) {
	if !m.On() {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.route(route)
	if r == nil {
		r = m.otherRoutes
	}
	r.events[Held].Add(uint64(n))
}

// forgetMarks drops the marks that are too old. Metrics are locked.
func (m *Metrics) forgetMarks(now time.Time) {
	m.marks = slices.DeleteFunc(m.marks, func(k Mark) bool { return now.Sub(k.Time) > marksFor })
}

// setClock notes which time the wall's clock has, so long after the beginning. If it was set meanwhile, marks and seconds move with it, so that
// they stay as old as they are, and a mark stays in its second: the clock of a small machine may be right only some minutes after its
// start. While the machine sleeps, its monotonic clock stands still: that looks the same. Metrics are locked.
func (m *Metrics) setClock(since time.Duration, wall time.Time) {
	h := &m.history
	by := wall.Sub(h.began.Round(0).Add(since + h.moved))
	if by.Abs() < step { // a clock that is a little fast or slow is put right bit by bit
		return
	}
	h.moved += by
	for i := range m.marks {
		m.marks[i].Time = m.marks[i].Time.Add(by)
	}
}
