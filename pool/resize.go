package pool

import "slices"

// Resize gives b another number of slots, and of connections beyond them. With auto the number of slots stays. Slots in use
// beyond the new number go when their tasks have ended.
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
		b.reserve = append(b.reserve, more[0])
		more = more[1:]
		b.workerless++
	}
	b.setLimit(slots)
	b.unwell.Store(b.unwell.Load() || b.width < b.limit)
}

// newSlots makes the slots that b lacks to have n. The pool is not locked.
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

// Remove takes b out of the pool, and returns when its workers have ended. No queue may lead to b any more.
func (b *Backend) Remove() {
	p := b.pool
	p.mu.Lock()
	p.backends = slices.DeleteFunc(p.backends, func(o *Backend) bool { return o == b })
	b.limit, b.width = 0, 0
	b.outage.end()
	p.unlock()
	b.close()
}
