package forward

import (
	"sync/atomic"
	"time"

	"tenfour/pool"
)

const (
	// endWait is how long a backend may take for the end of the connection that it has announced, or was asked for.
	endWait = int64(100 * time.Millisecond)
	// cutWait is how long a backend may take to notice that an exchange was given up. Many do only when they write.
	cutWait = int64(time.Second)
	// surplusMost is how many bytes of a response that no client wants are read meanwhile. A backend that sends more is
	// told by a reset, which its next write meets.
	surplusMost = 256 << 10
)

// closeWait is for how long x's slot waits for the backend to end the connection, while the client has its answer already.
// Until then the backend may be working on this exchange, and the next would be one more than it has slots. 0 is not at all.
func (x *Exchange) closeWait() int64 {
	l := x.back
	switch {
	case l == nil || l.Connecting() || x.up.given == 0 || l.HungUp() || l.Broken():
		return 0 // the backend has not seen the exchange, or has ended it
	case x.phase == relaying && x.down.taken && x.up.done() && !x.upStopped:
		if x.Res.KeepAlive && (!x.asksToClose() || x.origin.staysOpen.Load()) {
			return 0
		}
		return endWait
	case x.Stop.Load() || x.beaten():
		return 0
	}
	return cutWait
}

// beaten reports whether x is a part of a race that another backend has won, or is to be cut off for it.
func (x *Exchange) beaten() bool {
	return x.undecided() && x.failure != nil && x.failure.Side == Self && !x.entry.race.abandoned.Load()
}

// takeLink takes the connection to the backend away from x, if the slot waits for its end; else it returns nil.
func (x *Exchange) takeLink(wait int64) *link {
	if wait == 0 {
		return nil
	}
	l := x.back
	if l.in != nil {
		PutBuffer(l.in)
		l.in = nil
	}
	x.back = nil
	if wait == cutWait && l.CloseWrite() != nil {
		l.Discard()
		return nil
	}
	return l
}

// awaitClose waits on s's worker for the backend's end of l, for most nanoseconds, but not once everything is to be cut or
// s is to go. Then it closes l. It reports whether the end came.
func (l *link) awaitClose(s *pool.Slot, most int64, stop *atomic.Bool) (ended bool) {
	until := s.Now() + most
	var surplus [4 << 10]byte
	for read, slept := 0, false; s.Now() < until && read < surplusMost; {
		l.Look()
		n, err := l.Read(surplus[:])
		read += n
		if err == nil {
			continue
		}
		if ended = !waits(err); ended || l.Arm(true, false) != nil || stop.Load() || slept && s.Retired() {
			break
		}
		s.SetDeadline(until)
		s.Wait()
		slept = true
	}
	l.Discard()
	return ended
}
