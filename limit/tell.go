package limit

// ring runs on the timer's goroutine.
func (w *Window) ring() {
	defer w.alarm.under.Done()
	w.tell()
}

// tell serves the queues that are due and calls Answered for their waiters. Only one goroutine does so at a time, so that
// the calls come in the order of admission.
func (w *Window) tell() {
	a := &w.alarm
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.rings {
		return
	}
	a.rings, a.at = true, 0
	for {
		if p := a.toTell(); p != nil {
			asker, d := p.asker, p.decision
			p.asker = nil
			a.mu.Unlock()
			answer(asker, d)
			a.mu.Lock()
			continue
		}
		q := a.toLookAt(w.now())
		if q == nil {
			break
		}
		a.mu.Unlock()
		w.look(q)
		a.mu.Lock()
	}
	a.rings = false
	a.set(w.now())
}

// answer calls Answered for one waiter, whose Place may be used again from then on.
func answer(asker Asker, d Decision) {
	if d.Admitted {
		asker.Answered(d, nil)
	} else {
		asker.Answered(d, ErrClosed)
	}
}

// look serves q, unless its last waiter has left meanwhile.
func (w *Window) look(q *queue) {
	s := q.shard
	s.mu.Lock()
	defer s.mu.Unlock()
	if q.key == nil {
		return
	}
	w.alarm.mu.Lock()
	defer w.alarm.mu.Unlock()
	now := w.now()
	q.key.expire(now - w.shape.per)
	w.serve(s, q, now)
}
