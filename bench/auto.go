package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
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
	r = newAutoReport()
	all := autoVisits(only)
	for round := range rounds {
		rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for i, v := range all {
			fmt.Fprintf(stderr, "\rbench: round %d of %d, visit %d of %d ", round+1, rounds, i+1, len(all))
			if err := v.measure(ctx, e, tenfour, r); err != nil {
				return nil, "", err
			}
		}
	}
	fmt.Fprintln(stderr)
	about = fmt.Sprintf("%s: %d × %s, %s, %s; load average before: %s; `ab -c %d`, %d rounds.",
		r.begun.Format("2006-01-02 15:04 MST"), m.CPUs, m.CPU, m.Kernel, m.Go, m.Load, autoClients, rounds)
	return r, about, nil
}

func newAutoReport() *autoReport {
	r := &autoReport{figures: map[string]map[int][]autoFigures{}, traces: map[string][]autoStep{}, begun: time.Now()}
	for _, c := range autoCases {
		r.figures[c.Name] = map[int][]autoFigures{}
	}
	return r
}

// trace adds how auto changed the number of workers in a story. ends has the end of each of its cases.
func (r *autoReport) trace(s autoStory, steps []autoStep, ends []time.Duration) {
	for i, c := range s.Cases {
		last := &r.figures[c.Name][0][len(r.figures[c.Name][0])-1]
		for _, step := range steps {
			if step.At <= ends[i].Seconds() {
				last.Workers = step.Workers
			}
		}
	}
	r.traces[s.Name] = append(steps, autoStep{At: ends[len(ends)-1].Seconds(), Workers: steps[len(steps)-1].Workers})
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
