package main

import (
	"context"
	"fmt"
	"time"
)

// loris measures an old attack: thousands of heads that never end.
var loris = &Scenario{
	Name:     "loris",
	Question: "thousands of half-sent heads: what is left for the others?",
	Flags:    []string{"--workers", "64"},
	Figures: []Figure{
		{Name: "kept", Title: "throughput kept", Unit: "%", Higher: true},
		perSecond, cpuEach, peakPSS,
	},
	Lead:  Lead{Figure: "kept", Says: "keeps most of its throughput", Cost: "pss"},
	Goals: []Goal{memoryGoal},
	Notes: []string{"100 % is the same load a moment earlier, without the half-sent heads. requests/s and CPU/request are those with the half-sent heads."},
	Load: func(e *Env) []string {
		return []string{
			commandLine(wrkCommand("wrk.lua", "http://PROXY"+smallTarget, 64, e.Load)),
			fmt.Sprintf("our client: %d connections with half a head; the same wrk again", e.Loris),
		}
	},
	Start: fast,
	Passes: []func(context.Context, *Visit) error{
		func(ctx context.Context, v *Visit) error {
			if err := v.warmUp(ctx); err != nil {
				return err
			}
			alone, err := runWrk(ctx, v.Script, v.url(smallTarget), 64, v.Load)
			if err != nil {
				return err
			}
			v.Sample.mark(alone.Problem)
			held := &crowd{send: fmt.Sprintf("GET %s HTTP/1.1\r\nHost: bench\r\nX-Half: ", smallTarget)}
			defer held.Close()
			if err := held.gather(ctx, v.Addr, v.Loris); err != nil {
				v.Sample.mark(err.Error())
				return ctx.Err()
			}
			if err := pause(ctx, 200*time.Millisecond); err != nil {
				return err
			}
			beside, err := v.measure("wrk_", func() (*Load, error) { return runWrk(ctx, v.Script, v.url(smallTarget), 64, v.Load) })
			if err != nil {
				return err
			}
			v.Sample.mark(countMark("half-sent heads were closed meanwhile", held.open(), v.Loris))
			v.Sample.set("", map[string]float64{"kept": 100 * beside.PerSecond() / alone.PerSecond()})
			return nil
		},
	},
}
