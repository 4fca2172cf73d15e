package program

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"tenfour/config"
	"tenfour/forward"
	"tenfour/front"
	"tenfour/jobs"
	"tenfour/jobs/bolt"
	"tenfour/jobs/callback"
	"tenfour/jobs/control"
	"tenfour/jobs/runner"
	"tenfour/logs"
	"tenfour/site"
)

// jobParts are what jobs need. They are there from when a configuration first has a route with async until tenfour ends: a reload that
// takes async away accepts no more jobs, and those that were accepted go on.
type jobParts struct {
	data    string // the directory
	store   *bolt.Store
	runner  *runner.Runner
	sender  *callback.Sender
	control *control.Server
	shown   http.Handler               // answers the console about jobs
	present *atomic.Pointer[site.Site] // the configuration that is in force
}

// jobTools are what jobs share with the rest of tenfour.
type jobTools struct {
	front   *front.Front
	held    *forward.Held
	present *atomic.Pointer[site.Site]
	log     *zerolog.Logger
}

// openJobs opens the store of jobs and what an operator asks, if a configuration has jobs; else it returns nil, and makes nothing. No job runs before
// begin. It may have to wait for a file system.
func openJobs(c *config.Config, t jobTools) (*jobParts, error) {
	if !c.HasJobs() {
		return nil, nil
	}
	store, err := bolt.Open(c.Data, bolt.Options{Caps: capsOf(c), Told: func(err error) {
		t.log.Warn().Err(err).Msg("the store of jobs has a problem")
	}})
	if err != nil {
		return nil, noJobs(err)
	}
	p := &jobParts{data: c.Data, store: store, present: t.present}
	p.sender = callback.New(callback.Config{
		Store: store, Log: *t.log,
		Routes: func(name string) (callback.Route, bool) { return t.present.Load().Callbacks(name) },
		Server: func() string { return t.present.Load().Resolver() },
	})
	p.runner = runner.New(runner.Config{
		Store: store, Lot: t.front.Lot, Held: t.held, Routes: t.front, Log: *t.log, Caps: p.caps, Ended: p.sender.Due,
		Record: t.front.Record,
	})
	answers := control.Config{Store: store, Runner: p.runner, Callbacks: p.sender, Log: *t.log}
	p.shown = control.NewHandler(answers)
	p.control, err = control.Listen(c.Data, answers)
	if err != nil {
		p.drop()
		return nil, noJobs(err)
	}
	return p, nil
}

// tryJobs returns why openJobs would fail, as far as that can be found out without making anything.
func tryJobs(c *config.Config) error {
	if !c.HasJobs() {
		return nil
	}
	if err := bolt.Try(c.Data); err != nil {
		return noJobs(err)
	}
	return noJobs(control.Try(c.Data))
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

// caps are those of the configuration that is in force.
func (p *jobParts) caps() runner.Caps {
	c := p.present.Load().Config
	return runner.Caps{Running: c.JobsRunningMax, BodyMax: int64(c.JobBodyMax), BytesMax: int64(c.JobsBytesMax)}
}

// begin begins to run jobs and to tell of their ends, and lets f make requests into jobs. p may be nil.
func (p *jobParts) begin(f *front.Front) {
	if p == nil {
		return
	}
	p.sender.Start() // before the first job can end
	p.runner.Start()
	f.SetJobs(p.runner)
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

// quiesce lets no further attempt begin. What is accepted meanwhile waits for the next start. p may be nil.
func (p *jobParts) quiesce() {
	if p != nil {
		p.runner.Quiesce()
	}
}

// end lets attempts and callbacks that run end until a moment, and then cuts them. What it returns was not done as it should be. p may be nil.
func (p *jobParts) end(until time.Time) error {
	if p == nil {
		return nil
	}
	p.control.Close() // first: what an operator asks for is done, or was not taken
	p.runner.Stop(max(0, time.Until(until)))
	late, cancel := context.WithDeadline(context.Background(), until)
	defer cancel()
	p.sender.Stop(late)
	return p.store.Close()
}

// drop closes what was not begun. p may be nil.
func (p *jobParts) drop() {
	if p == nil {
		return
	}
	if p.control != nil {
		p.control.Close()
	}
	p.store.Close()
}
