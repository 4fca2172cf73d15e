package limit

import (
	"math"
	"time"
)

// decide decides whether one more of k may pass, after its waiters.
func (w *Window) decide(s *shard, k *record, now int64) Decision {
	k.expire(now - w.shape.per)
	w.settle(s, k, now)
	if k.queue() == nil && k.total() < w.shape.n {
		return w.admit(s, k, now)
	}
	waiting := 0
	if q := k.queue(); q != nil {
		waiting = q.len
	}
	return Decision{RetryAfter: w.wait(k, waiting, now), Reset: time.Duration(k.oldest() + w.shape.per - now)}
}

// admit records an admission for which there is room. If now is before the newest admission, that one's time is used.
func (w *Window) admit(s *shard, k *record, now int64) Decision {
	at := max(now, k.newest())
	s.bytes += k.add(at, &w.shape)
	return Decision{Admitted: true, Remaining: w.shape.n - k.total(), Reset: time.Duration(k.oldest() + w.shape.per - now), at: at}
}

// wait returns how long a waiter would wait that has so many waiters before it, in a window that is full.
func (w *Window) wait(k *record, before int, now int64) time.Duration {
	rounds, i := int64(before/w.shape.n), before%w.shape.n // the earlier waiters are admitted, and leave the window, in turn
	if rounds > math.MaxInt64/w.shape.per/2 {
		return math.MaxInt64
	}
	return time.Duration(k.leaves(i) + (1+rounds)*w.shape.per - now)
}

// join queues the asker for k, unless the window is closed or too many wait.
func (w *Window) join(s *shard, k *record, place *Place, asker Asker, now int64) error {
	a := &w.alarm
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.closed:
		return ErrClosed
	case a.waiting >= a.most:
		return ErrFull
	}
	a.waiting++
	q := s.queueOf(k)
	place.shard, place.asker = s, asker
	if q.join(place); q.len == 1 {
		a.expect(q, k.oldest()+w.shape.per)
		a.set(now)
	}
	return nil
}

// settle admits the waiters of k, as many as there is room for.
func (w *Window) settle(s *shard, k *record, now int64) {
	q := k.queue()
	if q == nil || k.total() >= w.shape.n {
		return
	}
	a := &w.alarm
	a.mu.Lock()
	defer a.mu.Unlock()
	w.serve(s, q, now)
	a.set(now)
}

// serve admits the waiters in q, as many as there is room for, and sets when there is room for the next. After Close it
// admits none, and lists all of them to be answered ErrClosed. The caller holds the locks of s and the alarm.
func (w *Window) serve(s *shard, q *queue, now int64) {
	a, k := &w.alarm, q.key
	for q.len > 0 && (a.closed || k.total() < w.shape.n) {
		p := q.head
		q.remove(p)
		if p.decision = (Decision{}); !a.closed {
			p.decision = w.admit(s, k, now)
		}
		a.tell(p)
	}
	if q.len > 0 {
		a.expect(q, k.oldest()+w.shape.per)
		return
	}
	s.unqueue(q)
	a.forget(q)
}
