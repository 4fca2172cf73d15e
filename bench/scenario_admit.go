package main

import (
	"context"
	"maps"
	"slices"
)

// admit is the first half of "close" with all that may be asked before a request passes.
var admit = &Scenario{
	Name:     "admit",
	Question: "a hundred routes, a token, a credential and a limit that never bites: what do they cost a request?",
	Flags:    []string{"--workers", "64"},
	Admits:   true,
	Variants: []Variant{{Name: "tenfour-plain", Flags: []string{"--workers", "64"}}},
	Figures:  []Figure{perSecond, cpuEach, peakPSS},
	Goals:    []Goal{{Figure: "cpu", Peer: "tenfour-plain", AtMost: 1.03}, memoryGoal},
	Notes: []string{
		"tenfour-plain gets the same requests, and passes them on as they come: what it has less is what admission costs.",
		"Everybody is visited three times in a round. The visit with the least CPU/request counts, since neighbours only add to it.",
		"haproxy's hundred paths lead to one backend by one rule, and the peers hold the token as it is, where tenfour compares its SHA-256: that is in their favour. caddy has no limit without a plugin.",
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

// visitAdmit notes the visit's figures, unless an earlier one of the round had less CPU/request.
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

// leastCPU is that one of two visits' figures which has less CPU/request; earlier may have none.
func leastCPU(earlier, now map[string]float64) map[string]float64 {
	if cpu, ok := earlier["cpu"]; ok && cpu < now["cpu"] {
		return earlier
	}
	return now
}
