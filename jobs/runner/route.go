package runner

import (
	"time"

	"tenfour/admit"
	"tenfour/forward"
	"tenfour/httpparse"
	"tenfour/jobs"
	"tenfour/trace"
)

// Routes finds the routes of the present configuration, by their names.
type Routes interface {
	// Enter returns a route, and what must be called when its exchange has ended: until then the route's parts are not closed. It reports
	// false if there is no route of that name any more, or it takes no jobs.
	Enter(name string) (to *Route, leave func(), ok bool)
}

// Route is a route as its jobs need it.
type Route struct {
	*forward.Route
	Policy   jobs.Policy
	Deadline time.Duration     // for how long a job that is run again may go on
	Rule     *admit.Rule       // its limits are asked before each attempt; nil for none
	Limits   *httpparse.Limits // of the heads of responses
	Wire     bool              // its exchanges are printed as they pass
	Lane     *trace.Lane       // of those that are attempts of jobs: apart from those of clients, which are mostly shorter
}

// slots is how many exchanges of the route can be at backends at once.
func slots(to *forward.Route) (n int) {
	for _, o := range to.Origins {
		n += o.Backend.Workers()
	}
	return n
}

// rulesOf is what the present configuration says about a job; zero if its route is gone.
func (r *Runner) rulesOf(j jobs.Job) (p jobs.Policy, deadline time.Duration) {
	to, leave, ok := r.Routes.Enter(j.Request.Route)
	if !ok {
		return p, 0
	}
	defer leave()
	return to.Policy, to.Deadline
}
