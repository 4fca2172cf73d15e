package front

import "tenfour/jobs/runner"

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
