package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"tenfour/config"
	"tenfour/jobs/control"
	"tenfour/value/choice"
)

// runJobs is the command jobs: it asks the tenfour that runs about its jobs, and has it change them. It answers in text on a terminal, and
// in JSON elsewhere. Errors go to stderr.
func runJobs(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a, err := readAsk(args)
	if errors.Is(err, pflag.ErrHelp) {
		fmt.Fprint(stdout, jobsHelp)
		return Stopped
	}
	if err != nil {
		fmt.Fprintf(stderr, "tenfour jobs: %v (tenfour jobs --help shows how it is used)\n", err)
		return Usage
	}
	dir, err := a.directory(ctx)
	if err != nil {
		code := refused(err, stderr, "")
		fmt.Fprintln(stderr, "tenfour jobs: the configuration says where the jobs are, and cannot be read: mend it, or name the directory with --data")
		return code
	}
	a.client = control.NewClient(dir)
	defer a.client.Close()
	a.out, a.notes = screenOf(stdout), screenOf(stderr)
	if !a.text && !a.json {
		a.text = a.out.terminal
	}
	if err := a.verb.do(ctx, a); err != nil {
		return a.failed(err)
	}
	return Stopped
}

// ask is what the command line asks for.
type ask struct {
	verb   *askVerb
	ids    []string
	s      control.Selection
	chosen bool // the selection says something, besides the ids
	limit  int  // -1 for none given
	force  bool
	text   bool
	json   bool
	data   string // "" for what the configuration says
	config string // "" for the file that tenfour would read

	client *control.Client
	out    screen
	notes  screen // for what is no answer: errors, how far it is
}

// askVerb is one of the commands of jobs.
type askVerb struct {
	name  string
	flags []string // that it takes, besides those that all take
	do    func(context.Context, *ask) error
	past  string // of one that changes jobs: what it has done to them
}

var (
	choosing = []string{"state", "route", "older"}
	common   = []string{"json", "text", "data", "config", "help"}
)

// askVerbs are the commands. It is a function, because they lead to what reads it.
func askVerbs() []*askVerb {
	return []*askVerb{
		{name: "list", flags: append([]string{"limit"}, choosing...), do: listJobs},
		{name: "show", do: showJobs},
		{name: "retry", flags: choosing, do: changeJobs, past: "accepted again"},
		{name: "cancel", flags: choosing, do: changeJobs, past: "cancelled"},
		{name: "pause", flags: choosing, do: changeJobs, past: "paused"},
		{name: "resume", flags: choosing, do: changeJobs, past: "resumed"},
		{name: "purge", flags: append([]string{"force"}, choosing...), do: changeJobs, past: "removed"},
		{name: "stats", do: showStats},
	}
}

const jobsHelp = `tenfour jobs COMMAND: asks the tenfour that runs about its jobs, and changes them

  tenfour jobs list [--state failed] [--route ROUTE] [--older 1h] [--limit N]   newest first
  tenfour jobs show ID…                                all of a job: its request, its attempts, its callback
  tenfour jobs retry ID…                               runs jobs again that failed, or were cancelled or interrupted
  tenfour jobs retry --state failed --route ROUTE      all that failed on a route
  tenfour jobs cancel ID…                              ends jobs; attempts that run are cut
  tenfour jobs pause ID…                               lets no further attempt begin, until: tenfour jobs resume ID…
  tenfour jobs purge --older 24h [--state done]        removes jobs that ended so long ago, with their results
  tenfour jobs stats                                   the counters

An ID may be its first digits, 8 or more. retry, cancel, pause, resume and purge take IDs, or --state, --route and --older.

      --state S     accepted, running, waiting, done, failed, cancelled, interrupted or paused; several with commas
      --route R     the jobs of a route, by its name as tenfour jobs list has it
      --older D     those that ended, or were made if they have not ended, at least so long ago: 30m, 24h, 7d
      --limit N     at most N jobs; 0 is all. 100 on a terminal, else all
      --force       purge also jobs whose callback is still due
      --json        JSON, one object in a line, also on a terminal
      --text        text for people, also where no terminal is
      --data DIR    where the running tenfour has its jobs; else what the configuration says, tenfour-data if it says nothing
      --config FILE the configuration; tenfour.toml is read by itself

Exit codes: 0 done; 1 something failed, such as an id that is unknown, or no tenfour runs; 2 wrong usage. docs/jobs-cli.md has the names in the JSON.
`

// readAsk reads a command line.
func readAsk(args []string) (*ask, error) {
	a := &ask{}
	var states []string
	var older string
	fs := pflag.NewFlagSet("tenfour jobs", pflag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	fs.StringArrayVar(&states, "state", nil, "")
	fs.StringVar(&a.s.Route, "route", "", "")
	fs.StringVar(&older, "older", "", "")
	fs.IntVar(&a.limit, "limit", -1, "")
	fs.BoolVar(&a.force, "force", false, "")
	fs.BoolVar(&a.json, "json", false, "")
	fs.BoolVar(&a.text, "text", false, "")
	fs.StringVar(&a.data, "data", "", "")
	fs.StringVar(&a.config, "config", "", "")
	if err := fs.Parse(args); err != nil {
		return nil, meantFlag(err, fs)
	}
	if fs.NArg() == 0 {
		return nil, pflag.ErrHelp
	}
	var err error
	if a.verb, err = askVerbNamed(fs.Arg(0)); err != nil {
		return nil, err
	}
	a.ids = fs.Args()[1:]
	if len(states) > 0 {
		err = a.s.SetStates(states)
	}
	if fs.Changed("older") {
		err = errors.Join(err, a.s.SetOlder(older))
	}
	if err = errors.Join(err, a.s.SetIDs(a.ids)); err != nil {
		return nil, err
	}
	fs.Visit(func(f *pflag.Flag) {
		a.chosen = a.chosen || slices.Contains(choosing, f.Name)
		if !slices.Contains(a.verb.flags, f.Name) && !slices.Contains(common, f.Name) {
			err = errors.Join(err, fmt.Errorf("--%s is not for %s", f.Name, a.verb.name))
		}
		if f.Value.String() == "" && f.Value.Type() == "string" {
			err = errors.Join(err, fmt.Errorf("--%s is empty: write a value, or leave the flag out", f.Name))
		}
	})
	return a, errors.Join(err, a.check(fs.Changed("older"), fs.Changed("limit")))
}

// meantFlag is an error of package pflag, and what was probably meant.
func meantFlag(err error, fs *pflag.FlagSet) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return err
	}
	var names []string
	fs.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if name := choice.Nearest(unknown.GetSpecifiedName(), names); name != "" {
		return fmt.Errorf("%w; did you mean --%s?", err, name)
	}
	return err
}

func askVerbNamed(name string) (*askVerb, error) {
	var known []string
	for _, v := range askVerbs() {
		if v.name == name {
			return v, nil
		}
		known = append(known, v.name)
	}
	return nil, fmt.Errorf("%q is no command of jobs: write one of %s%s", name, strings.Join(known, ", "), choice.DidYouMean(name, known))
}

// check returns what is missing, or too much.
func (a *ask) check(older, limit bool) error {
	many := a.verb.past != ""
	switch {
	case a.json && a.text:
		return errors.New("--json and --text: write one of them")
	case limit && a.limit < 0:
		return errors.New("--limit: write a number of jobs, 0 for all")
	case a.verb.name == "show" && len(a.ids) == 0:
		return errors.New("show: name a job by its id")
	case !many && a.verb.name != "show" && len(a.ids) > 0:
		return fmt.Errorf("%s takes no ids: show takes them", a.verb.name)
	case many && len(a.ids) > 0 && a.chosen:
		return fmt.Errorf("%s: name jobs by their ids, or choose them with --state, --route and --older, and not both", a.verb.name)
	case a.verb.name == "purge" && len(a.ids) == 0 && !older:
		return errors.New("purge: say with --older how long ago the jobs ended, such as 24h, or 0s for all that have ended; or name jobs by their ids")
	case many && len(a.ids) == 0 && !a.chosen:
		return fmt.Errorf("%s: name jobs by their ids, or choose them with --state, --route and --older", a.verb.name)
	}
	return nil
}

// directory is where the jobs are: as the command line says, or as tenfour itself would find it.
func (a *ask) directory(ctx context.Context) (string, error) {
	if a.data != "" {
		return a.data, nil
	}
	var args []string
	if a.config != "" {
		args = []string{"--config", a.config}
	}
	e, err := within(ctx, func() (config.Effective, error) { return config.Read(args) })
	if err != nil {
		return "", err
	}
	return e.Config().Data, nil
}

// failed prints an error, and returns the exit code.
func (a *ask) failed(err error) int {
	if err == errFailed {
		return Failed
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintln(a.notes, "tenfour jobs:", visible(line))
	}
	return Failed
}
