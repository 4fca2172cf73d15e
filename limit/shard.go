package limit

import (
	"math"
	"sync"
)

// shard is a part of a window's keys, with a lock of its own and an equal part of the memory.
type shard struct {
	mu sync.Mutex // guards the rest, with the records and queues

	buckets []*record // by the hash's 24 bits; their number is a power of two, or 0
	keys    int
	bytes   int // of all records and buckets
	budget  int

	newest, oldest *record // the list by last use, without keys that have waiters
	idleAt         int64   // the window of the oldest cannot be empty earlier

	asked int     // decisions so far: after every tendEvery another shard is swept too
	spare *record // the last removed record, to be used again; may be nil
	rest  *queue  // the same for queues

	_ [24]byte // makes it two cache lines long
}

const (
	sweepMost = 4  // the most idle keys that are removed at once
	tendEvery = 64 // after so many decisions in a shard another shard is swept
)

// find returns a key's record, or nil if there is none.
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

// remove forgets a key that has no waiters.
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

// enlist makes k the newest in the list by last use. front has such a list too, of connections; one list for both would be generic, and
// cost a call through a dictionary for each link, or an element beside each record.
func (s *shard) enlist(k *record) {
	k.newer, k.older = nil, s.newest
	if s.newest != nil {
		s.newest.newer = k
	} else {
		s.oldest, s.idleAt = k, 0
	}
	s.newest = k
}

// delist takes k out of the list by last use.
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

// touch notes that k has just been used.
func (s *shard) touch(k *record) {
	if s.newest != k && k.queue() == nil {
		s.delist(k)
		s.enlist(k)
	}
}

// sweep removes a few of the oldest keys, as long as their windows are empty.
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

// fit forgets keys until the rest fits the budget: the least recently used first, and never k.
func (s *shard) fit(k *record) {
	for s.bytes > s.budget && s.oldest != nil && s.oldest != k {
		s.remove(s.oldest)
	}
}
