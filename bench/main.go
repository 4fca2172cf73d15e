// Command bench is the benchmark against peers and its report. It compares tenfour, which it builds from the tree that it is run
// in, with the proxies that it finds (nginx, HAProxy, Caddy) and with no proxy at all, in one run on one machine.
//
//	go run ./bench                              all scenarios, 5 rounds: a table, and bench/report/report.html
//	go run ./bench --quick                      short samples, in under 2 minutes, without restart and fork
//	go run ./bench --scenario close,keep        only these scenarios
//	go run ./bench --compare OLD.json           also says what has changed since the report OLD.json
//	go run ./bench --doc docs/performance.md    also writes the tables into that page
//	go run ./bench --peer tenfour-old=/tmp/old  with one more contender: an older tenfour, another nginx
//	go run ./bench auto                         compares --workers auto with fixed numbers: docs/auto.md
//
// It needs Linux, because of /proc, and the load generators ab and wrk. docs/performance.md says how each figure is measured.
// If there is a C compiler, bench/limit/relay.c, which parses nothing, is built and shown too.
// It does not tune the machine, uses only one machine, and leaves nothing running.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// Options are the checked command line.
type Options struct {
	Scenarios []*Scenario
	Rounds    int
	Quick     bool
	Peers     []string // NAME=PATH, of --peer
	Compare   string   // a report.json, or ""
	From      string   // a report.json to show again without running anything, or ""
	Out       string   // the folder for the report
	Doc       string   // a page to write the report's tables into, or ""
}

// errUsage means that the command line is invalid. The message has been written.
var errUsage = errors.New("usage")

func parseOptions(args []string, stderr io.Writer) (*Options, error) {
	o := &Options{}
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.SetOutput(stderr)
	names := fs.String("scenario", "", "only these, with commas between: "+strings.Join(scenarioNames(), ","))
	fs.IntVar(&o.Rounds, "rounds", 5, "how often every contender is visited")
	fs.BoolVar(&o.Quick, "quick", false, "short samples, and as many rounds as fit into 2 minutes (2 at most), without "+longNames()+", which take too long")
	fs.Func("peer", "NAME=PATH, repeatable: one more contender; NAME begins with nginx, haproxy, caddy, relay or tenfour, which decides its configuration", func(s string) error {
		o.Peers = append(o.Peers, s)
		return nil
	})
	fs.StringVar(&o.Compare, "compare", "", "an older report.json: also say what has changed since")
	fs.StringVar(&o.From, "from", "", "a report.json: show it (or compare it) again, without a run")
	fs.StringVar(&o.Out, "out", "", "the folder for report.json and report.html (bench/report of the tree)")
	fs.StringVar(&o.Doc, "doc", "", "a page, such as docs/performance.md: put the tables into it")
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	if fs.NArg() > 0 {
		return nil, wrongUsage(stderr, "%s: there are only flags; see --help", fs.Arg(0))
	}
	if o.Rounds < 1 || o.Rounds > 100 {
		return nil, wrongUsage(stderr, "--rounds %d: from 1 to 100", o.Rounds)
	}
	return o, o.choose(*names, stderr)
}

// wrongUsage writes what is wrong with the command line, and returns errUsage.
func wrongUsage(stderr io.Writer, format string, a ...any) error {
	fmt.Fprintf(stderr, "bench: "+format+"\n", a...)
	return errUsage
}

// choose sets the scenarios: those with the names, or all if there are none.
func (o *Options) choose(names string, stderr io.Writer) error {
	for _, s := range scenariosFor(o.Quick) {
		if names == "" || slices.Contains(strings.Split(names, ","), s.Name) {
			o.Scenarios = append(o.Scenarios, s)
		}
	}
	if names == "" {
		return nil
	}
	for name := range strings.SplitSeq(names, ",") {
		if !slices.Contains(scenarioNames(), name) {
			return wrongUsage(stderr, "--scenario %s: there are %s", name, strings.Join(scenarioNames(), ", "))
		}
		if !slices.ContainsFunc(o.Scenarios, func(s *Scenario) bool { return s.Name == name }) {
			return wrongUsage(stderr, "--scenario %s: it takes too long for --quick: leave --quick out", name)
		}
	}
	return nil
}

// run is the program. It returns the exit code: 0 with a report, 1 without one, 2 after wrong usage.
func run(args []string, stdout, stderr io.Writer) int {
	if len(args) > 1 && args[0] == backendCommand {
		return runBackend(args[1:], stdout, stderr)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if len(args) > 0 && args[0] == autoCommand {
		return runAuto(ctx, args[1:], stdout, stderr)
	}
	o, err := parseOptions(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	if err := benchmark(ctx, o, stdout, stderr); err != nil {
		if ctx.Err() != nil {
			err = errors.New("interrupted: all started programs have ended, and no report was written")
		}
		fmt.Fprintln(stderr, "bench:", err)
		return 1
	}
	return 0
}

// benchmark makes the report, or takes it from a file, and shows it.
func benchmark(ctx context.Context, o *Options, stdout, stderr io.Writer) error {
	var old *Report
	var err error
	if o.Compare != "" { // read first, so that a wrong name does not waste a run
		if old, err = readReport(o.Compare); err != nil {
			return err
		}
	}
	r, err := reportOf(ctx, o, stderr)
	if err != nil {
		return err
	}
	if err := writeReport(o.Out, r, old); err != nil {
		return err
	}
	if o.Doc != "" {
		if err := updateDoc(o.Doc, r); err != nil {
			return err
		}
	}
	printTables(stdout, r)
	if old != nil {
		printChanges(stdout, compareReports(old, r), o.Compare)
	}
	fmt.Fprintf(stdout, "\n%s\n%s\n", filepath.Join(o.Out, "report.html"), filepath.Join(o.Out, "report.json"))
	return nil
}

// reportOf makes the report, or reads it. It sets where the report goes, if that is not given.
func reportOf(ctx context.Context, o *Options, stderr io.Writer) (*Report, error) {
	if o.From != "" {
		if o.Out == "" {
			o.Out = filepath.Dir(o.From)
		}
		return readReport(o.From)
	}
	root, err := moduleRoot(ctx)
	if err != nil {
		return nil, err
	}
	if o.Out == "" {
		o.Out = filepath.Join(root, "bench", "report")
	}
	return runAll(ctx, o, root, stderr)
}

// quickBudget is the time after which --quick begins no further scenario. The last one may take 20 s more.
const quickBudget = 92 * time.Second
