package pool

import "slices"

// Resize has b have so many slots from now on, and lend so many connections beyond them; auto finds its slots by itself.
// Those that are in use beyond the new number go when their tasks have ended.
func (b *Backend) Resize(slots, streams int) {
	b.pool.mu.Lock()
	defer b.pool.unlock()
	b.maxStreams = streams
	if b.auto != nil || slots == b.limit || b.pool.closed {
		return
	}
	for len(b.slots) < slots {
		s := &Slot{Backend: b}
		s.InitSleeper(b.pool.lot)
		b.slots = append(b.slots, s)
		b.spare = append(b.spare, s)
		b.away++
	}
	b.setLimit(slots)
	b.unwell.Store(b.unwell.Load() || b.width < b.limit)
}

// Remove takes b out of the pool, and returns when its workers have gone. No route may lead to it any more.
func (b *Backend) Remove() {
	p := b.pool
	p.mu.Lock()
	p.backends = slices.DeleteFunc(p.backends, func(o *Backend) bool { return o == b })
	b.limit, b.width = 0, 0
	b.outage.end()
	p.unlock()
	b.close()
}

// Remove takes r out of the pool. Nobody may wait in it, or enter it any more.
func (r *Route) Remove() {
	p := r.pool
	p.mu.Lock()
	defer p.unlock()
	p.routes = slices.DeleteFunc(p.routes, func(o *Route) bool { return o == r })
	for _, b := range r.backends {
		b.routes = slices.DeleteFunc(b.routes, func(o *Route) bool { return o == r })
	}
}
