package runner

import (
	"fmt"
	"io"

	"tenfour/forward"
	"tenfour/jobs"
	"tenfour/lot"
)

// reading is a result that an errand reads into memory, for which it may have to wait: results that are being read count for Held, like
// all bodies. However many ask for a large result at once, those that do not fit wait in Held's line.
type reading struct {
	e      *Errand
	job    jobs.Job
	place  forward.HeldPlace
	waiter lot.Waiter
}

// Look returns a job. With content the errand has the result's body too, if the job has ended.
func (r *Runner) Look(w *lot.Waiter, id jobs.ID, content bool) *Errand {
	return r.ask(w, func(e *Errand) {
		j, err := r.Get(id)
		if err != nil || !content {
			e.settle(j, err)
			return
		}
		e.withContent(j)
	})
}

// withContent settles the errand of a job, once its result is read, if it has one.
func (e *Errand) withContent(j jobs.Job) {
	if !j.State.Ended() || j.Result.Body.Size == 0 {
		e.settle(j, nil)
		return
	}
	g := &reading{e: e, job: j}
	e.mu.Lock()
	e.reading, e.lined = g, false
	e.mu.Unlock()
	g.begin()
}

// begin reads the result, if there is memory for it now.
func (g *reading) begin() {
	held, size := g.e.r.Held, int(g.job.Result.Body.Size)
	switch {
	case held.Take(size):
		g.read()
	case size > held.Most(): // it would wait for ever
		held.Count(size)
		g.read()
	default:
		g.waiter.InitShared(g.e.r.Lot, g)
		held.Wait(&g.place, size, &g.waiter)
		g.e.mu.Lock()
		g.e.lined = true
		left := g.e.state == isAbandoned
		g.e.mu.Unlock()
		if left { // just before
			held.Leave(&g.place)
		}
	}
}

// Unpark goes on once there is memory.
func (g *reading) Unpark() {
	if g.e.r.Held.Granted(&g.place) {
		g.e.r.doers.do(nil, g.read)
	}
}

// read reads the result, for which the memory is counted.
func (g *reading) read() {
	e := g.e
	e.held = int(g.job.Result.Body.Size)
	p, err := e.r.contentOf(g.job.Result.Body)
	if e.Content = p; err != nil {
		e.Release()
	}
	if isUnknown(err) && g.again() {
		return
	}
	e.settle(g.job, err)
}

// again goes on with a job whose result is not there any more, because it was run again, or removed, since its record was read. It reports false
// if neither is so: the file of the result was removed by hand.
func (g *reading) again() bool {
	j, err := g.e.r.Get(g.job.ID)
	switch {
	case err != nil:
		g.e.settle(jobs.Job{}, err)
	case j.Revision == g.job.Revision:
		return false
	default:
		g.e.withContent(j)
	}
	return true
}

// contentOf reads a body.
func (r *Runner) contentOf(of jobs.Body) ([]byte, error) {
	from, err := r.Store.OpenBody(of)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	p := make([]byte, of.Size)
	if _, err := io.ReadFull(from, p); err != nil {
		return nil, fmt.Errorf("read the body of a result: %w", err)
	}
	return p, nil
}
