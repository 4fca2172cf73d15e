package main

import "context"

// static measures the files of a directory, served without a backend.
var static = &Scenario{
	Name:     "static",
	Question: "a file of 4 KiB, 64 persistent connections, and no backend: what does a request cost?",
	Static:   true,
	Figures:  []Figure{perSecond, cpuEach, {Name: "wrk_p99", Title: "wrk's p99", Unit: "ms", Digits: 2}, peakPSS},
	Lead:     Lead{Figure: "rps", Says: "answers most", Cost: "cpu"},
	Goals:    []Goal{memoryGoal},
	Notes: []string{
		"tenfour serves the files with --serve, caddy with file_server, nginx with root and a cache of open files. haproxy serves no files.",
		"tenfour forwards these requests to a server of its own, over a socket: it pays for two.",
	},
	Load: func(e *Env) []string {
		return []string{commandLine(wrkCommand("wrk.lua", "http://PROXY"+pageTarget, 64, e.Load))}
	},
	Start: func(context.Context, *Env) (*Origin, error) {
		return &Origin{About: "none: the files of a directory"}, nil
	},
	Passes: []func(context.Context, *Visit) error{func(ctx context.Context, v *Visit) error {
		if _, err := runWrk(ctx, v.Script, v.url(pageTarget), 64, v.Load/3); err != nil { // to warm up
			return err
		}
		_, err := v.measure("wrk_", func() (*Load, error) { return runWrk(ctx, v.Script, v.url(pageTarget), 64, v.Load) })
		return err
	}},
}
