package pool

// Trying returns until when s's task may try to reach its backend, in the lot's time; 0 if the backend is not down.
func (s *Slot) Trying() int64 {
	if !s.Backend.unwell.Load() {
		return 0
	}
	s.Backend.pool.mu.Lock()
	defer s.Backend.pool.unlock()
	return s.trialTo
}

// Reached notes that s's task has reached its backend, and sends its request: the backend may answer, or fail for another reason.
func (s *Slot) Reached() {
	b := s.Backend
	if b.auto != nil {
		s.reachedAt.Store(s.Now())
	}
	if !b.unwell.Load() {
		return
	}
	b.pool.mu.Lock()
	defer b.pool.unlock()
	if b.outage.trial == s {
		b.outage.reached = true
	}
}

// Up notes that the backend has answered s's task, which began at the given time of the lot.
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
	case began < o.since || o.sick: // a task that began before the outage says nothing about it
		return
	default:
		b.comeUp(s)
	}
	b.unwell.Store(b.width < b.limit)
	b.serveQueues()
}

// Down notes that s's task found its backend down, and why. With refused the backend
// cannot be reached at all. Else it may be reached again at once.
func (s *Slot) Down(why Why, refused bool) {
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
		return // its task began before the outage
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
	b.schedule(now)
}

// Failed notes that the backend failed s's task, though it can be reached. After failuresMost in a row the backend counts as
// down, if each of its queues has another that is up.
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
	b.goDown(now, Why{Words: why})
	b.outage.backOff(now)
	b.schedule(now)
}

// Sick notes that a health check of b has failed, and why. b is down until Well.
func (b *Backend) Sick(why Why) {
	b.pool.mu.Lock()
	defer b.pool.unlock()
	now := b.pool.lot.Now()
	if b.outage.sick = true; b.up() {
		b.goDown(now, why)
	}
	b.outage.why = why
	b.schedule(now)
}

// Well notes that a health check of b has passed.
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
