package jobs

import "errors"

// Change changes the job that a store has, and returns it as stored. change is a pure function of the record, such as Job.Pause; it is
// called again with the newer record when the job was changed meanwhile. Its error, and the store's, are returned with the
// record as it is.
func Change(s Store, id ID, change func(Job) (Job, error)) (Job, error) {
	for {
		j, err := s.Get(id)
		if err != nil {
			return Job{}, err
		}
		next, err := change(j)
		if err != nil {
			return j, err
		}
		stored, err := s.Update(next)
		switch {
		case err == nil:
			return stored, nil
		case !errors.Is(err, ErrConflict):
			return j, err
		}
	}
}
