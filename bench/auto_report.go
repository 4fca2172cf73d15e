package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// autoFigures are the results of one visit.
type autoFigures struct {
	Rate, Max float64 // requests/s, ms
	Workers   int     // at the end
}

// autoReport has all results. The first key is a case's name, the second the number of workers, with 0 for auto.
type autoReport struct {
	figures map[string]map[int][]autoFigures // by round
	traces  map[string][]autoStep            // by story, of the last round
	begun   time.Time
}

// autoStep is the number of workers from a moment of the story on.
type autoStep struct {
	At      float64 // seconds
	Workers int
}

// of returns the median of a figure over the rounds.
func (r *autoReport) of(c *autoCase, workers int, figure func(autoFigures) float64) float64 {
	var v []float64
	for _, f := range r.figures[c.Name][workers] {
		v = append(v, figure(f))
	}
	return median(v)
}

func autoRate(f autoFigures) float64 { return f.Rate }

func autoMax(f autoFigures) float64 { return f.Max }

func autoWorkers(f autoFigures) float64 { return float64(f.Workers) }

// best returns the fixed number with the highest throughput.
func (r *autoReport) best(c *autoCase) int {
	return slices.MaxFunc(autoSizes, func(a, b int) int {
		return int(math.Copysign(1, r.of(c, a, autoRate)-r.of(c, b, autoRate)))
	})
}

// kept returns the throughput of auto relative to that of the best fixed number in the same round: median, least and most.
func (r *autoReport) kept(c *autoCase) Spread {
	var v []float64
	best := r.figures[c.Name][r.best(c)]
	for i, f := range r.figures[c.Name][0] { // a case that two stories share is visited more often
		v = append(v, f.Rate/best[i*len(best)/len(r.figures[c.Name][0])].Rate)
	}
	return spreadOf(v, nil)
}

func (r *autoReport) markdown() string {
	var b strings.Builder
	head, rule := "| backend |", "|---|"
	for _, n := range autoSizes {
		head += fmt.Sprintf(" %d |", n)
		rule += "---|"
	}
	b.WriteString(head + " auto | its workers | of the best |\n" + rule + "---|---|---|\n")
	cell := func(c *autoCase, n int) string {
		text := number(r.of(c, n, autoRate), 0)
		if n == r.best(c) {
			text = "**" + text + "**"
		}
		return fmt.Sprintf(" %s/s, %s ms |", text, number(r.of(c, n, autoMax), 0))
	}
	for _, c := range autoCases {
		if len(r.figures[c.Name]) <= len(autoSizes) { // not all numbers were visited
			continue
		}
		b.WriteString("| " + c.Name + " |")
		for _, n := range append(slices.Clone(autoSizes), 0) {
			b.WriteString(cell(c, n))
		}
		kept := r.kept(c)
		fmt.Fprintf(&b, " %.0f | %.2f (%.2f–%.2f) |\n", r.of(c, 0, autoWorkers), kept.Median, kept.Min, kept.Max)
	}
	return b.String()
}
