package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Verdict is a goal with the measured value.
type Verdict struct {
	Scenario, Figure string
	Want             string // "≤ 0.80 × the best (nginx)"
	Got              string
	Met              bool
	Known            bool
}

// verdicts compares the figures with the goals.
func (r *Report) verdicts() []Verdict {
	var all []Verdict
	for _, s := range r.visited() {
		for _, g := range s.Goals {
			i := slices.IndexFunc(s.Figures, func(f Figure) bool { return f.Name == g.Figure })
			if i >= 0 {
				all = append(all, r.verdict(s.Name, s.Figures[i], g))
			}
		}
	}
	return all
}

func (r *Report) verdict(scenario string, f Figure, g Goal) Verdict {
	v := Verdict{Scenario: scenario, Figure: f.Title}
	sign, bound := "≥", g.AtLeast
	if g.None {
		sign = "="
	}
	if g.AtMost > 0 {
		sign, bound = "≤", g.AtMost
	}
	var got Spread
	if g.Peer == "-" {
		v.Want = strings.TrimSpace(fmt.Sprintf("%s %v %s", sign, bound, f.Unit))
		got = r.spread(scenario, "tenfour", f.Name)
		v.Got = strings.TrimSpace(apart(got.Median, bound, f.Digits) + " " + f.Unit)
	} else {
		peer := g.Peer
		of := peer
		if peer == "" {
			peer = r.best(scenario, f)
			of = "the best (" + peer + ")"
		}
		v.Want = fmt.Sprintf("%s %.2f × %s", sign, bound, of)
		got = r.ratio(scenario, peer, f.Name)
		v.Got = apart(got.Median, bound, 2) + " ×"
		if got.Known() && got.N > 1 {
			v.Got += fmt.Sprintf(" (%.2f–%.2f)", got.Min, got.Max)
		}
	}
	v.Known = got.Known() && !got.OnlyBad()
	if !v.Known {
		v.Got = "not known"
	}
	v.Met = v.Known && (g.None && got.Max == 0 || g.AtMost > 0 && got.Median <= bound || g.AtLeast > 0 && got.Median >= bound)
	return v
}

// apart writes v with a number of decimals, and with more if it would look like the bound that it is not: 0.998 is not 1.00.
func apart(v, bound float64, digits int) string {
	for digits < 6 && v != bound && number(v, digits) == number(bound, digits) {
		digits++
	}
	return number(v, digits)
}

// best returns the peer with the best median of good samples; "" without any.
func (r *Report) best(scenario string, f Figure) string {
	name, value := "", math.NaN()
	for _, c := range r.partakers(scenario) {
		s := r.spread(scenario, c, f.Name)
		if !isPeer(c) || s.N == 0 {
			continue
		}
		if math.IsNaN(value) || f.Higher == (s.Median > value) {
			name, value = c, s.Median
		}
	}
	return name
}
