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

// Report is a whole run. It is the content of report.json, and everything else is made from it.
type Report struct {
	Date       string
	Seconds    float64 // how long the run took
	Command    string
	Machine    Machine
	Tools      map[string]string // the versions of the load generators
	Quick      bool
	Rounds     int
	Skipped    []string `json:",omitempty"` // the scenarios for which --quick had no time
	Missing    []string `json:",omitempty"` // a sentence for each peer that was not found
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
	Lead                    Lead
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

// values returns the values of a figure by round, those of good samples and those of bad ones.
func (r *Report) values(scenario, contender, figure string) (good, bad map[int]float64) {
	good, bad = map[int]float64{}, map[int]float64{}
	for _, s := range r.Samples {
		v, ok := s.Figures[figure]
		switch {
		case s.Scenario != scenario || s.Contender != contender || !ok:
		case s.Problem == "" || figure == failures.Name: // it counts failures, so that a bad sample is no worse
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

// spread summarizes the rounds of a figure.
func (r *Report) spread(scenario, contender, figure string) Spread {
	good, bad := r.values(scenario, contender, figure)
	return spreadOf(mapValues(good), mapValues(bad))
}

// ratio returns the median over the rounds of tenfour's value divided by the contender's in the same round. So the state of the
// machine during a round cancels out. Only rounds in which both samples were good count. Without any the ratio is unknown.
func (r *Report) ratio(scenario, contender, figure string) Spread {
	if figure == failures.Name { // one of the values may be 0
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

// problems returns the problems of a contender's samples, "round 2: …".
func (r *Report) problems(scenario, contender string) []string {
	var all []string
	for _, s := range r.Samples {
		if s.Scenario == scenario && s.Contender == contender && s.Problem != "" {
			all = append(all, fmt.Sprintf("round %d: %s", s.Round, s.Problem))
		}
	}
	return all
}

// visited returns the scenarios with a sample. With --quick there may be no time for the last ones.
func (r *Report) visited() []ScenarioInfo {
	return slices.DeleteFunc(slices.Clone(r.Scenarios), func(s ScenarioInfo) bool { return len(r.partakers(s.Name)) == 0 })
}

// partakers returns the contenders with a sample in the scenario, in the report's order.
func (r *Report) partakers(scenario string) []string {
	var names []string
	for _, c := range r.Contenders {
		if slices.ContainsFunc(r.Samples, func(s *Sample) bool { return s.Scenario == scenario && s.Contender == c.Name }) {
			names = append(names, c.Name)
		}
	}
	return names
}

// idealName is the name of the row that is computed, not measured.
const idealName = "ideal"

// isPeer reports whether a contender is one that tenfour is compared with: another proxy.
func isPeer(name string) bool {
	return name != "direct" && name != idealName && !isLimit(name) && !strings.HasPrefix(name, "tenfour")
}

// rounds writes "1 round", "5 rounds".
func rounds(n int) string {
	if n == 1 {
		return "1 round"
	}
	return fmt.Sprintf("%d rounds", n)
}

// number writes v with a number of decimals, and commas between thousands.
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

// commandLine writes a command as it is typed. It shortens paths to their last part.
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

// toolVersions asks the load generators, and python3, for their versions.
func toolVersions(ctx context.Context) map[string]string {
	all := map[string]string{}
	for name, flag := range map[string]string{"ab": "-V", "wrk": "-v", "python3": "--version"} {
		out, _ := exec.CommandContext(ctx, name, flag).CombinedOutput() // the error is ignored: wrk -v ends with 1
		if v := versionNumber.FindString(string(out)); v != "" {
			all[name] = v
		}
	}
	return all
}
