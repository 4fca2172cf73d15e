package pool

import "time"

// giveUpMost is how long a worker may take to close a connection that its slot is to give up: it is idle, and does it at once.
const giveUpMost = 50 * time.Millisecond

// GiveUpKept closes the kept connection that has been idle longest, of all backends, because its descriptor is needed. It
// returns when that is done, and reports whether there was one. It may wait a moment: not on the lot's goroutines.
func (p *Pool) GiveUpKept() bool {
	for range 3 { // one may have been taken for a task at that moment
		done := p.askToGiveUp()
		if done == nil {
			return false
		}
		late := time.NewTimer(giveUpMost)
		select {
		case closed := <-done:
			late.Stop()
			if closed {
				return true
			}
		case <-late.C:
			return false
		}
	}
	return false
}

// GiveUpKept is the pool's.
func (b *Backend) GiveUpKept() bool { return b.pool.GiveUpKept() }

// askToGiveUp has the slot whose connection has been idle longest close it. The channel that it returns tells whether it
// did; nil is that no connection is kept.
func (p *Pool) askToGiveUp() <-chan bool {
	p.mu.Lock()
	defer p.unlock()
	var eldest *Slot
	for _, b := range p.backends {
		for _, s := range b.free {
			if s.keeps != 0 && s.gives == nil && (eldest == nil || s.keeps < eldest.keeps) {
				eldest = s
			}
		}
	}
	if eldest == nil {
		return nil
	}
	eldest.lone = true
	eldest.gives = make(chan bool, 1)
	p.wake(eldest)
	return eldest.gives
}

// forget notes that s keeps no connection any more.
func (s *Slot) forget() {
	s.Backend.pool.mu.Lock()
	defer s.Backend.pool.unlock()
	s.keeps = 0
}
