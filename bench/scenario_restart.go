package main

import (
	"context"
	"fmt"
	"os/exec"
	"time"
)

// restart measures the simplest deployment: the server is killed and started again.
var restart = &Scenario{
	Name:     "restart",
	Question: "a server killed and started again three times under load: which proxy loses no request?",
	Flags:    []string{"--hold", "10s"},
	Retries:  "connections",
	MaxConn:  4,
	Turn:     "100ms", // 10 tries then cover 1 s; Python is back after 0.2 s
	Long:     true,
	Fresh:    true,
	Figures:  []Figure{failures, perSecond, {Name: "max", Title: "max", Unit: "ms"}},
	Lead:     Lead{Figure: "failed", Says: "loses least", Cost: "max"},
	Goals:    []Goal{{Figure: "failed", Peer: "-", None: true}},
	Notes: []string{
		"failed is the number of requests without a good answer, each counted once. With failures, requests/s counts only good answers, and max includes bad ones.",
		"nginx has the server twice, which is its only way to try again. haproxy waits 1 s between two tries. haproxy-tuned waits 100 ms, and has a queue in front of 4 connections, as caddy-tuned has.",
	},
	Load: func(e *Env) []string {
		return []string{commandLine(restartRun(e).command("http://PROXY" + pageTarget)), "kill -9 and a new start at once, three times, each 500 ms after it listens"}
	},
	Start: func(ctx context.Context, e *Env) (*Origin, error) {
		if _, err := exec.LookPath("python3"); err != nil {
			return startFaulty("lab's restart, because no python3 was found: it restarts by the clock", "restart:up=500ms,down=200ms")
		}
		return startPython(ctx, e.Site, 1)
	},
	Passes: []func(context.Context, *Visit) error{
		func(ctx context.Context, v *Visit) error {
			run := restartRun(v.Env)
			if len(v.Origin.procs) == 0 {
				run.Size = len("OK\n")
				return v.count(ctx, run, pageTarget)
			}
			ended := make(chan error, 1)
			go func() { ended <- v.count(ctx, run, pageTarget) }() // ends with ab
			kills, err := v.Origin.killOften(ctx, v.Site, ended, 3)
			v.Sample.mark(countMark("kills were left out, because the load had ended", kills, 3))
			return err
		},
	},
}

func restartRun(e *Env) abRun {
	return abRun{Requests: e.RestartRequests, Time: visitMost, Clients: 20, Size: pageSize}
}

// visitMost is how long a visit may take.
const visitMost = 40 * time.Second

// count runs ab and records the failures with the usual figures.
func (v *Visit) count(ctx context.Context, run abRun, target string) error {
	l, err := run.run(ctx, v.url(target))
	if err != nil {
		return err
	}
	v.Sample.mark(l.Problem)
	v.Sample.set("", map[string]float64{"failed": float64(run.Requests - l.Requests)})
	if l.Seconds > 0 { // 0 if ab gave up, and then there is no rate
		v.Sample.set("", map[string]float64{"rps": l.PerSecond(), "took": l.Seconds})
		v.Sample.set("", l.Latencies)
	}
	return nil
}

// killOften kills the Python server and starts it again, so many times or until the load ends. It returns the load's error.
func (o *Origin) killOften(ctx context.Context, site string, ended <-chan error, times int) (kills int, err error) {
	path, err := exec.LookPath("python3")
	for err == nil && kills < times {
		select {
		case err := <-ended:
			return kills, err
		case <-time.After(500 * time.Millisecond):
		}
		o.procs[0].Kill()
		kills++
		var p *Process
		if p, err = servePython(path, site, o.Addrs[0]); err == nil {
			o.procs[0] = p
			err = p.AwaitListening(ctx, o.Addrs[0])
		}
	}
	if failed := <-ended; err == nil { // the load ends by itself
		return kills, failed
	}
	return kills, fmt.Errorf("start Python again: %w", err)
}
