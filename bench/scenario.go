package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Scenario is a question, how it is put to every contender, and what is measured. Each has a file of its own.
type Scenario struct {
	Name     string
	Question string
	Flags    []string // tenfour's, that suit it
	Admits   bool     // see setup; who cannot do that takes no part
	MaxConn  int      // of haproxy-tuned, for each backend; 0: it does not take part
	Figures  []Figure
	Goals    []Goal
	Notes    []string
	Retries  string    // what the peers try again after, see setup
	Turn     string    // of haproxy-tuned, see setup
	Variants []Variant // more rows of tenfour
	Long     bool      // --quick has no time for it
	Fresh    bool      // each visit has backends of its own, so that all meet the same
	Ideal    map[string]float64
	Load     func(e *Env) []string // the commands, for the report; PROXY stands for the address
	Start    func(ctx context.Context, e *Env) (*Origin, error)
	Passes   []func(ctx context.Context, v *Visit) error // each visits every contender in an order of its own
}

// scenarios are all, in the order of the report.
var scenarios = []*Scenario{seed, closing, keep, big, up, idle, loris, slow, admit, restart, fork, race}

func scenarioNames() []string {
	var names []string
	for _, s := range scenarios {
		names = append(names, s.Name)
	}
	return names
}

// scenariosFor are those of a run in which none is named.
func scenariosFor(quick bool) []*Scenario {
	return slices.DeleteFunc(slices.Clone(scenarios), func(s *Scenario) bool { return quick && s.Long })
}

func longNames() string {
	var names []string
	for _, s := range scenarios {
		if s.Long {
			names = append(names, s.Name)
		}
	}
	return strings.Join(names, " and ")
}

// Figure is one number that is measured.
type Figure struct {
	Name   string // the key in report.json
	Title  string
	Unit   string
	Higher bool // is better
	Digits int  // behind the point
}

// Figures that several scenarios have. The processor's are the contender's own, all its processes.
var (
	perSecond = Figure{Name: "rps", Title: "requests/s", Higher: true}
	cpuEach   = Figure{Name: "cpu", Title: "CPU/request", Unit: "µs", Digits: 1}
	gbPerS    = Figure{Name: "gbs", Title: "GB/s", Higher: true, Digits: 2}
	cpuPerGB  = Figure{Name: "cpu", Title: "CPU/GB", Unit: "s", Digits: 2}
	peakPSS   = Figure{Name: "pss", Title: "peak PSS", Unit: "MB", Digits: 1}
	failures  = Figure{Name: "failed", Title: "failed requests"} // counts in all samples, and has no ratio: see values
)

// latencyFigures are percentiles in ms; prefix keeps those of two generators apart.
func latencyFigures(prefix, title string) []Figure {
	var all []Figure
	for _, p := range [][2]string{{"p50", "p50"}, {"p90", "p90"}, {"p99", "p99"}, {"p999", "p99.9"}, {"max", "max"}} {
		all = append(all, Figure{Name: prefix + p[0], Title: title + p[1], Unit: "ms", Digits: 2})
	}
	return all
}

// Goal is what we want of a figure: a bound on tenfour's ratio to a peer, or on its own value.
type Goal struct {
	Figure   string
	Peer     string  // whose; "" is the best peer's; "-" is none: the bound is a value
	AtLeast  float64 // 0 is no bound
	AtMost   float64
	None     bool     // it is to be 0
	LeaveOut []string // peers that do not count among the best
}

// memoryGoal holds everywhere.
var memoryGoal = Goal{Figure: "pss", Peer: "-", AtMost: 25}

// Sizes are how much of everything there is.
type Sizes struct {
	Load, Open, Transfer time.Duration
	SeedRequests         int
	SeedMost             time.Duration
	Idle, Loris, Readers int
	RestartRequests      int
	ForkRequests         int
	RaceRequests         int
}

var (
	fullSizes  = Sizes{Load: 3 * time.Second, Open: 3 * time.Second, Transfer: 3 * time.Second, SeedRequests: 4000, SeedMost: 15 * time.Second, Idle: 8000, Loris: 2000, Readers: 30, RestartRequests: 6000, ForkRequests: 100, RaceRequests: 300}
	quickSizes = Sizes{Load: time.Second, Open: 600 * time.Millisecond, Transfer: 600 * time.Millisecond, SeedRequests: 800, SeedMost: 5 * time.Second, Idle: 2000, Loris: 500, Readers: 30, RaceRequests: 100}
)

// Env is what a run has: where its files are, how large it is, and what one pass must know of an earlier one.
type Env struct {
	Sizes
	Dir, Site string
	Script    string // wrk's
	Files     int
	rates     map[string]float64 // of the open loop, by scenario; the same in all rounds
}

// Sample is one contender's visit in one round of one scenario.
type Sample struct {
	Scenario  string
	Contender string
	Round     int
	Figures   map[string]float64
	Problem   string    `json:",omitempty"` // it ended early or had failures: why
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

// Visit is one contender, running.
type Visit struct {
	*Env
	Scenario *Scenario
	Addr     string
	Proc     *Process // nil when there is no proxy
	Origin   *Origin
	Sample   *Sample
}

func (v *Visit) url(target string) string { return "http://" + v.Addr + target }

// cpuDuring is the contender's processor time while f runs; known is false when there is no proxy.
func (v *Visit) cpuDuring(f func() error) (used CPU, known bool, err error) {
	if v.Proc == nil {
		return CPU{}, false, f()
	}
	before := cpuOf(v.Proc.Pid())
	err = f()
	return cpuOf(v.Proc.Pid()).Minus(before), true, err
}

// measure runs a load and notes its throughput, its latencies under prefix, and the processor time of each request.
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

// openConns is how many connections the open loop may have.
const openConns = 256

// openLoop sends requests at a fixed rate, and notes their latencies under prefix.
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

// fast starts the fast backend.
func fast(ctx context.Context, e *Env) (*Origin, error) { return startFast(ctx, e.Dir, e.Site) }

// halfOf is half of the slowest throughput, rounded down to two digits; 500 where nobody had any.
func halfOf(samples []*Sample) float64 {
	slowest := math.Inf(1)
	for _, s := range samples {
		if r, ok := s.Figures["rps"]; ok && s.Problem == "" {
			slowest = min(slowest, r)
		}
	}
	if math.IsInf(slowest, 1) || slowest < 20 {
		return 500
	}
	unit := math.Pow(10, math.Floor(math.Log10(slowest/2))-1)
	return math.Floor(slowest/2/unit) * unit
}

// countMark says how many are missing, if any are.
func countMark(what string, got, want int) string {
	if got >= want {
		return ""
	}
	return fmt.Sprintf("%d of %d %s", want-got, want, what)
}

var errLate = errors.New("it took too long")
