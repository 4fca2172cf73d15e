package lot

import "sync/atomic"

// Events is what can happen on a descriptor.
type Events uint32

const (
	Readable Events = 1 << iota // bytes came, or the peer's end
	Writable                    // there is room to send again
	HungUp                      // the peer has shut its sending side
	Broken                      // the connection was reset, or could not be made
)

// Watch is one descriptor that the lot looks after: what has happened on it since its owner last took it, and whom
// to tell. Events are edges: who is told reads or writes until the kernel has no more. The zero value watches nothing.
type Watch struct {
	lot *Lot
	fd  int

	state  atomic.Uint64          // its generation above, the events not yet taken below
	waiter atomic.Pointer[Waiter] // whom to tell

	platform watchPlatform
}

// Init prepares w for a descriptor, which it does not look after before Arm.
func (w *Watch) Init(lot *Lot, fd int) {
	w.lot, w.fd = lot, fd
	w.state.Store(uint64(lot.generation.Add(1)) << 32)
	w.waiter.Store(nil)
	w.platform.reset()
}

// Tell says who is to be notified from now on. Events that happened before are still there to be taken.
func (w *Watch) Tell(p *Waiter) { w.waiter.Store(p) }

// Pending reports whether there are events to take.
func (w *Watch) Pending() bool { return uint32(w.state.Load()) != 0 }

// Take returns the events since it was last called.
func (w *Watch) Take() Events {
	if !w.Pending() {
		return 0
	}
	return Events(uint32(w.state.And(^uint64(1<<32 - 1))))
}

// deliver adds events to those of generation gen and notifies the waiter; events of an earlier generation are nobody's.
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
