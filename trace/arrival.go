package trace

import (
	"net/netip"
	"strconv"
	"time"
)

// Arrival is how a request came, and why it is recorded. Times are the lot's, in nanoseconds.
type Arrival struct {
	Lane    *Lane  // of its route; nil is Book.Unrouted
	Route   string // "" if it has reached none
	Watched bool   // its route asks that the watcher is told of it
	Turn    bool   // it has taken its turn to be kept, on the shelf On
	On      Shelf
	Ends    bool // all that has happened is noted at once: it has memory, even if others have all of it

	Prefix string // of its id
	Number uint64 // its id is the prefix, and this
	Client netip.AddrPort
	Secure bool
	Before uint32 // requests that its connection had before
	Parked int64  // how long that had been parked; 0 for not at all
	Began  int64  // when the head was complete
	Job    *Job   // of which it is an attempt that tenfour begins by itself; nil for a request of a client

	Refused   bool // at a byte of its head
	RefusedAt int
}

// id is the request's id in the log.
func (a *Arrival) id() string { return a.Prefix + "-" + strconv.FormatUint(a.Number, 36) }

// End is how an exchange ended. Times are the lot's, in nanoseconds; a phase is None if it did not reach it.
type End struct {
	Now      int64
	Status   int
	Bytes    int64  // of content that the client got
	Backend  string // that was asked last
	Reason   string
	JoinedTo string

	Limited, Body, Queue, Connect, FirstByte time.Duration // FirstByte and Connect count from the slot
}

// None is the time of a phase that an exchange did not reach.
const None time.Duration = -1

// failed reports whether no response of a backend came to the client, or none that is whole, or a 5xx.
func (e *End) failed() bool { return e.Reason != "" || e.Status >= 500 || e.Status == 0 }
