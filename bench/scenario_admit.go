package main

import (
	"context"
	"maps"
	"slices"
)

// admit is the first half of "close", with all the checks that a request may have to pass.
var admit = &Scenario{
	Name:     "admit",
	Question: "a hundred routes, a token, a credential and a limit that is never reached: what do they cost a request?",
	Flags:    []string{"--workers", "64"},
	Admits:   true,
	Variants: []Variant{{Name: "tenfour-plain", Flags: []string{"--workers", "64"}}},
	Figures:  []Figure{perSecond, cpuEach, peakPSS},
	Lead:     Lead{Figure: "rps", Says: "answers most", Cost: "cpu"},
	Goals:    []Goal{{Figure: "cpu", Peer: "tenfour-plain", AtMost: 1.03}, memoryGoal},
	Notes: []string{
		"tenfour-plain gets the same requests and checks nothing. The difference is the cost of admission.",
		"Every contender is visited three times in a round. The visit with the least CPU/request counts, because other programs on the machine only add to it.",
		"Two things favour the peers: haproxy has one rule for the hundred paths, and the peers compare the token itself, tenfour its SHA-256. caddy has no limit without a plugin.",
	},
	Load: func(e *Env) []string {
		return []string{commandLine(admitRun(e).command("http://PROXY" + admitTarget))}
	},
	Start:  fast,
	Passes: slices.Repeat([]func(context.Context, *Visit) error{visitAdmit}, 3),
}

const (
	benchToken      = "0f5c1de89ab24c6d"
	benchCredential = "of-the-backend"
	admitTarget     = "/service-50" + smallTarget
)

func admitRun(e *Env) abRun {
	return abRun{Time: e.Load, Clients: 64, Field: "Authorization: Bearer " + benchToken}
}

// visitAdmit records the visit's figures, unless an earlier visit of the round had less CPU/request.
func visitAdmit(ctx context.Context, v *Visit) error {
	run := admitRun(v.Env)
	warm := run
	warm.Time, warm.Requests = 0, 2000
	if _, err := warm.run(ctx, v.url(admitTarget)); err != nil {
		return err
	}
	earlier := maps.Clone(v.Sample.Figures)
	if _, err := v.measure("ab_", func() (*Load, error) { return run.run(ctx, v.url(admitTarget)) }); err != nil {
		return err
	}
	v.Sample.Figures = leastCPU(earlier, v.Sample.Figures)
	return nil
}

// leastCPU returns the figures of that visit which had less CPU/request; earlier may be empty.
func leastCPU(earlier, now map[string]float64) map[string]float64 {
	if cpu, ok := earlier["cpu"]; ok && cpu < now["cpu"] {
		return earlier
	}
	return now
}
