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
	"strings"
	"syscall"

	"tenfour/config"
	"tenfour/forward"
	"tenfour/front"
	"tenfour/logs"
	"tenfour/lot"
	"tenfour/pool"
	"tenfour/site"
	"tenfour/sock"
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
	return args[0] == "lab" || args[0] != "check" && args[0] != "version" && !slices.Contains(args, "--help") && !slices.Contains(args, "-h")
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
		return interruptible(ctx, func() int { return runCheck(ctx, args[1:], stdout, stderr) })
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
	c, err := within(ctx, func() (config.Config, error) { return config.Parse(args) })
	if errors.Is(err, config.ErrHelp) {
		config.Help(stdout)
		return Stopped
	}
	if err != nil {
		return notStarted(err, stderr, strings.ReplaceAll(err.Error(), "\n", "\ntenfour: "))
	}
	l, err := within(ctx, func() (*logs.Logs, error) {
		return logs.Open(logs.Options{Level: c.LogLevel, Format: c.LogFormat, Access: c.AccessLog, AccessFormat: c.AccessLogFormat}, stdout, stderr)
	})
	if err != nil {
		return notStarted(err, stderr, fmt.Sprintf("--access-log %s: %v", c.AccessLog, err))
	}
	defer l.Close()
	return ended(serve(ctx, args, &c, l, hangUp, ready), l)
}

// notStarted returns the exit code after an error that came before there was a log. It prints what was wrong, unless the error is
// only that tenfour was asked to end.
func notStarted(err error, stderr io.Writer, wrong string) int {
	if errors.Is(err, context.Canceled) {
		return Stopped
	}
	fmt.Fprintln(stderr, "tenfour: "+wrong)
	return Usage
}

// ended returns the exit code for how serve ended, and logs an error.
func ended(err error, l *logs.Logs) int {
	if err == nil || errors.Is(err, context.Canceled) {
		return Stopped
	}
	l.Log.Error().Err(err).Msg("tenfour cannot run")
	if errors.As(err, new(*site.Error)) {
		return Usage
	}
	return Failed
}

// serve builds and connects the parts, and answers clients until ctx is done. On SIGHUP it reads its configuration again.
func serve(ctx context.Context, args []string, c *config.Config, l *logs.Logs, hangUp <-chan os.Signal, ready func(net.Addr)) error {
	lot, err := lot.New()
	if err != nil {
		return err
	}
	defer lot.Close()
	workers := pool.New(lot, func(v any, stack []byte) {
		l.Log.Error().Any("panic", v).Bytes("stack", stack).Msg("an exchange was lost to a bug of tenfour")
	})
	workers.OnEvent(sayEvent(&l.Log))
	defer workers.Close()
	builder := site.NewBuilder(workers, &l.Log)
	built, err := within(ctx, func() (*site.Site, error) { return builder.Build(c) })
	if err != nil {
		return err
	}
	now := running{args: args, first: c, builder: builder, site: built, logs: l}
	defer func() { builder.Close(now.site) }()
	ln, err := (&net.ListenConfig{KeepAlive: -1, Control: sock.Control(c.HeadTimeout)}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", c.Listen, err)
	}
	now.front = front.New(front.Config{
		Lot: lot, Pool: workers, Held: forward.NewHeld(c.HoldMax), MostOpen: mostOpen(workers), Log: l.Log, Access: l.Access,
	}, &built.Front)
	if ready == nil {
		defer tendProcs(workers.Served).Close()
	}
	sayHello(built, l, ln.Addr())
	return now.answer(ctx, ln, hangUp, ready)
}

// answer answers the clients that connect to ln until ctx is done, and drains.
func (r *running) answer(ctx context.Context, ln net.Listener, hangUp <-chan os.Signal, ready func(net.Addr)) error {
	failed := make(chan error, 1)
	go func() { failed <- r.front.Serve(ln) }() // ends with Drain
	if ready != nil {
		ready(ln.Addr())
	}
	if err := r.run(ctx, hangUp, failed); err != nil {
		return err
	}
	drain := r.site.Config.Drain
	r.logs.Log.Info().Int("connections", r.front.Open()).Stringer("at_most", drain).Msg("draining")
	r.logs.Log.Info().Int("cut", r.front.Drain(drain)).Msg("stopped")
	return nil
}

// run reloads the configuration on each hang-up, until ctx is done or the listener fails. It never waits for a file, or for a
// reader of the log.
func (r *running) run(ctx context.Context, hangUp <-chan os.Signal, failed <-chan error) error {
	reload := r.reloader()
	defer reload.end()
	for {
		select {
		case err := <-failed:
			r.front.Drain(0)
			return err
		case <-hangUp:
			reload.ask()
		case p := <-reload.done:
			reload.finish(p)
		case <-reload.late:
			reload.giveUp()
		case <-ctx.Done():
			return nil
		}
	}
}
