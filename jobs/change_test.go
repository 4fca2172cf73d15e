package jobs

import (
	"errors"
	"testing"
)

// contended is a store of one job, which another writer changes before each of the first few updates.
type contended struct {
	Store
	job    Job
	others int
}

func (c *contended) Get(id ID) (Job, error) {
	if !c.job.ID.Equal(id) {
		return Job{}, ErrUnknown
	}
	return c.job, nil
}

func (c *contended) Update(j Job) (Job, error) {
	if c.others > 0 {
		c.others--
		c.job.Revision++
		c.job.Tried++
	}
	if j.Revision != c.job.Revision {
		return j, ErrConflict
	}
	j.Revision++
	c.job = j
	return j, nil
}

func TestChange_decidesAgainWhenTheJobWasChangedMeanwhile(t *testing.T) {
	s := &contended{job: accepted(), others: 3}
	got, err := Change(s, s.job.ID, Job.Pause)
	if err != nil || !got.Paused || got.Tried != 3 || got.Revision != 4 || !s.job.Paused {
		t.Errorf("got %+v (%v)", got, err)
	}
	if got, err = Change(s, s.job.ID, Job.Pause); !errors.As(err, new(*Refusal)) || got.Revision != 4 || s.job.Revision != 4 {
		t.Errorf("a second pause: got revision %d (%v)", got.Revision, err)
	}
	if _, err = Change(s, NewID(), Job.Pause); !errors.Is(err, ErrUnknown) {
		t.Errorf("an unknown job: %v", err)
	}
}
