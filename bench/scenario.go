package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Scenario is a question, the load that answers it, and the figures that are measured. Each has a file of its own.
type Scenario struct {
	Name     string
	Question string
	Flags    []string // tenfour's flags for it
	Admits   bool     // see setup; a contender that cannot admit does not take part
	TLS      bool     // clients speak TLS 1.3; the backend alone, which does not, does not take part
	Static   bool     // files of a directory, without a backend; only those that have a file server take part
	Jobs     bool     // 202 and handles; only those that have them take part
	MaxConn  int      // of the tuned peers, for each backend; with 0 they do not take part
	Bulk     bool     // see setup
	Holds    string   // of the tuned peers, see setup
	Figures  []Figure
	Lead     Lead
	Goals    []Goal
	Notes    []string
	Retries  string    // after which failures the peers try again, see setup
	Turn     string    // of haproxy-tuned, see setup
	Variants []Variant // further rows of tenfour
	Long     bool      // it takes too long for --quick
	Fresh    bool      // each visit has new backends, so that all meet the same state
	Ideal    map[string]float64
	Load     func(e *Env) []string // the commands for the report, with PROXY for the address
	Start    func(ctx context.Context, e *Env) (*Origin, error)
	Passes   []func(ctx context.Context, v *Visit) error // each pass visits every contender, in an order of its own
}

// scenarios are all scenarios, in the order of the report.
var scenarios = []*Scenario{seed, closing, keep, tlsClosing, tlsKeep, static, big, up, idle, loris, slow, admit, restart, fork, race, jobs}

func scenarioNames() []string {
	var names []string
	for _, s := range scenarios {
		names = append(names, s.Name)
	}
	return names
}

// scenariosFor returns the scenarios of a run that names none.
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

// fast starts the fast backend.
func fast(ctx context.Context, e *Env) (*Origin, error) { return startFast(ctx, e.Dir, e.Site) }

// halfOf returns half of the slowest throughput, rounded down to two digits; 500 if there is none.
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

// countMark returns how many are missing, in words, or "" if none are.
func countMark(what string, got, want int) string {
	if got >= want {
		return ""
	}
	return fmt.Sprintf("%d of %d %s", want-got, want, what)
}
