package front

import (
	"tenfour/forward"
	"tenfour/pool"
)

// request is one request of a client, from its head's first byte to the last byte of its response, with its exchange and its
// place in a queue.
type request struct {
	forward.Exchange
	front  *Front // fixed
	c      *client
	place  pool.Place        // in the queue, while it waits there
	memory forward.HeldPlace // where it waits for memory for its body

	site      *Site  // the configuration that it keeps to its end; nil before its head is complete
	admission        // to its route
	target    []byte // memory for Target, used again
	path      []byte // memory for plainer, used again
	plainer   []byte // the path by which its route was found, if it is not the target's own; nil if it is

	lacksSlash bool // its path is a prefix of its route without its slash

	headEnd int64         // when its head must be complete
	idleEnd int64         // when the next byte of its body must have come; 0 while none is awaited
	pace    forward.Meter // of the client with what it sends of the body before the exchange is placed
	id      uint64
	status  int    // of the response that the client got; 0 for none
	bytes   int64  // of content that it got
	reason  string // for the log: why it was not served
}

func newRequest(f *Front) *request {
	r := &request{front: f}
	r.Init(f.Lot, f.Held)
	return r
}

func (r *request) start(c *client) {
	r.c = c
	r.id = c.front.ids.next()
	r.Limits = &c.front.site.Load().limits
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
	r.plainer, r.lacksSlash = nil, false
	r.c, r.status, r.bytes, r.reason, r.idleEnd, r.pace = nil, 0, 0, "", 0, forward.Meter{}
}

// hasHead reports whether the request's head is complete, and may be trusted.
func (r *request) hasHead() bool { return r.In != nil }

var _ forward.Owner = (*request)(nil)
