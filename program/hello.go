package program

import (
	"fmt"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"tenfour/config"
	"tenfour/logs"
	"tenfour/metrics"
	"tenfour/pool"
	"tenfour/site"
)

// sayEvent logs that a backend is down, or up again, and tells the metrics, also which exchanges are held from then on. If this happens often, the line is at the debug level.
func sayEvent(log *zerolog.Logger, counts *metrics.Metrics) func(pool.Event) {
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
		words := e.Backend + " is up again"
		if !e.Up {
			words = e.Backend + " is down: it " + e.Why
		}
		for _, h := range e.Holds {
			counts.Holds(h.Queue, h.Tasks)
		}
		counts.BackendChanged(time.Now(), e.Backend, e.Up, words)
		if !e.Up {
			line.Msg(words)
			return
		}
		line.Dur("down_ms", e.For).Int("held", e.Held).Dur("longest_ms", e.Longest).Msg(words)
	}
}

// connectionsExpected is how many client connections tenfour is built for.
const connectionsExpected = 10_000

// sayHello says which file was read, prints one line for each route, and says where jobs are kept and where the console is: on a terminal in plain words, with a
// command to try next; elsewhere as log lines.
func sayHello(e config.Effective, s *site.Site, l *logs.Logs, r *running) {
	if name := e.File(); name != "" {
		sayFile(name, l)
	}
	at := r.sockets.urls(s.Config, s.Front.TLS != nil)
	for i := range s.Config.Routes {
		sayRoute(&s.Config.Routes[i], s.Front.Routes[i].Queue.Backends(), l, at)
	}
	if r.jobs != nil {
		r.jobs.say(l)
	}
	r.console.say(l)
	l.Flush() // before lines that go to stderr
	sayUnused(s.Config, &l.Log)
	if limit := descriptors(); limit < connectionsExpected {
		l.Log.Warn().Int("limit", limit).Int("wanted", connectionsExpected).
			Msg("few descriptors are allowed, and each connection needs one: raise the limit (ulimit -Hn)")
	}
}

// sayFile says which configuration file was read: it may be one that only happens to be there.
func sayFile(name string, l *logs.Logs) {
	if full, err := filepath.Abs(name); err == nil {
		name = full
	}
	if l.Text {
		l.Say("tenfour: the settings of %s hold (tenfour check shows them)", name)
		return
	}
	l.Log.Info().Str("config", name).Msg("the settings of " + name + " hold")
}

// sayUnused warns of sockets that systemd offers and that no address names: their clients would wait for ever.
func sayUnused(c *config.Config, log *zerolog.Logger) {
	used := map[int]bool{}
	for _, at := range addresses(c) {
		used[offeredAt(at)] = true
	}
	for _, fd := range offered() {
		if !used[fd] {
			log.Warn().Int("descriptor", fd).Msg(fmt.Sprintf("systemd offers a socket that listen does not name, and its clients wait in vain: add fd://%d", fd))
		}
	}
}

// sayRoute prints the line for a route that clients reach at some addresses.
func sayRoute(r *config.Route, backends []*pool.Backend, l *logs.Logs, at []string) {
	var names []string
	workers := 0
	for _, b := range backends {
		names = append(names, b.Name)
		workers += b.Workers()
	}
	from, to := strings.Join(at, ", "), strings.Join(names, ", ")
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
		l.Log.Info().Strs("listen", at).Strs("paths", r.Paths).Strs("backends", names).Int("workers", workers).Int("queue", r.Queue).
			Msg(from + " → " + to)
		return
	}
	upTo := ""
	if r.Auto {
		upTo = "up to "
	}
	l.Say("tenfour: %s → %s, %s%d workers, %d may wait", from, to, upTo, workers, r.Queue)
	if i := slices.IndexFunc(at, func(url string) bool { return strings.HasPrefix(url, "http") }); welcome && i >= 0 {
		l.Say("tenfour: try ab -n 4000 -c 80 %s/4k, or tenfour --backend 127.0.0.1:9001", at[i])
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

// mostSpooled is how many bodies may lie in files at the same time, for a limit of descriptors: each takes one beside its client's, and enough
// must be left for backends.
func mostSpooled(limit int) int { return max(4, limit/16) }

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
