package pool

import "time"

// giveUpMost is how long the caller of GiveUpKept waits until a worker has closed its connection. The worker is idle, and does
// it at once.
const giveUpMost = 50 * time.Millisecond

// GiveUpKept closes the kept connection that has been idle longest, of all backends, because its descriptor is needed. It
// returns when that is done, and reports whether there was one. It may wait up to giveUpMost, so the lot's goroutines must not
// call it.
func (p *Pool) GiveUpKept() bool {
	for range 3 { // the slot may have got a task at that moment
		done := p.closeLongestIdle()
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

// GiveUpKept is Pool.GiveUpKept.
func (b *Backend) GiveUpKept() bool { return b.pool.GiveUpKept() }

// closeLongestIdle makes the slot whose connection has been idle longest close it. The channel gets whether the slot did. It is
// nil if no connection is kept.
func (p *Pool) closeLongestIdle() <-chan bool {
	p.mu.Lock()
	defer p.unlock()
	var longest *Slot
	for _, b := range p.backends {
		for _, s := range b.free {
			if s.keptOrder != 0 && s.keptClosed == nil && (longest == nil || s.keptOrder < longest.keptOrder) {
				longest = s
			}
		}
	}
	if longest == nil {
		return nil
	}
	longest.closesKept = true
	longest.keptClosed = make(chan bool, 1)
	p.wake(longest)
	return longest.keptClosed
}

// forget notes that s does not keep a connection any more.
func (s *Slot) forget() {
	s.Backend.pool.mu.Lock()
	defer s.Backend.pool.unlock()
	s.keptOrder = 0
}
