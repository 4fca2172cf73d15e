package program

import (
	"errors"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"tenfour/config"
	"tenfour/front"
	"tenfour/logs"
	"tenfour/site"
)

// reloader has what runs follow the configuration as it is now. It never waits: a goroutine reads, one at a time, and the main
// loop goes on meanwhile. The main loop alone calls its methods.
type reloader struct {
	read  func() prepared // may wait for a file system for ever
	use   func(prepared)
	drop  func(prepared) // gives up what was read and is not to be used
	log   *zerolog.Logger
	limit time.Duration // how long read may take

	done    chan prepared    // what read has returned
	late    <-chan time.Time // when read has taken too long; nil: nothing is awaited
	reading bool
	over    bool // it has taken too long: what it returns is not used
	again   bool // asked for meanwhile
}

// prepared is a configuration that was read, and what it describes.
type prepared struct {
	config *config.Config
	site   *site.Site
	err    error // why there is none
	reopen error // why the access log stays where it was
}

// ask begins to read, or does so once what is being read has ended.
func (r *reloader) ask() {
	if r.over {
		r.log.Error().Msg("the configuration is still being read, for longer than it may: what ran goes on")
	}
	r.again = r.reading
	if r.reading {
		return
	}
	r.reading, r.late = true, time.After(r.limit)
	go func() { r.done <- r.read() }() // ends with read
}

// giveUp goes on with what runs: reading takes too long.
func (r *reloader) giveUp() {
	r.late, r.over = nil, true
	r.log.Error().Stringer("limit", r.limit).Msg("reading the configuration takes too long, a file system does not answer: what ran goes on")
}

// finish uses what was read, if it is right and has come in time.
func (r *reloader) finish(p prepared) {
	over := r.over
	r.reading, r.late, r.over = false, nil, false
	switch {
	case p.err != nil:
		for line := range strings.SplitSeq(p.err.Error(), "\n") {
			r.log.Error().Err(errors.New(line)).Msg("the configuration is wrong: what ran goes on")
		}
	case over:
		r.log.Warn().Msg("the configuration was read too late, and is not used: ask for it again")
		r.drop(p)
	default:
		r.use(p)
	}
	if r.again {
		r.ask()
	}
}

// end waits a moment for what is being read, so that it does not end in the middle, and gives it up.
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

// running is what serves, and what it was started with.
type running struct {
	args    []string
	first   *config.Config
	builder *site.Builder
	front   *front.Front
	site    *site.Site
	logs    *logs.Logs
}

func (r *running) reloader() *reloader {
	return &reloader{
		read: r.prepare, use: r.follow, drop: func(p prepared) { r.builder.Drop(p.site) },
		log: &r.logs.Log, limit: readMost, done: make(chan prepared, 1),
	}
}

// prepare reads the configuration and builds what it describes.
func (r *running) prepare() (p prepared) {
	c, err := config.Parse(r.args)
	if err != nil {
		return prepared{err: err}
	}
	p.config = &c
	if p.site, p.err = r.builder.Prepare(&c); p.err == nil {
		p.reopen = r.logs.Reopen()
	}
	return p
}

// follow has requests that begin now go by another configuration.
func (r *running) follow(p prepared) {
	r.builder.Use(p.site, r.site, r.front)
	r.site = p.site
	r.front.SetMostOpen(mostOpen(r.front.Pool))
	log := &r.logs.Log
	for _, key := range unchangeable(r.first, p.config) {
		log.Warn().Str("key", key).Msg(key + " cannot change while tenfour runs: start it anew for that")
	}
	if p.reopen != nil {
		log.Error().Err(p.reopen).Msg("the access log stays where it was")
	}
	log.Info().Int("routes", len(p.config.Routes)).Msg("reloaded: requests that begin now follow the new configuration")
}

// unchangeable are the keys that differ, and stay as they are.
func unchangeable(first, c *config.Config) (keys []string) {
	for _, k := range []struct {
		name    string
		differs bool
	}{
		{"listen", first.Listen != c.Listen},
		{"tls_cert", (first.TLSCert == "") != (c.TLSCert == "")}, // another certificate is taken
		{"access_log", first.AccessLog != c.AccessLog},
		{"hold_max", first.HoldMax != c.HoldMax},
		{"log_level", first.LogLevel != c.LogLevel},
		{"log_format", first.LogFormat != c.LogFormat},
	} {
		if k.differs {
			keys = append(keys, k.name)
		}
	}
	return keys
}
