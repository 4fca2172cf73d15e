package main

import (
	"context"
	"errors"
	"math"
)

// Sample is one contender's visit in one round of one scenario.
type Sample struct {
	Scenario  string
	Contender string
	Round     int
	Figures   map[string]float64
	Problem   string    `json:",omitempty"` // why it ended early or had failures
	Curve     []float64 `json:",omitempty"` // latencies in ms at curveAt
	Series    []float64 `json:",omitempty"` // the longest latency in ms of each slot of 100 ms
}

func (s *Sample) mark(problem string) {
	switch {
	case problem == "":
	case s.Problem == "":
		s.Problem = problem
	default:
		s.Problem += "; " + problem
	}
}

func (s *Sample) set(prefix string, figures map[string]float64) {
	for name, v := range figures {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			s.Figures[prefix+name] = v
		}
	}
}

// curveAt are the percentiles of a Curve.
var curveAt = []float64{50, 60, 70, 75, 80, 85, 90, 92.5, 95, 97, 98, 99, 99.3, 99.5, 99.7, 99.8, 99.9}

// Visit is one running contender.
type Visit struct {
	*Env
	Scenario *Scenario
	Addr     string
	Proc     *Process // nil if there is no proxy
	Origin   *Origin
	Sample   *Sample
}

func (v *Visit) url(target string) string {
	if v.Scenario.TLS {
		return "https://" + v.Addr + target
	}
	return "http://" + v.Addr + target
}

// cpuDuring returns the contender's CPU time while f runs. known is false if there is no proxy.
func (v *Visit) cpuDuring(f func() error) (used CPU, known bool, err error) {
	if v.Proc == nil {
		return CPU{}, false, f()
	}
	before := cpuOf(v.Proc.Pid())
	err = f()
	return cpuOf(v.Proc.Pid()).Minus(before), true, err
}

// measure runs a load and records its throughput, its latencies under prefix, and the CPU time for each request.
func (v *Visit) measure(prefix string, run func() (*Load, error)) (*Load, error) {
	var l *Load
	used, known, err := v.cpuDuring(func() (err error) {
		l, err = run()
		return err
	})
	if err != nil {
		return nil, err
	}
	v.Sample.mark(l.Problem)
	v.Sample.set("", map[string]float64{"rps": l.PerSecond()})
	v.Sample.set(prefix, l.Latencies)
	if known && l.Requests > 0 {
		v.noteCPU("cpu", used.Per(float64(l.Requests)/1e6))
	}
	return l, nil
}

func (v *Visit) noteCPU(name string, used CPU) {
	v.Sample.set(name, map[string]float64{"": used.Total(), "_user": used.User, "_system": used.System})
}

// openConns is the most connections of the open loop.
const openConns = 256

// openLoop sends requests at a fixed rate, and records their latencies under prefix.
func (v *Visit) openLoop(ctx context.Context, prefix string, o OpenLoop) error {
	o.Addr, o.Conns = v.Addr, openConns
	var r *OpenResult
	used, known, err := v.cpuDuring(func() (err error) {
		r, err = o.Run(ctx)
		return err
	})
	if err != nil {
		return err
	}
	v.Sample.mark(r.Problem())
	v.Sample.set(prefix, r.Latencies())
	v.Sample.Series = r.Slots
	v.Sample.Curve = nil
	for _, p := range curveAt {
		v.Sample.Curve = append(v.Sample.Curve, float64(r.Hist.ValueAtQuantile(p))/1e3)
	}
	if n := r.Hist.TotalCount(); known && n > 0 {
		v.noteCPU("cpu_"+prefix, used.Per(float64(n)/1e6))
	}
	return nil
}

var errLate = errors.New("it took too long")
