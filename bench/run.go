package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// runAll visits every contender in every scenario, round by round, and returns the report. When it returns, all programs that
// it started have ended.
func runAll(ctx context.Context, o *Options, root string, stderr io.Writer) (*Report, error) {
	began := time.Now()
	if err := lookTools(o); err != nil {
		return nil, err
	}
	dir, err := openDir("", "tenfour-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	e, err := newEnv(o, dir)
	if err != nil {
		return nil, err
	}
	contenders, err := buildContenders(ctx, o, root, dir, stderr)
	if err != nil {
		return nil, err
	}
	missing := missingPeers(contenders)
	for _, m := range missing {
		fmt.Fprintln(stderr, "bench:", m)
	}
	m := meeting{
		Env: e, options: o, contenders: contenders, began: began, report: describeRun(ctx, o, contenders, began), abouts: map[string]string{},
	}
	m.report.Missing = missing
	if err := m.hold(ctx, stderr); err != nil {
		return nil, err
	}
	m.describeScenarios()
	if m.report.Configs, err = configurations(e, contenders, o.Scenarios); err != nil {
		return nil, err
	}
	m.report.Seconds = time.Since(began).Seconds()
	return m.report, nil
}

// lookTools returns an error if this machine lacks something that the scenarios need.
func lookTools(o *Options) (err error) {
	for _, t := range [][2]string{{"ab", "apache2-utils"}, {"wrk", "wrk"}} {
		err = errors.Join(err, lookTool(t[0], t[1]))
	}
	if slices.Contains(o.Scenarios, seed) {
		err = errors.Join(err, lookTool("python3", "python3"))
	}
	if err != nil {
		return err
	}
	if _, err := os.Stat("/proc/self/smaps_rollup"); err != nil {
		return errNotLinux
	}
	return nil
}

// buildContenders builds what is built from source, and returns the contenders that take part in one of the scenarios.
func buildContenders(ctx context.Context, o *Options, root, dir string, stderr io.Writer) ([]*Contender, error) {
	fmt.Fprintln(stderr, "bench: building tenfour")
	tenfour, about, err := buildTenfour(ctx, root, dir)
	if err != nil {
		return nil, err
	}
	limit, missing, err := buildLimit(ctx, root, dir)
	if err != nil {
		return nil, err
	}
	if missing != "" {
		fmt.Fprintln(stderr, "bench:", missing)
	}
	contenders, err := findContenders(ctx, tenfour, limit, o.Peers)
	if err != nil {
		return nil, err
	}
	contenders[0].Version = about
	return slices.DeleteFunc(contenders, func(c *Contender) bool {
		return c.Variant != nil && !slices.Contains(o.Scenarios, c.Variant.of)
	}), nil
}

// describeRun begins the report: where and with what it is made.
func describeRun(ctx context.Context, o *Options, contenders []*Contender, began time.Time) *Report {
	r := &Report{Date: began.Format("2006-01-02 15:04 MST"), Machine: describeMachine(), Quick: o.Quick, Tools: toolVersions(ctx), Command: o.commandLine()}
	for _, c := range contenders {
		r.Contenders = append(r.Contenders, ContenderInfo{Name: c.Name, Version: c.Version})
	}
	if slices.ContainsFunc(o.Scenarios, func(s *Scenario) bool { return s.Ideal != nil }) {
		r.Contenders = append(r.Contenders, ContenderInfo{Name: idealName, Version: "computed: no proxy can be better"})
	}
	return r
}

// meeting is a run: contenders that meet the same scenarios in several rounds.
type meeting struct {
	*Env
	options    *Options
	contenders []*Contender
	began      time.Time
	report     *Report
	abouts     map[string]string // of the backends, by scenario
}

// hold holds all rounds. With --quick it ends when the next one would take too long.
func (m *meeting) hold(ctx context.Context, stderr io.Writer) error {
	rounds := m.options.Rounds
	if m.options.Quick {
		rounds = min(rounds, 2)
	}
	visits := 0
	for _, s := range m.options.Scenarios {
		visits += len(s.Passes) * len(partakers(m.contenders, s))
	}
	for round := 1; round <= rounds; round++ {
		roundBegan := time.Now()
		bar := newProgress(stderr, visits) // of this round: with --quick there may be no other
		defer bar.Close()
		for _, s := range m.options.Scenarios {
			if err := m.round(ctx, s, round, bar); err != nil {
				return err
			}
		}
		m.report.Rounds = round
		if m.options.Quick && time.Since(m.began)+time.Since(roundBegan) > quickBudget {
			break
		}
	}
	return nil
}

// round is one round of a scenario.
func (m *meeting) round(ctx context.Context, s *Scenario, round int, bar *progress) error {
	r := m.report
	if m.options.Quick && time.Since(m.began) > quickBudget {
		r.Skipped = append(r.Skipped, fmt.Sprintf("round %d of %s", round, s.Name))
		return nil
	}
	samples, about, err := m.visitAll(ctx, s, partakers(m.contenders, s), round, bar)
	if err != nil {
		return err
	}
	m.abouts[s.Name] = about
	r.Samples = append(r.Samples, samples...)
	if s.Ideal != nil {
		r.Samples = append(r.Samples, &Sample{Scenario: s.Name, Contender: idealName, Round: round, Figures: s.Ideal})
	}
	return nil
}

// describeScenarios adds to the report what each scenario is.
func (m *meeting) describeScenarios() {
	for _, s := range m.options.Scenarios {
		m.report.Scenarios = append(m.report.Scenarios, ScenarioInfo{
			Name: s.Name, Question: s.Question, Flags: strings.Join(s.Flags, " "), Backend: m.abouts[s.Name],
			Load: s.Load(m.Env), Notes: s.Notes, Figures: s.Figures, Lead: s.Lead, Goals: s.Goals,
		})
	}
}

// partakers returns the contenders that take part in a scenario.
func partakers(all []*Contender, s *Scenario) []*Contender {
	var some []*Contender
	for _, c := range all {
		if c.TakesPart(s) {
			some = append(some, c)
		}
	}
	return some
}

// commandLine is the command that made the report, without paths.
func (o *Options) commandLine() string {
	argv := []string{"go run ./bench"}
	if o.Quick {
		argv = append(argv, "--quick")
	} else {
		argv = append(argv, fmt.Sprintf("--rounds %d", o.Rounds))
	}
	if len(o.Scenarios) < len(scenariosFor(o.Quick)) {
		var names []string
		for _, s := range o.Scenarios {
			names = append(names, s.Name)
		}
		argv = append(argv, "--scenario "+strings.Join(names, ","))
	}
	for _, p := range o.Peers {
		name, _, _ := strings.Cut(p, "=")
		argv = append(argv, "--peer "+name+"=…")
	}
	return strings.Join(argv, " ")
}
