package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"tenfour/config"
	"tenfour/logs"
	"tenfour/site"
)

// runCheck is the command check: it prints every value that a file and flags set, and where it came from; with --example, it
// prints a file that explains every setting. Errors go to stderr, one to a line, which begins with its place as editors know it.
// What it accepts, starts. It prints the values also when they are right and tenfour could not start now: when an address is in use.
func runCheck(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	switch {
	case slices.Equal(args, []string{"--example"}):
		return shown(config.Example, stdout, stderr)
	case slices.Contains(args, "--example"):
		fmt.Fprintln(stderr, "--example: it stands alone")
		return Usage
	}
	e, err := read(ctx, args)
	if errors.Is(err, config.ErrHelp) {
		config.Help(stdout)
		return Stopped
	}
	if err == nil {
		_, err = within(ctx, func() (int, error) { return 0, try(ctx, e) })
	}
	code := Stopped
	if err != nil {
		code = refused(err, stderr, "")
	}
	if code == Usage || errors.Is(err, context.Canceled) {
		return code
	}
	c := e.Config()
	doubts, _ := within(ctx, func() ([]string, error) { return site.Doubts(&c), nil })
	for _, doubt := range doubts {
		fmt.Fprintln(stderr, "tenfour check:", doubt)
	}
	return max(code, shown(e.Show, stdout, stderr))
}

// shown prints, and returns the exit code.
func shown(show func(io.Writer) error, stdout, stderr io.Writer) int {
	if err := show(stdout); err != nil {
		fmt.Fprintln(stderr, "tenfour check:", err)
		return Failed
	}
	return Stopped
}

// try takes the steps of a start after the configuration is read, and undoes them.
func try(ctx context.Context, e config.Effective) error {
	c := e.Config()
	if err := accessLogError(&c, logs.Try(logOptions(&c))); err != nil {
		return err
	}
	if err := site.Try(&c); err != nil {
		return err
	}
	if err := trySockets(ctx, e); err != nil {
		return err
	}
	return tryJobs(&c)
}
