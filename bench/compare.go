package main

import (
	"fmt"
	"io"
)

// Change is one figure of tenfour in two reports.
type Change struct {
	Scenario string
	Figure   Figure
	Old, New Spread
	Percent  float64
	Others   Spread // the change of the same figure of the others, in percent: this is the machine's doing
	Verdict  string // "better", "worse", "within the spread", "like the others", or why there is no verdict
}

// compareReports returns the changes from an old report to r.
func compareReports(old, r *Report) []Change {
	var all []Change
	for _, s := range r.Scenarios {
		for _, f := range s.Figures {
			c := Change{Scenario: s.Name, Figure: f}
			c.Old, c.New = old.spread(s.Name, "tenfour", f.Name), r.spread(s.Name, "tenfour", f.Name)
			if !c.Old.Known() || !c.New.Known() || c.Old.Median == 0 {
				continue
			}
			c.Percent = percent(c.Old, c.New)
			var others []float64
			for _, name := range r.partakers(s.Name) {
				was, is := old.spread(s.Name, name, f.Name), r.spread(s.Name, name, f.Name)
				if name != "tenfour" && was.N > 0 && is.N > 0 && was.Median != 0 {
					others = append(others, percent(was, is))
				}
			}
			c.Others = spreadOf(others, nil)
			c.Verdict = judge(f, c.Old, c.New, c.Others)
			all = append(all, c)
		}
	}
	return all
}

func percent(old, now Spread) float64 { return 100 * (now.Median - old.Median) / old.Median }

// judge returns the verdict on a change. It counts as a change only if each median is outside of the other report's spread, and
// if that still holds after the change of the others' same figure, which is the machine's doing, is subtracted.
func judge(f Figure, old, now, others Spread) string {
	within := func(v float64, s Spread) bool { return s.Min <= v && v <= s.Max }
	verdict := "worse"
	if f.Higher == (now.Median > old.Median) {
		verdict = "better"
	}
	switch {
	case old.OnlyBad() || now.OnlyBad():
		return "not comparable: only samples that ended early or with failures"
	case old.N < 2 || now.N < 2:
		return "one round: no spread to judge by"
	case within(now.Median, old) || within(old.Median, now):
		return "within the spread"
	}
	if others.Known() && others.Median > -100 {
		left := now.Median / (1 + others.Median/100)
		if within(left, old) || (left > old.Median) != (now.Median > old.Median) {
			return "like the others"
		}
	}
	return verdict
}

func (c Change) row() []string {
	span := func(s Spread) string {
		return fmt.Sprintf("%s (%s–%s)", number(s.Median, c.Figure.Digits), number(s.Min, c.Figure.Digits), number(s.Max, c.Figure.Digits))
	}
	others := "–"
	if c.Others.Known() {
		others = fmt.Sprintf("%+.0f %%", c.Others.Median)
	}
	return []string{c.Scenario, heading(c.Figure), span(c.Old), span(c.New), fmt.Sprintf("%+.1f %%", c.Percent), others, c.Verdict}
}

var changeHead = []string{"", "tenfour's", "then", "now", "change", "the others'", ""}

func printChanges(w io.Writer, changes []Change, since string) {
	fmt.Fprintf(w, "\nSince %s:\n", since)
	rows := [][]string{changeHead}
	for _, c := range changes {
		rows = append(rows, c.row())
	}
	printColumns(w, rows)
}
