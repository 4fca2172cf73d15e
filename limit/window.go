package limit

import (
	"hash/maphash"
	"math"
	"sync"
	"time"
)

// Options are what a Window is made of.
type Options struct {
	Rate    Rate // one that Check finds nothing wrong with
	Memory  int  // bytes that its keys may take; 0 is DefaultMemory
	Waiters int  // how many may wait at once, of all keys together; 0 lets none wait
}

// DefaultMemory is room for about 900,000 keys of one admission and 20 bytes, or for 8,000 with 1,000 admissions each.
const DefaultMemory = 64 << 20

// Window is a Limiter in this process's memory: a sliding window for each key. It decides at once.
//
// In no interval [t, t+Per), wherever it begins, does it admit more than N of a key; and up to 1,000 it refuses one only
// if there are N in the Per before him. Beyond that it does so from 99.8 % of N on. Time is the monotonic clock's, to the
// nanosecond, so that setting the clock changes nothing; while a machine sleeps, that clock stands still.
//
// Its keys have a bounded room. Those whose window is empty are forgotten as others are asked for. When the room is full,
// the key goes that was not asked for longest, with its admissions; who comes back after that is as new. A key for which
// somebody waits stays. A Memory of too little for a shard still keeps one key there.
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

// NewWindow makes a window. It has no goroutine, and a timer only while somebody waits. It panics if the rate is none.
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

// now is the window's time: nanoseconds that only go forward, never 0.
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

// Wait decides at once, or has the asker wait.
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

// Refund takes an admission of key back. Who waits for it is admitted.
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
	if k == nil || d.at+w.shape.per <= now { // it counts no more, or as long as others of its batch do
		return
	}
	k.expire(now - w.shape.per)
	k.remove(d.at)
	w.settle(s, k, now)
}

// Withdraw takes whoever waits at place out, wherever he stands, at once. (The last one of a key takes its queue along, in
// the logarithm of how many keys are waited for.)
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

// Close ends all waits. Ask still decides.
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

// Waiting is how many wait, of all keys.
func (w *Window) Waiting() int {
	w.alarm.mu.Lock()
	defer w.alarm.mu.Unlock()
	return w.alarm.waiting
}

// Keys is how many keys are known, and how many bytes they take. It looks at all shards: not for every exchange.
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

// record is a key's, made if there is none, and the newest of its shard.
func (w *Window) record(s *shard, hash uint64, key []byte) *record {
	tag := tagOf(hash, key)
	k := s.find(tag, key)
	if k == nil {
		return s.insert(tag, key)
	}
	s.touch(k)
	return k
}

// decide says whether one more of k may pass. Those who wait go first.
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

// admit lets one pass for whom there is room. Time that seems to go backwards is taken to stand still.
func (w *Window) admit(s *shard, k *record, now int64) Decision {
	at := max(now, k.newest())
	s.bytes += k.add(at, &w.shape)
	return Decision{Admitted: true, Remaining: w.shape.n - k.total(), Reset: time.Duration(k.oldest() + w.shape.per - now), at: at}
}

// wait is how long one has to wait who has so many before him, in a window that is full.
func (w *Window) wait(k *record, before int, now int64) time.Duration {
	rounds, i := int64(before/w.shape.n), before%w.shape.n // the admissions of those before him leave in turn
	if rounds > math.MaxInt64/w.shape.per/2 {
		return math.MaxInt64
	}
	return time.Duration(k.leaves(i) + (1+rounds)*w.shape.per - now)
}

// join has one wait for k, unless as many do as may.
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

// settle admits those who wait for k, as many as there is room for.
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

// serve admits those who wait in q, as many as there is room for, and notes when there is for the next. When the window is
// closed it admits nobody, and has all told. The locks of s and the alarm are held.
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

// ring is what the timer runs.
func (w *Window) ring() {
	defer w.alarm.under.Done()
	w.tell()
}

// tell looks at the queues that are due, and tells those who are admitted. Only one does at a time, so that they are told
// in the order of their admission.
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

// answer tells one who has waited. After it his place is his.
func answer(asker Asker, d Decision) {
	if d.Admitted {
		asker.Answered(d, nil)
	} else {
		asker.Answered(d, ErrClosed)
	}
}

// look serves q, unless its last one has left meanwhile.
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

// unlock lets go of s. Before that it makes room there, and after it in another one now and then.
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
