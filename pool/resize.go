package pool

import "slices"

// Resize has b have so many slots from now on, and lend so many connections beyond them; auto finds its slots by itself.
// Those that are in use beyond the new number go when their tasks have ended.
func (b *Backend) Resize(slots, streams int) {
	more := b.newSlots(slots)
	b.pool.mu.Lock()
	defer b.pool.unlock()
	b.maxStreams = streams
	if b.auto != nil || slots == b.limit || b.pool.closed {
		return
	}
	for len(b.slots) < slots && len(more) > 0 {
		b.slots = append(b.slots, more[0])
		b.spare = append(b.spare, more[0])
		more = more[1:]
		b.away++
	}
	b.setLimit(slots)
	b.unwell.Store(b.unwell.Load() || b.width < b.limit)
}

// newSlots makes what b lacks of n slots, while the pool is not locked.
func (b *Backend) newSlots(n int) (more []*Slot) {
	b.pool.mu.Lock()
	n -= len(b.slots)
	b.pool.mu.Unlock()
	for range n {
		s := &Slot{Backend: b}
		s.InitSleeper(b.pool.lot)
		more = append(more, s)
	}
	return more
}

// Remove takes b out of the pool, and returns when its workers have gone. No queue may lead to it any more.
func (b *Backend) Remove() {
	p := b.pool
	p.mu.Lock()
	p.backends = slices.DeleteFunc(p.backends, func(o *Backend) bool { return o == b })
	b.limit, b.width = 0, 0
	b.outage.end()
	p.unlock()
	b.close()
}
