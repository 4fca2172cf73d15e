package limit

import (
	"math"
	"sync"
)

// shard is a part of the keys, with a lock for them, and an equal part of the memory.
type shard struct {
	mu sync.Mutex // guards the rest, and what hangs on it

	buckets []*record // by the hash's 24 bits; a power of two of them, or none
	keys    int
	bytes   int // of all records and buckets
	budget  int

	newest, oldest *record // by when they were last asked for, but those whose keys have waiters
	idleAt         int64   // the oldest can be idle then, not before

	asked int     // decisions, to see to the other shards now and then
	spare *record // one that was removed last; nil if there is none
	rest  *queue  // likewise

	_ [24]byte // to two cache lines
}

const (
	sweepMost = 4  // idle keys that go at once
	tendEvery = 64 // decisions in a shard, upon which another one is seen to
)

// find returns a key's record, nil if there is none.
func (s *shard) find(tag uint32, key []byte) *record {
	if len(s.buckets) == 0 {
		return nil
	}
	k := s.buckets[int(tag>>8)&(len(s.buckets)-1)]
	for k != nil && !k.is(tag, key) {
		k = k.next
	}
	return k
}

// insert makes a record for a key that has none.
func (s *shard) insert(tag uint32, key []byte) *record {
	if s.keys >= 2*len(s.buckets) {
		s.resize(max(8, 2*len(s.buckets)))
	}
	k := s.spare
	if s.spare = nil; k == nil {
		k = new(record)
	}
	k.name(tag, key)
	b := &s.buckets[int(tag>>8)&(len(s.buckets)-1)]
	k.next, *b = *b, k
	s.keys++
	s.bytes += k.bytes()
	s.enlist(k)
	return k
}

// remove forgets a key that nobody waits for.
func (s *shard) remove(k *record) {
	s.delist(k)
	b := &s.buckets[int(k.tag>>8)&(len(s.buckets)-1)]
	for *b != k {
		b = &(*b).next
	}
	*b = k.next
	s.keys--
	s.bytes -= k.bytes()
	*k = record{}
	s.spare = k
	if len(s.buckets) > 8 && s.keys < len(s.buckets)/4 {
		s.resize(len(s.buckets) / 2)
	}
}

// resize spreads the records over n buckets.
func (s *shard) resize(n int) {
	s.bytes += 8 * (n - len(s.buckets))
	old := s.buckets
	s.buckets = make([]*record, n)
	for _, k := range old {
		for k != nil {
			next := k.next
			b := &s.buckets[int(k.tag>>8)&(n-1)]
			k.next, *b = *b, k
			k = next
		}
	}
}

// enlist makes k the newest of those that may go.
func (s *shard) enlist(k *record) {
	k.newer, k.older = nil, s.newest
	if s.newest != nil {
		s.newest.newer = k
	} else {
		s.oldest, s.idleAt = k, 0
	}
	s.newest = k
}

// delist takes k out of those that may go.
func (s *shard) delist(k *record) {
	if k.newer != nil {
		k.newer.older = k.older
	} else {
		s.newest = k.older
	}
	if k.older != nil {
		k.older.newer = k.newer
	} else {
		s.oldest = k.newer
	}
	k.newer, k.older = nil, nil
}

// touch notes that k was asked for.
func (s *shard) touch(k *record) {
	if s.newest != k && k.queue() == nil {
		s.delist(k)
		s.enlist(k)
	}
}

// sweep removes a few keys whose windows are empty, if those stand at the end.
func (s *shard) sweep(now, per int64) {
	for range sweepMost {
		k := s.oldest
		if k == nil {
			s.idleAt = math.MaxInt64
			return
		}
		if at := k.newest(); at != 0 && at+per > now {
			s.idleAt = at + per
			return
		}
		s.remove(k)
	}
}

// fit forgets keys until the rest has room in the budget, those first that were not asked for longest, and never k.
func (s *shard) fit(k *record) {
	for s.bytes > s.budget && s.oldest != nil && s.oldest != k {
		s.remove(s.oldest)
	}
}
