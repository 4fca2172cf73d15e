package front

import (
	"tenfour/forward"
	"tenfour/pool"
)

// request is a client's exchange, from its head's first byte to its response's last, and its place in a queue.
type request struct {
	forward.Exchange
	front  *Front // fixed
	c      *client
	place  pool.Place        // where it stands while it is queued
	memory forward.HeldPlace // where it waits for memory for its body

	site      *Site  // that it goes by; nil before it is decided
	admission        // to its route
	target    []byte // memory for Target, kept
	path      []byte // and for the path that it was found by

	headEnd int64 // when its head must be complete
	idleEnd int64 // when the next byte of its body must have come; 0 while it is not waited for
	id      uint64
	status  int    // of what the client got; 0 for nothing
	bytes   int64  // of content
	reason  string // why it was not served, for the log
}

func newRequest(f *Front) *request {
	r := &request{front: f}
	r.Init(f.Lot, f.Held)
	return r
}

func (r *request) start(c *client) {
	r.c = c
	r.id = c.front.ids.next()
}

func (r *request) end() {
	r.front.Held.Leave(&r.memory)
	r.endAdmission()
	r.Reset()
	if r.site != nil {
		r.site.leave()
		r.site = nil
	}
	r.place.Reset()
	r.c, r.status, r.bytes, r.reason, r.idleEnd = nil, 0, 0, "", 0
}

var _ forward.Owner = (*request)(nil)
