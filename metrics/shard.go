package metrics

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// What is added to for each exchange is kept several times, in shards, because two processors that add to the same value take its
// cache line from each other, which costs more than all the rest. A sync.Pool keeps a number near each processor: so goroutines on
// one processor mostly add to one shard. A shard may still be added to by several at once, so all of it is atomic. While one processor runs all
// goroutines, all add to the first shard.

// shardsMost is how many shards there are at most: each route and each backend has them.
const shardsMost = 8

// shards hands out the numbers of shards.
type shards struct {
	on      atomic.Bool // things are counted
	single  atomic.Bool // one processor runs all goroutines
	count   uint32
	next    atomic.Uint32
	numbers sync.Pool // of *int
}

func (s *shards) init() {
	s.look()
	s.count = uint32(min(runtime.NumCPU(), shardsMost))
	s.numbers.New = func() any {
		n := int(s.next.Add(1) % s.count)
		return &n
	}
}

// look finds out how many processors run goroutines, which may change.
func (s *shards) look() { s.single.Store(runtime.GOMAXPROCS(0) == 1) }

// sharded is a T for each shard, made when it is first needed: a route without exchanges costs nearly nothing.
type sharded[T any] struct {
	of    *shards
	parts [shardsMost]atomic.Pointer[T]
}

// take returns the T of a shard near the goroutine's processor. The caller gives the number back.
func (s *sharded[T]) take() (part *T, number *int) {
	if s.of.single.Load() {
		return s.part(0), nil
	}
	number = s.of.numbers.Get().(*int)
	return s.part(*number), number
}

// give ends the use of what take returned.
func (s *sharded[T]) give(number *int) {
	if number != nil {
		s.of.numbers.Put(number)
	}
}

// part is the T of a shard.
func (s *sharded[T]) part(n int) *T {
	if p := s.parts[n].Load(); p != nil {
		return p
	}
	s.parts[n].CompareAndSwap(nil, new(T))
	return s.parts[n].Load()
}

// each calls f with every T that there is.
func (s *sharded[T]) each(f func(*T)) {
	for i := range s.parts {
		if p := s.parts[i].Load(); p != nil {
			f(p)
		}
	}
}
