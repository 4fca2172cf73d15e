package bolt

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"tenfour/jobs"
)

// TestRecent_isBounded: of more jobs than are kept the newest are, and each is as it was committed last.
func TestRecent_isBounded(t *testing.T) {
	var r recent
	ids := make([]jobs.ID, recentMost+3)
	for i := range ids {
		ids[i] = jobs.NewID()
		r.take(news{ids[i].Key(): &jobs.Job{ID: ids[i], Revision: 1}})
		r.take(news{ids[i].Key(): &jobs.Job{ID: ids[i], Revision: 2}})
	}
	for i, id := range ids {
		j, known := r.get(id.Key())
		if known != (i >= 3) || known && (j.Revision != 2 || j.ID != id) {
			t.Fatalf("job %d of %d is kept: %v, with revision %d", i, len(ids), known, j.Revision)
		}
	}
	last := ids[len(ids)-1].Key()
	r.take(news{last: nil})
	if _, known := r.get(last); known || len(r.jobs) != recentMost-1 || len(r.order) != recentMost {
		t.Errorf("after a removal %d are kept in %d places", len(r.jobs), len(r.order))
	}
}

// TestRecent_keepsNoLargeRecord: a job whose record grows over the bound is read from the file.
func TestRecent_keepsNoLargeRecord(t *testing.T) {
	s := opened(t, t.TempDir(), plenty)
	j, err := s.Create(job())
	if _, known := s.known(j.ID.Key()); err != nil || !known {
		t.Fatalf("a small job is kept: %v, %v", known, err)
	}
	j.Reason = strings.Repeat("x", recentRecord)
	if j, err = s.Update(j); err != nil {
		t.Fatal(err)
	}
	if _, known := s.known(j.ID.Key()); known {
		t.Error("a large job is kept")
	}
	if got, err := s.Get(j.ID); err != nil || got.Revision != 2 || got.Reason != j.Reason {
		t.Errorf("it is read as revision %d, %v", got.Revision, err)
	}
}

// TestRecent_hasNothingThatIsNotCommitted: after a commit that failed a job is as it was before.
func TestRecent_hasNothingThatIsNotCommitted(t *testing.T) {
	o, full := plenty, false // set while nothing is written
	o.step = func(step string) error {
		if full && step == "commit" {
			return syscall.ENOSPC
		}
		return nil
	}
	s := opened(t, t.TempDir(), o)
	j, err := s.Create(job())
	if err != nil {
		t.Fatal(err)
	}
	full = true
	next := j
	next.Paused = true
	if _, err := s.Update(next); !errors.Is(err, jobs.ErrNoRoom) {
		t.Fatalf("on a full disk: %v", err)
	}
	if got, err := s.Get(j.ID); err != nil || got.Paused || got.Revision != j.Revision {
		t.Errorf("it is paused: %v, with revision %d, %v", got.Paused, got.Revision, err)
	}
}
