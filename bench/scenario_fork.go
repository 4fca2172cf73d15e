package main

import (
	"context"
	"time"
)

// fork measures the hardest backend of lab, which closes its port at every client.
var fork = &Scenario{
	Name:     "fork",
	Question: "a server that closes its port at every client, for 40 ms: which proxy gets all requests through, and how soon?",
	Flags:    []string{"--hold", "10s"},
	Retries:  "connections",
	MaxConn:  1,      // the server takes one; with 4 there were failures
	Turn:     "20ms", // measured by hand: 10 ms take 4.5 s, 20 ms 4.2 s, 50 ms 5.1 s, 100 ms 10.1 s
	Long:     true,
	Fresh:    true,
	Figures:  []Figure{{Name: "took", Title: "total time", Unit: "s", Digits: 2}, failures},
	Lead:     Lead{Figure: "took", Says: "is done soonest", Cost: "failed"},
	Goals: []Goal{
		{Figure: "failed", Peer: "-", None: true},
		{Figure: "took", Peer: "-", AtMost: 4.4},
	},
	Ideal: map[string]float64{"took": (100 * forkPause).Seconds(), "failed": 0},
	Notes: []string{
		"ideal is the pauses of the server alone: 100 times 40 ms. A contender with failures is done sooner. One that is not done after 40 s is ended.",
		"nginx has the server twice, which is its only way to try again. haproxy waits 1 s between two tries. haproxy-tuned waits 20 ms, and has one connection at a time, as caddy-tuned has.",
	},
	Load: func(e *Env) []string { return []string{commandLine(forkRun(e).command("http://PROXY/"))} },
	Start: func(context.Context, *Env) (*Origin, error) {
		return startFaulty("lab's fork: one connection, one answer, then its port is closed for 40 ms", "fork:pause=40ms")
	},
	Passes: []func(context.Context, *Visit) error{
		func(ctx context.Context, v *Visit) error { return v.count(ctx, forkRun(v.Env), "/") },
	},
}

const forkPause = 40 * time.Millisecond

func forkRun(e *Env) abRun {
	return abRun{Requests: e.ForkRequests, Time: visitMost, Clients: 10, Size: len("OK\n")}
}
