package config

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// ErrHelp is Parse's answer to --help.
var ErrHelp = pflag.ErrHelp

// Parse reads the command line, without the program's name. All that is wrong is reported, not only the first.
func Parse(args []string) (Config, error) {
	c := Default
	c.Paths = nil
	var backends []string
	fs := flags(&c, &backends)
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, pflag.ErrHelp) {
			return c, ErrHelp
		}
		return c, fmt.Errorf("%w (tenfour --help lists the flags)", err)
	}
	var errs []error
	if fs.NArg() > 0 {
		errs = append(errs, fmt.Errorf("%q: not a command; tenfour takes flags, and the command version", fs.Arg(0)))
	}
	for _, s := range backends {
		b, err := parseBackend(s)
		if err == nil && slices.Contains(c.Backends, b) {
			err = errors.New("named twice; --workers says how many exchanges it gets at a time")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("--backend %s: %w", s, err))
		}
		c.Backends = append(c.Backends, b)
	}
	if len(c.Paths) == 0 {
		c.Paths = Default.Paths
	}
	return c, errors.Join(append(errs, c.check())...)
}

// Help writes what the flags are.
func Help(w io.Writer) {
	c := Default
	c.Paths = nil
	var backends []string
	fmt.Fprint(w, `tenfour: a small HTTP reverse proxy for backends that are simple, slow or flaky

  tenfour                                  the welcome page, from four backends of its own
  tenfour --backend 127.0.0.1:9001         before one backend; repeat --backend for more
  tenfour --serve DIR                      the files of a directory
  tenfour version

`)
	fmt.Fprint(w, flags(&c, &backends).FlagUsages())
	fmt.Fprint(w, "\nDurations are written 500ms, 2s, 1m; sizes 4096, 64KiB, 1MiB.\n")
}

func flags(c *Config, backends *[]string) *pflag.FlagSet {
	fs := pflag.NewFlagSet("tenfour", pflag.ContinueOnError)
	fs.SortFlags = false
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	fs.StringVar(&c.Listen, "listen", c.Listen, "`ADDR` to answer clients on")
	fs.StringArrayVar(backends, "backend", nil, "`URL` of a backend: host:port, http://… or https://… (repeatable)")
	fs.StringVar(&c.Serve, "serve", "", "serve the files of `DIR` instead of backends")
	fs.StringArrayVar(&c.Paths, "path", nil, "`PATH` that may be asked for: exact, or a prefix if it ends in / (repeatable; default /)")
	fs.IntVar(&c.Workers, "workers", c.Workers, "exchanges at a backend at the same time: `N`")
	fs.IntVar(&c.Queue, "queue", c.Queue, "exchanges that may wait for a worker: `N`")
	fs.DurationVar(&c.QueueTimeout, "queue-timeout", c.QueueTimeout, "`D` that one may wait")
	fs.Var((*size)(&c.Buffer), "buffer", "`SIZE` of a body held for a slow client, or taken in before a worker is")
	fs.IntVar(&c.Streams, "streams", c.Streams, "event streams, WebSockets and slow transfers at a backend besides: `N`")
	fs.DurationVar(&c.Hold, "hold", c.Hold, "`D` that an exchange waits for a backend that is down; 0 is not at all")
	fs.DurationVar(&c.HoldEvery, "hold-every", c.HoldEvery, "`D` between two attempts to reach it meanwhile")
	fs.StringVar(&c.Race, "race", c.Race, "ask several backends, first usable answer wins: off, parallel, serial or hedge (`MODE`)")
	fs.StringVar(&c.Usable, "usable", c.Usable, "`STATUSES` that win a race, such as 2xx,304,404")
	fs.Var((*hedgeAfter)(&c.HedgeAfter), "hedge-after", "`D` or p95: how long a hedge waits before it asks the next backend")
	fs.StringSliceVar(&c.RaceMethods, "race-methods", nil, "`METHODS` that are raced beside GET, HEAD and OPTIONS")
	fs.StringVar(&c.Health, "health", c.Health, "`PATH` that every backend is asked for; one that does not answer it is down")
	fs.DurationVar(&c.HealthEvery, "health-every", c.HealthEvery, "`D` between two such checks")
	fs.DurationVar(&c.HeadTimeout, "head-timeout", c.HeadTimeout, "`D` for a client to send a request's head")
	fs.DurationVar(&c.ConnectTimeout, "connect-timeout", c.ConnectTimeout, "`D` for a connection to a backend")
	fs.DurationVar(&c.BackendTimeout, "backend-timeout", c.BackendTimeout, "`D` for a backend to send, or take, its next byte")
	fs.DurationVar(&c.IdleTimeout, "idle-timeout", c.IdleTimeout, "`D` for a client's next request, or next byte")
	fs.DurationVar(&c.Drain, "drain", c.Drain, "`D` for exchanges to end when asked to stop")
	fs.StringVar(&c.TLSCert, "tls-cert", "", "`FILE` with a certificate (PEM): clients speak TLS")
	fs.StringVar(&c.TLSKey, "tls-key", "", "`FILE` with its key (PEM)")
	fs.StringVar(&c.AccessLog, "access-log", c.AccessLog, "a line an exchange: off, stdout or a `FILE`")
	fs.StringVar(&c.LogLevel, "log-level", c.LogLevel, "`LEVEL`: debug, info, warn or error")
	fs.StringVar(&c.LogFormat, "log-format", c.LogFormat, "`FORMAT`: auto, text or json")
	return fs
}

// check reports every value that cannot be.
func (c *Config) check() error {
	var errs []error
	bad := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	_, port, err := net.SplitHostPort(c.Listen)
	bad(err == nil, "--listen %s: write HOST:PORT, such as 127.0.0.1:8000", c.Listen)
	if n, nerr := strconv.Atoi(port); err == nil && nerr == nil { // else it is a service's name
		bad(n >= 0 && n <= 65535, "--listen %s: port %d: 0 to 65535", c.Listen, n)
	}
	bad(c.Serve == "" || len(c.Backends) == 0, "--serve and --backend: one of the two")
	for _, p := range c.Paths {
		bad(strings.HasPrefix(p, "/"), "--path %s: it must begin with /", p)
	}
	bad(c.Workers >= 1 && c.Workers <= 65536, "--workers %d: 1 to 65536", c.Workers)
	bad(c.Queue >= 0, "--queue %d: 0 or more", c.Queue)
	bad(c.Buffer <= 1<<30, "--buffer %s: 1GiB at most", (*size)(&c.Buffer))
	bad(c.Streams >= 0, "--streams %d: 0 or more", c.Streams)
	for _, t := range []struct {
		flag string
		d    time.Duration
	}{
		{"queue-timeout", c.QueueTimeout}, {"head-timeout", c.HeadTimeout}, {"connect-timeout", c.ConnectTimeout},
		{"backend-timeout", c.BackendTimeout}, {"idle-timeout", c.IdleTimeout},
	} {
		bad(t.d >= time.Millisecond, "--%s %v: 1ms or more", t.flag, t.d)
	}
	bad(c.Hold >= 0, "--hold %v: 0 or more", c.Hold)
	bad(c.HoldEvery >= time.Millisecond, "--hold-every %v: 1ms or more", c.HoldEvery)
	bad(slices.Contains([]string{"off", "parallel", "serial", "hedge"}, c.Race), "--race %s: off, parallel, serial or hedge", c.Race)
	bad(c.HedgeAfter >= 0, "--hedge-after %v: p95, or more than 0", c.HedgeAfter)
	bad(c.Health == "" || strings.HasPrefix(c.Health, "/"), "--health %s: it must begin with /", c.Health)
	bad(c.HealthEvery >= time.Millisecond, "--health-every %v: 1ms or more", c.HealthEvery)
	bad(c.Drain >= 0, "--drain %v: 0 or more", c.Drain)
	bad((c.TLSCert == "") == (c.TLSKey == ""), "--tls-cert and --tls-key: both or neither")
	bad(c.AccessLog != "", "--access-log: off, stdout or a file")
	bad(slices.Contains([]string{"debug", "info", "warn", "error"}, c.LogLevel), "--log-level %s: debug, info, warn or error", c.LogLevel)
	bad(slices.Contains([]string{"auto", "text", "json"}, c.LogFormat), "--log-format %s: auto, text or json", c.LogFormat)
	return errors.Join(errs...)
}
