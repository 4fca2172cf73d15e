package front

import (
	"tenfour/logs"
	"tenfour/trace"
)

// record begins to record r, whose head is complete. Its connection was parked since a moment; 0 for not at all.
func (r *request) record(parkedSince uint32) {
	from := r.arrival(r.Began)
	if parkedSince != 0 && r.c.served > 1 {
		from.Parked = max(1, r.Began-int64(parkedSince)<<23)
	}
	r.Trace = r.front.Trace.Begin(&from, r.In.Head())
}

// recordRefused records r, whose head was refused at a byte.
func (r *request) recordRefused(at int) {
	if r.front.Trace == nil {
		return
	}
	from := r.arrival(r.front.Lot.Now())
	from.Refused, from.RefusedAt = true, at
	r.Trace = r.front.Trace.Begin(&from, r.c.in.Rest())
}

// arrival is how r came. Its head was complete, or was refused, at a moment.
func (r *request) arrival(began int64) trace.Arrival {
	c := r.c
	before := c.served
	if r.hasHead() {
		before-- // it counts already
	}
	return trace.Arrival{Prefix: r.front.ids.prefix, Number: r.id, Client: c.conn.Remote, Secure: c.secure, Before: before, Began: began}
}

// given notes a head that goes to the client.
func (r *request) given(head []byte) {
	if r.Trace != nil {
		r.Trace.Given(head, r.front.Lot.Now())
	}
}

// givenLast notes a response that goes to the client, unless its head was noted.
func (r *request) givenLast(response []byte) {
	if r.Trace != nil {
		r.Trace.GivenLast(response, r.front.Lot.Now())
	}
}

// endTrace ends what is recorded of r.
func (r *request) endTrace(took *logs.Phases) {
	f := r.front
	e := trace.End{
		Status: r.status, Bytes: r.bytes, Backend: r.Backend, Reason: r.reason,
		Limited: took.Limited, Body: took.Body, Queue: took.Queue, Connect: took.Connect, FirstByte: took.FirstByte,
	}
	if e.Now = r.Began + int64(took.Total); r.Began == 0 {
		e.Now = f.Lot.Now()
	}
	if r.joinedTo != 0 {
		e.JoinedTo = f.ids.text(r.joinedTo)
	}
	switch {
	case r.Trace != nil:
		r.Trace.End(e)
		r.Trace = nil
	case r.hasHead():
		from := r.arrival(r.Began)
		f.Trace.Late(&from, r.In.Head(), e)
	default: // a part of a head
		from := r.arrival(e.Now)
		f.Trace.Late(&from, r.c.in.Rest(), e)
	}
}
