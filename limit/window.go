package limit

import (
	"hash/maphash"
	"math"
	"sync"
	"time"

	"tenfour/value/rate"
)

// Options configure a Window.
type Options struct {
	Rate    rate.Rate // must pass Check
	Memory  int       // bytes that its keys may take; 0 is DefaultMemory
	Waiters int       // how many may wait at once, of all keys together; with 0 none may
}

// DefaultMemory is room for about 900,000 keys of one admission and 20 bytes, or for 8,000 with 1,000 admissions each.
const DefaultMemory = 64 << 20

// Window is a Limiter in the memory of this process: a sliding window for each key. It decides at once.
//
// In no interval [t, t+Per), wherever it begins, does it admit more than N of a key. With N up to 1,000 it refuses only if N
// were admitted in the Per before. With a larger N it may refuse from 99.8 % of N on. Time is the monotonic clock, to the
// nanosecond: setting the clock changes nothing. While a machine sleeps, that clock stands still.
//
// The memory for keys is bounded. Keys whose window is empty are forgotten while others are used. When the memory is full,
// the least recently used key is forgotten with its admissions; if it comes back, it begins anew. A key with waiters is never
// forgotten. A Memory that is too small for a shard still keeps one key there.
type Window struct {
	shape shape
	seed  maphash.Seed
	epoch time.Time
	alarm alarm
	close sync.Once

	shards [shards]shard
}

const shards = 64

var _ Limiter = (*Window)(nil)

// NewWindow makes a window. It has no goroutine, and a timer only while there are waiters. It panics if the rate is
// invalid. The caller calls Close.
func NewWindow(o Options) *Window {
	if err := o.Rate.Check(); err != nil {
		panic("limit: NewWindow: " + err.Error())
	}
	if o.Memory <= 0 {
		o.Memory = DefaultMemory
	}
	w := &Window{shape: newShape(o.Rate), seed: maphash.MakeSeed(), epoch: time.Now()}
	w.alarm.most, w.alarm.ring = o.Waiters, w.ring
	for i := range w.shards {
		w.shards[i].budget = o.Memory / shards
		w.shards[i].idleAt = math.MaxInt64
	}
	return w
}

// now returns the window's time: nanoseconds that only go forward, never 0.
func (w *Window) now() int64 { return int64(time.Since(w.epoch)) + 1 }

// Ask decides at once: known is always true, and the asker is not used.
func (w *Window) Ask(key []byte, _ Asker) (d Decision, known bool) {
	hash := maphash.Bytes(w.seed, key)
	s := w.shard(hash)
	s.mu.Lock()
	now := w.now()
	d = w.decide(s, w.record(s, hash, key), now)
	w.unlock(s, now)
	return d, true
}

// Wait decides at once, or makes the asker wait.
func (w *Window) Wait(key []byte, place *Place, a Asker) (d Decision, known bool, err error) {
	hash := maphash.Bytes(w.seed, key)
	s := w.shard(hash)
	s.mu.Lock()
	now := w.now()
	k := w.record(s, hash, key)
	if d = w.decide(s, k, now); !d.Admitted {
		err = w.join(s, k, place, a, now)
	}
	w.unlock(s, now)
	return d, d.Admitted || err != nil, err
}

// Refund takes an admission of key back, and admits the next waiter in its place.
func (w *Window) Refund(key []byte, d Decision) {
	if !d.Admitted {
		return
	}
	hash := maphash.Bytes(w.seed, key)
	s := w.shard(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := w.now()
	k := s.find(tagOf(hash, key), key)
	if k == nil || d.at+w.shape.per <= now { // it has left the window, or leaves it with its batch
		return
	}
	k.expire(now - w.shape.per)
	k.remove(d.at)
	w.settle(s, k, now)
}

// Withdraw removes the waiter at place and reports whether it was still waiting. It takes constant time at any position. Only
// for the last waiter of a key it also removes the queue, in logarithmic time in the number of queues.
func (w *Window) Withdraw(place *Place) bool {
	s := place.shard
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q := place.queue
	if q == nil {
		return false
	}
	q.remove(place)
	place.asker = nil
	a := &w.alarm
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waiting--
	if q.len == 0 {
		s.unqueue(q)
		a.forget(q)
		a.set(w.now())
	}
	return true
}

// Close ends all waits, see Limiter. Ask still decides.
func (w *Window) Close() {
	w.close.Do(func() {
		a := &w.alarm
		a.mu.Lock()
		a.closed = true
		a.stop()
		a.mu.Unlock()
		a.under.Wait()
		w.tell()
	})
}

// Waiting returns how many wait, of all keys together.
func (w *Window) Waiting() int {
	w.alarm.mu.Lock()
	defer w.alarm.mu.Unlock()
	return w.alarm.waiting
}

// Keys returns how many keys are known, and how many bytes they take. It locks each shard in turn: do not call it for every
// exchange.
func (w *Window) Keys() (keys, bytes int) {
	for i := range w.shards {
		s := &w.shards[i]
		s.mu.Lock()
		keys += s.keys
		bytes += s.bytes
		s.mu.Unlock()
	}
	return keys, bytes
}

func (w *Window) shard(hash uint64) *shard { return &w.shards[hash>>58] }

// record returns a key's record, makes one if there is none, and marks it as just used.
func (w *Window) record(s *shard, hash uint64, key []byte) *record {
	tag := tagOf(hash, key)
	k := s.find(tag, key)
	if k == nil {
		return s.insert(tag, key)
	}
	s.touch(k)
	return k
}

// unlock unlocks s. Before that it frees memory in s; after it, once in tendEvery calls, in another shard.
func (w *Window) unlock(s *shard, now int64) {
	if now >= s.idleAt {
		s.sweep(now, w.shape.per)
	}
	if s.bytes > s.budget {
		s.fit(s.newest)
	}
	s.asked++
	turn := s.asked
	s.mu.Unlock()
	if turn%tendEvery != 0 {
		return
	}
	if other := &w.shards[turn/tendEvery%shards]; other.mu.TryLock() {
		if now >= other.idleAt {
			other.sweep(now, w.shape.per)
		}
		other.mu.Unlock()
	}
}
