package program

import (
	"fmt"

	"github.com/rs/zerolog"

	"tenfour/config"
	"tenfour/jobs"
	"tenfour/jobs/bolt"
	"tenfour/logs"
)

// jobParts are what jobs need. They are there from when a configuration first has a route with async until tenfour ends: a reload that
// takes async away accepts no more jobs, and those that were accepted go on.
type jobParts struct {
	data  string // the directory
	store *bolt.Store
}

// openJobs opens the store of jobs, if a configuration has jobs; else it returns nil, and makes nothing. It may have to wait for a file
// system.
func openJobs(c *config.Config, log *zerolog.Logger) (*jobParts, error) {
	if !c.HasJobs() {
		return nil, nil
	}
	store, err := bolt.Open(c.Data, bolt.Options{Caps: capsOf(c), Told: func(err error) {
		log.Warn().Err(err).Msg("the store of jobs has a problem")
	}})
	if err != nil {
		return nil, noJobs(err)
	}
	return &jobParts{data: c.Data, store: store}, nil
}

// tryJobs returns why openJobs would fail, as far as that can be found out without making anything.
func tryJobs(c *config.Config) error {
	if !c.HasJobs() {
		return nil
	}
	return noJobs(bolt.Try(c.Data))
}

// noJobs is why jobs cannot be kept.
func noJobs(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("jobs cannot be kept: %w", err)
}

// capsOf is how many jobs may be kept.
func capsOf(c *config.Config) jobs.Caps {
	return jobs.Caps{Jobs: c.JobsMax, Bytes: int64(c.JobsBytesMax)}
}

// follow puts what a reload may change in force.
func (p *jobParts) follow(c *config.Config) { p.store.SetCaps(capsOf(c)) }

// say prints where jobs are kept, and how many have not ended.
func (p *jobParts) say(l *logs.Logs) {
	unfinished := 0
	usage := p.store.Usage()
	for state, n := range usage.States {
		if jobs.Unfinished.Has(jobs.State(state)) {
			unfinished += n
		}
	}
	if l.Text {
		l.Say("tenfour: jobs are kept in %s: %d, of which %d are unfinished", p.data, usage.Jobs(), unfinished)
		return
	}
	l.Log.Info().Str("data", p.data).Int("jobs", usage.Jobs()).Int("unfinished", unfinished).Msg("jobs are kept in " + p.data)
}

// close closes the store. p may be nil.
func (p *jobParts) close() error {
	if p == nil {
		return nil
	}
	return p.store.Close()
}
