package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"tenfour/admit"
	"tenfour/config"
)

// runCheck is the command check: it prints every value that a file and flags set, and where it came from; with --example, it
// prints a file that explains every setting. Errors go to stderr, one to a line, which begins with its place as editors know it.
func runCheck(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var err error
	show := config.Example
	switch {
	case slices.Equal(args, []string{"--example"}):
	case slices.Contains(args, "--example"):
		err = errors.New("--example: it stands alone")
	default:
		show, err = within(ctx, func() (func(io.Writer) error, error) { return check(args) })
	}
	switch {
	case errors.Is(err, config.ErrHelp):
		config.Help(stdout)
		return Stopped
	case err != nil:
		fmt.Fprintln(stderr, err)
		return Usage
	}
	if err := show(stdout); err != nil {
		fmt.Fprintln(stderr, "tenfour check:", err)
		return Failed
	}
	return Stopped
}

// check reads a configuration, and the files with secrets that it names. It returns a function that prints it.
func check(args []string) (show func(io.Writer) error, err error) {
	e, err := config.Read(args)
	if err != nil {
		return nil, err
	}
	c := e.Config()
	var errs []error
	looked := map[[2]string]bool{} // routes may name the same file
	for i := range c.Routes {
		r := &c.Routes[i]
		if at := [2]string{r.ClientTokenFile}; r.ClientTokenFile != "" && !looked[at] {
			looked[at] = true
			_, err := admit.NewTokens(r.ClientTokenFile)
			errs = append(errs, err)
		}
		if at := [2]string{r.CredentialFile, r.CredentialHeader}; r.CredentialFile != "" && !looked[at] {
			looked[at] = true
			_, err := admit.NewCredential(r.CredentialFile, r.CredentialHeader)
			errs = append(errs, err)
		}
	}
	return e.Show, errors.Join(errs...)
}
