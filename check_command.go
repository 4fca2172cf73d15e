package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"tenfour/config"
)

// runCheck is the command check: it prints what holds for a file and flags, and where each value came from; with --example,
// a file that explains every setting. What is wrong goes to stderr alone, a line each, as editors understand it.
func runCheck(args []string, stdout, stderr io.Writer) int {
	var out bytes.Buffer
	err := config.Show(&out, args)
	switch {
	case slices.Equal(args, []string{"--example"}):
		err = config.Example(stdout)
	case slices.Contains(args, "--example"):
		err = errors.New("--example: it takes no other flags")
	case errors.Is(err, config.ErrHelp):
		config.Help(stdout)
		return exitStopped
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitUsage
	}
	stdout.Write(out.Bytes())
	return exitStopped
}
