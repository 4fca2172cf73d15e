package forward

import (
	"sync"

	"tenfour/sock"
)

// link is a connection to a backend. Between exchanges a slot keeps it.
type link struct {
	sock.Conn
	in     sock.Input // of the response; empty between exchanges
	reused bool
	idle   int64 // since when it is kept, in the lot's time
	until  int64 // when it is to be closed if it is still idle
}

var links = sync.Pool{New: func() any { return &link{} }}

// Pending reports whether something happened on an idle link: its end, or a byte without a request.
func (l *link) Pending() bool { return l.Watch.Pending() && l.Stale() }

// Until is when an idle link is to be closed, in the lot's time.
func (l *link) Until() int64 { return l.until }

// Discard closes a link, and forgets what was read on it.
func (l *link) Discard() {
	l.in.Drop()
	l.Close()
	links.Put(l)
}
