package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Report is a whole run: report.json is this, and everything else is made from it.
type Report struct {
	Date       string
	Seconds    float64 // how long the run took
	Command    string
	Machine    Machine
	Tools      map[string]string // the versions of what made the load
	Quick      bool
	Rounds     int
	Skipped    []string `json:",omitempty"` // what --quick had no time for
	Contenders []ContenderInfo
	Scenarios  []ScenarioInfo
	Configs    []ConfigInfo
	Samples    []*Sample
}

type ContenderInfo struct{ Name, Version string }

type ScenarioInfo struct {
	Name, Question, Backend string
	Flags                   string   // tenfour's
	Load                    []string // commands
	Notes                   []string
	Figures                 []Figure
	Goals                   []Goal
}

type ConfigInfo struct {
	Contender string
	Scenarios []string
	Text      string
}

func readReport(path string) (*Report, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := &Report{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s is not a report.json: %w", path, err)
	}
	if len(r.Scenarios) == 0 || len(r.Samples) == 0 {
		return nil, fmt.Errorf("%s is not a report.json: it has no samples", path)
	}
	return r, nil
}

// writeReport writes report.json and report.html into dir.
func writeReport(dir string, r, old *Report) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	page, err := renderHTML(r, old)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "report.json"), text, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "report.html"), page, 0o644)
}

// values are a figure's, by round: the good samples' and the bad ones'.
func (r *Report) values(scenario, contender, figure string) (good, bad map[int]float64) {
	good, bad = map[int]float64{}, map[int]float64{}
	for _, s := range r.Samples {
		v, ok := s.Figures[figure]
		switch {
		case s.Scenario != scenario || s.Contender != contender || !ok:
		case s.Problem == "" || figure == failures.Name: // those who fail are what it counts
			good[s.Round] = v
		default:
			bad[s.Round] = v
		}
	}
	return good, bad
}

func mapValues(m map[int]float64) []float64 {
	var v []float64
	for _, x := range m {
		v = append(v, x)
	}
	return v
}

// spread sums a figure's rounds up.
func (r *Report) spread(scenario, contender, figure string) Spread {
	good, bad := r.values(scenario, contender, figure)
	return spreadOf(mapValues(good), mapValues(bad))
}

// ratio is the median of tenfour's value over the contender's, round by round, so that what the machine did during a round
// falls out. Only rounds in which both were good count; without any, it is not known.
func (r *Report) ratio(scenario, contender, figure string) Spread {
	if figure == failures.Name { // over nothing, or of nothing
		return spreadOf(nil, nil)
	}
	ours, _ := r.values(scenario, "tenfour", figure)
	theirs, _ := r.values(scenario, contender, figure)
	var ratios []float64
	for round, v := range ours {
		if t, ok := theirs[round]; ok && t > 0 {
			ratios = append(ratios, v/t)
		}
	}
	return spreadOf(ratios, nil)
}

// problems are what went wrong with a contender's samples, "round 2: …".
func (r *Report) problems(scenario, contender string) []string {
	var all []string
	for _, s := range r.Samples {
		if s.Scenario == scenario && s.Contender == contender && s.Problem != "" {
			all = append(all, fmt.Sprintf("round %d: %s", s.Round, s.Problem))
		}
	}
	return all
}

// partakers are those with a sample in the scenario, in the report's order.
func (r *Report) partakers(scenario string) []string {
	var names []string
	for _, c := range r.Contenders {
		if slices.ContainsFunc(r.Samples, func(s *Sample) bool { return s.Scenario == scenario && s.Contender == c.Name }) {
			names = append(names, c.Name)
		}
	}
	return names
}

// idealName is the row of what was computed, not measured.
const idealName = "ideal"

// isPeer reports whether it is somebody that tenfour is held against: another proxy.
func isPeer(name string) bool {
	return name != "direct" && name != idealName && !isLimit(name) && !strings.HasPrefix(name, "tenfour")
}

// Verdict is a goal beside what was measured.
type Verdict struct {
	Scenario, Figure string
	Want             string // "≤ 0.80 × the best (nginx)"
	Got              string
	Met              bool
	Known            bool
}

// verdicts hold the figures against the goals.
func (r *Report) verdicts() []Verdict {
	var all []Verdict
	for _, s := range r.Scenarios {
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
		v.Got = strings.TrimSpace(number(got.Median, f.Digits) + " " + f.Unit)
	} else {
		peer := g.Peer
		of := peer
		if peer == "" {
			peer = r.best(scenario, f)
			of = "the best (" + peer + ")"
		}
		v.Want = fmt.Sprintf("%s %.2f × %s", sign, bound, of)
		got = r.ratio(scenario, peer, f.Name)
		v.Got = number(got.Median, 2) + " ×"
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

// best is the peer with the best median of good samples; "" without any.
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

// number writes v with so many digits behind the point, and thousands apart.
func number(v float64, digits int) string {
	if math.IsNaN(v) {
		return "–"
	}
	text := fmt.Sprintf("%.*f", digits, v)
	whole, rest, _ := strings.Cut(text, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if rest != "" {
		whole += "." + rest
	}
	return sign + whole
}

// commandLine writes a command as one types it; paths are shortened to their last part.
func commandLine(argv []string) string {
	out := make([]string, len(argv))
	for i, a := range argv {
		if filepath.IsAbs(a) {
			a = filepath.Base(a)
		}
		out[i] = a
	}
	return strings.Join(out, " ")
}

var versionNumber = regexp.MustCompile(`\d+\.\d+[\w.]*`)

// toolVersions asks the load generators, and python3, which ones they are.
func toolVersions(ctx context.Context) map[string]string {
	all := map[string]string{}
	for name, flag := range map[string]string{"ab": "-V", "wrk": "-v", "python3": "--version"} {
		out, _ := exec.CommandContext(ctx, name, flag).CombinedOutput() // wrk -v ends with 1
		if v := versionNumber.FindString(string(out)); v != "" {
			all[name] = v
		}
	}
	return all
}
