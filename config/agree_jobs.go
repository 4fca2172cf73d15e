package config

import (
	"errors"
	"io/fs"
	"os"

	"tenfour/value/amount"
)

// ofJobs are the settings of a route that do nothing without async.
var ofJobs = []string{"async_after", "attempts", "retry_on", "retry_unsafe", "job_deadline", "keep", "callback_allow", "callback_on", "callback_secret_file"}

// checkJobs reports settings about jobs that do nothing, because no route turns requests into jobs; and a directory of jobs that is none.
func (d *draft) checkJobs(bad *problems) {
	for _, key := range ofJobs {
		d.checkNeeds(bad, key, "async", func(r *Route) bool { return r.Async })
	}
	for i := range d.routes {
		d.routes[i].checkCallbacks(d.seen, bad)
	}
	d.checkNeeds(bad, "dedupe_fields", "dedupe", func(r *Route) bool { return r.Dedupe > 0 })
	if d.c.HasJobs() {
		d.checkKept(bad)
	}
}

// checkKept looks whether jobs can be kept where they are to be kept, and whether their bodies have room in memory while they are sent.
func (d *draft) checkKept(bad *problems) {
	p, c := &d.process, &d.c
	if err := d.seen.room(c.Data); err != nil && p.understood("data") {
		p.wrong(bad, "data", 0, "%v", err)
	}
	if c.JobBodyMax <= c.HoldMax || !p.understood("hold_max") || !p.understood("job_body_max") {
		return
	}
	here, other := "job_body_max", "hold_max"
	if p.from[here] == nil {
		here, other = other, here
	}
	size := amount.FormatSize(map[string]int{"hold_max": c.HoldMax, "job_body_max": c.JobBodyMax}[other])
	p.wrong(bad, here, 0, "%s is %s (%s): a job's body is held in memory while it is sent, so hold_max is at least job_body_max", other, size, p.whence(other))
}

// checkNeeds reports a setting that was changed from its default although no route has the other one that it needs. With one such
// route it may stand at another too, because the top holds for all.
func (d *draft) checkNeeds(bad *problems, key, other string, has func(*Route) bool) {
	for i := range d.routes {
		if p := &d.routes[i]; has(p.in.r) || !p.understood(other) {
			return
		}
	}
	s := find(key, ofRoute)
	byDefault := s.in(fresh()).toml()
	for i := range d.routes {
		p := &d.routes[i]
		if p.from[key] != nil && p.understood(key) && s.in(p.in).toml() != byDefault {
			p.wrong(bad, key, 0, "it does nothing without %s", p.beside(key, other))
		}
	}
}

// checkCallbacks looks whether callbacks can be signed, and whether those that can be signed may go anywhere.
func (p *part) checkCallbacks(seen seen, bad *problems) {
	const allow, secret = "callback_allow", "callback_secret_file"
	if !p.understood(allow) || !p.understood(secret) {
		return
	}
	r := p.in.r
	switch {
	case len(r.CallbackAllow) > 0 && r.CallbackSecretFile == "":
		p.wrong(bad, allow, 0, "it needs %s too", secret)
	case len(r.CallbackAllow) == 0 && r.CallbackSecretFile != "":
		p.wrong(bad, secret, 0, "it needs %s too", allow)
	case r.CallbackSecretFile != "":
		if err := seen.webhookKeys(r.CallbackSecretFile); err != nil {
			p.wrong(bad, secret, 0, "%v", err)
		}
	}
}

// HasJobs reports whether a route turns requests into jobs.
func (c *Config) HasJobs() bool {
	for i := range c.Routes {
		if c.Routes[i].Async {
			return true
		}
	}
	return false
}

// room returns why a directory can neither be used nor made: what has the name is something else.
func (s seen) room(name string) error {
	return s.once("room", name, func() error {
		info, err := os.Stat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return cause(err)
		case !info.IsDir():
			return errors.New("it is not a directory")
		}
		return nil
	})
}
