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
