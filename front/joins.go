package front

import (
	"hash/maphash"
	"maps"
	"sync"
	"time"
)

// Joins is the requests of a route that wait for one response together (docs/joined.md). A request joins the group of those that are
// the same, or begins one. Make it with NewJoins. Safe for use by several goroutines. While it is locked no other package is called,
// except that it reads whether an event has happened, which is an atomic value.
type Joins struct {
	most int // requests that may wait for the response to another one; fixed

	mu      sync.Mutex        // guards the rest, and what groups and members say that it guards
	groups  map[string]*group // those that may be joined, by their key
	waiting int               // members beyond the first of each group
	apart   apart
}

// NewJoins makes a route's Joins, in which up to most requests wait for the response to another one. Those beyond are refused.
func NewJoins(most int) *Joins {
	return &Joins{most: most, groups: map[string]*group{}, apart: apart{seed: maphash.MakeSeed(), until: map[uint64]int64{}}}
}

// standing is how a request stands with its route's Joins.
type standing uint8

const (
	isFirst   standing = iota // none like it is under way: it begins a group
	isJoined                  // it is in the group of those like it
	isTooMuch                 // there is such a group, and no room for more requests that wait
	isApart                   // the response to one like it was for one client only, a moment ago: it goes alone
)

// enter puts m into the group of requests that are the same, if there is one. The key is not kept.
func (j *Joins) enter(m *member, key []byte, now int64) standing {
	j.mu.Lock()
	defer j.mu.Unlock()
	g := j.groups[string(key)]
	switch {
	case g == nil && j.apart.has(key, now):
		return isApart
	case g == nil:
		return isFirst
	case j.waiting >= j.most:
		return isTooMuch
	}
	g.add(m)
	return isJoined
}

// begin makes members the first ones of g. If another request was faster, they join its group, and begin reports false.
func (j *Joins) begin(g *group, members ...*member) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	other := j.groups[g.key]
	begins := other == nil
	if begins {
		j.groups[g.key] = g
	} else {
		g = other
	}
	for _, m := range members {
		g.add(m)
	}
	return begins
}

// end takes g out of the groups that may be joined. Joins is locked.
func (j *Joins) end(g *group) {
	if j.groups[g.key] == g {
		delete(j.groups, g.key)
	}
}

// apartFor is for how long requests like one whose response was for one client only are not joined, in nanoseconds. It bounds how
// often some of them wait for a response that they cannot have.
const apartFor = int64(10 * time.Second)

// apartMost is how many kinds of requests are remembered as not to be joined.
const apartMost = 1024

// apart is the requests that are not joined for a while, by the hashes of their keys. Two keys with one hash cost no more than
// requests that are not joined. Guarded by Joins.
type apart struct {
	seed  maphash.Seed
	until map[uint64]int64 // in the lot's time
}

func (a *apart) has(key []byte, now int64) bool {
	return len(a.until) > 0 && now < a.until[maphash.Bytes(a.seed, key)]
}

func (a *apart) add(key string, now int64) {
	if len(a.until) >= apartMost {
		a.makeRoom(now)
	}
	a.until[maphash.String(a.seed, key)] = now + apartFor
}

// makeRoom forgets those whose time is over, or else any one.
func (a *apart) makeRoom(now int64) {
	maps.DeleteFunc(a.until, func(_ uint64, until int64) bool { return now >= until })
	for h := range a.until {
		if len(a.until) < apartMost {
			return
		}
		delete(a.until, h)
	}
}
