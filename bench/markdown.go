package main

import (
	"fmt"
	"os"
	"strings"
)

// --doc writes the part of a page between these two lines. Everything else is written by hand.
const (
	docBegin = "<!-- bench: begin -->\n"
	docEnd   = "<!-- bench: end -->\n"
)

// updateDoc puts the report's tables into a page.
func updateDoc(path string, r *Report) error { return fillDoc(path, r.markdown()) }

// fillDoc replaces the tables in a page.
func fillDoc(path, tables string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), docBegin)
	_, after, ok2 := strings.Cut(rest, docEnd)
	if !ok || !ok2 {
		return fmt.Errorf("%s has no lines %q and %q, between which the tables go", path, strings.TrimSpace(docBegin), strings.TrimSpace(docEnd))
	}
	return os.WriteFile(path, []byte(before+docBegin+tables+docEnd+after), 0o644)
}

// markdown returns the report in the form of a page in docs: conditions, goals, losses, a table for each scenario.
func (r *Report) markdown() string {
	var p lines
	r.conditions(&p)
	p.line("### At a glance\n")
	for _, s := range r.visited() {
		if text := r.headline(s); text != "" {
			p.line("- **%s**: %s", s.Name, text)
		}
	}
	p.line("\n### Goals and results\n")
	p.line("| scenario | figure | wanted | tenfour has | |\n|---|---|---|---|---|")
	for _, v := range r.verdicts() {
		p.line("| %s | %s | %s | %s | %s |", v.Scenario, v.Figure, v.Want, v.Got, v.word())
	}
	p.line("\n### Where a peer is better\n")
	losses := r.losses()
	if len(losses) == 0 {
		p.line("Nowhere in this run.")
	}
	for _, l := range losses {
		p.line("- %s", l)
	}
	p.line("\n### All figures\n\nMedians (least–most). × is tenfour's value divided by the row's. ! marks samples that ended early or had failures.")
	for _, s := range r.visited() {
		r.figures(&p, s)
	}
	return p.String()
}

// lines is a text that is written line by line.
type lines struct{ strings.Builder }

func (p *lines) line(format string, a ...any) { fmt.Fprintf(p, format+"\n", a...) }

// conditions writes where and with what the report was made.
func (r *Report) conditions(p *lines) {
	p.line("%s: %d × %s, %s, %s, %s; load average before: %s. `%s`, %.0f minutes, %s.", r.Date, r.Machine.CPUs, r.Machine.CPU,
		r.Machine.Memory, r.Machine.Kernel, r.Machine.Go, r.Machine.Load, r.Command, r.Seconds/60, rounds(r.Rounds))
	var versions []string
	for _, c := range r.Contenders {
		if c.Name != "direct" && !strings.HasSuffix(c.Name, tunedSuffix) && c.Name != idealName && c.Version != "" && !isLimit(c.Name) {
			versions = append(versions, c.Name+" "+strings.TrimPrefix(c.Version, c.Name+"/"))
		}
	}
	for _, tool := range []string{"ab", "wrk", "python3"} {
		if v := r.Tools[tool]; v != "" {
			versions = append(versions, tool+" "+v)
		}
	}
	p.line("%s.\n", strings.Join(versions, ", "))
	for _, m := range r.Missing {
		p.line("%s.\n", m)
	}
}

// figures writes the table of a scenario.
func (r *Report) figures(p *lines, s ScenarioInfo) {
	flags := ""
	if s.Flags != "" {
		flags = fmt.Sprintf(" tenfour with `%s`.", s.Flags)
	}
	p.line("\n**%s**: %s Backend: %s.%s", s.Name, s.Question, s.Backend, flags)
	for _, l := range s.Load {
		p.line("`%s`", l)
	}
	head, rule := "\n| |", "|---|"
	for _, f := range s.Figures {
		head += " " + heading(f) + " |"
		rule += "---|"
	}
	p.line("%s\n%s", head, rule)
	for _, c := range r.partakers(s.Name) {
		row := "| " + r.called(s.Name, c) + " |"
		for _, f := range s.Figures {
			row += " " + cell(r, s.Name, c, f) + " |"
		}
		p.line("%s", row)
	}
	for _, c := range r.partakers(s.Name) {
		for _, problem := range r.problems(s.Name, c) {
			p.line("\n! %s, %s", c, problem)
		}
	}
}

// losses returns the figures in which a peer is better than tenfour by more than 1 %, and whether the rounds agree.
func (r *Report) losses() []string {
	var all []string
	for _, s := range r.visited() {
		for _, f := range s.Figures {
			var ahead []string
			for _, c := range r.partakers(s.Name) {
				if ours, theirs := r.spread(s.Name, "tenfour", f.Name), r.spread(s.Name, c, f.Name); f.Name == failures.Name && isPeer(c) && ours.Median > theirs.Median {
					ahead = append(ahead, fmt.Sprintf("%.0f, %s has %.0f", ours.Median, c, theirs.Median))
				}
				ratio := r.ratio(s.Name, c, f.Name)
				if !isPeer(c) || !ratio.Known() || f.Higher && ratio.Median >= 0.99 || !f.Higher && ratio.Median <= 1.01 {
					continue
				}
				text := fmt.Sprintf("%.2f × %s", ratio.Median, c)
				if ratio.Min < 1 && ratio.Max > 1 {
					text += " (not in all rounds)"
				}
				ahead = append(ahead, text)
			}
			if len(ahead) > 0 {
				all = append(all, fmt.Sprintf("%s, %s: %s", s.Name, f.Title, strings.Join(ahead, ", ")))
			}
		}
	}
	return all
}
