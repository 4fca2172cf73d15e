package front

import (
	"time"

	"tenfour/logs"
	"tenfour/metrics"
)

// times reports whether it is noted when things happen to an exchange: something says how long it took.
func (f *Front) times() bool { return f.Access != nil || f.Metrics.On() || f.Trace.On() }

// count counts the exchange, which took so long. It is called once for each request, at its end.
func (r *request) count(took *logs.Phases) {
	x := metrics.Exchange{
		Status: r.status, Own: r.own, Joined: r.joinedTo != 0, Cut: r.Failure != nil && r.Status != 0 && r.Status != 101,
		In: r.taken + r.Sent, Out: r.bytes,
		Took: [...]time.Duration{
			metrics.Total: took.Total, metrics.Limited: took.Limited, metrics.Body: took.Body, metrics.Queue: took.Queue,
			metrics.Connect: took.Connect, metrics.FirstByte: took.FirstByte, metrics.Rest: metrics.None,
		},
	}
	if took.FirstByte != logs.None {
		x.Took[metrics.Rest] = took.Total - time.Duration(r.Times.FirstByte-r.Began)
	}
	if r.Body != nil { // its exchange did not begin
		x.In = int64(r.Body.Len())
	}
	r.counters().Ended(&x)
}

// counters returns what counts the request: its route's counters, unless it reached no route, or is about a job.
func (r *request) counters() *metrics.Route {
	if r.Route == nil || r.handle != nil {
		return r.front.Metrics.Unrouted()
	}
	return r.Route.Metrics
}
