package program

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"tenfour/admit"
	"tenfour/config"
)

// runCheck is the command check: it prints what holds for a file and flags, and where each value came from; with --example,
// a file that explains every setting. What is wrong goes to stderr, a line each, which begins with its place as editors know it.
func runCheck(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var out bytes.Buffer
	var err error
	switch {
	case slices.Equal(args, []string{"--example"}):
		err = config.Example(&out)
	case slices.Contains(args, "--example"):
		err = errors.New("--example: it stands alone")
	default:
		_, err = within(ctx, func() (struct{}, error) { return struct{}{}, check(&out, args) })
	}
	switch {
	case errors.Is(err, config.ErrHelp):
		config.Help(stdout)
		return Stopped
	case err != nil:
		fmt.Fprintln(stderr, err)
		return Usage
	}
	if _, err := out.WriteTo(stdout); err != nil {
		fmt.Fprintln(stderr, "tenfour check:", err)
		return Failed
	}
	return Stopped
}

// check writes what holds for a command line, once all is found right: the content of the files with secrets too.
func check(w io.Writer, args []string) error {
	c, err := config.Show(w, args)
	if err != nil {
		return err
	}
	var errs []error
	for i := range c.Routes {
		r := &c.Routes[i]
		if r.ClientTokenFile != "" {
			_, err := admit.NewTokens(r.ClientTokenFile)
			errs = append(errs, err)
		}
		if r.CredentialFile != "" {
			_, err := admit.NewCredential(r.CredentialFile, r.CredentialHeader)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
