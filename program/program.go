// Package program is the program: its commands, how the parts are wired, signals and reload.
//
//	os.Exit(program.Main(os.Args[1:], os.Stdout, os.Stderr)) // until SIGINT or SIGTERM
//	code := program.Run(ctx, args, stdout, stderr, ready)      // the same for a test, until ctx is done
//
// It forwards no bytes and decides about no request. docs/walk.md follows a request from its first byte to its last.
package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"tenfour/config"
	"tenfour/forward"
	"tenfour/front"
	"tenfour/logs"
	"tenfour/lot"
	"tenfour/metrics"
	"tenfour/pool"
	"tenfour/site"
	"tenfour/spool"
)

// Exit codes.
const (
	Stopped = 0 // stopped as asked
	Failed  = 1 // failed while running, such as an address in use
	Usage   = 2 // wrong usage or configuration
)

// Main is the program. It ends after SIGINT or SIGTERM.
func Main(args []string, stdout, stderr io.Writer) int {
	asked, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if serves(args) { // other commands end when the reader of their output has gone, as in "tenfour check | head"
		signal.Ignore(syscall.SIGPIPE)
	}
	ctx, drain := context.WithCancel(context.Background())
	defer drain()
	context.AfterFunc(asked, func() { // stop comes first: a second signal then ends the process at once
		stop()
		drain()
	})
	return Run(ctx, args, stdout, stderr, nil)
}

// serves reports whether a command line starts a command that runs until it is stopped.
func serves(args []string) bool {
	if len(args) == 0 {
		return true
	}
	return args[0] == "lab" || !slices.Contains([]string{"check", "explain", "jobs", "version"}, args[0]) && !slices.Contains(args, "--help") && !slices.Contains(args, "-h")
}

// Run is Main, but ends when ctx is done. If ready is not nil, Run calls it with the address as soon as tenfour accepts clients.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer, ready func(net.Addr)) int {
	switch {
	case len(args) == 1 && args[0] == "version":
		fmt.Fprintln(stdout, "tenfour", version())
		return Stopped
	case len(args) > 0 && args[0] == "lab":
		return runLab(ctx, args[1:], stdout, stderr)
	case len(args) > 0 && args[0] == "check":
		return interruptible(ctx, 0, func() int { return runCheck(ctx, args[1:], stdout, stderr) })
	case len(args) > 0 && args[0] == "explain":
		return interruptible(ctx, 0, func() int { return runExplain(ctx, args[1:], stdout, stderr) })
	case len(args) > 0 && args[0] == "jobs":
		return interruptible(ctx, time.Second, func() int { return runJobs(ctx, args[1:], stdout, stderr) })
	}
	return runProxy(ctx, args, stdout, stderr, ready)
}

// runProxy reads the configuration, opens the logs, and answers clients until ctx is done.
func runProxy(ctx context.Context, args []string, stdout, stderr io.Writer, ready func(net.Addr)) int {
	hangUp := make(chan os.Signal, 1)
	if ready == nil { // with ready, the caller shares the process: its processors and signals are not ours
		signal.Notify(hangUp, syscall.SIGHUP) // before anything else: an unhandled SIGHUP ends a process
		defer signal.Stop(hangUp)
	}
	e, err := read(ctx, args)
	if errors.Is(err, config.ErrHelp) {
		config.Help(stdout)
		return Stopped
	}
	if err != nil {
		return refused(err, stderr, prefix)
	}
	c := e.Config()
	l, err := within(ctx, func() (*logs.Logs, error) { return logs.Open(logOptions(&c), stdout, stderr) })
	if err := accessLogError(&c, err); err != nil {
		return refused(err, stderr, prefix)
	}
	defer l.Close()
	if err := serve(ctx, args, e, l, stdout, hangUp, ready); err != nil {
		l.Flush()
		return refused(err, stderr, prefix)
	}
	return Stopped
}

// prefix begins a line that says why tenfour does not start.
const prefix = "tenfour: "

// serve builds and connects the parts, and answers clients until ctx is done. On SIGHUP it reads its configuration again. It returns an
// error if it could not begin.
func serve(ctx context.Context, args []string, e config.Effective, l *logs.Logs, stdout io.Writer, hangUp <-chan os.Signal, ready func(net.Addr)) error {
	lot, err := lot.New()
	if err != nil {
		return err
	}
	defer lot.Close()
	c := e.Config()
	leaveOutConsole(&c, ready != nil)
	counts := metrics.New(time.Now())
	counts.Switch(c.Console.On(), time.Now())
	workers := pool.New(lot, func(v any, stack []byte) {
		counts.Panic()
		l.Log.Error().Any("panic", v).Bytes("stack", stack).Msg("an exchange was lost to a bug of tenfour")
	})
	workers.OnEvent(sayEvent(&l.Log, counts))
	defer workers.Close()
	builder := site.NewBuilder(workers, &l.Log)
	builder.Metrics = counts
	built, err := within(ctx, func() (*site.Site, error) { return builder.Build(&c) })
	if err != nil {
		return err
	}
	now := &running{args: args, first: &c, builder: builder, site: built, logs: l, shared: ready != nil}
	now.overview = overview{metrics: counts, pool: workers, logs: l, file: e.File(), present: &now.present}
	defer func() { builder.Close(now.site) }()
	now.sockets, err = openSockets(ctx, e, nil)
	if err != nil {
		return err
	}
	now.passing = followExchanges(&c, stdout, &l.Log)
	defer now.passing.close()
	now.front = front.New(front.Config{
		Lot: lot, Pool: workers, Held: forward.NewHeld(c.HoldMax), Spool: newSpool(c.SpoolMax), MostOpen: mostOpen(workers), Log: l.Log, Access: l.Access, Metrics: counts, Trace: now.passing.book,
	}, &built.Front)
	now.present.Store(built)
	now.overview.front, now.overview.book = now.front, now.passing.book
	now.jobs, err = within(ctx, func() (*jobParts, error) { return openJobs(&c, now.jobTools()) })
	if err != nil {
		now.sockets.close()
		return err
	}
	now.jobs.begin(now.front)
	now.overview.jobs.Store(now.jobs)
	now.overview.listensOn(now.sockets, built)
	if ready == nil {
		defer tendProcs(workers.Served).Close()
	}
	defer now.overview.sample(false)
	now.followConsole(&c)
	sayHello(e, built, l, now)
	now.answer(ctx, hangUp, ready)
	return nil
}

// answer answers clients until ctx is done, and drains.
func (r *running) answer(ctx context.Context, hangUp <-chan os.Signal, ready func(net.Addr)) {
	first := r.sockets[0].socket.Addr()
	r.serveSockets(r.sockets, r.first)
	r.overview.phase.Store(serving)
	if ready != nil {
		ready(first)
	}
	r.run(ctx, hangUp)
	r.overview.phase.Store(draining)
	r.console.nudge()
	for _, s := range r.sockets {
		s.remove() // before the drain: a program that is started now may have its place
	}
	r.jobs.quiesce()
	drain := r.site.Config.Drain
	r.overview.metrics.Mark(metrics.Mark{Time: time.Now(), Kind: "drain", Text: "tenfour drains: it accepts no more connections"})
	r.logs.Log.Info().Int("connections", r.front.Open()).Stringer("at_most", drain).Msg("draining")
	until := time.Now().Add(drain)
	cut := r.front.Drain(drain)
	r.console.close() // before the store that it shows
	if err := r.jobs.end(until); err != nil {
		r.logs.Log.Error().Err(err).Msg("the store of jobs did not close as it should")
	}
	r.logs.Log.Info().Int("cut", cut).Msg("stopped")
}

// run reloads the configuration on each hang-up, until ctx is done. It never waits for a file, or for a reader of the log.
func (r *running) run(ctx context.Context, hangUp <-chan os.Signal) {
	reload := r.reloader()
	defer reload.end()
	for {
		select {
		case <-hangUp:
			reload.ask()
		case p := <-reload.done:
			reload.finish(p)
		case <-reload.late:
			reload.giveUp()
		case <-ctx.Done():
			return
		}
	}
}

// newSpool returns a spool of at most most bytes; nil for 0.
func newSpool(most int) *spool.Spool {
	if most == 0 {
		return nil
	}
	return spool.New(most, mostSpooled(descriptors()))
}
