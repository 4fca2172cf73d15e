package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

const (
	jobClients = 64      // of the first and the third pass
	jobWaiters = 16      // of the second
	jobSize    = 1 << 10 // bytes of a request's body
	jobTarget  = "/job"
	heldMost   = 30 * time.Second // for the jobs that are held, if they are not as many before
)

// jobs measures requests that are answered with a handle once they are on the disk.
var jobs = &Scenario{
	Name:     "jobs",
	Question: "202 as soon as a request is on the disk, the work afterwards: what does a promise cost?",
	Flags:    []string{"--workers", "64", "--async"},
	Jobs:     true,
	Variants: []Variant{{Name: "tenfour-plain", Flags: []string{"--workers", "64"}}},
	Figures: []Figure{
		{Name: "rps", Title: "accepted/s", Higher: true},
		{Name: "cpu", Title: "CPU/job", Unit: "µs", Digits: 1},
		{Name: "ab_p50", Title: "202 p50", Unit: "ms", Digits: 2}, {Name: "ab_p99", Title: "202 p99", Unit: "ms", Digits: 2},
		{Name: "end_p50", Title: "result p50", Unit: "ms", Digits: 2}, {Name: "end_p99", Title: "result p99", Unit: "ms", Digits: 2},
		{Name: "grown", Title: "memory/job held", Unit: "B"}, {Name: "disk", Title: "disk/job held", Unit: "B"},
		peakPSS,
	},
	Lead: Lead{Figure: "rps", Says: "accepts most", Cost: "cpu"},
	Goals: []Goal{
		{Figure: "rps", Peer: "-", AtLeast: 5000},
		{Figure: "cpu", AtMost: 0.5},
	},
	Notes: []string{
		"A job is a POST of 1 KiB. accepted/s: 64 clients, each with a persistent connection. CPU/job is until the last of these jobs has its result, with all that tenfour writes for it.",
		"result: 16 clients, each from its POST until it has the result: tenfour's with Prefer: wait, those of python-queue by asking every 5 ms.",
		"held: after the jobs of one more pass have ended, with their results, by how much the memory and the files have grown for each. There are 100,000 of them, or as many as were accepted in 30 s.",
		"tenfour-plain relays the same requests at once. It has no handles, so that its 202 is the backend's response.",
		"python-queue is what one would write instead, with http.server and SQLite: bench/peers/jobqueue.py.",
		"The files are in the directory for temporary files. Where that is memory (tmpfs), nothing waits for a disk.",
	},
	Load: func(e *Env) []string {
		return []string{
			fmt.Sprintf("our clients: %d, for %v, POST of %d bytes with Prefer: respond-async", jobClients, e.Load, jobSize),
			fmt.Sprintf("our clients: %d, for %v, each job awaited", jobWaiters, e.Load),
			fmt.Sprintf("our clients: %d, for %d jobs or %v, then the growth", jobClients, e.JobsHeld, heldMost),
		}
	},
	Start: func(ctx context.Context, e *Env) (*Origin, error) {
		return startOwn(ctx, "sink", "one of ours, which reads a body and answers with its length", "")
	},
	Passes: []func(context.Context, *Visit) error{visitAccepted, visitResults, visitHeld},
}

// visitAccepted measures how many jobs are accepted, and what they cost with their work.
func visitAccepted(ctx context.Context, v *Visit) error {
	warm := &jobLoad{addr: v.Addr, clients: jobClients, most: 500}
	if err := warm.run(ctx); err != nil {
		return err
	}
	l := &jobLoad{addr: v.Addr, clients: jobClients, time: v.Load}
	used, known, err := v.cpuDuring(func() error {
		if err := l.run(ctx); err != nil {
			return err
		}
		return l.awaitLast(ctx)
	})
	if err != nil {
		return err
	}
	v.Sample.set("", map[string]float64{"rps": l.perSecond()})
	v.Sample.set("ab_", l.percentiles())
	if known {
		v.noteCPU("cpu", used.Per(float64(len(l.times))/1e6))
	}
	return nil
}

// visitResults measures the time from a request to its result.
func visitResults(ctx context.Context, v *Visit) error {
	l := &jobLoad{addr: v.Addr, clients: jobWaiters, time: v.Load, results: true}
	if err := l.run(ctx); err != nil {
		return err
	}
	v.Sample.set("end_", l.percentiles())
	return nil
}

// visitHeld measures by how much memory and files grow for each job that has ended and is kept.
func visitHeld(ctx context.Context, v *Visit) error {
	if v.Proc == nil || v.Sample.Contender == "tenfour-plain" {
		return nil
	}
	warm := &jobLoad{addr: v.Addr, clients: jobClients, most: 500}
	if err := warm.run(ctx); err != nil {
		return err
	}
	if err := warm.awaitLast(ctx); err != nil {
		return err
	}
	memory, disk := pssOf(v.Proc.Pid())*1024, v.diskUse()
	l := &jobLoad{addr: v.Addr, clients: jobClients, most: v.JobsHeld, time: heldMost}
	if err := l.run(ctx); err != nil {
		return err
	}
	if err := l.awaitLast(ctx); err != nil {
		return err
	}
	n := float64(len(l.times))
	v.Sample.set("", map[string]float64{"grown": max(0, pssOf(v.Proc.Pid())*1024-memory) / n, "disk": (v.diskUse() - disk) / n})
	return nil
}

// diskUse returns how many bytes are in the files of the contender's working directory.
func (v *Visit) diskUse() (sum float64) {
	dir, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(v.Proc.Pid()), "cwd"))
	if err != nil {
		return 0
	}
	filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil // a file may be removed meanwhile
		}
		if info, err := d.Info(); err == nil {
			sum += float64(info.Size())
		}
		return nil
	})
	return sum
}

// percentiles returns those of the times, in ms.
func (l *jobLoad) percentiles() map[string]float64 {
	slices.Sort(l.times)
	return map[string]float64{"p50": percentileOf(l.times, 50), "p99": percentileOf(l.times, 99)}
}
