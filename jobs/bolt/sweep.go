package bolt

import (
	"time"

	"tenfour/jobs"
)

// sweepLoop removes what has expired, again and again.
func (s *Store) sweepLoop() {
	t := time.NewTicker(s.o.SweepEvery)
	defer t.Stop()
	for {
		select {
		case <-s.quit:
			return
		case now := <-t.C:
			if _, err := s.Sweep(now); err != nil {
				s.o.Told(err)
			}
		}
	}
}

// Sweep removes the jobs whose time is over, a page of them in one transaction. The file keeps its size; the next jobs take the pages.
func (s *Store) Sweep(now time.Time) (removed int, err error) {
	expired := func(h head) bool { return h.expired(now) }
	err = s.pages(expired, func(page []jobs.Job) (more bool, err error) {
		n, err := s.removeAll(page)
		removed += n
		return true, err
	})
	return removed, err
}

// removeAll removes these jobs, but those that were changed meanwhile, such as one that was run again.
func (s *Store) removeAll(page []jobs.Job) (removed int, err error) {
	if len(page) == 0 {
		return 0, nil
	}
	err = s.write(func(c *change) error {
		for _, j := range page {
			if _, err := c.of(j); err != nil {
				continue
			}
			if err := c.remove(j); err != nil {
				return err
			}
			removed++
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return removed, nil
}
