package forward

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tenfour/pool"
	"tenfour/sock"
)

// gate is between an exchange and the first byte of its request. While it is shut nothing goes out, because its owner has still to write down
// that something does. It is open by default. Once a byte has passed, or might have, it is never shut again. In a race all racers have the same.
type gate struct {
	state atomic.Uint32
	told  func(backend string) // that an attempt waits which could send; nil for none; fixed before the exchange enters

	mu      sync.Mutex // guards waiting
	waiting []*pool.Slot
}

// The states of a gate.
const (
	gateOpen   uint32 = iota // nothing has passed
	gateShut                 // nothing passes
	gatePassed               // a byte has passed, or may at any moment
)

// gateWait is how long an attempt that could send waits for its gate, with its worker and its slot.
const gateWait = int64(time.Second)

var errGate = errors.New("its begin could not be stored")

// shut shuts the gate, and reports whether nothing has passed.
func (g *gate) shut() bool {
	return g.state.CompareAndSwap(gateOpen, gateShut) || g.state.Load() == gateShut
}

// open lets everything pass, and wakes the workers that wait.
func (g *gate) open() {
	g.state.Store(gatePassed)
	g.mu.Lock()
	all := g.waiting
	g.waiting = nil
	g.mu.Unlock()
	for _, s := range all {
		s.Notify() // harmless if its worker has another exchange by now: it only looks again
	}
}

// passes reports whether the exchange may send. If not, the worker of s is woken when it may.
func (g *gate) passes(s *pool.Slot) bool {
	if g.state.Load() == gatePassed || g.state.CompareAndSwap(gateOpen, gatePassed) {
		return true
	}
	g.mu.Lock()
	if !slices.Contains(g.waiting, s) {
		g.waiting = append(g.waiting, s)
	}
	g.mu.Unlock()
	return g.state.Load() == gatePassed // it was opened just now
}

// atGate asks the gate before the first byte to a backend, once there is a connection.
func (a *Attempt) atGate() outcome {
	if a.link.Connecting() {
		switch err := a.link.Connected(); {
		case err == sock.ErrWait:
			return waits
		case err != nil:
			return a.dial(err)
		}
	}
	if a.gate.passes(a.slot) {
		a.clock.gateEnd = 0
		a.clock.touch()
		return goOn
	}
	if a.clock.gateEnd == 0 {
		a.clock.gateEnd = a.clock.now + gateWait
		if a.gate.told != nil {
			a.gate.told(a.origin.Name)
		}
	}
	return waits
}
