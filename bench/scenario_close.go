package main

import "context"

// closing is "close": it measures the cost of a request when each has a connection of its own.
var closing = &Scenario{
	Name:     "close",
	Question: "a connection for each request, a fast backend: what does one cost?",
	Flags:    []string{"--workers", "64"},
	Figures:  append([]Figure{perSecond, cpuEach, peakPSS, cpuAtRate}, latencyFigures("open_", "")...),
	Lead:     Lead{Figure: "rps", Says: "answers most", Cost: "cpu"},
	Goals: []Goal{
		{Figure: "cpu", AtMost: 0.80},
		{Figure: "rps", AtLeast: 1.05},
		memoryGoal,
	},
	Notes: []string{openNote},
	Load: func(e *Env) []string {
		return []string{
			commandLine(abRun{Time: e.Load, Clients: 64}.command("http://PROXY" + smallTarget)),
			e.openCommand("close", "a connection for each request"),
		}
	},
	Start: fast,
	Passes: []func(context.Context, *Visit) error{
		func(ctx context.Context, v *Visit) error {
			if _, err := (abRun{Requests: 2000, Clients: 64}).run(ctx, v.url(smallTarget)); err != nil { // to warm up
				return err
			}
			_, err := v.measure("ab_", func() (*Load, error) {
				return abRun{Time: v.Load, Clients: 64}.run(ctx, v.url(smallTarget))
			})
			return err
		},
		func(ctx context.Context, v *Visit) error { return v.openAtHalf(ctx, true) },
	},
}
