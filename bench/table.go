package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// printTables shows the report in a terminal: for each scenario a row for every contender, and the goals at the end.
func printTables(w io.Writer, r *Report) {
	for _, s := range r.visited() {
		fmt.Fprintf(w, "\n%s: %s\n", s.Name, s.Question)
		rows := [][]string{{""}}
		for _, f := range s.Figures {
			rows[0] = append(rows[0], heading(f))
		}
		var notes []string
		for _, c := range r.partakers(s.Name) {
			row := []string{r.called(s.Name, c)}
			for _, f := range s.Figures {
				row = append(row, cell(r, s.Name, c, f))
			}
			rows = append(rows, row)
			if p := r.problems(s.Name, c); len(p) > 0 {
				notes = append(notes, fmt.Sprintf("! %s, %s", c, p[0]))
				if len(p) > 1 {
					notes[len(notes)-1] += fmt.Sprintf(" (and %d more rounds)", len(p)-1)
				}
			}
		}
		printColumns(w, rows)
		for _, n := range notes {
			fmt.Fprintln(w, " ", n)
		}
	}
	for _, m := range r.Missing {
		fmt.Fprintf(w, "\n%s.\n", m)
	}
	fmt.Fprintf(w, "\nMedians of %s (least–most). ×: tenfour's value divided by the row's. !: from samples that ended early or had failures.\n", rounds(r.Rounds))
	if len(r.Skipped) > 0 {
		fmt.Fprintf(w, "No time for %s.\n", strings.Join(r.Skipped, ", "))
	}
	rows := [][]string{{"", "figure", "wanted", "tenfour has", ""}}
	for _, v := range r.verdicts() {
		rows = append(rows, []string{v.Scenario, v.Figure, v.Want, v.Got, v.word()})
	}
	fmt.Fprintln(w)
	printColumns(w, rows)
}

func (v Verdict) word() string {
	switch {
	case !v.Known:
		return "?"
	case v.Met:
		return "met"
	}
	return "missed"
}

func heading(f Figure) string {
	if f.Unit == "" {
		return f.Title
	}
	return f.Title + " " + f.Unit
}

// cell returns a median with its spread, and for contenders other than tenfour the ratio.
func cell(r *Report, scenario, contender string, f Figure) string {
	s := r.spread(scenario, contender, f.Name)
	if !s.Known() {
		return "–"
	}
	text := number(s.Median, f.Digits)
	if s.Max > s.Min {
		text += fmt.Sprintf(" (%s–%s)", number(s.Min, f.Digits), number(s.Max, f.Digits))
	}
	if s.Bad > 0 {
		text += " !"
	}
	if contender != "tenfour" {
		if ratio := r.ratio(scenario, contender, f.Name); ratio.Known() {
			text += fmt.Sprintf(" ×%.2f", ratio.Median)
		}
	}
	return text
}

// called returns the name of a contender, with its mark if it was overloaded.
func (r *Report) called(scenario, contender string) string {
	if r.overloaded(scenario, contender) {
		return contender + " (overloaded)"
	}
	return contender
}

func printColumns(w io.Writer, rows [][]string) {
	widths := map[int]int{}
	for _, row := range rows {
		for i, c := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	for _, row := range rows {
		var b strings.Builder
		for i, c := range row {
			b.WriteString("  " + c + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c)))
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}
