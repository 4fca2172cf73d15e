package main

import (
	"context"
	"path/filepath"
)

// seed measures the case that tenfour was made for: many clients, and servers that cannot bear many.
var seed = &Scenario{
	Name:     "seed",
	Question: "80 clients, four Python http.servers: does every client get its answer soon?",
	MaxConn:  4,
	// http.server has a connection for each exchange, and a backlog of 5, with which Linux lets 6 connections wait. So 6 is the
	// most that never overflows it. With more, a SYN is dropped now and then, and the client repeats it after a second. Measured:
	// 6 have 3,672 requests/s and a max of 35 ms, 8 have 1,938 and 1,144 ms, HAProxy's maxconn 4 has 3,566.
	Flags:   []string{"--workers", "6"},
	Figures: append([]Figure{perSecond, cpuEach, peakPSS}, wholeMs(latencyFigures("", ""))...),
	Goals: []Goal{
		{Figure: "rps", Peer: "nginx", AtLeast: 1.5},
		{Figure: "rps", Peer: "caddy", AtLeast: 1.5},
		{Figure: "rps", Peer: "haproxy-tuned", AtLeast: 1},
		{Figure: "max", Peer: "-", AtMost: 100},
		memoryGoal,
	},
	Notes: []string{
		"direct is one of the four servers.",
		"haproxy-tuned has maxconn 4 for each server. tenfour has 6 workers, the most that the servers' backlog of 5 bears. nginx and Caddy have no such queue.",
		"ab is a closed loop: it shows a stall once, in max.",
	},
	Load: func(e *Env) []string {
		return []string{commandLine(seedRun(e, "TIMES").command("http://PROXY" + pageTarget))}
	},
	Start: func(ctx context.Context, e *Env) (*Origin, error) { return startPython(ctx, e.Site, 4) },
	Passes: []func(context.Context, *Visit) error{
		func(ctx context.Context, v *Visit) error {
			details := filepath.Join(v.Dir, "ab.tsv")
			_, err := v.measure("", func() (*Load, error) { return seedRun(v.Env, details).run(ctx, v.url(pageTarget)) })
			if err != nil || v.Sample.Problem != "" {
				return err
			}
			times, err := readABDetails(details)
			for _, p := range curveAt {
				v.Sample.Curve = append(v.Sample.Curve, percentileOf(times, p))
			}
			return err
		},
	},
}

func seedRun(e *Env, details string) abRun {
	return abRun{Requests: e.SeedRequests, Time: e.SeedMost, Clients: 80, Details: details}
}

// wholeMs removes the decimals, because the times of ab are whole milliseconds.
func wholeMs(figures []Figure) []Figure {
	for i := range figures {
		figures[i].Digits = 0
	}
	return figures
}
