package main

import (
	"context"
	"fmt"
	"time"
)

// keep measures the cost of a request on persistent connections.
var keep = &Scenario{
	Name:     "keep",
	Question: "64 persistent connections, a fast backend: what does a request cost?",
	Flags:    []string{"--workers", "64"},
	Figures: append([]Figure{perSecond, cpuEach, {Name: "wrk_p99", Title: "wrk's p99", Unit: "ms", Digits: 2}, peakPSS, cpuAtRate},
		latencyFigures("open_", "")...),
	Lead: Lead{Figure: "rps", Says: "answers most", Cost: "cpu"},
	Goals: []Goal{
		{Figure: "cpu", AtMost: 0.95},
		{Figure: "rps", AtLeast: 1},
		{Figure: "wrk_p99", AtMost: 1},
		memoryGoal,
	},
	Notes: []string{openNote},
	Load: func(e *Env) []string {
		return []string{
			commandLine(wrkCommand("wrk.lua", "http://PROXY"+smallTarget, 64, e.Load)),
			e.openCommand("keep", "persistent connections"),
		}
	},
	Start: fast,
	Passes: []func(context.Context, *Visit) error{
		func(ctx context.Context, v *Visit) error {
			if err := v.warmUp(ctx); err != nil {
				return err
			}
			_, err := v.measure("wrk_", func() (*Load, error) { return runWrk(ctx, v.Script, v.url(smallTarget), 64, v.Load) })
			return err
		},
		func(ctx context.Context, v *Visit) error { return v.openAtHalf(ctx, false) },
	},
}

// cpuAtRate is the cost of a request without overload: at the same rate for all, about half of what the slowest can do.
var cpuAtRate = Figure{Name: "cpu_open_", Title: "CPU/request at the fixed rate", Unit: "µs", Digits: 1}

const openNote = "The latencies are the open loop's: at a fixed rate, the same for all, about half of what the slowest contender does; each counts from when its request was due."

func (e *Env) openCommand(scenario, how string) string {
	rate := "half of the slowest contender's"
	if r := e.rates[scenario]; r > 0 {
		rate = fmt.Sprintf("%.0f requests/s", r)
	}
	return fmt.Sprintf("our open loop: %s for %v, %s", rate, e.Open, how)
}

// openAtHalf is the pass of close and keep with the open loop.
func (v *Visit) openAtHalf(ctx context.Context, closes bool) error {
	if err := v.warmUp(ctx); err != nil {
		return err
	}
	return v.openLoop(ctx, "open_", OpenLoop{Target: smallTarget, Rate: v.rates[v.Scenario.Name], Time: v.Open, Patience: 5 * time.Second, Close: closes})
}

// warmUp sends a few thousand requests, so that connections to the backend, heaps and caches exist afterwards.
func (v *Visit) warmUp(ctx context.Context) error {
	o := &OpenLoop{Addr: v.Addr, Target: smallTarget, Rate: 10000, Time: 200 * time.Millisecond, Patience: 3 * time.Second, Conns: 64}
	_, err := o.Run(ctx)
	return err
}
