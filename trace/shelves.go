package trace

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// shelves are where exchanges are kept: the last ones, and apart from them, so that they stay longer, those that were slow and those that failed.
type shelves struct {
	mu    sync.Mutex // guards the rest
	all   [3]shelf   // by Shelf
	lanes map[string]*lane
}

// shelf keeps some exchanges.
type shelf struct {
	most      int // exchanges
	mostBytes int
	bytes     int
	kept      []*Kept // in the order in which they ended
}

func (s *shelves) init(bytes int) {
	s.lanes = map[string]*lane{}
	s.all[Lately] = shelf{most: 200, mostBytes: bytes / 2}
	s.all[Slow] = shelf{most: 100, mostBytes: bytes / 4}
	s.all[Failed] = shelf{most: 100, mostBytes: bytes / 4}
}

// lanesMost is how many routes are told apart.
const lanesMost = 128

// laneOf is a route's lane. Routes beyond lanesMost have one together.
func (s *shelves) laneOf(route string) *lane {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lanes[route]
	if l == nil && len(s.lanes) >= lanesMost {
		route = ""
		l = s.lanes[route]
	}
	if l == nil {
		l = &lane{route: route}
		s.lanes[route] = l
	}
	return l
}

// place says where x, which has ended, is kept, and whether it is.
func (s *shelves) place(x *Exchange) (Shelf, bool) {
	if x.lane == nil || x.lane.route != x.route {
		x.lane = s.laneOf(x.route)
	}
	l, e := x.lane, &x.end
	took := e.Now - x.arrival.Began
	on := Lately
	switch slow := l.isSlow(took, x.arrival.Number); {
	case e.failed():
		on = Failed
	case slow:
		on = Slow
	}
	return on, s.all[on].mostBytes > 0 && l.turns[on].take(e.Now)
}

// keep puts k on a shelf, in place of what was kept of the same exchange; nil for nothing.
func (s *shelves) keep(k, old *Kept) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old != nil {
		s.all[old.Summary.Kept].remove(old)
	}
	s.all[k.Summary.Kept].add(k)
}

func (s *shelf) remove(k *Kept) {
	if i := slices.Index(s.kept, k); i >= 0 {
		s.kept = slices.Delete(s.kept, i, i+1)
		s.bytes -= k.size()
	}
}

// add keeps k. It makes room for it: of the route that has most exchanges here, the one that has been here longest goes. So a route with few
// requests is not crowded out by one with many.
func (s *shelf) add(k *Kept) {
	s.kept = append(s.kept, k)
	s.bytes += k.size()
	for len(s.kept) > s.most || s.bytes > s.mostBytes && len(s.kept) > 0 {
		s.remove(s.oldestOfMost())
	}
}

// oldestOfMost is the oldest exchange of the route that has most here.
func (s *shelf) oldestOfMost() *Kept {
	counts := make(map[string]int, 8)
	most := ""
	for _, k := range s.kept {
		r := k.Summary.Route
		counts[r]++
		if counts[r] > counts[most] {
			most = r
		}
	}
	i := slices.IndexFunc(s.kept, func(k *Kept) bool { return k.Summary.Route == most })
	return s.kept[i]
}

// recent is all that is kept, newest first.
func (s *shelves) recent() []Summary {
	s.mu.Lock()
	all := make([]Summary, 0, len(s.all[0].kept)+len(s.all[1].kept)+len(s.all[2].kept))
	for i := range s.all {
		for _, k := range s.all[i].kept {
			all = append(all, k.Summary)
		}
	}
	s.mu.Unlock()
	slices.SortStableFunc(all, func(a, b Summary) int { return b.Began.Compare(a.Began) })
	for i := range all {
		if all[i].Lasts {
			all[i].MS = ms(int64(time.Since(all[i].Began)))
		}
	}
	return all
}

func (s *shelves) find(id string) *Kept {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.all {
		for _, k := range s.all[i].kept {
			if k.Summary.ID == id {
				return k
			}
		}
	}
	return nil
}

// lane is a route's share of what is kept. It is used by several goroutines, without a lock.
type lane struct {
	route   string // fixed
	turns   [3]turn
	typical atomic.Int64 // how long its exchanges take, in nanoseconds; 0 before the first
}

const (
	slowTimes = 4                           // an exchange is slow that took so many times what is typical of its route,
	slowMore  = int64(5 * time.Millisecond) // and so much more
)

// isSlow reports whether an exchange that took so long is slow for its route. Every eighth is counted.
func (l *lane) isSlow(took int64, number uint64) bool {
	typical := l.typical.Load()
	switch {
	case typical == 0:
		l.typical.Store(max(took, 1))
		return false
	case number%8 == 0:
		l.typical.Store(max(typical+(took-typical)/16, 1)) // another one may do so at the same time: then one of the two does not count
	}
	return took > slowTimes*typical+slowMore
}

// turn lets a number of exchanges pass in any second, and some more at once after a pause.
type turn struct {
	next atomic.Int64 // when it has all that it may have, in the lot's time
}

const (
	turnEvery = int64(time.Second) / 20
	turnsMost = 50 // at once
)

// take reports whether an exchange may be kept. Nearly all under load may not, and cost one load.
func (t *turn) take(now int64) bool {
	next := t.next.Load()
	if next-now > (turnsMost-1)*turnEvery {
		return false
	}
	return t.next.CompareAndSwap(next, max(next, now)+turnEvery)
}
