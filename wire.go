package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"

	"github.com/rs/zerolog"

	"tenfour/config"
	"tenfour/forward"
	"tenfour/health"
	"tenfour/lab"
	"tenfour/logs"
	"tenfour/pool"
)

// labBackends is how many backends of its own tenfour starts when it has no others: enough to see them take turns.
const labBackends = 4

// startLab starts backends for the welcome page, or for a directory, and makes them the configuration's.
func startLab(c *config.Config) (*lab.Backends, error) {
	site := lab.Welcome()
	if c.Serve != "" {
		var err error
		if site, err = lab.Dir(c.Serve); err != nil {
			return nil, &usageError{fmt.Errorf("--serve: %w", err)}
		}
	}
	own, err := lab.Start(http.Handler(site), labBackends)
	if err != nil {
		return nil, err
	}
	for _, addr := range own.Addrs() {
		host, port, err := net.SplitHostPort(addr)
		n, perr := strconv.ParseUint(port, 10, 16)
		if err := errors.Join(err, perr); err != nil {
			return nil, errors.Join(err, own.Close())
		}
		c.Backends = append(c.Backends, config.Backend{Host: host, Port: uint16(n)})
	}
	return own, nil
}

func loadTLS(c *config.Config) (*tls.Config, error) {
	if c.TLSCert == "" {
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert %s, --tls-key %s: %w", c.TLSCert, c.TLSKey, err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"http/1.1"}}, nil
}

// buildRoutes makes the one route that the command line describes, for each of its paths.
func buildRoutes(c *config.Config, workers *pool.Pool) ([]*forward.Route, error) {
	settings := &forward.Settings{
		ConnectTimeout: c.ConnectTimeout, BackendTimeout: c.BackendTimeout, ClientTimeout: c.IdleTimeout, Buffer: c.Buffer,
	}
	var backends []*pool.Backend
	for _, b := range c.Backends {
		var serverTLS *tls.Config
		if b.HTTPS {
			serverTLS = &tls.Config{ServerName: b.Host, NextProtos: []string{"http/1.1"}}
		}
		o := forward.NewOrigin(b.Host, b.Port, serverTLS)
		p, err := workers.AddBackend(o.Name, c.Workers, c.Streams, o)
		if err != nil {
			return nil, err
		}
		backends = append(backends, p)
	}
	var err error
	if settings.Racing, err = racing(c); err != nil {
		return nil, &usageError{err}
	}
	route := &forward.Route{Name: strings.Join(c.Paths, " "), Settings: settings}
	route.Queue = workers.AddRoute(route.Name, c.Queue, pool.Hold{For: c.Hold, Every: c.HoldEvery}, backends...)
	if settings.Racing.Mode != forward.NoRace {
		for _, b := range backends {
			entry := workers.AddRoute(route.Name+" to "+b.Name, c.Queue, pool.Hold{}, b)
			route.Entries = append(route.Entries, forward.Entry{Name: b.Name, Queue: entry})
		}
	}
	routes := make([]*forward.Route, len(c.Paths))
	for i := range routes {
		routes[i] = route
	}
	return routes, nil
}

// sayEvent says that a backend is down, or up again. One that is so all the time is heard of at the debug level.
func sayEvent(log *zerolog.Logger) func(pool.Event) {
	return func(e pool.Event) {
		line := log.Warn()
		switch {
		case e.Again:
			line = log.Debug()
		case e.Up:
			line = log.Info()
		}
		line.Str("backend", e.Backend)
		if !e.Up {
			line.Msg(e.Backend + " is down: it " + e.Why)
			return
		}
		line.Dur("down", e.For).Int("held", e.Held).Dur("longest", e.Longest).Msg(e.Backend + " is up again")
	}
}

// checkHealth starts to check the backends, if that is wanted; end ends it.
func checkHealth(c *config.Config, p *pool.Pool) (end func()) {
	var checkers []*health.Checker
	if c.Health != "" {
		for i, b := range p.Backends() {
			scheme := "http://"
			if c.Backends[i].HTTPS {
				scheme = "https://"
			}
			check := health.Check{URL: scheme + b.Name + c.Health, Every: c.HealthEvery, Timeout: c.ConnectTimeout + c.HealthEvery}
			checkers = append(checkers, health.Start(check, func(well bool, why string) {
				if well {
					b.Well()
				} else {
					b.Sick(why)
				}
			}))
		}
	}
	return func() {
		for _, k := range checkers {
			k.Close()
		}
	}
}

// racing is how the route asks its backends.
func racing(c *config.Config) (r forward.Racing, err error) {
	r.Mode = map[string]forward.RaceMode{"parallel": forward.Parallel, "serial": forward.Serial, "hedge": forward.Hedge}[c.Race]
	r.After, r.Methods = c.HedgeAfter, c.RaceMethods
	if r.Usable, err = forward.ParseStatuses(c.Usable); err != nil {
		return r, fmt.Errorf("--usable: %w", err)
	}
	return r, nil
}

// connectionsExpected is how many connections tenfour is made to hold.
const connectionsExpected = 10_000

// sayHello says what runs: for people on a terminal in plain words with what to try next, else as a log line.
func sayHello(c *config.Config, l *logs.Logs, stdout io.Writer, addr net.Addr, workers int, own bool) {
	scheme := "http://"
	if c.TLSCert != "" {
		scheme = "https://"
	}
	var names []string
	for _, b := range c.Backends {
		names = append(names, net.JoinHostPort(b.Host, strconv.Itoa(int(b.Port))))
	}
	to := strings.Join(names, ", ")
	switch {
	case c.Serve != "":
		to = "the files of " + c.Serve
	case own:
		to = "the welcome page"
	}
	if l.Text {
		fmt.Fprintf(stdout, "tenfour: %s%s → %s, %d workers, %d may wait\n", scheme, addr, to, workers, c.Queue)
		if own && c.Serve == "" {
			fmt.Fprintf(stdout, "tenfour: try ab -n 4000 -c 80 %s%s/4k, or tenfour --backend 127.0.0.1:9001\n", scheme, addr)
		}
	} else {
		l.Log.Info().Str("listen", scheme+addr.String()).Strs("backends", names).Int("workers", workers).Int("queue", c.Queue).
			Msg(scheme + addr.String() + " → " + to)
	}
	if limit := descriptors(); limit < connectionsExpected {
		l.Log.Warn().Int("limit", limit).Int("wanted", connectionsExpected).
			Msg("few descriptors are allowed, and each connection needs one: raise the limit (ulimit -Hn)")
	}
}

// descriptors is how many this process may have open. The runtime has raised the limit to the highest allowed.
func descriptors() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return connectionsExpected
	}
	return int(min(limit.Cur, 1<<30))
}

// mostOpen is how many connections clients may have open: what the workers need at once, and a few files, are left.
func mostOpen(workers int) int {
	const files = 32
	limit := descriptors()
	return max(limit-min(workers, limit/4)-min(files, limit/4), 1)
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
