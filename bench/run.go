package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"
)

// runAll visits every contender in every scenario, round by round, and returns the report. When it returns, all programs that
// it started have ended.
func runAll(ctx context.Context, o *Options, root string, stderr io.Writer) (r *Report, err error) {
	began := time.Now()
	for _, t := range [][2]string{{"ab", "apache2-utils"}, {"wrk", "wrk"}} {
		err = errors.Join(err, lookTool(t[0], t[1]))
	}
	if slices.Contains(o.Scenarios, seed) {
		err = errors.Join(err, lookTool("python3", "python3"))
	}
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat("/proc/self/smaps_rollup"); err != nil {
		return nil, errNotLinux
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

	contenders = slices.DeleteFunc(contenders, func(c *Contender) bool {
		return c.Variant != nil && !slices.Contains(o.Scenarios, c.Variant.of)
	})
	r = &Report{Date: began.Format("2006-01-02 15:04 MST"), Machine: describeMachine(), Quick: o.Quick, Tools: toolVersions(ctx), Command: o.commandLine()}
	for _, c := range contenders {
		r.Contenders = append(r.Contenders, ContenderInfo{Name: c.Name, Version: c.Version})
	}
	if slices.ContainsFunc(o.Scenarios, func(s *Scenario) bool { return s.Ideal != nil }) {
		r.Contenders = append(r.Contenders, ContenderInfo{Name: idealName, Version: "computed: no proxy can be better"})
	}
	rounds := o.Rounds
	if o.Quick {
		rounds = min(rounds, 2)
	}
	visits := 0
	for _, s := range o.Scenarios {
		visits += len(s.Passes) * len(partakers(contenders, s))
	}
	bar := newProgress(stderr, visits*rounds)
	defer bar.Close()
	abouts := map[string]string{}
	for round := 1; round <= rounds; round++ {
		roundBegan := time.Now()
		for _, s := range o.Scenarios {
			if o.Quick && time.Since(began) > quickBudget {
				r.Skipped = append(r.Skipped, fmt.Sprintf("round %d of %s", round, s.Name))
				continue
			}
			samples, about, err := e.visitAll(ctx, s, partakers(contenders, s), round, bar)
			if err != nil {
				return nil, err
			}
			abouts[s.Name] = about
			r.Samples = append(r.Samples, samples...)
			if s.Ideal != nil {
				r.Samples = append(r.Samples, &Sample{Scenario: s.Name, Contender: idealName, Round: round, Figures: s.Ideal})
			}
		}
		r.Rounds = round
		if o.Quick && time.Since(began)+time.Since(roundBegan) > quickBudget {
			break
		}
	}
	for _, s := range o.Scenarios {
		info := ScenarioInfo{
			Name: s.Name, Question: s.Question, Flags: strings.Join(s.Flags, " "), Backend: abouts[s.Name],
			Load: s.Load(e), Notes: s.Notes, Figures: s.Figures, Goals: s.Goals,
		}
		r.Scenarios = append(r.Scenarios, info)
	}
	if r.Configs, err = configurations(e, contenders, o.Scenarios); err != nil {
		return nil, err
	}
	r.Seconds = time.Since(began).Seconds()
	return r, nil
}

func partakers(all []*Contender, s *Scenario) []*Contender {
	var some []*Contender
	for _, c := range all {
		if c.TakesPart(s) {
			some = append(some, c)
		}
	}
	return some
}

// visitAll runs one round of one scenario, each pass in a new random order.
func (e *Env) visitAll(ctx context.Context, s *Scenario, contenders []*Contender, round int, bar *progress) ([]*Sample, string, error) {
	var origin *Origin
	defer func() { origin.Close() }()
	renew := func() (err error) {
		origin.Close()
		if origin, err = s.Start(ctx, e); err != nil {
			err = fmt.Errorf("%s: its backend: %w", s.Name, err)
		}
		return err
	}
	if err := renew(); err != nil {
		return nil, "", err
	}
	samples := make([]*Sample, len(contenders))
	for i, c := range contenders {
		samples[i] = &Sample{Scenario: s.Name, Contender: c.Name, Round: round, Figures: map[string]float64{}}
	}
	for n, pass := range s.Passes {
		if n > 0 && e.rates[s.Name] == 0 {
			e.rates[s.Name] = halfOf(samples)
		}
		for nth, i := range rand.Perm(len(contenders)) {
			if s.Fresh && nth > 0 {
				if err := renew(); err != nil {
					return nil, "", err
				}
			}
			bar.Next(fmt.Sprintf("round %d, %s: %s", round, s.Name, contenders[i].Name))
			if err := e.visit(ctx, s, contenders[i], origin, samples[i], pass); err != nil {
				return nil, "", err
			}
		}
	}
	return samples, origin.About, nil
}

// visit starts a contender, runs one pass against it, and ends it. Only the end of ctx is an error. A failure of the contender
// becomes the Problem of its sample.
func (e *Env) visit(ctx context.Context, s *Scenario, c *Contender, origin *Origin, sample *Sample, pass func(context.Context, *Visit) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	set := setup{Backends: origin.Addrs, Flags: s.Flags, Admits: s.Admits, MaxConn: s.MaxConn, Retries: s.Retries, Turn: s.Turn, Files: e.Files}
	addr, proc, err := c.Start(ctx, e.Dir, set)
	if err != nil {
		sample.mark(err.Error())
		return ctx.Err()
	}
	defer proc.End()
	v := &Visit{Env: e, Scenario: s, Addr: addr, Proc: proc, Origin: origin, Sample: sample}
	if proc == nil {
		if err := pass(ctx, v); err != nil {
			sample.mark(err.Error())
		}
		return ctx.Err()
	}
	meter := startPeak(proc.Pid())
	if err := pass(ctx, v); err != nil {
		sample.mark(err.Error())
	}
	peak := meter.Stop() * 1024 / 1e6
	sample.Figures["pss"] = max(sample.Figures["pss"], peak)
	select {
	case <-proc.done:
		sample.mark(c.Name + " ended by itself: " + proc.said.String())
	default:
	}
	return ctx.Err()
}

// configurations returns the configurations of all contenders, each different text once.
func configurations(e *Env, contenders []*Contender, scenarios []*Scenario) ([]ConfigInfo, error) {
	var all []ConfigInfo
	for _, c := range contenders {
		if c.Kind == nil {
			continue
		}
		first := len(all)
		for _, s := range scenarios {
			if !c.TakesPart(s) {
				continue
			}
			backends := []string{"BACKEND"}
			if s == seed || s == race {
				backends = []string{"BACKEND1", "BACKEND2", "BACKEND3", "BACKEND4"}
			}
			text, err := c.Configuration(setup{Listen: "127.0.0.1:PORT", Backends: backends, Flags: s.Flags, Admits: s.Admits, MaxConn: s.MaxConn, Retries: s.Retries, Turn: s.Turn, Files: e.Files})
			if err != nil {
				return nil, err
			}
			known := false
			for i := range all[first:] {
				if have := &all[first+i]; have.Text == text {
					have.Scenarios = append(have.Scenarios, s.Name)
					known = true
				}
			}
			if !known {
				all = append(all, ConfigInfo{Contender: c.Name, Scenarios: []string{s.Name}, Text: text})
			}
		}
	}
	text, err := fastConfiguration("BACKEND")
	if err != nil {
		return nil, err
	}
	if _, err := lookPeer("nginx"); err == nil {
		all = append(all, ConfigInfo{Contender: "the fast backend (nginx)", Text: text})
	}
	return all, nil
}

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
