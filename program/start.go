package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"tenfour/config"
	"tenfour/logs"
	"tenfour/site"
)

// What has to succeed before tenfour answers clients is done in these steps: the configuration is read, the access log opened, the
// site built, and the sockets opened. The command check goes through the same steps, so that what it accepts starts, and it
// reports what it refuses in the words of a start.

// accessLogError is why the access log cannot be opened.
func accessLogError(c *config.Config, err error) error {
	if err == nil {
		return nil
	}
	return &site.Error{Err: fmt.Errorf("--access-log %s: %w", c.AccessLog, err)}
}

func logOptions(c *config.Config) logs.Options {
	return logs.Options{Level: c.LogLevel, Format: c.LogFormat, Access: c.AccessLog, AccessFormat: c.AccessLogFormat}
}

// read reads the configuration. It may have to wait for a file system.
func read(ctx context.Context, args []string) (config.Effective, error) {
	return within(ctx, func() (config.Effective, error) { return config.Read(args) })
}

// refused prints why tenfour does not start, each line after a prefix, and returns the exit code. It prints nothing if tenfour was only
// asked to end.
func refused(err error, stderr io.Writer, prefix string) int {
	if errors.Is(err, context.Canceled) {
		return Stopped
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintln(stderr, prefix+line)
	}
	if errors.As(err, new(*site.Error)) || config.IsWrong(err) {
		return Usage
	}
	return Failed
}
