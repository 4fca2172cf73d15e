package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"time"
)

// autoCommand compares --workers auto with fixed numbers: bench auto [--rounds N] [--doc PAGE --plot FILE].
const autoCommand = "auto"

const (
	autoSettles = 5 * time.Second // how long auto may take after the start, and after each change
	autoWarms   = 2 * time.Second // the same for a fixed number: tenfour finds out whether a second processor pays
	autoSample  = 3 * time.Second
	autoClients = 80
)

var autoSizes = []int{1, 2, 4, 8, 16, 64}

// autoCase describes a backend for one part of a story.
type autoCase struct {
	Name   string
	Python bool
	Each   time.Duration // otherwise: how long it sleeps for each request
	Many   int           // how many requests it serves at a time; 0 is any number
}

var (
	autoPython = &autoCase{Name: "`http.server`", Python: true}
	autoQuick  = &autoCase{Name: "sleeps 2 ms, any number at a time", Each: 2 * time.Millisecond}
	autoLonger = &autoCase{Name: "then 20 ms, any number", Each: 20 * time.Millisecond}
	autoFewer  = &autoCase{Name: "then 20 ms, four at a time", Each: 20 * time.Millisecond, Many: 4}

	autoCases = []*autoCase{autoPython, autoQuick, autoLonger, autoFewer}

	// autoStories are the measurements: tenfour starts once for each, and the backend goes through its cases.
	autoStories = []autoStory{
		{"http.server", []*autoCase{autoPython}},
		{"2 ms, then 20 ms, any number at a time", []*autoCase{autoQuick, autoLonger}},
		{"2 ms, then 20 ms and four at a time", []*autoCase{autoQuick, autoFewer}},
	}
)

type autoStory struct {
	Name  string
	Cases []*autoCase
}

// runAuto is the command auto. It returns an exit code as run does.
func runAuto(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("bench auto", flag.ContinueOnError)
	fs.SetOutput(stderr)
	rounds := fs.Int("rounds", 3, "how often each number is measured; a round takes 3 minutes")
	only := fs.String("only", "", "a part of the name of a story or a case, such as http.server: only those are measured")
	doc := fs.String("doc", "", "a page, such as docs/auto.md: put the table into it")
	draw := fs.String("plot", "", "a file, such as docs/auto.svg, to draw into")
	if err := fs.Parse(args); err != nil || fs.NArg() > 0 || *rounds < 1 || *only != "" && *draw != "" {
		return 2
	}
	r, about, err := measureAuto(ctx, *rounds, *only, stderr)
	if err == nil {
		text := about + "\n\n" + r.markdown()
		fmt.Fprint(stdout, text)
		if *doc != "" {
			err = fillDoc(*doc, text)
		}
	}
	if err == nil && *draw != "" {
		var svg string
		if svg, err = r.draw(); err == nil {
			err = os.WriteFile(*draw, []byte(svg), 0o644)
		}
	}
	if err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return 1
	}
	return 0
}

// measureAuto visits every story in each round, with auto and with every fixed number, in a new random order.
func measureAuto(ctx context.Context, rounds int, only string, stderr io.Writer) (r *autoReport, about string, err error) {
	if err := errors.Join(lookTool("ab", "apache2-utils"), lookTool("python3", "python3")); err != nil {
		return nil, "", err
	}
	root, err := moduleRoot(ctx)
	if err != nil {
		return nil, "", err
	}
	dir, err := openDir("", "tenfour-bench-")
	if err != nil {
		return nil, "", err
	}
	defer os.RemoveAll(dir)
	e, err := newEnv(&Options{}, dir)
	if err != nil {
		return nil, "", err
	}
	tenfour, _, err := buildTenfour(ctx, root, dir)
	if err != nil {
		return nil, "", err
	}
	m := describeMachine()
	r = &autoReport{figures: map[string]map[int][]autoFigures{}, traces: map[string][]autoStep{}, begun: time.Now()}
	for _, c := range autoCases {
		r.figures[c.Name] = map[int][]autoFigures{}
	}
	for round := range rounds {
		var visits []func() error
		for _, c := range autoCases {
			if !strings.Contains(c.Name, only) {
				continue
			}
			for _, n := range autoSizes {
				visits = append(visits, func() error { return r.visit(ctx, e, tenfour, n, autoStory{c.Name, []*autoCase{c}}) })
			}
		}
		for _, s := range autoStories {
			if !strings.Contains(s.Name, only) {
				continue
			}
			visits = append(visits, func() error { return r.visit(ctx, e, tenfour, 0, s) })
		}
		rand.Shuffle(len(visits), func(i, j int) { visits[i], visits[j] = visits[j], visits[i] })
		for i, visit := range visits {
			fmt.Fprintf(stderr, "\rbench: round %d of %d, visit %d of %d ", round+1, rounds, i+1, len(visits))
			if err := visit(); err != nil {
				return nil, "", err
			}
		}
	}
	fmt.Fprintln(stderr)
	about = fmt.Sprintf("%s: %d × %s, %s, %s; load average before: %s; `ab -c %d`, %d rounds.",
		r.begun.Format("2006-01-02 15:04 MST"), m.CPUs, m.CPU, m.Kernel, m.Go, m.Load, autoClients, rounds)
	return r, about, nil
}

// visit measures a story with a number of workers, 0 for auto.
func (r *autoReport) visit(ctx context.Context, e *Env, tenfour string, workers int, s autoStory) error {
	var target string
	var ours moody
	if s.Cases[0].Python {
		o, err := startPython(ctx, e.Site, 1)
		if err != nil {
			return err
		}
		defer o.Close()
		target = o.Addrs[0]
	} else {
		if err := ours.listen(); err != nil {
			return err
		}
		defer ours.ln.Close()
		target = ours.ln.Addr().String()
	}
	addr, err := freeAddr()
	if err != nil {
		return err
	}
	setting := "auto"
	if workers > 0 {
		setting = strconv.Itoa(workers)
	}
	p := newProcess("tenfour", e.Dir, []string{tenfour, "--listen", addr, "--backend", target, "--workers", setting,
		"--log-level", "debug", "--log-format", "json"})
	var said bytes.Buffer // read after the process has ended
	p.cmd.Stderr = &said
	if _, err := p.start(); err != nil {
		return err
	}
	defer p.End()
	if err := p.AwaitListening(ctx, addr); err != nil {
		return err
	}
	load := func(lasts time.Duration) (*Load, error) {
		return abRun{Time: lasts, Clients: autoClients}.run(ctx, "http://"+addr+pageTarget)
	}
	begun := time.Now()
	var ends []time.Duration
	for _, c := range s.Cases {
		ours.is.Store(&mood{each: c.Each, lanes: make(chan struct{}, max(c.Many, 1)), any: c.Many == 0})
		settles := autoWarms
		if workers == 0 {
			settles = autoSettles
		}
		if _, err := load(settles); err != nil {
			return err
		}
		l, err := load(autoSample)
		if err != nil {
			return err
		}
		if l.Problem != "" {
			return fmt.Errorf("%s, --workers %s: %s", c.Name, setting, l.Problem)
		}
		ends = append(ends, time.Since(begun))
		r.figures[c.Name][workers] = append(r.figures[c.Name][workers], autoFigures{Rate: l.PerSecond(), Max: l.Latencies["max"], Workers: workers})
	}
	p.End()
	if workers > 0 {
		return nil
	}
	steps, err := readSteps(&said, begun)
	if err != nil {
		return err
	}
	for i, c := range s.Cases {
		last := &r.figures[c.Name][0][len(r.figures[c.Name][0])-1]
		for _, step := range steps {
			if step.At <= ends[i].Seconds() {
				last.Workers = step.Workers
			}
		}
	}
	r.traces[s.Name] = append(steps, autoStep{At: ends[len(ends)-1].Seconds(), Workers: steps[len(steps)-1].Workers})
	return nil
}

// readSteps reads from tenfour's log when the number of workers has changed.
func readSteps(log io.Reader, begun time.Time) ([]autoStep, error) {
	steps := []autoStep{{Workers: 4}} // the number at the start
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		var l struct {
			Level   string
			Workers int
			Time    time.Time
		}
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("tenfour's log: %s: %w", lines.Text(), err)
		}
		if l.Level == "debug" && l.Workers > 0 {
			steps = append(steps, autoStep{At: max(0, l.Time.Sub(begun).Seconds()), Workers: l.Workers})
		}
	}
	return steps, lines.Err()
}
