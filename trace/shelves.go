package trace

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// shelves are where exchanges are kept: the last ones, and apart from them, so that they stay longer, those that were slow and those that failed.
type shelves struct {
	keeps atomic.Bool // anything

	mu  sync.Mutex // guards the rest
	all [3]shelf   // by Shelf
}

// shelf keeps some exchanges.
type shelf struct {
	most      int // exchanges
	mostBytes int
	bytes     int
	kept      []*Kept // in the order in which they ended
}

func (s *shelves) init(bytes int) {
	s.all[Lately] = shelf{most: 200, mostBytes: bytes / 2}
	s.all[Slow] = shelf{most: 100, mostBytes: bytes / 4}
	s.all[Failed] = shelf{most: 100, mostBytes: bytes / 4}
}

// keep puts k on a shelf, in place of what was kept of the same exchange; nil for nothing.
func (s *shelves) keep(k, old *Kept) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old != nil {
		s.all[old.Summary.Kept].remove(old)
	}
	if s.keeps.Load() { // it may have been switched off while the exchange went on
		s.all[k.Summary.Kept].add(k)
	}
}

// forget drops all that is kept.
func (s *shelves) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.all {
		s.all[i].kept, s.all[i].bytes = nil, 0
	}
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
	now := time.Now()
	for i := range all {
		s := &all[i]
		age := now.Sub(s.Began)
		if s.Lasts {
			s.MS = ms(int64(age))
		}
		s.Began = s.Began.Add(setSince(s.Began, now, age))
	}
	return all
}

// setSince is how far the wall's clock was set since a moment that is so old, in seconds: what began before that stays as old as it is.
func setSince(began, now time.Time, age time.Duration) time.Duration {
	return (now.Round(0).Sub(began.Round(0)) - age).Round(time.Second)
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
