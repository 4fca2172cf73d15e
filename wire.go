package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/rs/zerolog"

	"tenfour/config"
	"tenfour/logs"
	"tenfour/pool"
)

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

// sayEvent says that a backend is down, or up again. One that is so all the time is heard of at the debug level.
func sayEvent(log *zerolog.Logger) func(pool.Event) {
	return func(e pool.Event) {
		if e.Workers > 0 {
			log.Debug().Str("backend", e.Backend).Int("workers", e.Workers).Msg(e.Backend + " does most with this many workers")
			return
		}
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

// connectionsExpected is how many connections tenfour is made to hold.
const connectionsExpected = 10_000

// sayHello says what runs: for people on a terminal in plain words with what to try next, else as a log line.
func sayHello(c *config.Config, l *logs.Logs, stdout io.Writer, addr net.Addr, workers int, own bool) {
	scheme := "http://"
	if c.TLSCert != "" {
		scheme = "https://"
	}
	first := &c.Routes[0]
	var names []string
	for _, b := range first.Backends {
		names = append(names, b.Addr())
	}
	to := strings.Join(names, ", ")
	switch {
	case first.Serve != "":
		to = "the files of " + first.Serve
	case own:
		to = "the welcome page"
	}
	if l.Text {
		upTo := ""
		if first.Auto {
			upTo = "up to "
		}
		fmt.Fprintf(stdout, "tenfour: %s%s → %s, %s%d workers, %d may wait\n", scheme, addr, to, upTo, workers, first.Queue)
		if own && first.Serve == "" {
			fmt.Fprintf(stdout, "tenfour: try ab -n 4000 -c 80 %s%s/4k, or tenfour --backend 127.0.0.1:9001\n", scheme, addr)
		}
	} else {
		l.Log.Info().Str("listen", scheme+addr.String()).Strs("backends", names).Int("workers", workers).Int("queue", first.Queue).
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
