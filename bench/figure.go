package main

// Figure is one number that is measured.
type Figure struct {
	Name   string // the key in report.json
	Title  string
	Unit   string
	Higher bool // a higher value is better
	Digits int  // decimals
}

// The figures that several scenarios have. CPU time is that of all processes of the contender.
var (
	perSecond = Figure{Name: "rps", Title: "requests/s", Higher: true}
	cpuEach   = Figure{Name: "cpu", Title: "CPU/request", Unit: "µs", Digits: 1}
	gbPerS    = Figure{Name: "gbs", Title: "GB/s", Higher: true, Digits: 2}
	cpuPerGB  = Figure{Name: "cpu", Title: "CPU/GB", Unit: "s", Digits: 2}
	peakPSS   = Figure{Name: "pss", Title: "peak PSS", Unit: "MB", Digits: 1}
	failures  = Figure{Name: "failed", Title: "failed requests"} // counts in all samples, and has no ratio: see values
)

// latencyFigures returns percentiles in ms. prefix distinguishes those of two generators.
func latencyFigures(prefix, title string) []Figure {
	var all []Figure
	for _, p := range [][2]string{{"p50", "p50"}, {"p90", "p90"}, {"p99", "p99"}, {"p999", "p99.9"}, {"max", "max"}} {
		all = append(all, Figure{Name: prefix + p[0], Title: title + p[1], Unit: "ms", Digits: 2})
	}
	return all
}

// Lead is what a reader of a scenario wants first: which contender is best, and at what cost.
type Lead struct {
	Figure string // the key of the figure that decides
	Says   string // what the best one does: "answers most"
	Cost   string // the key of the figure that it pays with; "" if the first says it all
}

// Goal is the aim for a figure: a bound on tenfour's ratio to a peer, or on its own value.
type Goal struct {
	Figure   string
	Peer     string  // the peer of the ratio; "" is the best one; "-" is none: the bound is on the value itself
	AtLeast  float64 // 0 is no bound
	AtMost   float64
	None     bool     // the value must be 0
	LeaveOut []string // peers that do not count among the best
}

// memoryGoal holds in every scenario.
var memoryGoal = Goal{Figure: "pss", Peer: "-", AtMost: 25}
