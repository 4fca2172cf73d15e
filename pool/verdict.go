package pool

// Reached says that the request of s's task is on its way: its backend is down no more, or for another reason.
func (s *Slot) Reached() {
	b := s.Backend
	b.auto.reached(s)
	if !b.unwell.Load() {
		return
	}
	b.pool.mu.Lock()
	defer b.pool.unlock()
	if b.outage.trial == s {
		b.outage.reached = true
	}
}

// Up says that the backend has answered s's task, which began at a time of the lot's.
func (s *Slot) Up(began int64) {
	b := s.Backend
	if !b.unwell.Load() {
		return
	}
	b.pool.mu.Lock()
	defer b.pool.unlock()
	o := &b.outage
	b.failures = 0
	switch {
	case b.up():
		b.width = min(2*b.width, b.limit)
	case began < o.since || o.sick: // an answer from before says nothing
		return
	default:
		b.comeUp(s)
	}
	b.unwell.Store(b.width < b.limit)
	b.serveQueues()
}

// Down says that s's task found its backend down, and why in words that follow its name. refused is that the backend
// cannot be reached at all; else it may be again at once.
func (s *Slot) Down(why string, refused bool) {
	b := s.Backend
	b.pool.mu.Lock()
	defer b.pool.unlock()
	now := b.pool.lot.Now()
	o := &b.outage
	first := b.up()
	switch {
	case first:
		b.goDown(now, why)
	case o.trial != s:
		return // it began before the outage did
	}
	o.why, o.trial, s.trialTo = why, nil, 0
	switch {
	case first && !refused && b.needed():
		o.next = now + o.every // a process that dies resets what connects to it at once: it may have done so to this one
	case first && b.needed():
		o.next = now + o.rhythm.first(o.every)
	case b.needed():
		o.next = max(now, o.begun+o.rhythm.pause(o.every, o.begun-o.since))
	default:
		o.backOff(now)
	}
	b.attend(now)
}

// Failed says that s's task was lost to its backend, which can be reached. Several in a row take the backend out of
// choice, as if it were down, if all its routes have others.
func (s *Slot) Failed(why string) {
	b := s.Backend
	b.pool.mu.Lock()
	defer b.pool.unlock()
	b.failures++
	b.unwell.Store(true)
	if !b.up() || b.failures < failuresMost {
		return
	}
	for _, q := range b.queues {
		if !q.entry && !q.otherUp(b) {
			return
		}
	}
	now := b.pool.lot.Now()
	b.goDown(now, why)
	b.outage.backOff(now)
	b.attend(now)
}

// Sick says that a health check of b has failed, and why in words that follow its name. It is down until Well.
func (b *Backend) Sick(why string) {
	b.pool.mu.Lock()
	defer b.pool.unlock()
	now := b.pool.lot.Now()
	if b.outage.sick = true; b.up() {
		b.goDown(now, why)
	}
	b.outage.why = why
	b.attend(now)
}

// Well says that a health check of b has passed.
func (b *Backend) Well() {
	b.pool.mu.Lock()
	defer b.pool.unlock()
	if b.outage.sick = false; b.up() {
		return
	}
	b.comeUp(nil)
	b.unwell.Store(b.width < b.limit)
	b.serveQueues()
}
