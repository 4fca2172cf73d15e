package control

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"tenfour/jobs"
)

// Progress is a line of the answer to a change of many jobs. The last one has Ended.
type Progress struct {
	Of       int       `json:"of"`                 // jobs that were found
	Done     int       `json:"done"`               // so far
	Skipped  int       `json:"skipped"`            // they had changed meanwhile, so that they were not meant any more
	Due      int       `json:"callback_due"`       // not purged, because their callback is still due
	Failed   int       `json:"failed"`             // those that were named, and refused it
	Failures []Failure `json:"failures,omitempty"` // that are new in this line. All lines together have at most failuresMost
	Ended    bool      `json:"ended"`
	Error    string    `json:"error,omitempty"` // why it ended before all were done
}

// Failure is a job that was named and could not be changed.
type Failure struct {
	ID    string `json:"id"` // as it was named
	Error string `json:"error"`
}

const (
	failuresMost  = 100
	progressEvery = 200 * time.Millisecond
)

// changeMany does a verb to all jobs of a selection, the oldest first. The answer is JSON, a Progress in each line. It stops when
// the client goes away, when tenfour stops, and when the store takes nothing more. What is done by then is done.
func (h *handler) changeMany(w http.ResponseWriter, r *http.Request) error {
	v, err := verbNamed(r.PathValue("verb"))
	if err != nil {
		return err
	}
	s, err := selectionOf(r.Form)
	if err == nil {
		s, err = v.meant(s)
	}
	if err != nil {
		return &wrong{http.StatusBadRequest, err.Error()}
	}
	if r.Form.Get("older") == "" && len(s.IDs) == 0 && v.name == "purge" {
		return &wrong{http.StatusBadRequest, "purge: say older than what, such as 24h, or 0s for all"}
	}
	c := change{handler: h, verb: v, named: len(s.IDs) > 0, force: r.Form.Has("force")}
	if err := c.find(r.Context(), s); err != nil {
		return err
	}
	begin(w, "application/x-ndjson")
	out := h.paced(w)
	tell := func() error {
		err := json.NewEncoder(out).Encode(c.progress)
		c.progress.Failures = nil
		return errors.Join(err, out.flush())
	}
	c.run(r.Context(), tell)
	h.Log.Info().Str("verb", v.name).Int("done", c.progress.Done).Int("failed", c.progress.Failed).Msg("the operator changed jobs")
	return nil
}

// change is a change of many jobs.
type change struct {
	*handler
	verb     verb
	named    bool // the operator named the jobs
	force    bool
	jobs     []jobs.ID
	progress Progress
}

// find finds the jobs that are meant. If each is named with its whole id, and nothing else is asked of it, that needs no search.
func (c *change) find(ctx context.Context, s Selection) error {
	if ids, ok := wholeIDs(s); ok {
		c.jobs, c.progress.Of = ids, len(ids)
		return nil
	}
	all, means, named, now := newest{}, map[string]int{}, newNames(s.IDs), time.Now()
	err := c.scan(ctx, s.states(), func(j jobs.Job) bool {
		switch {
		case !s.has(j, now) || !named.has(j.ID):
		case c.verb.name == "purge" && isDue(j) && !c.force && !c.named:
			c.progress.Due++
		default:
			for _, text := range named.of(j.ID) {
				means[text]++
			}
			all.add(entryOf(j))
		}
		return true
	})
	if err != nil {
		return err
	}
	unclear := map[string]bool{}
	for _, text := range s.IDs {
		if err := meansOne(means[text]); err != nil {
			c.fail(text, err)
			unclear[text] = true
		}
	}
	for _, e := range slices.Backward(all.sorted()) {
		if !slices.ContainsFunc(named.of(e.id), func(text string) bool { return unclear[text] }) {
			c.jobs = append(c.jobs, e.id)
		}
	}
	c.progress.Of = len(c.jobs) + c.progress.Failed
	return nil
}

// wholeIDs returns the jobs of a selection that names each with its whole id, and asks nothing else.
func wholeIDs(s Selection) (ids []jobs.ID, ok bool) {
	if s.States != 0 || s.Paused || s.Route != "" || s.Older != 0 {
		return nil, false
	}
	seen := map[jobs.ID]bool{}
	for _, text := range s.IDs {
		id, err := jobs.ParseID(text)
		if err != nil {
			return nil, false
		}
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids, len(ids) > 0
}

// result is how it went with one job.
type result struct {
	id  jobs.ID
	err error
}

// run does the verb to each job, several at once, and tells how far it is.
func (c *change) run(ctx context.Context, tell func() error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ids, results := make(chan jobs.ID), make(chan result)
	var workers sync.WaitGroup
	for range min(changesMost, len(c.jobs)) {
		workers.Go(func() { c.work(ids, results) }) // ends when ids is closed
	}
	go c.feed(ctx, ids, results, &workers) // ends after the last job, or with ctx; then it closes results
	c.collect(results, stop, tell)
	if err := context.Cause(ctx); err != nil && c.progress.Error == "" {
		c.progress.Error = "it was stopped"
	}
	c.progress.Ended = true
	tell()
}

func (c *change) feed(ctx context.Context, ids chan<- jobs.ID, results chan<- result, workers *sync.WaitGroup) {
	defer close(results)
	defer workers.Wait()
	defer close(ids)
	for _, id := range c.jobs {
		select {
		case ids <- id:
		case <-ctx.Done():
			return
		}
	}
}

// work does the verb to jobs. All requests together change at most changesMost jobs at once.
func (c *change) work(ids <-chan jobs.ID, results chan<- result) {
	for id := range ids {
		c.changing <- struct{}{}
		_, err := c.verb.do(c.handler, id, c.force)
		<-c.changing
		results <- result{id, err}
	}
}

// collect counts results until there are no more. It stops the change when the client is gone or the store takes nothing.
func (c *change) collect(results <-chan result, stop func(), tell func() error) {
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for {
		select {
		case r, ok := <-results:
			if !ok {
				return
			}
			if c.count(r); c.progress.Error != "" {
				stop()
			}
		case <-tick.C:
			if tell() != nil {
				stop()
			}
		}
	}
}

// count adds how it went with one job.
func (c *change) count(r result) {
	switch {
	case r.err == nil:
		c.progress.Done++
	case isOfStore(r.err):
		c.progress.Error = r.err.Error()
	case !c.named && isOverTaken(r.err):
		c.progress.Skipped++
	default:
		c.fail(r.id.String(), r.err)
	}
}

func (c *change) fail(name string, err error) {
	c.progress.Failed++
	if c.progress.Failed <= failuresMost {
		c.progress.Failures = append(c.progress.Failures, Failure{name, reason(err)})
	}
}

// isOverTaken reports whether a job changed, or was removed, between the search and its turn.
func isOverTaken(err error) bool {
	return errors.As(err, new(*jobs.Refusal)) || errors.Is(err, jobs.ErrUnknown)
}
