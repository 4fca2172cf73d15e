package metrics

import (
	"sync/atomic"
	"time"
)

// Outcome is what became of an attempt at a backend.
type Outcome uint8

const (
	Answered  Outcome = iota // a whole response came
	NoConnect                // there was no connection
	TimedOut                 // the backend sent nothing for too long
	CutShort                 // the connection ended before the response did
	Malformed                // the response could not be trusted
	GivenUp                  // the attempt was ended for another reason: its client left, another backend was first, tenfour stops
	outcomes
)

var outcomeNames = [outcomes]string{"ok", "connect", "timeout", "cut", "malformed", "given_up"}

func (o Outcome) String() string { return outcomeNames[o] }

// Backend counts the attempts at a backend. Safe for use by several goroutines. A nil *Backend counts nothing.
type Backend struct {
	Name string

	often sharded[backendPart]
	won   atomic.Uint64 // races
	downs atomic.Uint64
	ups   atomic.Uint64

	recent recent[backendTally] // guarded by Metrics
}

// backendPart is what every attempt adds to, in one shard.
type backendPart struct {
	outcomes [outcomes]atomic.Uint64
	answers  [classes]atomic.Uint64
	took     [backendPhases]histogram
}

// backendPhases are those of an attempt: to its connection, and to the response's first byte.
const backendPhases = 2

var phaseOfBackend = [backendPhases]Phase{Connect, FirstByte}

func (m *Metrics) newBackend(name string) *Backend {
	return &Backend{Name: name, often: sharded[backendPart]{of: &m.shards}}
}

// Ended counts an attempt, at its end: what became of it, the status of the response that came, 0 for none, how long it took until the
// backend had a byte of the request, and until a byte of the response came; each None if that did not happen.
func (b *Backend) Ended(o Outcome, status int, connect, firstByte time.Duration) {
	if b == nil {
		return
	}
	part, shard := b.often.take()
	if connect >= 0 {
		part.took[0].observe(int64(connect))
	}
	if firstByte >= 0 {
		part.took[1].observe(int64(firstByte))
	}
	if c := classOf(status); c != noAnswer {
		part.answers[c].Add(1)
	}
	part.outcomes[o].Add(1) // last: where this has not changed, nothing has
	b.often.give(shard)
}

// On reports whether attempts are counted.
func (b *Backend) On() bool { return b != nil && b.often.of.on.Load() }

// Won counts a race that the backend has won.
func (b *Backend) Won() {
	if b.On() {
		b.won.Add(1)
	}
}

// backendTally is what a backend has counted at a moment.
type backendTally struct {
	outcomes [outcomes]uint64
	answers  [classes]uint64
	took     [backendPhases]spread
	sums     [backendPhases]int64
}

// tally adds up the parts of b.
func (b *Backend) tally(t *backendTally) {
	*t = backendTally{}
	b.often.each(func(p *backendPart) {
		for i := range p.outcomes {
			t.outcomes[i] += p.outcomes[i].Load()
		}
		for c := range p.answers {
			t.answers[c] += p.answers[c].Load()
		}
		for i := range p.took {
			p.took[i].addTo(&t.took[i], &t.sums[i])
		}
	})
}

// attempts is how many attempts b has counted.
func (b *Backend) attempts() (n uint64) {
	b.often.each(func(p *backendPart) {
		for i := range p.outcomes {
			n += p.outcomes[i].Load()
		}
	})
	return n
}
