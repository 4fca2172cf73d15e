package runner

import (
	"time"

	"tenfour/jobs"
	"tenfour/trace"
)

// record begins to record the attempt n, if something follows exchanges. It is the attempt of j, which has n's request. No client has sent
// that now: what is shown in place of its head is the head that the job keeps.
func (n *run) record(j *jobs.Job, to *Route) {
	x := n.x
	from := trace.Arrival{
		Lane: to.Lane, Route: x.Route.Name, Watched: to.Wire,
		Secure: x.Secure, Began: n.r.Lot.Now(),
		Job: &trace.Job{ID: j.ID.Short(), Attempt: j.Earlier + len(j.Attempts) + 1},
	}
	x.Trace = n.r.Record(&from, x.In.Head())
	if x.Trace == nil {
		return
	}
	n.recorded, x.Timed, x.Began = true, true, from.Began
}

// endRecord ends what is recorded of the attempt. Its exchange has ended, and has its result still.
func (n *run) endRecord() {
	x := n.x
	if !n.recorded {
		x.Trace.Release() // of a request that was handed over
		return
	}
	n.recorded = false
	now := n.r.Lot.Now()
	if head, _ := x.Recorded(); head != nil {
		x.Trace.GivenLast(append(head[:len(head):len(head)], "\r\n"...), now)
	}
	t := &x.Times
	e := trace.End{
		Now: now, Status: x.Status, Bytes: x.Content, Backend: x.Backend,
		Limited: trace.None, Body: trace.None, Queue: time.Duration(now - x.Began), Connect: trace.None, FirstByte: trace.None,
	}
	if x.Failure != nil {
		e.Reason = x.Failure.Error()
	}
	if t.Taken != 0 {
		e.Queue = time.Duration(t.Taken - x.Began)
	}
	if t.Connected != 0 {
		e.Connect = time.Duration(t.Connected - t.Taken)
	}
	if t.FirstByte != 0 {
		e.FirstByte = time.Duration(t.FirstByte - t.Taken)
	}
	x.Trace.End(e)
	x.Trace = nil
}
