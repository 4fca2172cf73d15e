package bolt

import (
	"fmt"
	"iter"

	"tenfour/jobs"

	bbolt "go.etcd.io/bbolt"
)

// Create stores a new job.
func (s *Store) Create(j jobs.Job) (jobs.Job, error) {
	var same jobs.Job
	err := s.write(func(c *change) (err error) {
		if same, err = c.duplicate(j); err != nil {
			return err
		}
		if err := s.room(c.usage, j); err != nil {
			return err
		}
		if c.get(j.ID) != nil {
			return fmt.Errorf("create job %s: %w", j.ID, jobs.ErrConflict)
		}
		j, err = c.put(j, nil)
		return err
	})
	if err != nil {
		return same, err
	}
	return j, nil
}

// Update stores the next revision of a job.
func (s *Store) Update(j jobs.Job) (jobs.Job, error) {
	err := s.write(func(c *change) (err error) {
		before, err := c.of(j)
		if err == nil {
			j, err = c.put(j, &before)
		}
		return err
	})
	return j, err
}

// Remove removes a job and its bodies.
func (s *Store) Remove(j jobs.Job) error {
	return s.write(func(c *change) error {
		before, err := c.of(j)
		if err != nil {
			return err
		}
		return c.remove(before)
	})
}

// Get returns a job.
func (s *Store) Get(id jobs.ID) (j jobs.Job, err error) {
	j, known := s.known(id.Key())
	if !known {
		j, err = s.read(id)
	}
	switch {
	case err != nil:
		return jobs.Job{}, err
	case !j.ID.Equal(id):
		return jobs.Job{}, fmt.Errorf("get job %s: %w", id, jobs.ErrUnknown)
	}
	return j, nil
}

// read reads a job from the file.
func (s *Store) read(id jobs.ID) (j jobs.Job, err error) {
	key := id.Key()
	var record []byte
	err = s.view(func(tx *bbolt.Tx) error {
		record = append(record, tx.Bucket(jobsBucket).Get(key[:])...)
		return nil
	})
	switch {
	case err != nil:
		return j, s.failure("read", err)
	case len(record) == 0:
		return j, fmt.Errorf("get job %s: %w", id, jobs.ErrUnknown)
	}
	if j, err = decode(record); err != nil {
		return j, s.damaged(fmt.Errorf("job %s: %w", id, err))
	}
	return j, nil
}

// Same returns a job that is there already for j's request.
func (s *Store) Same(j jobs.Job) (same jobs.Job, err error) {
	errView := s.view(func(tx *bbolt.Tx) error {
		same, err = (&change{tx: tx}).duplicate(j)
		return nil
	})
	if errView != nil {
		return jobs.Job{}, s.failure("read", errView)
	}
	return same, err
}

// pageOfJobs is how many records are looked at in one transaction of reading: pages that are read cannot be used again meanwhile.
const pageOfJobs = 512

// Jobs are those in some states.
func (s *Store) Jobs(states jobs.States) iter.Seq2[jobs.Job, error] {
	return func(yield func(jobs.Job, error) bool) {
		err := s.pages(func(h head) bool { return states.Has(h.state) }, func(page []jobs.Job) (more bool, err error) {
			for _, j := range page {
				if !yield(j, nil) {
					return false, nil
				}
			}
			return true, nil
		})
		if err != nil {
			yield(jobs.Job{}, err)
		}
	}
}

// pages reads all records, a page of them at a time, and calls each with those that are wanted, outside of the transaction.
func (s *Store) pages(wanted func(head) bool, each func([]jobs.Job) (more bool, err error)) error {
	for from := []byte{}; from != nil; {
		var page []jobs.Job
		var bad error
		err := s.view(func(tx *bbolt.Tx) error {
			page, from, bad = readPage(tx.Bucket(jobsBucket).Cursor(), from, wanted)
			return nil
		})
		switch {
		case err != nil:
			return s.failure("read", err)
		case bad != nil:
			return s.damaged(bad)
		}
		if more, err := each(page); err != nil || !more {
			return err
		}
	}
	return nil
}

// readPage reads the jobs that are wanted among the next records, and returns the key of the one after them; nil for none.
func readPage(c *bbolt.Cursor, from []byte, wanted func(head) bool) (page []jobs.Job, next []byte, err error) {
	seen := 0
	for key, record := c.Seek(from); key != nil; key, record = c.Next() {
		if seen++; seen > pageOfJobs {
			return page, append([]byte{}, key...), nil
		}
		h, err := readHead(record)
		if err == nil && wanted(h) {
			var j jobs.Job
			j, err = decode(record)
			page = append(page, j)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("record %x: %w", key, err)
		}
	}
	return page, nil, nil
}

// room refuses a new job that is over a cap.
func (s *Store) room(u jobs.Usage, j jobs.Job) error {
	switch caps := *s.caps.Load(); {
	case u.Jobs() >= caps.Jobs:
		return fmt.Errorf("create a job: %w: %d of %d jobs", jobs.ErrFull, u.Jobs(), caps.Jobs)
	case u.Bytes+j.Request.Body.Size > caps.Bytes:
		return fmt.Errorf("create a job: %w: %d of %d bytes", jobs.ErrFull, u.Bytes, caps.Bytes)
	}
	return nil
}
