package main

import "context"

// admit is "close" with all that may be asked before a request passes.
var admit = &Scenario{
	Name:     "admit",
	Question: "a hundred routes, a token, a credential and a limit that never bites: what do they cost a request?",
	Flags:    []string{"--workers", "64"},
	Settings: true,
	Variants: []Variant{{Name: "tenfour-plain", Flags: []string{"--workers", "64"}}},
	Figures:  []Figure{perSecond, cpuEach, peakPSS},
	Goals:    []Goal{{Figure: "cpu", Peer: "tenfour-plain", AtMost: 1.03}},
	Notes:    []string{"tenfour-plain gets the same requests, and passes them on as they come. Each has its load several times in a round, in turn."},
	Load: func(e *Env) []string {
		return []string{commandLine(admitRun.command("http://PROXY" + admitTarget))}
	},
	Start: fast,
	Passes: []func(context.Context, *Visit) error{
		func(ctx context.Context, v *Visit) error {
			if _, err := (abRun{Requests: 2000, Clients: 64, Field: admitRun.Field}).run(ctx, v.url(admitTarget)); err != nil { // to warm up
				return err
			}
			_, err := v.measure("ab_", func() (*Load, error) { return admitRun.run(ctx, v.url(admitTarget)) })
			return err
		},
	},
}

const (
	benchToken  = "0f5c1de89ab24c6d"
	admitTarget = "/service-50" + smallTarget
)

var admitRun = abRun{Requests: 40_000, Clients: 64, Field: "Authorization: Bearer " + benchToken}
