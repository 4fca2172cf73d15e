package bolt

import (
	"errors"
	"strings"
	"sync"
	"syscall"
	"testing"

	"tenfour/jobs"
	"tenfour/tests/await"
)

// TestCommit_isOneForAllThatCameMeanwhile: while the first write is committed 63 others come, and they share the next commit.
func TestCommit_isOneForAllThatCameMeanwhile(t *testing.T) {
	const writes = 64
	began, goOn := make(chan struct{}), make(chan struct{})
	commits := 0 // only the commit loop touches it until all have returned
	o := plenty
	o.step = func(step string) error {
		if step != "commit" {
			return nil
		}
		if commits++; commits == 1 {
			close(began)
			<-goOn
		}
		return nil
	}
	s := opened(t, t.TempDir(), o)
	var all sync.WaitGroup
	create := func() {
		if _, err := s.Create(job()); err != nil {
			t.Error(err)
		}
	}
	all.Go(create)
	await.Value(t, began, "the first commit")
	for range writes - 1 {
		all.Go(create)
	}
	await.Until(t, "all others wait", func() bool { return len(s.writes) == writes-1 })
	close(goOn)
	all.Wait()
	if commits != 2 || s.Usage().Jobs() != writes {
		t.Errorf("%d writes had %d commits, and there are %d jobs", writes, commits, s.Usage().Jobs())
	}
}

// TestCommit_takesNothingMoreWhenItIsUnsure: after a sync that failed the store promises nothing, until the next start has read what is there.
func TestCommit_takesNothingMoreWhenItIsUnsure(t *testing.T) {
	dir := t.TempDir()
	o := plenty
	fail := false // set while nothing is written
	o.step = func(step string) error {
		if fail && step == "answer" {
			return syscall.EIO
		}
		return nil
	}
	s := opened(t, dir, o)
	kept := created(t, s, 10)
	fail = true
	for range 2 {
		_, err := s.Create(job())
		if !errors.Is(err, jobs.ErrUnsure) || !errors.Is(err, syscall.EIO) || !strings.Contains(err.Error(), "starts again") {
			t.Errorf("got %v, want ErrUnsure, why, and what to do", err)
		}
		fail = false
	}
	if _, err := s.Get(kept.ID); err != nil {
		t.Errorf("it does not read any more: %v", err)
	}
	s.Close()
	s = opened(t, dir, plenty)
	if n := s.Usage().Jobs(); n != 2 {
		t.Errorf("opened again it has %d jobs, want the first, and the second that was written and not promised", n)
	}
	created(t, s, 10)
}
