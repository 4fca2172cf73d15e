package limit

// Place is the place of one waiter in a limiter's queue. The caller of Wait owns its memory, usually as a field of its
// request; the limiter guards its fields. The zero value is ready. After Answered or Withdraw it can be used again. It must
// not be copied during a wait.
type Place struct {
	shard      *shard // of the last wait; only Wait writes it
	queue      *queue // nil if it does not wait; guarded by the shard
	next, prev *Place // in the queue, guarded by the shard; in the alarm's told list, guarded by the alarm
	asker      Asker
	decision   Decision
}

// queue has the waiters of one key, in their order. Its shard guards it, except for the fields that the alarm guards.
type queue struct {
	shard *shard  // fixed
	key   *record // nil while the queue belongs to no key
	head  *Place  // the first waiter, or nil; its prev is the last
	len   int

	due   int64 // when the window has room for the first waiter; guarded by the alarm
	index int   // in the alarm's heap, -1 if it is not there; guarded by the alarm
}

// join puts p at the end.
func (q *queue) join(p *Place) {
	p.queue = q
	q.len++
	if q.head == nil {
		q.head, p.next, p.prev = p, p, p
		return
	}
	p.next, p.prev = q.head, q.head.prev
	p.prev.next, p.next.prev = p, p
}

// remove removes p from any position.
func (q *queue) remove(p *Place) {
	p.prev.next, p.next.prev = p.next, p.prev
	switch q.len--; {
	case q.len == 0:
		q.head = nil
	case q.head == p:
		q.head = p.next
	}
	p.queue, p.next, p.prev = nil, nil, nil
}

// queueOf returns the queue of a key, and makes one if there is none. A key that has a queue is not forgotten.
func (s *shard) queueOf(k *record) *queue {
	if q := k.queue(); q != nil {
		return q
	}
	q := s.rest
	if s.rest = nil; q == nil {
		q = &queue{shard: s, index: -1}
	}
	before := k.bytes()
	k.another().queue, q.key = q, k
	s.bytes += k.bytes() - before
	s.delist(k)
	return q
}

// unqueue takes a queue without waiters from its key, and keeps it for the next.
func (s *shard) unqueue(q *queue) {
	q.key.more.queue = nil
	s.enlist(q.key)
	q.key, s.rest = nil, q
}
