package limit

// Place is where one waits whom a limiter has not admitted yet. It belongs to him, as a part of what he is; the limiter
// guards its fields. The zero value is ready; one that is told, or was withdrawn, can be used again. It must not be
// copied while he waits.
type Place struct {
	shard      *shard // of the last wait; written by Wait alone
	queue      *queue // nil while he does not wait; guarded by the shard
	next, prev *Place // in the queue, guarded by the shard; among the told, by the alarm
	asker      Asker
	decision   Decision
}

// queue is those who wait for one key, the first first. Its shard guards it, but for what is the alarm's.
type queue struct {
	shard *shard  // fixed
	key   *record // nil while it is nobody's
	head  *Place  // its prev is the last; nil while nobody waits
	len   int

	due   int64 // when the window has room for the first; guarded by the alarm, as is its index
	index int   // in the alarm's heap; -1 while it is not there
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

// remove takes p out, wherever it stands.
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

// queueOf is the queue for a key, made if there is none. A key that has one is not forgotten.
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

// unqueue ends a queue in which nobody waits any more.
func (s *shard) unqueue(q *queue) {
	q.key.more.queue = nil
	s.enlist(q.key)
	q.key, s.rest = nil, q
}
