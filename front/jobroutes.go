package front

import (
	"tenfour/jobs/runner"
	"tenfour/trace"
)

// Enter returns the route of a job for its next attempt, as the present configuration has it, and what the caller calls when the attempt has
// ended: until then a reload closes nothing that the route needs. It reports false if there is no route of that name any more.
func (f *Front) Enter(name string) (to *runner.Route, leave func(), ok bool) {
	s := f.enterSite()
	if s.RouteOfJobs != nil {
		to = s.RouteOfJobs(name)
	}
	if to == nil {
		s.leave()
		return nil, nil, false
	}
	now := *to
	now.Limits = &s.limits
	return &now, s.leave, true
}

// Record begins to record an attempt of a job that begins without a client, under an id like those of requests. It returns nil if nothing is
// recorded.
func (f *Front) Record(from *trace.Arrival, head []byte) *trace.Exchange {
	if !f.Trace.On() {
		return nil
	}
	from.Prefix, from.Number = f.ids.prefix, f.ids.next()
	return f.Trace.Begin(from, head)
}
