package main

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// autoVisit is a story with a number of workers, 0 for auto.
type autoVisit struct {
	autoStory
	workers int
}

// autoVisits returns a round's visits: each case with each fixed number, each story with auto. only is a part of their names.
func autoVisits(only string) (all []autoVisit) {
	for _, c := range autoCases {
		for _, n := range autoSizes {
			if strings.Contains(c.Name, only) {
				all = append(all, autoVisit{autoStory{c.Name, []*autoCase{c}}, n})
			}
		}
	}
	for _, s := range autoStories {
		if strings.Contains(s.Name, only) {
			all = append(all, autoVisit{s, 0})
		}
	}
	return all
}

// setting is the number of workers as a flag has it.
func (v *autoVisit) setting() string {
	if v.workers == 0 {
		return "auto"
	}
	return strconv.Itoa(v.workers)
}

// measure starts tenfour in front of a backend that goes through the cases, and adds the figures to the report.
func (v *autoVisit) measure(ctx context.Context, e *Env, tenfour string, r *autoReport) error {
	var ours moody
	target, end, err := v.startBackend(ctx, e, &ours)
	if err != nil {
		return err
	}
	defer end()
	addr, err := freeAddr()
	if err != nil {
		return err
	}
	p := newProcess("tenfour", e.Dir, []string{tenfour, "--listen", addr, "--backend", target, "--workers", v.setting(), "--console", "127.0.0.1:0", "--log-level", "debug", "--log-format", "json"})
	var said bytes.Buffer // read after the process has ended
	p.cmd.Stderr = &said
	if _, err := p.start(); err != nil {
		return err
	}
	defer p.End()
	if err := p.AwaitListening(ctx, addr); err != nil {
		return err
	}
	begun := time.Now()
	var ends []time.Duration
	for _, c := range v.Cases {
		ours.is.Store(c.mood())
		if err := v.sample(ctx, addr, c, r); err != nil {
			return err
		}
		ends = append(ends, time.Since(begun))
	}
	p.End()
	if v.workers > 0 {
		return nil
	}
	steps, err := readSteps(&said, begun)
	if err == nil {
		r.trace(v.autoStory, steps, ends)
	}
	return err
}

// mood is how our backend serves a case.
func (c *autoCase) mood() *mood {
	return &mood{each: c.Each, lanes: make(chan struct{}, max(c.Many, 1)), any: c.Many == 0}
}

// startBackend starts the backend of a story: Python's, or ours. It returns its address, and what ends it.
func (v *autoVisit) startBackend(ctx context.Context, e *Env, ours *moody) (addr string, end func(), err error) {
	if !v.Cases[0].Python {
		if err := ours.listen(); err != nil {
			return "", nil, err
		}
		return ours.ln.Addr().String(), func() { ours.ln.Close() }, nil
	}
	o, err := startPython(ctx, e.Site, 1)
	if err != nil {
		return "", nil, err
	}
	return o.Addrs[0], func() { o.Close() }, nil
}

// sample loads tenfour until its number of workers has settled, and then measures.
func (v *autoVisit) sample(ctx context.Context, addr string, c *autoCase, r *autoReport) error {
	load := func(lasts time.Duration) (*Load, error) {
		return abRun{Time: lasts, Clients: autoClients}.run(ctx, "http://"+addr+pageTarget)
	}
	settles := autoWarms
	if v.workers == 0 {
		settles = autoSettles
	}
	if _, err := load(settles); err != nil {
		return err
	}
	l, err := load(autoSample)
	if err != nil {
		return err
	}
	if l.Problem != "" {
		return fmt.Errorf("%s, --workers %s: %s", c.Name, v.setting(), l.Problem)
	}
	r.figures[c.Name][v.workers] = append(r.figures[c.Name][v.workers], autoFigures{Rate: l.PerSecond(), Max: l.Latencies["max"], Workers: v.workers})
	return nil
}
