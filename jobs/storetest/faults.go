package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"

	"tenfour/jobs"
)

// errDead is the error of every step after the moment of a crash.
var errDead = errors.New("the power is off")

// testFaults plays the same script again and again. Each time the power goes off one step later, until all of the script is played.
// What was promised before must be found when the store is opened again; the call that failed has happened, or has not.
func testFaults(t *testing.T, s Suite) {
	for n := int64(0); ; n++ {
		dir := t.TempDir()
		var steps atomic.Int64
		store, err := s.Open(dir, plenty, func(string) error {
			if steps.Add(1) > n {
				return errDead
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		p := player{t: t, store: store, promised: map[jobs.ID]jobs.Job{}}
		p.script()
		store.Close()
		p.check(s, dir, fmt.Sprintf("dead after step %d", n))
		if p.err == nil {
			t.Logf("the power went off after each of %d steps", n)
			return
		}
	}
}

// player makes calls until one fails.
type player struct {
	t        *testing.T
	store    jobs.Store
	promised map[jobs.ID]jobs.Job // what was returned without an error
	removed  []jobs.ID
	err      error    // of the call that failed; nil for none
	doubt    jobs.Job // what it would have made of a job; zero if it was about a body
}

// script has each kind of write, with large bodies and small ones.
func (p *player) script() {
	var large, small jobs.Job
	for _, j := range []*jobs.Job{&large, &small} {
		*j = job()
		n := 100
		if j == &large {
			n = 70_000
		}
		j.Request.Body = p.put(j.ID, n)
		*j = p.call(*j, p.store.Create)
	}
	for _, j := range []*jobs.Job{&large, &small} {
		if p.err == nil {
			*j = p.call(begun(p.t, *j), p.store.Update)
		}
		if p.err == nil {
			result := p.put(j.ID, int(j.Request.Body.Size))
			*j = p.call(ended(p.t, *j, result), p.store.Update)
		}
	}
	p.remove(large)
	p.remove(small)
}

// put puts a body, unless a call has failed.
func (p *player) put(id jobs.ID, n int) (b jobs.Body) {
	if p.err != nil {
		return b
	}
	b, p.err = p.store.PutBody(id, bytes.NewReader(content(id, n)), 8<<20)
	return b
}

// call makes a call, unless one has failed.
func (p *player) call(j jobs.Job, do func(jobs.Job) (jobs.Job, error)) jobs.Job {
	if p.err != nil {
		return j
	}
	after, err := do(j)
	if err != nil {
		p.err, p.doubt = err, j
		return j
	}
	p.promised[j.ID] = after
	return after
}

func (p *player) remove(j jobs.Job) {
	if p.err != nil {
		return
	}
	if err := p.store.Remove(j); err != nil {
		p.err, p.doubt = err, j
		return
	}
	delete(p.promised, j.ID)
	p.removed = append(p.removed, j.ID)
}

// check opens the store again, and looks for what was promised.
func (p *player) check(s Suite, dir, when string) {
	p.t.Helper()
	store := s.open(p.t, dir, plenty)
	defer store.Close()
	for id, want := range p.promised {
		got, err := store.Get(id)
		switch inDoubt := id.Equal(p.doubt.ID); {
		case err != nil && !inDoubt:
			p.t.Errorf("%s: job %s, which is %s: %v", when, id, want.In(), err)
		case err == nil && text(got) != text(want) && !(inDoubt && got.Revision == want.Revision+1 && got.State == p.doubt.State):
			p.t.Errorf("%s: got %s\nwant %s", when, text(got), text(want))
		}
	}
	for _, id := range p.removed {
		if _, err := store.Get(id); !errors.Is(err, jobs.ErrUnknown) {
			p.t.Errorf("%s: job %s was removed, and is there (%v)", when, id, err)
		}
	}
	large := 0
	for j, err := range store.Jobs(jobs.All) {
		large += haveAll(p.t, store, must(p.t, j, err))
	}
	s.haveBodies(p.t, dir, large)
}

// testFull: at every step the disk is full once. The call says so, everything that was promised is there, and the same call succeeds
// when there is room.
func testFull(t *testing.T, s Suite) {
	for n := int64(0); ; n++ {
		dir := t.TempDir()
		var steps atomic.Int64
		var full atomic.Bool
		store, err := s.Open(dir, plenty, func(step string) error {
			if steps.Add(1) > n && full.Load() {
				return fmt.Errorf("%s: %w", step, syscall.ENOSPC)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		full.Store(true)
		p := player{t: t, store: store, promised: map[jobs.ID]jobs.Job{}}
		p.script()
		full.Store(false)
		switch {
		case p.err == nil:
		case errors.Is(p.err, jobs.ErrUnsure): // it was full after the last write: then a store may ask for another start
		case !errors.Is(p.err, jobs.ErrNoRoom):
			t.Errorf("full at step %d: %v, want %v", n, p.err, jobs.ErrNoRoom)
		default:
			j := job()
			j.Request.Body = put(t, store, j.ID, content(j.ID, 70_000))
			p.err = nil
			p.call(j, store.Create)
			wants(t, fmt.Sprintf("once there is room, after step %d", n), p.err, nil)
		}
		must(t, 0, store.Close())
		p.check(s, dir, fmt.Sprintf("full at step %d", n))
		if steps.Load() < n {
			return
		}
	}
}
