package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// race measures races between backends that fail now and then, and are mostly slow.
var race = &Scenario{
	Name:     "race",
	Question: "four backends that fail one request in four and take up to 300 ms: how often, and when, is there a usable answer?",
	Flags:    []string{"--race", "parallel", "--workers", "20"}, // a slot at each backend for each client
	Retries:  "statuses",
	Fresh:    true,
	Variants: []Variant{
		{Name: "tenfour-hedge", Flags: []string{"--race", "hedge", "--workers", "20"}},
		{Name: "tenfour-serial", Flags: []string{"--race", "serial", "--workers", "20"}},
	},
	Figures: []Figure{
		{Name: "usable", Title: "usable", Unit: "%", Higher: true, Digits: 1},
		{Name: "mean", Title: "mean", Unit: "ms", Digits: 1},
		{Name: "p99", Title: "p99", Unit: "ms"},
		{Name: "asked", Title: "requests at the backends for each", Digits: 2},
	},
	Lead: Lead{Figure: "usable", Says: "has most usable answers", Cost: "mean"},
	Goals: []Goal{
		{Figure: "usable", Peer: "-", AtLeast: 99},
		{Figure: "mean", Peer: "-", AtMost: math.Round(idealRace["mean"] + 15)},
	},
	Ideal: idealRace,
	Notes: []string{
		"An answer is usable if its status is below 500. mean and p99 are those of the usable answers.",
		"ideal asks all four at once and itself takes no time; it is simulated from the same distribution. A proxy that asks fewer cannot be as fast.",
		"The last column is the cost of a race. nginx, haproxy and caddy ask the next backend when one has failed, as tenfour-serial does. direct is one of the four backends.",
	},
	Load: func(e *Env) []string {
		return []string{fmt.Sprintf("our client: %d requests for / on %d persistent connections", e.RaceRequests, raceClients)}
	},
	Start: func(context.Context, *Env) (*Origin, error) {
		var specs []string
		for seed := 1; seed <= raceBackends; seed++ {
			specs = append(specs, fmt.Sprintf("flaky:seed=%d,fail=%v,delay=%v", seed, raceFail, raceDelay))
		}
		return startFaulty("4 × lab's flaky: 0 to 300 ms, 25 % of the answers are 500, the same fates for all", specs...)
	},
	Passes: []func(context.Context, *Visit) error{
		func(ctx context.Context, v *Visit) error {
			l := &raceLoad{addr: v.Addr, left: int64(v.RaceRequests)}
			l.run(ctx)
			v.Sample.mark(countMark("requests had no answer at all ("+l.first+")", l.answers, v.RaceRequests))
			met := 0
			for _, b := range v.Origin.labs {
				met += b.Counts().Requests
			}
			v.Sample.set("", l.figures(v.RaceRequests))
			v.Sample.set("", map[string]float64{"asked": float64(met) / float64(v.RaceRequests)})
			return ctx.Err()
		},
	},
}

const (
	raceBackends = 4
	raceClients  = 20
	raceFail     = 0.25
	raceDelay    = 300 * time.Millisecond
)

// idealRace has the figures of a race that itself takes no time: the first usable of four answers.
var idealRace = func() map[string]float64 {
	const n = 200_000
	dice := rand.New(rand.NewPCG(1, 2))
	var times []float64
	for range n {
		first := math.Inf(1)
		for range raceBackends {
			delay := dice.Float64() * float64(raceDelay) / 1e6
			if dice.Float64() >= raceFail {
				first = min(first, delay)
			}
		}
		if !math.IsInf(first, 1) {
			times = append(times, first)
		}
	}
	f := timesOf(times, n)
	f["asked"] = raceBackends
	return f
}()

// timesOf returns the figures of n requests with these times of their usable answers.
func timesOf(times []float64, n int) map[string]float64 {
	slices.Sort(times)
	sum := 0.0
	for _, t := range times {
		sum += t
	}
	return map[string]float64{"usable": 100 * float64(len(times)) / float64(n), "mean": sum / float64(len(times)), "p99": percentileOf(times, 99)}
}
