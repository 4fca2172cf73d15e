package program

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"tenfour/config"
	"tenfour/front"
	"tenfour/logs"
	"tenfour/site"
	"tenfour/sock"
	"tenfour/value/listen"
)

// reloader reads the configuration again and puts it in force. It never waits: one goroutine at a time reads, while the main loop
// goes on. Only the main loop calls its methods.
type reloader struct {
	read  func() prepared // may hang, if a file system does not answer
	use   func(prepared)
	fail  func(error)    // hears why a configuration is not used
	drop  func(prepared) // closes what was read and is not used
	log   *zerolog.Logger
	limit time.Duration // how long read may take

	done    chan prepared    // receives the result of read
	late    <-chan time.Time // receives when read has taken too long; nil while nothing is read
	reading bool
	over    bool // read has taken too long: its result is not used
	again   bool // ask was called while read ran
}

// prepared is the result of a reading: a configuration, and the site that it describes.
type prepared struct {
	config *config.Config
	site   *site.Site
	fresh  sockets   // that it names, and that were not open
	jobs   *jobParts // nil unless this is the first with jobs
	err    error     // why there is no configuration
	reopen error     // why the access log's file could not be opened again
}

// ask starts a reading. If one is under way, the next starts after it.
func (r *reloader) ask() {
	if r.over {
		r.log.Error().Msg("the configuration is still being read, for longer than it may: the running configuration stays")
	}
	r.again = r.reading
	if r.reading {
		return
	}
	r.reading, r.late = true, time.After(r.limit)
	go func() { r.done <- r.read() }() // ends with read
}

// giveUp is called when a reading takes too long: its result will not be used.
func (r *reloader) giveUp() {
	r.late, r.over = nil, true
	r.log.Error().Stringer("limit", r.limit).Msg("reading the configuration takes too long, a file system does not answer: the running configuration stays")
}

// finish puts what was read in force, if it is valid and came in time.
func (r *reloader) finish(p prepared) {
	over := r.over
	r.reading, r.late, r.over = false, nil, false
	switch {
	case p.err != nil:
		for line := range strings.SplitSeq(p.err.Error(), "\n") {
			r.log.Error().Err(errors.New(line)).Msg("the configuration is wrong: the running configuration stays")
		}
		r.fail(p.err)
	case over:
		r.fail(errReadLate)
		r.log.Warn().Msg("the configuration was read too late, and is not used: ask for it again")
		r.drop(p)
	default:
		r.use(p)
	}
	if r.again {
		r.ask()
	}
}

// end waits at most a second for a reading that is under way, and drops its result.
func (r *reloader) end() {
	if !r.reading {
		return
	}
	select {
	case p := <-r.done:
		if p.site != nil {
			r.drop(p)
		}
	case <-time.After(min(r.limit, time.Second)):
	}
}

// running is the site that serves clients, and what the program was started with.
type running struct {
	args    []string
	first   *config.Config
	builder *site.Builder
	front   *front.Front
	site    *site.Site
	present atomic.Pointer[site.Site] // the same, for the goroutines of jobs
	sockets sockets                   // that are open; only a reading, or the main loop while nothing is read, looks at them
	jobs    *jobParts                 // nil until a configuration has jobs; likewise
	logs    *logs.Logs
	console *consolePart
	shared  bool // the process is its caller's
	passing *passing

	overview overview
}

func (r *running) reloader() *reloader {
	return &reloader{
		read: r.prepare, use: r.follow, fail: r.refused, drop: r.drop,
		log: &r.logs.Log, limit: readMost, done: make(chan prepared, 1),
	}
}

// prepare reads the configuration and builds what it describes.
func (r *running) prepare() (p prepared) {
	var e config.Effective
	p.err = r.withDescriptors(func() (err error) {
		e, err = config.Read(r.args)
		return err
	})
	if p.err != nil {
		return p
	}
	c := e.Config()
	leaveOutConsole(&c, r.shared)
	p.config = &c
	p.err = r.withDescriptors(func() (err error) {
		p.site, err = r.builder.Prepare(&c)
		return err
	})
	if p.err != nil {
		return p
	}
	p.err = r.withDescriptors(func() (err error) {
		p.fresh, err = openSockets(context.Background(), e, r.sockets)
		return err
	})
	if p.err == nil && r.jobs == nil {
		p.err = r.withDescriptors(func() (err error) {
			p.jobs, err = openJobs(&c, r.jobTools())
			return err
		})
	}
	if p.err != nil {
		r.drop(p)
		return p
	}
	p.reopen = r.withDescriptors(r.logs.Reopen)
	return p
}

// drop gives up what was prepared.
func (r *running) drop(p prepared) {
	p.fresh.close()
	p.jobs.drop()
	r.builder.Drop(p.site)
}

// giveMost is how many descriptors are given up for files that are to be read: others may take them first.
const giveMost = 16

// withDescriptors reads files. If there is no descriptor for one, it gives up those that are not needed at the moment, and reads
// again: the configuration can be changed while clients or backends have all descriptors.
func (r *running) withDescriptors(read func() error) error {
	err := read()
	for given := 0; given < giveMost && sock.OutOfDescriptors(err); given++ {
		if !sock.GivePipes() && !r.front.Pool.GiveUpKept() {
			break
		}
		err = read()
	}
	return err
}

// follow puts a configuration in force for all requests that begin from now on.
func (r *running) follow(p prepared) {
	r.passing.hide(p.config)
	r.builder.Use(p.site, r.site, r.front)
	r.site = p.site
	r.present.Store(p.site)
	r.front.SetMostOpen(mostOpen(r.front.Pool))
	r.followSockets(p)
	r.followJobs(p)
	log, was := &r.logs.Log, r.console.where()
	r.followConsole(p.config)
	if at := r.console.where(); at != "" && at != was {
		log.Info().Str("console", at).Msg("the console is at " + at + " from now on")
	}
	keys := unchangeable(r.first, p.config)
	if r.jobs != nil && r.jobs.data != p.config.Data {
		keys = append(keys, "data")
	}
	for _, key := range keys {
		log.Warn().Str("key", key).Msg(key + " cannot change while tenfour runs: restart tenfour to change it")
	}
	if p.reopen != nil {
		log.Error().Err(p.reopen).Msg("the access log's file cannot be opened again: the access log stays in the old file")
	}
	const words = "reloaded: requests that begin now follow the new configuration"
	r.overview.metrics.Reloaded(time.Now(), words)
	log.Info().Int("routes", len(p.config.Routes)).Msg(words)
}

// errReadLate is why a configuration is not used whose reading took too long.
var errReadLate = errors.New("it was read too late: a file system did not answer in time")

// refused notes why a configuration is not used.
func (r *running) refused(why error) { r.overview.metrics.ReloadRefused(time.Now(), why.Error()) }

// followSockets begins to serve the sockets that a configuration adds, and closes those that it no longer names. The others stay, with
// their connections.
func (r *running) followSockets(p prepared) {
	var stay sockets
	at := addresses(p.config)
	for _, s := range r.sockets {
		if i := slices.IndexFunc(at, func(a listen.Address) bool { return s.at.Socket() == a.Socket() }); i >= 0 {
			s.front.SetSecure(listen.Secure(at, at[i], p.site.Front.TLS != nil))
			if s.file != nil {
				os.Chmod(s.at.Where, p.config.SocketMode)
			}
			stay = append(stay, s)
			continue
		}
		s.remove()
		s.front.Close()
		r.logs.Log.Info().Str("listen", s.at.String()).Msg(s.at.String() + " is closed to new connections: the configuration does not name it any more")
	}
	r.serveSockets(p.fresh, p.config)
	for _, s := range p.fresh {
		r.logs.Log.Info().Str("listen", s.at.String()).Msg("listens on " + s.at.String() + " too")
	}
	r.sockets = append(stay, p.fresh...)
	r.overview.listensOn(r.sockets, p.site)
}

// jobTools are what jobs share with the rest.
func (r *running) jobTools() jobTools {
	return jobTools{front: r.front, held: r.front.Held, present: &r.present, log: &r.logs.Log}
}

// followJobs begins to keep jobs, if a configuration is the first that has some, and lets what keeps them follow it.
func (r *running) followJobs(p prepared) {
	if p.jobs != nil {
		r.jobs = p.jobs
		r.jobs.begin(r.front)
		r.overview.jobs.Store(r.jobs)
		r.jobs.say(r.logs)
	}
	if r.jobs != nil {
		r.jobs.follow(p.config)
	}
}

// serveSockets begins to answer clients on sockets.
func (r *running) serveSockets(fresh sockets, c *config.Config) {
	at := addresses(c)
	for _, a := range at {
		if s := fresh.find(a); s != nil {
			s.serve(r.front, listen.Secure(at, a, r.site.Front.TLS != nil))
		}
	}
}

// unchangeable returns the keys whose values differ, and that keep their first value until tenfour is started again.
func unchangeable(first, c *config.Config) (keys []string) {
	for _, k := range []struct {
		name    string
		differs bool
	}{
		{"access_log", first.AccessLog != c.AccessLog},
		{"access_log_format", first.AccessLogFormat != c.AccessLogFormat},
		{"hold_max", first.HoldMax != c.HoldMax},
		{"spool_max", first.SpoolMax != c.SpoolMax},
		{"log_level", first.LogLevel != c.LogLevel},
		{"log_format", first.LogFormat != c.LogFormat},
	} {
		if k.differs {
			keys = append(keys, k.name)
		}
	}
	return keys
}
