package front

import (
	"tenfour/forward"
	"tenfour/logs"
	"tenfour/trace"
)

// record begins to record r, whose head is complete and whose route is known if it gets one, if it is its turn, or if a watcher is told of it:
// watched says that its route asks for that. Else r may be recorded later.
func (r *request) record(watched bool) {
	b := r.front.Trace
	if !b.On() || r.Began == 0 { // it was switched on just now
		return
	}
	turn := b.Turn(r.lane(), trace.Lately, r.Began)
	if !turn && !b.Watches(watched) {
		r.Recorder = r
		return
	}
	from := r.arrival(r.Began)
	from.Turn, from.Watched = turn, watched
	r.Trace = b.Begin(&from, r.In.Head())
}

// recordAll begins to record r whether it is its turn or not, because several goroutines will have its exchange: none of them could begin
// later.
func (r *request) recordAll() {
	if r.Recorder != nil {
		r.Recorder = nil
		from := r.arrival(r.Began)
		r.Trace = r.front.Trace.Begin(&from, r.In.Head())
	}
}

// Record begins to record r, if it is its turn on that shelf.
func (r *request) Record(on trace.Shelf) { r.recordLate(on, false) }

// recordLate is Record; ends says that r ends now.
func (r *request) recordLate(on trace.Shelf, ends bool) {
	b := r.front.Trace
	if !b.Turn(r.lane(), on, r.front.Lot.Now()) {
		return
	}
	r.Recorder = nil
	from := r.arrival(r.Began)
	from.Turn, from.On, from.Ends = true, on, ends
	r.Trace = b.Begin(&from, r.In.Head())
	r.lines.LateIn(r.Trace)
}

var _ forward.Recorder = (*request)(nil)

// recordRefused records r, whose head was refused at a byte, or has not come whole, if it is its turn among what has failed.
func (r *request) recordRefused(at int) {
	b, now := r.front.Trace, r.front.Lot.Now()
	if !b.On() || r.Trace != nil {
		return
	}
	turn := b.Turn(b.Unrouted(), trace.Failed, now)
	if !turn && !b.Watches(false) {
		return
	}
	from := r.arrival(now)
	from.Turn, from.On = turn, trace.Failed
	if at >= 0 {
		from.Refused, from.RefusedAt = true, at
	}
	r.Trace = b.Begin(&from, r.c.in.Rest())
}

// lane is that of r's route. A request that has reached no route, or is about a job, is in that of those.
func (r *request) lane() *trace.Lane {
	if r.Route == nil || r.handle != nil {
		return r.front.Trace.Unrouted()
	}
	return &r.Route.Lane
}

// arrival is how r came. Its head was complete, or was refused, at a moment.
func (r *request) arrival(began int64) trace.Arrival {
	c := r.c
	a := trace.Arrival{Lane: r.lane(), Prefix: r.front.ids.prefix, Number: r.id, Client: c.conn.Remote, Secure: c.secure, Before: c.served, Began: began}
	if r.Route != nil && r.handle == nil {
		a.Route = r.Route.Name
	}
	if r.hasHead() {
		a.Before-- // it counts already
		if r.parkedSince != 0 && c.served > 1 {
			a.Parked = max(1, began-int64(r.parkedSince)<<23)
		}
	}
	return a
}

// given notes a head that goes to the client.
func (r *request) given(head []byte) {
	if r.Trace != nil {
		r.Trace.Given(head, r.front.Lot.Now())
	}
}

// givenLast notes a response that goes to the client, unless its head was noted. It is the last moment at which r can be recorded with its
// response.
func (r *request) givenLast(response []byte) {
	if r.Recorder != nil && r.failed() {
		r.recordLate(trace.Failed, true)
	}
	if r.Trace != nil {
		r.Trace.GivenLast(response, r.front.Lot.Now())
	}
}

// failed reports whether the client has no response of a backend, or none that is whole, or a 5xx.
func (r *request) failed() bool { return r.reason != "" || r.status >= 500 || r.status == 0 }

// endTrace ends what is recorded of r. If nothing is, because it was not known until now that it has failed or is slow, it is recorded
// now: without the heads that are not at hand any more.
func (r *request) endTrace(took *logs.Phases) {
	f := r.front
	if r.Recorder != nil {
		on := r.lane().Judge(r.failed(), int64(took.Total), r.id)
		if on == trace.Lately {
			return
		}
		r.recordLate(on, true)
		r.TraceEnded()
	}
	if r.Trace == nil && !r.hasHead() {
		r.recordRefused(-1)
	}
	if r.Trace == nil {
		return
	}
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
	r.Trace.End(e)
	r.Trace = nil
}
