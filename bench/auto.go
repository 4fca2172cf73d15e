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
	"math"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// autoCommand compares --workers auto with fixed numbers: bench auto [--rounds N] [--doc PAGE --plot FILE].
const autoCommand = "auto"

const (
	autoSettles = 5 * time.Second // how long it has after the start, and after each change
	autoWarms   = 2 * time.Second // and a fixed number: tenfour finds out whether a second processor pays
	autoSample  = 3 * time.Second
	autoClients = 80
)

var autoSizes = []int{1, 2, 4, 8, 16, 64}

// autoCase is a backend as it is for a while.
type autoCase struct {
	Name   string
	Python bool
	Each   time.Duration // else how long it sleeps for each request
	Many   int           // so many at a time; 0 is any number
}

var (
	autoPython = &autoCase{Name: "`http.server`", Python: true}
	autoQuick  = &autoCase{Name: "sleeps 2 ms, any number at a time", Each: 2 * time.Millisecond}
	autoLonger = &autoCase{Name: "then 20 ms, any number", Each: 20 * time.Millisecond}
	autoFewer  = &autoCase{Name: "then 20 ms, four at a time", Each: 20 * time.Millisecond, Many: 4}

	autoCases = []*autoCase{autoPython, autoQuick, autoLonger, autoFewer}

	// autoStories are what --workers auto lives through, each case in its turn without a new start.
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

// autoFigures is what was measured in one visit.
type autoFigures struct {
	Rate, Max float64 // requests/s, ms
	Workers   int     // at its end
}

// autoReport is all of it; a key is a case's name, and fixed numbers of workers are keys of the second map, auto is 0.
type autoReport struct {
	figures map[string]map[int][]autoFigures // by round
	traces  map[string][]autoStep            // by story, of the last round
	begun   time.Time
}

// autoStep is a number of workers from a time of the story on.
type autoStep struct {
	At      float64 // seconds
	Workers int
}

// runAuto is the command. It ends as run does.
func runAuto(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("bench auto", flag.ContinueOnError)
	fs.SetOutput(stderr)
	rounds := fs.Int("rounds", 3, "how often everything is visited; a round takes 3 minutes")
	only := fs.String("only", "", "a part of a story's or case's name, such as http.server: nothing else is visited")
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

// measureAuto visits every fixed number and every story in each round, in a new random order.
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

// visit has tenfour with so many workers, 0 for auto, live through a story.
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
	var said bytes.Buffer // to be read when the process has ended
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

// readSteps finds in tenfour's log the numbers of workers that it came to.
func readSteps(log io.Reader, begun time.Time) ([]autoStep, error) {
	steps := []autoStep{{Workers: 4}} // as it starts
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

// moody is a backend that sleeps for each request, and changes while it runs.
type moody struct {
	ln net.Listener
	is atomic.Pointer[mood]
}

type mood struct {
	each  time.Duration
	lanes chan struct{} // has room for those that it serves at a time
	any   bool          // it serves any number
}

func (m *moody) listen() (err error) {
	if m.ln, err = net.Listen("tcp4", "127.0.0.1:0"); err == nil {
		go m.accept() // ends with the listener
	}
	return err
}

func (m *moody) accept() {
	for {
		c, err := m.ln.Accept()
		if err != nil {
			return
		}
		go m.serve(c) // ends with the connection
	}
}

func (m *moody) serve(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	answer := append(fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", pageSize), bytes.Repeat([]byte("x"), pageSize)...)
	for {
		if _, _, err := readRequest(in); err != nil {
			return
		}
		now := m.is.Load()
		if !now.any {
			now.lanes <- struct{}{}
		}
		time.Sleep(now.each)
		if !now.any {
			<-now.lanes
		}
		if _, err := c.Write(answer); err != nil {
			return
		}
	}
}

// of is a figure's median over the rounds.
func (r *autoReport) of(c *autoCase, workers int, figure func(autoFigures) float64) float64 {
	var v []float64
	for _, f := range r.figures[c.Name][workers] {
		v = append(v, figure(f))
	}
	return median(v)
}

func autoRate(f autoFigures) float64    { return f.Rate }
func autoMax(f autoFigures) float64     { return f.Max }
func autoWorkers(f autoFigures) float64 { return float64(f.Workers) }

// best is the fixed number that does most.
func (r *autoReport) best(c *autoCase) int {
	return slices.MaxFunc(autoSizes, func(a, b int) int {
		return int(math.Copysign(1, r.of(c, a, autoRate)-r.of(c, b, autoRate)))
	})
}

// kept is what auto does, over what the best fixed number does in the same round: the median, the least and the most.
func (r *autoReport) kept(c *autoCase) Spread {
	var v []float64
	best := r.figures[c.Name][r.best(c)]
	for i, f := range r.figures[c.Name][0] { // two stories may share a case, and then it has been visited more often
		v = append(v, f.Rate/best[i*len(best)/len(r.figures[c.Name][0])].Rate)
	}
	return spreadOf(v, nil)
}

func (r *autoReport) markdown() string {
	var b strings.Builder
	head, rule := "| backend |", "|---|"
	for _, n := range autoSizes {
		head += fmt.Sprintf(" %d |", n)
		rule += "---|"
	}
	b.WriteString(head + " auto | its workers | of the best |\n" + rule + "---|---|---|\n")
	cell := func(c *autoCase, n int) string {
		text := number(r.of(c, n, autoRate), 0)
		if n == r.best(c) {
			text = "**" + text + "**"
		}
		return fmt.Sprintf(" %s/s, %s ms |", text, number(r.of(c, n, autoMax), 0))
	}
	for _, c := range autoCases {
		if len(r.figures[c.Name]) <= len(autoSizes) { // not visited
			continue
		}
		b.WriteString("| " + c.Name + " |")
		for _, n := range append(slices.Clone(autoSizes), 0) {
			b.WriteString(cell(c, n))
		}
		kept := r.kept(c)
		fmt.Fprintf(&b, " %.0f | %.2f (%.2f–%.2f) |\n", r.of(c, 0, autoWorkers), kept.Median, kept.Min, kept.Max)
	}
	return b.String()
}
