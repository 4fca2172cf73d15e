package site

import (
	"sync"
	"sync/atomic"

	"tenfour/health"
	"tenfour/pool"
)

// checks is which health check has the say about each backend: that of the newest site that leads there. An older site may
// last as long as its last WebSocket, and what it asked may be there no more.
type checks struct {
	mu sync.Mutex // guards the rest, and whether a check runs
	of map[*pool.Backend]*check
}

// check is a health check of a backend, which runs while it has the say.
type check struct {
	health.Check
	b       *pool.Backend
	checker *health.Checker // nil while it does not run
	sick    atomic.Bool     // what it has found
}

// follow gives next the say about b; nil: b is not checked any more. Until next has found out b is what it was.
func (cs *checks) follow(b *pool.Backend, next *check) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	old := cs.of[b]
	if old == next {
		return
	}
	sick := old.end()
	if next == nil {
		delete(cs.of, b)
		if sick {
			b.Well()
		}
		return
	}
	cs.of[b] = next
	next.begin(sick)
}

// leave is that no site uses c any more.
func (cs *checks) leave(c *check) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.of[c.b] == c {
		c.end()
		delete(cs.of, c.b)
	}
}

func (c *check) begin(sick bool) {
	c.sick.Store(sick)
	c.Sick = sick
	c.checker = health.Start(c.Check, func(well bool, why string) {
		if c.sick.Store(!well); well {
			c.b.Well()
		} else {
			c.b.Sick(why)
		}
	})
}

// end reports whether the backend is sick, as far as c has found.
func (c *check) end() (sick bool) {
	if c == nil {
		return false
	}
	c.checker.Close()
	c.checker = nil
	return c.sick.Load()
}
