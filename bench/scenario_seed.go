package main

import (
	"context"
	"path/filepath"
)

// seed measures the case that tenfour was made for: many clients, and servers that cannot bear many.
var seed = &Scenario{
	Name:     "seed",
	Question: "80 clients, four Python http.servers: does every client get its answer soon?",
	MaxConn:  6, // as tenfour's workers
	// http.server has a connection for each exchange, and a backlog of 5, with which Linux lets 6 connections wait. So 6 is the
	// most that never overflows it. With more, a SYN is dropped now and then, and the client repeats it after a second. Measured:
	// 6 have 3,672 requests/s and a max of 35 ms, 8 have 1,938 and 1,144 ms. It is the best number for the tuned peers too: on a loaded machine,
	// with 4, 6 and 8, HAProxy has 1,887, 2,097 and 944, Caddy 1,012, 1,156 and 819 requests/s.
	Flags:   []string{"--workers", "6"},
	Figures: append([]Figure{perSecond, unanswered, cpuEach, peakPSS}, wholeMs(latencyFigures("", ""))...),
	Lead:    Lead{Figure: "rps", Says: "answers most", Cost: "max"},
	Goals: []Goal{
		{Figure: "rps", Peer: "nginx", AtLeast: 1.5},
		{Figure: "rps", Peer: "caddy", AtLeast: 1.5},
		{Figure: "rps", Peer: "haproxy-tuned", AtLeast: 1},
		{Figure: "rps", Peer: "caddy-tuned", AtLeast: 1},
		{Figure: "max", Peer: "-", AtMost: 100},
		memoryGoal,
	},
	Notes: []string{
		"direct is one of the four servers.",
		"haproxy-tuned has maxconn 6 for each server, caddy-tuned max_conns_per_host 6, and tenfour 6 workers: the most that the servers' backlog of 5 bears. nginx's max_conns has a queue only in its commercial version; without it the rest is refused.",
		"ab is a closed loop: it shows a stall once, in max. A client that never gets an answer is in no percentile of ab's. Here it counts as one request that took as long as the run.",
		"Clients without an answer are the 80 less those that the throughput and the mean time account for. From 8 on a contender is called overloaded.",
	},
	Load: func(e *Env) []string {
		return []string{commandLine(seedRun(e, "TIMES").command("http://PROXY" + pageTarget))}
	},
	Start: func(ctx context.Context, e *Env) (*Origin, error) { return startPython(ctx, e.Site, 4) },
	Passes: []func(context.Context, *Visit) error{
		func(ctx context.Context, v *Visit) error {
			details := filepath.Join(v.Dir, "ab.tsv")
			l, err := v.measure("", func() (*Load, error) { return seedRun(v.Env, details).run(ctx, v.url(pageTarget)) })
			if err != nil || l.Seconds == 0 { // ab gave up, and has no times
				return err
			}
			times, err := readABDetails(details)
			if err == nil && len(times) > 0 {
				v.noteUnanswered(times, l.Seconds)
			}
			return err
		},
	},
}

// unanswered is how many of the clients waited in vain.
var unanswered = Figure{Name: "unanswered", Title: "clients without an answer"}

const seedClients = 80

// overloaded reports whether a contender left a tenth of the clients or more without an answer.
func (r *Report) overloaded(scenario, contender string) bool {
	return r.spread(scenario, contender, unanswered.Name).Median >= seedClients/10
}

// noteUnanswered records the clients that got no answer during the whole run, and the latencies with them. times are those of the
// answers, in ms and in ascending order.
func (v *Visit) noteUnanswered(times []float64, seconds float64) {
	n := clientsWithout(seedClients, times, seconds)
	v.Sample.set("", map[string]float64{unanswered.Name: float64(n)})
	for range n {
		times = append(times, max(1000*seconds, times[len(times)-1]))
	}
	for _, p := range curveAt {
		v.Sample.Curve = append(v.Sample.Curve, percentileOf(times, p))
	}
	for name, p := range map[string]float64{"p50": 50, "p90": 90, "p99": 99, "p999": 99.9, "max": 100} {
		v.Sample.set("", map[string]float64{name: percentileOf(times, p)})
	}
}

// clientsWithout returns how many of the clients of a closed loop got no answer in the whole run. By Little's law the others are as many
// as the throughput times the mean time of an answer. times are in ms.
func clientsWithout(clients int, times []float64, seconds float64) int {
	sum := 0.0
	for _, t := range times {
		sum += t
	}
	return max(0, int(float64(clients)-sum/1000/seconds))
}

func seedRun(e *Env, details string) abRun {
	return abRun{Requests: e.SeedRequests, Time: e.SeedMost, Clients: seedClients, Details: details}
}

// wholeMs removes the decimals, because the times of ab are whole milliseconds.
func wholeMs(figures []Figure) []Figure {
	for i := range figures {
		figures[i].Digits = 0
	}
	return figures
}
