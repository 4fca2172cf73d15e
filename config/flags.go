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
	r := DefaultRoute
	r.Paths = nil
	var backends []string
	fs := flags(&c, &r, &backends)
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
		if err == nil && slices.Contains(r.Backends, b) {
			err = errors.New("named twice; --workers says how many exchanges it gets at a time")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("--backend %s: %w", s, err))
		}
		r.Backends = append(r.Backends, b)
	}
	if len(r.Paths) == 0 {
		r.Paths = DefaultRoute.Paths
	}
	c.Routes = []Route{r}
	return c, errors.Join(append(errs, c.check(&c.Routes[0]))...)
}

// Help writes what the flags are.
func Help(w io.Writer) {
	c, r := Default, DefaultRoute
	r.Paths = nil
	var backends []string
	fmt.Fprint(w, `tenfour: a small HTTP reverse proxy for backends that are simple, slow or flaky

  tenfour                                  the welcome page, from four backends of its own
  tenfour --backend 127.0.0.1:9001         before one backend; repeat --backend for more
  tenfour --serve DIR                      the files of a directory
  tenfour version

`)
	fmt.Fprint(w, flags(&c, &r, &backends).FlagUsages())
	fmt.Fprint(w, "\nDurations are written 500ms, 2s, 1m; sizes 4096, 64KiB, 1MiB.\n")
}

func flags(c *Config, r *Route, backends *[]string) *pflag.FlagSet {
	fs := pflag.NewFlagSet("tenfour", pflag.ContinueOnError)
	fs.SortFlags = false
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	fs.StringVar(&c.Listen, "listen", c.Listen, "`ADDR` to answer clients on")
	fs.StringArrayVar(backends, "backend", nil, "`URL` of a backend: host:port, http://… or https://… (repeatable)")
	fs.StringVar(&r.Serve, "serve", "", "serve the files of `DIR` instead of backends")
	fs.StringArrayVar(&r.Paths, "path", nil, "`PATH` that may be asked for: exact, or a prefix if it ends in / (repeatable; default /)")
	fs.Var(workers{r}, "workers", "exchanges at a backend at the same time: `N`, or auto for as many as pay")
	fs.IntVar(&r.WorkersMax, "workers-max", r.WorkersMax, "exchanges at a backend with --workers auto, at the most: `N`")
	fs.IntVar(&r.Queue, "queue", r.Queue, "exchanges that may wait for a worker: `N`")
	fs.DurationVar(&r.QueueTimeout, "queue-timeout", r.QueueTimeout, "`D` that one may wait")
	fs.Var((*size)(&r.Buffer), "buffer", "`SIZE` of a body held for a slow client, or taken in before a worker is")
	fs.IntVar(&r.Streams, "streams", r.Streams, "event streams, WebSockets and slow transfers at a backend besides: `N`")
	fs.DurationVar(&r.Hold, "hold", r.Hold, "`D` that an exchange waits for a backend that is down; 0 is not at all")
	fs.DurationVar(&r.HoldEvery, "hold-every", r.HoldEvery, "`D` between two attempts to reach it meanwhile")
	fs.StringVar(&r.Race, "race", r.Race, "ask several backends, first usable answer wins: off, parallel, serial or hedge (`MODE`)")
	fs.StringVar(&r.Usable, "usable", r.Usable, "`STATUSES` that win a race, such as 2xx,304,404")
	fs.Var((*hedgeAfter)(&r.HedgeAfter), "hedge-after", "`D` or p95: how long a hedge waits before it asks the next backend")
	fs.StringSliceVar(&r.RaceMethods, "race-methods", nil, "`METHODS` that are raced beside GET, HEAD and OPTIONS")
	fs.StringVar(&r.Health, "health", r.Health, "`PATH` that every backend is asked for; one that does not answer it is down")
	fs.DurationVar(&r.HealthEvery, "health-every", r.HealthEvery, "`D` between two such checks")
	fs.DurationVar(&c.HeadTimeout, "head-timeout", c.HeadTimeout, "`D` for a client to send a request's head")
	fs.DurationVar(&r.ConnectTimeout, "connect-timeout", r.ConnectTimeout, "`D` for a connection to a backend")
	fs.DurationVar(&r.BackendTimeout, "backend-timeout", r.BackendTimeout, "`D` for a backend to send, or take, its next byte")
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
func (c *Config) check(r *Route) error {
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
	bad(r.Serve == "" || len(r.Backends) == 0, "--serve and --backend: one of the two")
	for _, p := range r.Paths {
		bad(strings.HasPrefix(p, "/"), "--path %s: it must begin with /", p)
	}
	bad(r.Workers >= 1 && r.Workers <= 65536, "--workers %d: 1 to 65536", r.Workers)
	bad(r.WorkersMax >= 1 && r.WorkersMax <= 65536, "--workers-max %d: 1 to 65536", r.WorkersMax)
	bad(r.Queue >= 0, "--queue %d: 0 or more", r.Queue)
	bad(r.Buffer <= 1<<30, "--buffer %s: 1GiB at most", (*size)(&r.Buffer))
	bad(r.Streams >= 0, "--streams %d: 0 or more", r.Streams)
	for _, t := range []struct {
		flag string
		d    time.Duration
	}{
		{"queue-timeout", r.QueueTimeout}, {"head-timeout", c.HeadTimeout}, {"connect-timeout", r.ConnectTimeout},
		{"backend-timeout", r.BackendTimeout}, {"idle-timeout", c.IdleTimeout},
	} {
		bad(t.d >= time.Millisecond, "--%s %v: 1ms or more", t.flag, t.d)
	}
	bad(r.Hold >= 0, "--hold %v: 0 or more", r.Hold)
	bad(r.HoldEvery >= time.Millisecond, "--hold-every %v: 1ms or more", r.HoldEvery)
	bad(slices.Contains([]string{"off", "parallel", "serial", "hedge"}, r.Race), "--race %s: off, parallel, serial or hedge", r.Race)
	bad(r.HedgeAfter >= 0, "--hedge-after %v: p95, or more than 0", r.HedgeAfter)
	bad(r.Health == "" || strings.HasPrefix(r.Health, "/"), "--health %s: it must begin with /", r.Health)
	bad(r.HealthEvery >= time.Millisecond, "--health-every %v: 1ms or more", r.HealthEvery)
	bad(c.Drain >= 0, "--drain %v: 0 or more", c.Drain)
	bad((c.TLSCert == "") == (c.TLSKey == ""), "--tls-cert and --tls-key: both or neither")
	bad(c.AccessLog != "", "--access-log: off, stdout or a file")
	bad(slices.Contains([]string{"debug", "info", "warn", "error"}, c.LogLevel), "--log-level %s: debug, info, warn or error", c.LogLevel)
	bad(slices.Contains([]string{"auto", "text", "json"}, c.LogFormat), "--log-format %s: auto, text or json", c.LogFormat)
	return errors.Join(errs...)
}
