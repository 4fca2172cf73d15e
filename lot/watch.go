package lot

import "sync/atomic"

// Events are things that can happen on a descriptor.
type Events uint32

const (
	Readable Events = 1 << iota // bytes have arrived, or the peer's end
	Writable                    // there is room to write again
	HungUp                      // the peer has shut its sending side
	Broken                      // the connection was reset, or could not be established
)

// Watch is one descriptor that the lot watches: the events that its owner has not taken yet, and the waiter that they wake.
// Events are edges: after one, the owner reads or writes until the kernel has no more. The zero value watches nothing.
// Its owner is that of the waiter.
type Watch struct {
	lot      *Lot
	fd       int32 // as the kernel has it; beside platform, so that both fit into one word
	platform watchPlatform

	state  atomic.Uint64          // the upper half is its generation, the lower half the events that were not taken yet
	waiter atomic.Pointer[Waiter] // the one to notify
}

// Init prepares w for a descriptor. Watching begins with Arm.
func (w *Watch) Init(lot *Lot, fd int) {
	w.lot, w.fd = lot, int32(fd)
	w.state.Store(uint64(lot.generation.Add(1)) << 32)
	w.waiter.Store(nil)
	w.platform.reset()
}

// Tell sets the waiter that is notified from now on. Events that happened before can still be taken.
func (w *Watch) Tell(p *Waiter) {
	if w.waiter.Load() != p {
		w.waiter.Store(p)
	}
}

// Pending reports whether there are events to take.
func (w *Watch) Pending() bool { return uint32(w.state.Load()) != 0 }

// Happened reports whether one of these events is there to be taken. It takes none, and any goroutine may call it.
func (w *Watch) Happened(ev Events) bool { return Events(uint32(w.state.Load()))&ev != 0 }

// Take returns the events since the last Take.
func (w *Watch) Take() Events {
	if !w.Pending() {
		return 0
	}
	return Events(uint32(w.state.And(^uint64(1<<32 - 1))))
}

// deliver adds events of generation gen and notifies the waiter. It drops events of an earlier generation, which belong to an
// earlier use of the descriptor.
func (w *Watch) deliver(gen uint32, ev Events) {
	for {
		old := w.state.Load()
		if uint32(old>>32) != gen {
			return
		}
		if w.state.CompareAndSwap(old, old|uint64(ev)) {
			break
		}
	}
	if p := w.waiter.Load(); p != nil {
		p.Notify()
	}
}
