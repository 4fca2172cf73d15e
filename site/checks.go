package site

import (
	"sync"
	"sync/atomic"

	"github.com/rs/zerolog"

	"tenfour/health"
	"tenfour/pool"
)

// checks has the health check that counts for each backend: the one of the newest site that uses the backend. An older site
// lives until its last request has ended, which may be a WebSocket, and the path that it checks may not exist any more.
type checks struct {
	mu sync.Mutex // guards the rest, and whether a check runs
	of map[*pool.Backend]*check
}

// check is a health check of a backend. It runs while it is the one that counts.
type check struct {
	health.Check
	b       *pool.Backend
	log     *zerolog.Logger
	checker *health.Checker // nil while it does not run
	sick    atomic.Bool     // its last result
}

// follow makes next the check of b. If next is nil, b is not checked any more. Until next has a result, the last one of the
// old check holds.
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

// leave ends c, which no site uses any more.
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
	c.Check.Sick = sick
	c.checker = health.Start(c.Check, c)
}

// Well has the pool ask the backend again.
func (c *check) Well() {
	c.sick.Store(false)
	c.b.Well()
}

// Passed ends an outage that exchanges have found: the check, which answers for the backend, has found none.
func (c *check) Passed() { c.b.Well() }

// Sick makes the pool send the backend nothing until Well.
func (c *check) Sick(why string) {
	c.sick.Store(true)
	c.b.Sick(pool.Why{Words: "failed its health check", Log: why})
}

// Refused logs what may be wrong with the Host of the check.
func (c *check) Refused(status int, host string) {
	c.log.Warn().Str("backend", c.b.Name).Int("status", status).Str("host", host).Msgf(
		"%s answered its first health check with %d: the check named the Host %s; if the backend serves other names only, set health_host to one of them", c.b.Name, status, host)
}

// Impatient has the pool close the connections to the backend that are idle, and keep none until Patient.
func (c *check) Impatient() { c.b.Impatient() }

// Patient ends Impatient.
func (c *check) Patient() { c.b.Patient() }

// end stops c, which may be nil, and reports whether its last result was sick.
func (c *check) end() (sick bool) {
	if c == nil {
		return false
	}
	c.checker.Close()
	c.checker = nil
	return c.sick.Load()
}
