package main

import (
	"context"
	"fmt"
	"math/rand/v2"
)

// visitAll runs one round of one scenario, each pass in a new random order.
func (e *Env) visitAll(ctx context.Context, s *Scenario, contenders []*Contender, round int, bar *progress) ([]*Sample, string, error) {
	var origin *Origin
	defer func() { origin.Close() }()
	renew := func() (err error) {
		origin.Close()
		if origin, err = s.Start(ctx, e); err != nil {
			err = fmt.Errorf("%s: its backend: %w", s.Name, err)
		}
		return err
	}
	if err := renew(); err != nil {
		return nil, "", err
	}
	samples := make([]*Sample, len(contenders))
	for i, c := range contenders {
		samples[i] = &Sample{Scenario: s.Name, Contender: c.Name, Round: round, Figures: map[string]float64{}}
	}
	for n, pass := range s.Passes {
		if n > 0 && e.rates[s.Name] == 0 {
			e.rates[s.Name] = halfOf(samples)
		}
		for nth, i := range rand.Perm(len(contenders)) {
			if s.Fresh && nth > 0 {
				if err := renew(); err != nil {
					return nil, "", err
				}
			}
			bar.Next(fmt.Sprintf("round %d, %s: %s", round, s.Name, contenders[i].Name))
			if err := e.visit(ctx, s, contenders[i], origin, samples[i], pass); err != nil {
				return nil, "", err
			}
		}
	}
	return samples, origin.About, nil
}

// visit starts a contender, runs one pass against it, and ends it. Only the end of ctx is an error. A failure of the contender
// becomes the Problem of its sample.
func (e *Env) visit(ctx context.Context, s *Scenario, c *Contender, origin *Origin, sample *Sample, pass func(context.Context, *Visit) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	set := e.setupOf(s, origin.Addrs)
	addr, proc, err := c.Start(ctx, e.Dir, set)
	if err != nil {
		sample.mark(err.Error())
		return ctx.Err()
	}
	defer proc.End()
	v := &Visit{Env: e, Scenario: s, Addr: addr, Proc: proc, Origin: origin, Sample: sample}
	if proc == nil {
		if err := pass(ctx, v); err != nil {
			sample.mark(err.Error())
		}
		return ctx.Err()
	}
	meter := startPeak(proc.Pid())
	if err := pass(ctx, v); err != nil {
		sample.mark(err.Error())
	}
	peak := meter.Stop() * 1024 / 1e6
	sample.Figures["pss"] = max(sample.Figures["pss"], peak)
	select {
	case <-proc.done:
		sample.mark(c.Name + " ended by itself: " + proc.said.String())
	default:
	}
	return ctx.Err()
}
