package program

import (
	"net"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/rs/zerolog"

	"tenfour/config"
	"tenfour/logs"
	"tenfour/pool"
	"tenfour/site"
)

// sayEvent logs that a backend is down, or up again. If this happens often, the line is at the debug level.
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
		line.Dur("down_ms", e.For).Int("held", e.Held).Dur("longest_ms", e.Longest).Msg(e.Backend + " is up again")
	}
}

// connectionsExpected is how many client connections tenfour is built for.
const connectionsExpected = 10_000

// sayHello prints one line for each route: on a terminal in plain words, with a command to try next; elsewhere as log lines.
func sayHello(s *site.Site, l *logs.Logs, addr net.Addr) {
	at := "http://" + addr.String()
	if s.Front.TLS != nil {
		at = "https://" + addr.String()
	}
	for i := range s.Config.Routes {
		sayRoute(&s.Config.Routes[i], s.Front.Routes[i].Queue.Backends(), l, at)
	}
	l.Flush() // before lines that go to stderr
	if limit := descriptors(); limit < connectionsExpected {
		l.Log.Warn().Int("limit", limit).Int("wanted", connectionsExpected).
			Msg("few descriptors are allowed, and each connection needs one: raise the limit (ulimit -Hn)")
	}
}

// sayRoute prints the line for a route that clients reach at an address.
func sayRoute(r *config.Route, backends []*pool.Backend, l *logs.Logs, at string) {
	var names []string
	workers := 0
	for _, b := range backends {
		names = append(names, b.Name)
		workers += b.Workers()
	}
	from, to := at, strings.Join(names, ", ")
	if len(r.Paths) > 1 || r.Paths[0] != "/" {
		from += " " + strings.Join(r.Paths, " ")
	}
	welcome := len(r.Backends) == 0 && r.Serve == ""
	switch {
	case welcome:
		to = "the welcome page"
	case r.Serve != "":
		to = "the files of " + r.Serve
	}
	if !l.Text {
		l.Log.Info().Str("listen", at).Strs("paths", r.Paths).Strs("backends", names).Int("workers", workers).Int("queue", r.Queue).
			Msg(from + " → " + to)
		return
	}
	upTo := ""
	if r.Auto {
		upTo = "up to "
	}
	l.Say("tenfour: %s → %s, %s%d workers, %d may wait", from, to, upTo, workers, r.Queue)
	if welcome {
		l.Say("tenfour: try ab -n 4000 -c 80 %s/4k, or tenfour --backend 127.0.0.1:9001", at)
	}
}

// descriptors returns how many descriptors this process may have open. The Go runtime has already raised the limit to the highest
// that is allowed.
func descriptors() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return connectionsExpected
	}
	return int(min(limit.Cur, 1<<30))
}

// mostOpen returns how many connections clients may have open. The other descriptors are for what tenfour opens on their behalf.
func mostOpen(workers *pool.Pool) int {
	return mostOpenOf(descriptors(), workers.Workers(), workers.MostStreams())
}

// mostOpenOf is mostOpen for a limit of descriptors, a number of workers, and a number of places for streams. Clients get at least
// two fifths of the limit, because the rest is rarely all in use at the same time.
func mostOpenOf(limit, workers, streams int) int {
	const files = 32 // the listener, logs, the poller, pipes that are kept
	limit -= min(files, limit/4)
	limit -= min(workers, limit/4)   // a connection to a backend for each
	limit -= min(2*workers, limit/8) // a pipe for each
	limit -= min(streams, limit/8)   // a connection to a backend for each
	return max(limit, 1)
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
